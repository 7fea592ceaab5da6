"""The API's dashboard: its fields, cache and ETag."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User
from flowzz.core import redis
from tests import payloads
from tests.api_client import Frontend, invalid
from tests.factories import NOON, SAO_PAULO, SaleFactory, UserFactory
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db
PATH = "dashboard/metrics"
LISTED = {"byStatus": 1, "byShippingStatus": 0, "byPaymentCode": 0}
"""Figures for each name, and which of them has the sale."""
SOLD = {"sales": 1, "value": "20.02"}
LISTS = {"cashOnDeliveryBy", "topProducts", "topCampaigns", "revenueByDay"}
"""Fields of the period alone, which `previous` has not."""


@pytest.fixture
def user() -> User:
    return UserFactory.create()


def data(frontend: Frontend, **query: Any) -> Any:
    return frontend.fetch(PATH, **query).json()["data"]


ZEROS = {"sales": 0, "value": "0.00"}
NO_FUNNEL = {
    **ZEROS,
    "stages": [
        {"stage": stage, **ZEROS}
        for stage in ("SCHEDULED", "SHIPPED", "FAILED", "DELIVERED", "RETURNED", "CANCELLED")
    ],
    "successRate": None,
    "deliveries": 0,
    "averageDays": None,
}


def test_dashboard_has_all_fields(user: User) -> None:
    SaleFactory.create(
        user=user,
        unit_price=Decimal("10.01"),
        quantity=2,
        fees=Decimal("1.50"),
        partner_shares=Decimal("0.50"),
        payment_code="PIX",
        metadata={"utms": {"campaign": "natal"}},
        sale_date=NOON,
    )
    metrics = data(Frontend(user), dateFrom="2026-03-01", dateTo="2026-03-02")
    assert {name: metrics.pop(name)[index] for name, index in LISTED.items()} == {
        "byStatus": {"status": "PAID", **SOLD},
        "byShippingStatus": {"shippingStatus": "PENDING", **SOLD},
        "byPaymentCode": {
            "paymentCode": "PIX",
            **SOLD,
            "paidSales": 1,
            "revenue": "20.02",
            "approvalRate": "1.0000",
        },
    }
    assert metrics.pop("previous").keys() == {*LISTED, *metrics} - LISTS
    assert metrics == {
        "dateFrom": "2026-03-01",
        "dateTo": "2026-03-02",
        "revenue": "20.02",
        "sales": 1,
        "paidSales": 1,
        "averageTicket": "20.02",
        "approvalRate": "1.0000",
        "net": {"sales": 1, "value": "18.02"},
        "fees": {"sales": 1, "value": "1.50"},
        "ownCommission": ZEROS,
        "refunds": ZEROS,
        "cashOnDeliveryScheduled": ZEROS,
        "cashOnDelivery": NO_FUNNEL,
        "cashOnDeliveryBy": {"byProduct": [], "byState": [], "byCampaign": []},
        "clients": {"new": 1, "returning": 0},
        "topProducts": [
            {"productName": "Curso de Fotografia", "sales": 1, "quantity": 2, "revenue": "20.02"}
        ],
        "topCampaigns": [{"campaign": "natal", "sales": 1, "revenue": "20.02"}],
        "revenueByDay": [
            {"day": "2026-03-01", "sales": 0, "revenue": "0.00", "net": "0.00"},
            {"day": "2026-03-02", "sales": 1, "revenue": "20.02", "net": "18.02"},
        ],
    }


def test_funnel_is_shown_by_product_and_state(user: User) -> None:
    SaleFactory.create(
        user=user,
        client__state="SP",
        payment_code="CASH_ON_DELIVERY",
        shipping_status="DELIVERED",
        delivered_at=NOON + timedelta(days=3),
        sale_date=NOON,
    )
    metrics = data(Frontend(user), dateFrom="2026-03-02", dateTo="2026-03-02")
    funnel = metrics["cashOnDelivery"]
    assert funnel["stages"][3] == {"stage": "DELIVERED", "sales": 1, "value": "150.99"}
    assert (funnel["successRate"], funnel["averageDays"]) == ("1.0000", "3.0")
    assert metrics["cashOnDeliveryBy"] == {
        "byProduct": [{"name": "Curso de Fotografia", "funnel": funnel}],
        "byState": [{"name": "SP", "funnel": funnel}],
        "byCampaign": [],
    }


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ({"period": "today"}, "2026-03-02"),
        ({"period": "7d"}, "2026-02-24"),
        ({"period": "30d"}, "2026-02-01"),
        ({}, "2026-02-01"),
    ],
)
def test_periods_end_today(user: User, query: dict[str, str], first: str) -> None:
    with time_machine.travel(datetime(2026, 3, 2, 23, 59, tzinfo=SAO_PAULO), tick=False):
        metrics = data(Frontend(user), **query)
    assert (metrics["dateFrom"], metrics["dateTo"]) == (first, "2026-03-02")


@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ({"dateFrom": "2026-03-02", "dateTo": "2026-03-01"}, "dateFrom", "Deve ser antes de"),
        ({"dateFrom": "1990-01-01", "dateTo": "2026-03-01"}, "dateFrom", "O intervalo pode"),
        ({"dateTo": "2026-03-01"}, "dateFrom", "Informe também"),
        ({"dateFrom": "0001-01-01", "dateTo": "1999-01-02"}, "dateFrom", "Use um ano de 1900"),
        ({"dateFrom": "2026-03-02", "dateTo": "9999-12-31"}, "dateTo", "Use um ano de 1900"),
        ({"period": "7d", "dateTo": "2026-03-01"}, "period", "Use period"),
        ({"period": "1y"}, "period", '"1y" não é'),
    ],
)
def test_invalid_range_is_a_validation_error(
    user: User, query: dict[str, str], field: str, reason: str
) -> None:
    response = Frontend(user).fetch(PATH, **query)
    body = response.json()
    assert response.status_code == 400
    assert body == invalid(field, body["details"][0]["reason"])
    assert body["details"][0]["reason"].startswith(reason)


def test_sale_from_a_webhook_shows_at_the_next_request() -> None:
    seller = Seller()
    frontend = Frontend(seller.integration.user)
    query = {"dateFrom": "2025-01-01", "dateTo": "2026-12-31"}
    assert data(frontend, **query)["sales"] == 0
    first = frontend.fetch(PATH, **query)

    seller.post(payloads.encode(payloads.order("ordaaaaa")))
    seller.drain()

    known = {"HTTP_IF_NONE_MATCH": first.headers["ETag"]}
    second = frontend.get(f"/api/v1/{PATH}", query, **known)
    assert (second.status_code, second.json()["data"]["sales"]) == (200, 1)


def test_unchanged_dashboard_is_cached_and_not_sent_again(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    SaleFactory.create(user=user)
    frontend = Frontend(user)
    first = frontend.fetch(PATH)
    with django_assert_num_queries(2):  # the user, the version
        again = frontend.fetch(PATH)
    assert again.json() == first.json()
    known = {"HTTP_IF_NONE_MATCH": again.headers["ETag"]}
    unchanged = frontend.get(f"/api/v1/{PATH}", **known)
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_dashboard_works_without_redis(user: User, settings: Settings) -> None:
    SaleFactory.create(user=user, sale_date=NOON)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis.client.cache_clear()
    try:
        metrics = data(Frontend(user), dateFrom="2026-03-02", dateTo="2026-03-02")
    finally:
        redis.client.cache_clear()
    assert metrics["sales"] == 1
