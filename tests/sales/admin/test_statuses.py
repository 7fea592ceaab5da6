"""What the back-office shows of statuses that were not reported, or were refused."""

import pytest
from django.urls import reverse

from tests.factories import SaleFactory
from tests.staff import Staff

pytestmark = pytest.mark.django_db
LIST = reverse("admin:sales_sale_changelist")


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        ({"status_word": ""}, "não informado"),
        ({"unknown_status": "em análise"}, "“em análise” não reconhecido"),
        ({"refused_status": "PENDING"}, "com divergência"),
        ({"overridden_status": "CANCELLED"}, "definido pela equipe"),
    ],
)
def test_list_and_page_tell_how_a_status_came_about(
    staff: Staff, columns: dict[str, str], note: str
) -> None:
    sale = SaleFactory.create(**columns)
    page = reverse("admin:sales_sale_change", args=[sale.id])

    assert [note in staff.get(url).content.decode() for url in (LIST, page)] == [True, True]


def test_page_names_the_refused_status(staff: Staff) -> None:
    sale = SaleFactory.create(refused_shipping_status="SHIPPED")

    page = staff.get(reverse("admin:sales_sale_change", args=[sale.id])).content.decode()

    assert "A origem informou depois Enviado: seria um retrocesso, não foi aplicado." in page


@pytest.mark.parametrize(("chosen", "number"), [("nao", "ordnao"), ("divergente", "orddiv")])
def test_list_is_filtered_by_the_reported_status(staff: Staff, chosen: str, number: str) -> None:
    SaleFactory.create(external_id="ordcerto")
    SaleFactory.create(external_id="ordnao", status_word="")
    SaleFactory.create(external_id="orddiv", refused_shipping_status="SHIPPED")

    page = staff.get(LIST, {"informada": chosen})

    assert [sale.external_id for sale in page.context["cl"].result_list] == [number]
