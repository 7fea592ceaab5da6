import pytest
from django.urls import reverse

from tests.factories import SaleFactory
from tests.staff import log_in_member

pytestmark = pytest.mark.django_db
NOTE = "O comprador pediu outra data de entrega."


def test_note_is_an_entry_of_the_timeline_with_its_author() -> None:
    staff, sale = log_in_member("Suporte"), SaleFactory.create()
    staff.post(reverse("admin:sales_sale_add_note", args=[sale.id]), {"reason": NOTE})
    page = staff.get(reverse("admin:sales_sale_change", args=[sale.id]))
    [entry] = page.context["timeline"].entries
    assert (entry.title, list(entry.lines), entry.by) == (
        "Nota da equipe",
        [NOTE],
        "equipe0@flowzz.test",
    )


def test_note_is_not_empty() -> None:
    staff, sale = log_in_member("Suporte"), SaleFactory.create()
    page = staff.post(reverse("admin:sales_sale_add_note", args=[sale.id]), {"reason": " "})
    assert "Este campo é obrigatório." in page.content.decode()
