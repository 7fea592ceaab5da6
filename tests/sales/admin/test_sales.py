from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from flowzz.accounts.models import User
from flowzz.core.formatting import format_reais
from sales.admin import totals
from sales.models import Sale
from tests.factories import NOON, ClientFactory, SaleFactory
from tests.staff import Staff, log_in

pytestmark = pytest.mark.django_db
LIST = reverse("admin:sales_sale_changelist")
TOTALS = reverse("admin:sales_sale_totals")


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ({"sale_date_from": "02/03/2026", "sale_date_to": "02/03/2026"}, True),
        ({"sale_date_from": "2026-03-02"}, True),
        ({"sale_date_from": " 02/03/2026 ", "sale_date_to": "31/12/2999"}, True),
        ({"sale_date_to": "01/03/2026"}, False),
        ({"sale_date_from": "31/02/2026"}, False),
        ({"sale_date_from": "01/03/26"}, False),
        ({"sale_date_to": "31/12/9999"}, False),
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
def test_list_is_filtered(staff: Staff, query: dict[str, str], is_found: bool) -> None:
    SaleFactory.create(
        user__email="loja@flowzz.test",
        external_id="ordunica",
        sale_date=NOON,
        metadata={"utms": {"campaign": "maio"}},
    )
    assert ("ordunica" in staff.get(LIST, query).content.decode()) == is_found


def test_list_has_few_columns_with_all_important_values(staff: Staff) -> None:
    sale = SaleFactory.create(payment_code="CARD", sale_date=NOON, user__email="loja@flowzz.test")
    assert sale.client is not None
    page = staff.get(LIST)
    html = page.content.decode()
    values = (sale.external_id, "02/03/2026", "Cartão", sale.client.name, "loja<wbr>@flowzz.test")
    assert [value for value in values if value not in html] == []
    assert len(page.context["cl"].list_display) <= 8


def test_search_by_order_number_comes_before_search_by_client(staff: Staff) -> None:
    SaleFactory.create(external_id="11144477735")
    SaleFactory.create(external_id="ord1", client=ClientFactory.create(cpf="11144477735"))

    def search() -> list[str]:
        rows = staff.get(LIST, {"q": "11144477735"}).context["cl"].result_list
        return [sale.external_id for sale in rows]

    assert search() == ["11144477735"]
    Sale.objects.filter(external_id="11144477735").delete()
    assert search() == ["ord1"]


def test_totals_count_filtered_sales_and_their_revenue(staff: Staff) -> None:
    SaleFactory.create_batch(2, product_name="Clube")
    SaleFactory.create(product_name="Clube", status="REFUNDED")
    SaleFactory.create(product_name="Clube", deleted_at=timezone.now())
    SaleFactory.create()
    page = staff.get(TOTALS, {"produto": "Clube"})
    expected = totals.FormattedTotals(
        3, 0, format_reais(Decimal("301.98")), format_reais(Decimal("150.99"))
    )
    assert page.context["totals"] == expected


def test_too_many_sales_have_no_totals(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "MAX_SALES", 1)
    SaleFactory.create_batch(2)
    assert "filtre por período" in staff.get(TOTALS).content.decode()


def test_totals_need_the_permission_to_view_sales() -> None:
    user = User.objects.create_user("consulta@flowzz.test", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_client"))
    assert log_in(user).get(TOTALS).status_code == 403
