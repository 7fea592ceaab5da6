"""The charts of one seller below the totals of their sales."""

from decimal import Decimal

from django.utils import timezone

from sales.admin.totals import seller_charts
from sales.stats.dashboard_stats import dashboard_stats
from tests.factories import SaleFactory, UserFactory
from tests.staff import Staff


def test_charts_show_net_funnel_and_payment_codes(staff: Staff) -> None:
    SaleFactory.create(
        user__email="loja@flowzz.test",
        sale_date=timezone.now(),
        payment_code="CASH_ON_DELIVERY",
        shipping_status="SHIPPED",
        fees=Decimal("10.99"),
        partner_shares=Decimal(0),
    )
    net, funnel, payments = seller_charts("Loja@flowzz.test ")
    assert [series.total for series in net.series] == ["R$\xa0140,00", "R$\xa010,99"]
    assert net.series[0].values[-1] == 140.0
    assert funnel.series[0].values == [0, 1, 0, 0, 0, 0]
    assert payments.series[0].values == [0, 0, 0, 150.99, 0, 0]
    html = staff.get("/admin/sales/sale/totais", {"usuario": "loja@flowzz.test"}).content.decode()
    assert "Receita e líquido em R$, 30 dias" in html


def test_list_of_all_sellers_has_no_charts(staff: Staff) -> None:
    assert seller_charts("") == []
    assert "Pós-pagas, 30 dias" not in staff.get("/admin/sales/sale/totais").content.decode()


def test_half_a_cent_of_the_ticket_is_rounded_up_as_on_the_dashboard(staff: Staff) -> None:
    user = UserFactory.create()
    for price in ("50.00", "50.05"):
        SaleFactory.create(user=user, unit_price=Decimal(price), sale_date=timezone.now())
    html = staff.get("/admin/sales/sale/totais", {"usuario": user.email}).content.decode()
    assert "R$\xa050,03" in html
    today = timezone.localdate()
    assert dashboard_stats(user.id, today, today).current.average_ticket == Decimal("50.03")
