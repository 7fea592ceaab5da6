"""What all admin pages share."""

import re

import pytest
from django.urls import reverse

from flowzz.accounts.models import User
from flowzz.backoffice.display import change_url, list_url, short_datetime
from sales.admin.sales import SaleAdmin
from sales.models import Sale
from tests.factories import SaleFactory
from tests.staff import Staff

pytestmark = pytest.mark.django_db


def buttons(staff: Staff, url: str) -> list[object]:
    """Return the titles of the buttons at the top of a page; of a menu, those of its items."""
    return [
        [item["title"] for item in button["items"]] if "items" in button else button["title"]
        for button in staff.get(url).context["actions_detail"]
    ]


def test_buttons_that_leave_no_space_for_the_title_are_in_a_menu(staff: Staff) -> None:
    user = User.objects.create_user("vendedora@exemplo.com.br")
    assert buttons(staff, reverse("admin:accounts_user_change", args=[user.id])) == [
        "Anotar",
        "Enviar convite",
        ["Remover a verificação em duas etapas", "Excluir com todos os dados"],
    ]


def test_few_buttons_stay_beside_each_other(staff: Staff) -> None:
    sale = SaleFactory.create()
    assert buttons(staff, reverse("admin:sales_sale_change", args=[sale.id])) == [
        "Unir",
        "Definir status",
        "Anotar",
    ]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({}, "Nada aqui ainda."),
        ({"q": "ord1"}, "Nada encontrado."),
        ({"status__exact": "PAID"}, "Nada encontrado."),
    ],
)
def test_empty_list_offers_to_reset_only_what_is_active(
    staff: Staff, query: dict[str, str], text: str
) -> None:
    page = staff.get(list_url(Sale), query).content.decode()
    assert text in page
    assert ("Limpar busca e filtros" in page) is bool(query)


def test_page_after_the_last_one_links_to_the_first(staff: Staff) -> None:
    SaleFactory.create()
    page = staff.get(list_url(Sale), {"p": "9", "status__exact": "PAID"}).content.decode()
    assert "A lista não tem esta página." in page
    assert '<a class="bo-link" href="?status__exact=PAID">Ir para a primeira</a>' in page


@pytest.mark.parametrize(
    ("page", "links"), [("", ["Próxima"]), ("2", ["Anterior", "Próxima"]), ("3", ["Anterior"])]
)
def test_list_has_only_links_to_other_pages(
    staff: Staff, monkeypatch: pytest.MonkeyPatch, page: str, links: list[str]
) -> None:
    monkeypatch.setattr(SaleAdmin, "list_per_page", 2)
    SaleFactory.create_batch(5)
    html = staff.get(list_url(Sale), {"p": page} if page else {}).content.decode()
    assert re.findall(r">\s*(Anterior|Próxima)\s*<", html) == links


def test_rows_below_a_page_have_headings_for_phones_and_dashes_for_nothing(staff: Staff) -> None:
    sale = SaleFactory.create(product_name="")
    assert sale.client is not None
    page = staff.get(change_url(sale.client)).content.decode()
    cell = r'data-label="(Data da venda|Produto)">.*?<div class="readonly[^>]*>([^<]*)'
    assert re.findall(cell, page, re.DOTALL) == [
        ("Data da venda", short_datetime(sale.sale_date)),
        ("Produto", "—"),
    ]


def test_page_of_a_row_that_is_gone_is_not_found(staff: Staff) -> None:
    sale = SaleFactory.create()
    page = change_url(sale)
    sale.delete()
    response = staff.get(page)
    assert response.status_code == 404
    assert "o que ele mostrava foi removido" in response.content.decode()


def test_menu_has_the_name_above_the_email(staff: Staff) -> None:
    User.objects.update(name="Ana Prado")
    page = staff.get(reverse("admin:index")).content.decode()
    assert page.index("Ana Prado") < page.index("equipe@flowzz.test")


@pytest.mark.parametrize("id_", ["abc", "\0", "9" * 30])
def test_action_on_an_id_that_no_row_can_have_is_a_bad_request(staff: Staff, id_: str) -> None:
    chosen = {"action": "count_unassociated", "_selected_action": id_}
    assert staff.post(list_url(Sale), chosen).status_code == 400
