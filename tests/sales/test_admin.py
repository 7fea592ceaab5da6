"""Staff filter sales, see their totals, and merge, split and undo on a client's page."""

from decimal import Decimal
from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clients.contacts import format_phone
from clients.models import Client, ClientMerge
from flowzz.accounts.models import StaffAction, User
from flowzz.backoffice import unfold_patches
from flowzz.core.formatting import format_reais
from sales.admin import totals
from sales.models import Sale
from tests.factories import NOON, ClientFactory, SaleFactory

pytestmark = pytest.mark.django_db
LIST = reverse("admin:sales_sale_changelist")


@pytest.fixture
def staff() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("equipe@flowzz.test"))
    return browser


@pytest.fixture
def looker(staff: Browser) -> Browser:
    """Somebody who may look at clients, and nothing else."""
    user = User.objects.create_user("consulta@flowzz.test", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_client"))
    staff.force_login(user)
    return staff


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:clients_client_{name}", args=args)


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ({"sale_date_from": "02/03/2026", "sale_date_to": "02/03/2026"}, True),
        ({"sale_date_from": "2026-03-02"}, True),
        ({"sale_date_to": "01/03/2026"}, False),
        ({"status__exact": "PAID"}, True),
        ({"shipping_status__exact": "RETURNED"}, False),
        ({"produto": "Curso de Fotografia"}, True),
        ({"produto": "Curso"}, False),
        ({"campanha": "maio"}, True),
        ({"campanha": "junho"}, False),
        ({"usuario": "Loja@flowzz.test"}, True),
        ({"usuario": "outra@flowzz.test"}, False),
        ({"origem": "outra"}, False),
    ],
)
def test_sales_are_filtered(staff: Browser, query: dict[str, str], is_found: bool) -> None:
    SaleFactory.create(
        user__email="loja@flowzz.test",
        external_id="ordunica",
        sale_date=NOON,
        metadata={"utms": {"campaign": "maio"}},
    )
    assert ("ordunica" in staff.get(LIST, query).content.decode()) == is_found


def test_totals_are_of_what_is_filtered_and_earned(staff: Browser) -> None:
    SaleFactory.create_batch(2, product_name="Clube")
    SaleFactory.create(product_name="Clube", status="REFUNDED")
    SaleFactory.create()
    shown = staff.get(reverse("admin:sales_sale_totals"), {"produto": "Clube"})
    expected = totals.Totals(3, format_reais(Decimal("301.98")), format_reais(Decimal("150.99")))
    assert shown.context["totals"] == expected


def test_totals_of_too_much_are_none(staff: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "MAX_SALES", 1)
    SaleFactory.create_batch(2)
    shown = staff.get(reverse("admin:sales_sale_totals"))
    assert "filtre por um período" in shown.content.decode()


def test_merging_shows_what_changes_first_and_is_undone(staff: Browser) -> None:
    kept, sale = ClientFactory.create(), SaleFactory.create()
    assert sale.client_id is not None
    Client.objects.filter(id=sale.client_id).update(user=kept.user, city="Natal")
    Sale.objects.update(user=kept.user)
    form = {"other": str(sale.client_id), "reason": "Atendimento 4512"}

    preview = staff.post(page("merge", kept.id), form).content.decode()
    assert ("Natal" in preview, ClientMerge.objects.exists()) == (True, False)
    staff.post(page("merge", kept.id), form | {"confirm": "1"})
    assert kept.sales.get() == sale
    move = ClientMerge.objects.get()
    of_sale = reverse("admin:sales_sale_change", args=[sale.id])
    for address in (page("change", kept.id), of_sale):
        assert page("undo", move.id) in staff.get(address).content.decode()
    staff.post(page("undo", move.id), {"reason": "Engano"})

    assert not kept.sales.exists()
    lines = StaffAction.objects.order_by("at").values_list("action", "reason")
    assert list(lines) == [("Uniu clientes", "Atendimento 4512"), ("Desfez união", "Engano")]


def test_names_of_merged_clients_are_masked(looker: Browser) -> None:
    kept = ClientFactory.create(name="Rui Prado")
    merged = ClientFactory.create(name="Rui Alves Prado", merged_into=kept, user=kept.user)
    for client in (kept, merged):
        shown = looker.get(page("change", client.id)).content.decode()
        assert ("Ru***" in shown, "Prado" in shown) == (True, False)


def test_splitting_gives_a_new_client_the_chosen_sales(staff: Browser) -> None:
    sale = SaleFactory.create()
    form = {"sales": [str(sale.id)], "name": "Rui", "document": "", "phone": "", "reason": "A 1"}

    staff.post(page("split", sale.client_id), form)

    sale.refresh_from_db()
    assert sale.client is not None
    assert sale.client.name == "Rui"
    assert StaffAction.objects.get().action == "Separou vendas"


@pytest.mark.parametrize("name", ["merge", "split", "undo"])
def test_who_may_only_look_moves_nothing(looker: Browser, name: str) -> None:
    client = ClientFactory.create()
    move = ClientMerge.objects.create(kind="merge", source=client, target=client)
    target = move.id if name == "undo" else client.id
    assert looker.post(page(name, target), {"reason": "Teste"}).status_code == 403
    assert looker.get(reverse("admin:sales_sale_totals")).status_code == 403


@pytest.mark.parametrize("name", ["sales_sale", "clients_client"])
def test_a_list_has_few_columns_and_says_all_of_a_row(staff: Browser, name: str) -> None:
    sale = SaleFactory.create(
        payment_method="credit_card", sale_date=NOON, user__email="loja@flowzz.test"
    )
    assert sale.client is not None
    Client.objects.update(email="rui@exemplo.com.br", city="Natal", state="RN")
    phone = format_phone(sale.client.phone)
    rows = {
        "sales_sale": [sale.external_id, "02/03/2026", "Cartão", sale.client.name],
        "clients_client": [sale.client.name, phone, "rui<wbr>@", "Natal / RN"],
    }
    shown = staff.get(reverse(f"admin:{name}_changelist"))
    text = shown.content.decode()
    assert [said for said in (*rows[name], "loja<wbr>@flowzz.test") if said not in text] == []
    assert len(shown.context["cl"].list_display) <= 8


def test_a_page_that_asks_says_where_it_is_and_masks_whom_it_is_about(looker: Browser) -> None:
    User.objects.get(email="consulta@flowzz.test").user_permissions.add(
        Permission.objects.get(codename="reveal_personal_data"),
        Permission.objects.get(codename="merge_client"),
    )
    client = ClientFactory.create(name="Rui Prado")
    for name, title in {"reveal": "Revelar dados pessoais", "split": "Separar vendas"}.items():
        text = looker.get(page(name, client.id)).content.decode()
        bar = text[text.index("<h1") : text.index("</h1>")]
        links = [reverse("admin:clients_client_changelist"), page("change", client.id)]
        said = [*(f'href="{link}"' for link in links), "Ru*** P***", title]
        assert [bar.count(part) for part in said] == [1, 1, 1, 1]
        assert "Prado" not in text


def test_a_number_is_looked_for_before_clients(staff: Browser) -> None:
    SaleFactory.create(external_id="11144477735")
    SaleFactory.create(external_id="ord1", client=ClientFactory.create(cpf="11144477735"))
    found = staff.get(LIST, {"q": "11144477735"}).context["cl"].result_list
    assert [sale.external_id for sale in found] == ["11144477735"]
    Sale.objects.filter(external_id="11144477735").delete()
    found = staff.get(LIST, {"q": "11144477735"}).context["cl"].result_list
    assert [sale.external_id for sale in found] == ["ord1"]


def test_a_value_is_made_once_a_page_and_headers_once_a_list(
    staff: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale = SaleFactory.create()
    SaleFactory.create_batch(2)
    made = Mock(wraps=unfold_patches.result_headers)
    monkeypatch.setattr(unfold_patches, "result_headers", made)
    staff.get(LIST)
    assert made.call_count == 1
    with CaptureQueriesContext(connection) as statements:
        staff.get(page("change", sale.client_id))
    aliases = [one for one in statements if '"merged_into_id" = ' in one["sql"]]
    assert len(aliases) == 1
