"""What all admin pages share."""

import pytest
from django.urls import reverse

from flowzz.accounts.models import User
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
