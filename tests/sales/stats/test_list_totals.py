"""The totals of a filtered list of sales, as the API returns them."""

from decimal import Decimal
from typing import Any

import pytest
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from flowzz.accounts.models import User
from sales.api.filters import SaleFilter
from sales.models import Sale, Subscription
from sales.stats import list_totals
from sales.statuses import SaleStatus
from tests.api_client import Frontend, error, status_and_body
from tests.factories import NOON, SaleFactory, UserFactory

_SLOW = RawSQL("pg_sleep(1) IS NOT NULL", [], output_field=BooleanField())
pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    user: User = UserFactory.create()
    values: list[dict[str, Any]] = [
        {"status": SaleStatus.PAID, "commission": Decimal("60.00")},
        {"status": SaleStatus.SHIPPED, "fees": Decimal("5.00"), "partner_shares": Decimal("15.00")},
        {"status": SaleStatus.DELIVERED, "fees": Decimal("5.00")},
        {"status": SaleStatus.PENDING, "commission": Decimal("1.00")},
        {"status": SaleStatus.PAID, "deleted_at": NOON},
        {"status": SaleStatus.PAID, "is_associated": False},
    ]
    for number, fields in enumerate(values):
        price = Decimal(100 + number)
        SaleFactory.create(user=user, external_id=f"ord{number}", total_price=price, **fields)
    SaleFactory.create()
    return user


def test_totals_are_of_the_filtered_list(user: User) -> None:
    frontend = Frontend(user)
    everything = frontend.fetch("sales/totals")
    assert everything.json()["data"] == {
        "sales": 4,
        "paidSales": 3,
        "revenue": "303.00",
        "net": {"sales": 2, "value": "141.00"},
    }
    paid = frontend.fetch("sales/totals", status="PAID,PENDING").json()["data"]
    assert (paid["sales"], paid["revenue"]) == (2, "100.00")
    nothing = frontend.fetch("sales/totals", dateTo="2020-01-01").json()["data"]
    assert nothing == {
        "sales": 0,
        "paidSales": 0,
        "revenue": "0.00",
        "net": {"sales": 0, "value": "0.00"},
    }


def test_deleted_sales_are_summed_only_if_they_are_asked_for(user: User) -> None:
    frontend, since = Frontend(user), "2020-01-01T00:00:00Z"
    sums = [
        frontend.fetch("sales/totals", updatedFrom=since, **query).json()["data"]["sales"]
        for query in ({}, {"deleted": "any"}, {"deleted": "true"})
    ]
    assert sums == [4, 5, 1]


def test_totals_of_clients_are_of_their_sales(user: User) -> None:
    frontend, buyers = Frontend(user), user.clients.order_by("id")
    assert frontend.fetch("clients/totals").json()["data"] == {
        "clients": 6,
        "sales": 4,
        "paidSales": 3,
        "revenue": "303.00",
        "net": {"sales": 2, "value": "141.00"},
    }
    buyers.exclude(id=buyers[1].id).update(status="BLOCKED")
    active = frontend.fetch("clients/totals", status="ACTIVE").json()["data"]
    assert (active["clients"], active["sales"], active["revenue"]) == (1, 1, "101.00")


def test_totals_of_subscriptions_count_a_sale_once(user: User) -> None:
    frontend = Frontend(user)
    for number, sale in enumerate(Sale.objects.filter(user=user).order_by("external_id")[:2]):
        row = Subscription.objects.create(
            user=user,
            source="coinzz",
            subscription_hash=f"ass{number}",
            status=("ACTIVE", "CANCELLED")[number],
            observed_at=NOON,
        )
        for cycle in (1, 2):
            row.cycles.create(cycle=cycle, sale=sale, observed_at=NOON)
    everything = frontend.fetch("subscriptions/totals").json()["data"]
    assert everything == {
        "subscriptions": 2,
        "sales": 2,
        "paidSales": 2,
        "revenue": "201.00",
        "net": {"sales": 2, "value": "141.00"},
    }
    cancelled = frontend.fetch("subscriptions/totals", status="CANCELLED").json()["data"]
    assert (cancelled["subscriptions"], cancelled["revenue"]) == (1, "101.00")


def test_unchanged_totals_are_not_sent_again(user: User) -> None:
    frontend = Frontend(user)
    etag = frontend.fetch("sales/totals").headers["ETag"]
    path = "/api/v1/sales/totals"
    assert frontend.get(path, HTTP_IF_NONE_MATCH=etag).status_code == 304
    SaleFactory.create(user=user, external_id="outra")
    assert frontend.get(path, HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_sum_that_takes_too_long_is_refused(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SaleFilter, "filter_search", lambda self, sales, *_: sales.filter(_SLOW))
    monkeypatch.setattr(list_totals, "TIMEOUT_MS", 20)
    assert status_and_body(Frontend(user).fetch("sales/totals", search="a")) == (
        422,
        error(
            "TOO_MANY_SALES",
            "São vendas demais para somar de uma vez. Use um período menor ou outro filtro.",
        ),
    )
