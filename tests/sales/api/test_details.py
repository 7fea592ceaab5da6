"""The history of a sale, and a subscription with its charges."""

import pytest

from sales.models import Origin, SaleStatusChange, Subscription, SubscriptionCycle
from sales.statuses import HistoryField, SubscriptionStatus
from tests.api_client import Frontend
from tests.factories import NOON, SaleFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_history_of_a_sale_is_its_owners() -> None:
    sale = SaleFactory.create()
    for field, before, after, origin in [
        (HistoryField.STATUS, "", "PENDING", Origin.EVENT),
        (HistoryField.PRICE, "10.00", "12.00", Origin.RUN),
    ]:
        SaleStatusChange.objects.create(
            sale=sale,
            field=field,
            from_status=before,
            to_status=after,
            changed_at=NOON,
            origin=origin,
        )
    path = f"sales/{sale.id}/history"
    at = "2026-03-02T12:00:00-03:00"
    first, second = Frontend(sale.user).fetch(path).json()["data"]["changes"]
    assert first == {
        "field": "STATUS",
        "before": "",
        "after": "PENDING",
        "changedAt": at,
        "origin": "EVENT",
    }
    assert (second["field"], second["before"], second["after"], second["origin"]) == (
        "TOTAL_PRICE",
        "10.00",
        "12.00",
        "RUN",
    )
    assert Frontend(UserFactory.create()).fetch(path).status_code == 404


def test_subscription_has_its_charges_and_their_sales() -> None:
    sale = SaleFactory.create()
    subscription = Subscription.objects.create(
        user=sale.user,
        source="coinzz",
        subscription_hash="ass1",
        status=SubscriptionStatus.ACTIVE,
        observed_at=NOON,
    )
    for number, charged in [(2, None), (1, sale)]:
        SubscriptionCycle.objects.create(
            subscription=subscription, cycle=number, sale=charged, observed_at=NOON
        )
    path = f"subscriptions/{subscription.id}"
    data = Frontend(sale.user).fetch(path).json()["data"]
    assert (data["subscriptionHash"], data["status"]) == ("ass1", "ACTIVE")
    assert [(cycle["cycle"], cycle["saleId"]) for cycle in data["cycles"]] == [
        (1, str(sale.id)),
        (2, None),
    ]
    assert Frontend(UserFactory.create()).fetch(path).status_code == 404
