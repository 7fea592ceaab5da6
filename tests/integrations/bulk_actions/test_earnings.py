"""The recalculation of commissions after the owner's e-mail changed."""

from decimal import Decimal
from typing import Any
from unittest import mock

import pytest

from flowzz.core.db.jobs import JobState
from integrations import connection
from integrations.bulk_actions import bulk_jobs, earnings
from integrations.models import BulkAction, BulkKind, Integration
from integrations.providers.coinzz import COINZZ
from sales.models import Sale
from tests import payloads
from tests.integrations.sellers import Seller
from tests.staff import Staff

pytestmark = pytest.mark.django_db

SHARES: dict[str, Any] = {
    "producer_email": "produtora@example.com",
    "producer_commission": "80.00",
    "affiliate_email": "afiliada@example.com",
    "affiliate_commission": "12.50",
    "logistic_fee": "5.25",
    "financial_fees": {"total": "2.25"},
}


def run_recalculation() -> BulkAction:
    action = BulkAction.objects.filter(kind=BulkKind.EARNINGS).latest("id")
    while action.is_under_way:
        bulk_jobs.execute(action.id)
        action.refresh_from_db()
    return action


def money_of(sale: Sale) -> tuple[Decimal | None, ...]:
    return sale.commission, sale.fees, sale.partner_shares, sale.net


def test_new_owner_email_changes_the_commission_of_stored_sales() -> None:
    seller = Seller()
    seller.process(*(payloads.order(f"ord{number}", **SHARES) for number in range(5)))
    assert money_of(seller.sale("ord0")) == (None, Decimal("7.50"), None, None)

    with mock.patch.object(earnings, "BATCH_SALES", 2):
        connection.set_owner_email(seller.integration, "Afiliada@example.com ")
        action = run_recalculation()

    assert (action.total, action.outcomes) == (5, {"updated": 5})
    for number in range(5):
        sale = seller.sale(f"ord{number}")
        assert money_of(sale) == (Decimal("12.50"), Decimal("7.50"), None, Decimal("12.50"))


def test_without_own_commission_the_net_is_the_price_less_fees_and_partner_shares() -> None:
    seller = Seller("produtora@example.com")
    seller.process(payloads.order(**SHARES | {"producer_commission": None}))
    assert money_of(seller.sale()) == (None, Decimal("7.50"), Decimal("12.50"), Decimal("80.00"))


def test_recalculation_equals_the_recording_with_the_same_email() -> None:
    seller, other = Seller(), Seller("produtora@example.com")
    seller.process(payloads.order(**SHARES))
    other.process(payloads.order(**SHARES))
    connection.set_owner_email(seller.integration, "produtora@example.com")
    run_recalculation()
    assert money_of(seller.sale()) == money_of(other.sale())


def test_later_report_without_fees_keeps_them_and_follows_the_price() -> None:
    seller = Seller("produtora@example.com")
    seller.process(payloads.order(**SHARES | {"producer_commission": None}))
    seller.process(payloads.order(order_final_price="200.00"))
    assert money_of(seller.sale())[1:] == (Decimal("7.50"), Decimal("12.50"), Decimal("180.00"))


def test_email_changed_during_a_recalculation_starts_it_anew() -> None:
    seller = Seller()
    connection.set_owner_email(seller.integration, "afiliada@example.com")
    connection.set_owner_email(seller.integration, "produtora@example.com")
    assert list(BulkAction.objects.order_by("id").values_list("state", flat=True)) == [
        JobState.CANCELLED,
        JobState.QUEUED,
    ]


def test_same_email_again_recalculates_nothing() -> None:
    seller = Seller()
    connection.set_owner_email(seller.integration, "")
    assert not BulkAction.objects.exists()


def test_recording_uses_an_email_that_changed_after_the_integration_was_read() -> None:
    seller = Seller()
    stale = Integration.objects.select_related("user").get(provider=COINZZ)
    connection.set_owner_email(stale, "produtora@example.com")
    seller.process(payloads.order(**SHARES))
    assert seller.sale().commission == Decimal("80.00")


def test_new_login_email_changes_the_commission_of_stored_sales(staff: Staff) -> None:
    """The seller's e-mail at the provider was never set: it is the login's."""
    seller = Seller()
    seller.process(payloads.order("ord0", **SHARES))
    user = seller.integration.user

    for form in ({"name": "Rita Melo", "email": user.email}, {"email": "afiliada@example.com"}):
        staff.post(f"/admin/accounts/user/{user.id}/change/", form | {"is_active": "on"})

    assert run_recalculation().total == 1
    assert BulkAction.objects.filter(kind=BulkKind.EARNINGS).count() == 1
    assert seller.sale("ord0").commission == Decimal("12.50")


def test_an_unreadable_fee_makes_the_net_unknown_until_it_can_be_read() -> None:
    seller = Seller()
    nets = []
    for fee in (None, "a combinar", "5.25", "?"):
        seller.process(payloads.order(financial_fees={"total": "2.25"}, logistic_fee=fee))
        nets.append(Sale.objects.get().net)
    assert nets == [Decimal("97.75"), None, Decimal("92.50"), Decimal("92.50")]
