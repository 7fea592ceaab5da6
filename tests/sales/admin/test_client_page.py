"""The page of a client: the list, and what sales add to the page."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from clients.contacts import format_phone
from clients.models import Client, ClientMerge
from flowzz.accounts.models import StaffAction, User
from sales.models import Sale
from tests.factories import ClientFactory, SaleFactory
from tests.staff import Staff, log_in

pytestmark = pytest.mark.django_db


def url(name: str, *args: Any) -> str:
    return reverse(f"admin:clients_client_{name}", args=args)


def log_in_with(*permissions: str) -> Staff:
    """Log in staff who may view clients, with more permissions."""
    user = User.objects.create_user("consulta@flowzz.test", is_staff=True)
    codenames = ("view_client", *permissions)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return log_in(user)


def test_list_has_few_columns_with_all_important_values(staff: Staff) -> None:
    client = ClientFactory.create(
        email="rui@exemplo.com.br", city="Natal", state="RN", user__email="loja@flowzz.test"
    )
    page = staff.get(url("changelist"))
    html = page.content.decode()
    phone = format_phone(client.phone)
    values = (client.name, phone, "rui<wbr>@", "Natal / RN", "loja<wbr>@flowzz.test")
    assert [value for value in values if value not in html] == []
    assert len(page.context["cl"].list_display) <= 8


def test_merge_is_previewed_confirmed_and_undone(staff: Staff) -> None:
    client, sale = ClientFactory.create(), SaleFactory.create()
    assert sale.client_id is not None
    Client.objects.filter(id=sale.client_id).update(user=client.user, city="Natal")
    Sale.objects.update(user=client.user)
    form = {"other": str(sale.client_id), "reason": "Atendimento 4512"}

    preview = staff.post(url("merge", client.id), form).content.decode()
    assert ("Natal" in preview, ClientMerge.objects.exists()) == (True, False)
    staff.post(url("merge", client.id), form | {"confirm": "1"})
    assert client.sales.get() == sale
    merge = ClientMerge.objects.get()
    sale_page = reverse("admin:sales_sale_change", args=[sale.id])
    for page in (url("change", client.id), sale_page):
        assert url("undo", merge.id) in staff.get(page).content.decode()
    staff.post(url("undo", merge.id), {"reason": "Engano"})

    assert not client.sales.exists()
    actions = StaffAction.objects.order_by("created_at").values_list("action", "reason")
    assert list(actions) == [("Uniu clientes", "Atendimento 4512"), ("Desfez união", "Engano")]


@pytest.mark.parametrize(
    ("other", "refusal"),
    [("itself", "este é o mesmo"), ("foreign", "mesma conta"), ("merged", "já foi unido")],
)
def test_merge_that_is_refused_has_no_preview(staff: Staff, other: str, refusal: str) -> None:
    client = ClientFactory.create()
    others = {
        "itself": client,
        "foreign": ClientFactory.create(),
        "merged": ClientFactory.create(user=client.user, merged_into=client),
    }
    form = {"other": str(others[other].id), "reason": "Atendimento 4512"}

    page = staff.post(url("merge", client.id), form)

    assert refusal in page.content.decode()
    assert "rows" not in page.context


@pytest.mark.parametrize(
    ("document", "identifies", "is_warned"),
    [("11144477735", True, True), ("11144477735", False, False), ("", False, False)],
)
def test_preview_warns_of_a_merge_of_two_valid_documents(
    staff: Staff, document: str, identifies: bool, is_warned: bool
) -> None:
    client = ClientFactory.create(cpf="52998224725", document_identifies=True)
    other = ClientFactory.create(user=client.user, cpf=document, document_identifies=identifies)

    page = staff.post(url("merge", client.id), {"other": str(other.id), "reason": "Atendimento"})

    assert ("duas pessoas" in page.content.decode()) == is_warned
    assert "rows" in page.context


def test_split_moves_the_chosen_sales_to_a_new_client(staff: Staff) -> None:
    sale = SaleFactory.create()
    form = {"sales": [str(sale.id)], "name": "Rui", "document": "", "phone": "", "reason": "A 1"}

    staff.post(url("split", sale.client_id), form)

    sale.refresh_from_db()
    assert sale.client is not None
    assert sale.client.name == "Rui"
    assert StaffAction.objects.get().action == "Separou vendas"


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"document": "529.982.247-26"}, "Não é um CPF ou CNPJ"),
        ({"document": "111.111.111-11"}, "Não é um CPF ou CNPJ"),
        ({"phone": "98765-4321"}, "Não é um telefone"),
    ],
)
def test_split_refuses_a_document_and_a_phone_that_match_no_later_order(
    staff: Staff, typed: dict[str, str], error: str
) -> None:
    sale = SaleFactory.create()
    form = {"sales": [str(sale.id)], "name": "Rui", "document": "", "phone": "", "reason": "A 1"}

    page = staff.post(url("split", sale.client_id), form | typed)

    assert error in page.content.decode()
    assert not ClientMerge.objects.exists()


@pytest.mark.parametrize("name", ["merge", "split", "undo"])
def test_merge_split_and_undo_need_their_permission(name: str) -> None:
    client = ClientFactory.create()
    merge = ClientMerge.objects.create(kind="merge", source=client, target=client)
    row_id = merge.id if name == "undo" else client.id
    assert log_in_with().post(url(name, row_id), {"reason": "Teste"}).status_code == 403


def test_names_of_merged_clients_are_masked() -> None:
    client = ClientFactory.create(name="Rui Prado")
    alias = ClientFactory.create(name="Rui Alves Prado", merged_into=client, user=client.user)
    viewer = log_in_with()
    for row in (client, alias):
        html = viewer.get(url("change", row.id)).content.decode()
        assert ("Ru***" in html, "Prado" in html) == (True, False)


@pytest.mark.parametrize(
    ("name", "title"), [("reveal", "Revelar dados pessoais"), ("split", "Separar vendas")]
)
def test_confirmation_names_its_page_and_masks_the_client(name: str, title: str) -> None:
    client = ClientFactory.create(name="Rui Prado")
    viewer = log_in_with("reveal_personal_data", "merge_client")

    html = viewer.get(url(name, client.id)).content.decode()

    title_bar = html[html.index("<h1") : html.index("</h1>")]
    links = [f'href="{page}"' for page in (url("changelist"), url("change", client.id))]
    assert [title_bar.count(part) for part in (*links, "Ru*** P***", title)] == [1, 1, 1, 1]
    assert "Prado" not in html


def test_split_names_each_sale_by_what_is_known(staff: Staff) -> None:
    sale = SaleFactory.create(product_name="", external_id="ordsemnome")
    page = staff.get(url("split", sale.client_id)).content.decode()
    assert "ordsemnome · 02/03/2026 · R$\xa0150,99" in page
