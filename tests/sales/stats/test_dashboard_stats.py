"""The dashboard's figures, beside an independent count of the same sales, to the cent."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from clients.models import Client
from flowzz.accounts.models import User
from sales.models import DirtyDay, Sale
from sales.stats import daily_stats
from sales.stats.dashboard_stats import dashboard_stats
from sales.statuses import SaleStatus, ShippingStatus
from sales.tasks import refresh_daily_stats
from tests.factories import SAO_PAULO, ClientFactory, SaleFactory, UserFactory

pytestmark = pytest.mark.django_db
EARNED = {"PAID", "SHIPPED", "DELIVERED"}
# The night of 16 February was an hour longer, that to 4 November 2018 an hour shorter.
DAYS = [date(2018, 11, 3), date(2018, 11, 4), date(2019, 2, 16), date(2019, 2, 17)]
RANGES = [(DAYS[0], DAYS[3]), (DAYS[1], DAYS[1]), (DAYS[2], DAYS[2]), (DAYS[1], DAYS[2])]


@pytest.fixture
def user() -> User:
    return UserFactory.create()


def sales_of(user: User, dice: Random, count: int = 120) -> None:
    clients = ClientFactory.create_batch(12, user=user)
    start = datetime(2018, 11, 2, 12, tzinfo=UTC)
    nights = [datetime(2018, 11, 4, 2, tzinfo=UTC), datetime(2019, 2, 17, 1, tzinfo=UTC)]
    rows = []
    for number in range(count):
        near_midnight = dice.choice(nights) + timedelta(minutes=dice.randrange(180))
        anywhere = start + timedelta(minutes=dice.randrange(110 * 24 * 60))
        campaign = dice.choice(["verao", "natal", "", None])
        rows.append(
            SaleFactory.build(
                user=user,
                client=dice.choice([*clients, None]),
                external_id=f"n{number}",
                product_name=dice.choice(["Curso", "Kit", "Livro"]),
                quantity=dice.randrange(1, 4),
                unit_price=Decimal(dice.randrange(1, 99_999)) / 100,
                status=dice.choice(SaleStatus.values),
                shipping_status=dice.choice(ShippingStatus.values),
                payment_method=dice.choice(["pix", "Venda pós-paga", "AFTERPAY"]),
                sale_date=dice.choice([near_midnight, anywhere]),
                deleted_at=dice.choice([None, None, None, start]),
                metadata={"utms": {"campaign": campaign}} if campaign is not None else {},
            )
        )
    Sale.objects.bulk_create(rows)


def expected(user: User, first: date, last: date) -> dict[str, Any]:
    """The same figures, row by row."""
    alive = [sale for sale in Sale.objects.filter(user=user) if sale.deleted_at is None]
    day = {sale.id: sale.sale_date.astimezone(SAO_PAULO).date() for sale in alive}
    sales = [sale for sale in alive if first <= day[sale.id] <= last]
    earned = [sale for sale in sales if sale.status in EARNED]
    revenue = sum((sale.total_price for sale in earned), Decimal(0))
    before = {sale.client_id for sale in alive if day[sale.id] < first}
    buyers = {sale.client_id for sale in sales} - {None}
    cent = Decimal("0.01")
    scheduled = [
        sale
        for sale in sales
        if sale.payment_method != "pix"
        and sale.status in {"PENDING", "PAID", "SHIPPED"}
        and sale.shipping_status in {"PENDING", "SHIPPED", "FAILED"}
    ]
    by_day: defaultdict[date, Decimal] = defaultdict(Decimal)
    by_product: defaultdict[str, Decimal] = defaultdict(Decimal)
    by_campaign: defaultdict[str, Decimal] = defaultdict(Decimal)
    for sale in earned:
        by_day[day[sale.id]] += sale.total_price
        by_product[sale.product_name] += sale.total_price
        if campaign := sale.metadata.get("utms", {}).get("campaign"):
            by_campaign[campaign] += sale.total_price
    return {
        "revenue": revenue,
        "sales": len(sales),
        "ticket": (revenue / len(earned)).quantize(cent, ROUND_HALF_UP) if earned else 0,
        "status": Counter(sale.status for sale in sales),
        "shipping": Counter(sale.shipping_status for sale in sales),
        "clients": (len(buyers - before), len(buyers & before)),
        "scheduled": (len(scheduled), sum((s.total_price for s in scheduled), Decimal(0))),
        "refunds": sum((s.total_price for s in sales if s.status == "REFUNDED"), Decimal(0)),
        "days": {day: value for day, value in by_day.items() if value},
        "products": dict(by_product),
        "campaigns": dict(by_campaign),
    }


def told(user: User, first: date, last: date) -> dict[str, Any]:
    metrics = dashboard_stats(user.id, first, last)
    assert [each.day for each in metrics.revenue_by_day] == [
        first + timedelta(days=number) for number in range((last - first).days + 1)
    ]
    return {
        "revenue": metrics.revenue,
        "sales": metrics.sales,
        "ticket": metrics.average_ticket,
        "status": Counter({each.name: each.sales for each in metrics.by_status}),
        "shipping": Counter({each.name: each.sales for each in metrics.by_shipping_status}),
        "clients": (metrics.new_clients, metrics.returning_clients),
        "scheduled": (metrics.scheduled.sales, metrics.scheduled.value),
        "refunds": metrics.refunds.value,
        "days": {each.day: each.revenue for each in metrics.revenue_by_day if each.revenue},
        "products": {each.name: each.value for each in metrics.top_products},
        "campaigns": {each.name: each.value for each in metrics.top_campaigns},
    }


def check(user: User) -> None:
    for first, last in RANGES:
        assert told(user, first, last) == expected(user, first, last)


@pytest.mark.parametrize("seed", [1, 2])
def test_figures_are_those_of_the_sales_however_they_change(user: User, seed: int) -> None:
    dice = Random(seed)
    sales_of(user, dice)
    sales_of(UserFactory.create(), dice, count=20)
    check(user)

    rows = list(Sale.objects.filter(user=user).order_by("external_id"))
    moved, gone, changed = dice.sample(rows, 20), dice.sample(rows, 5), dice.sample(rows, 20)
    for sale in moved:
        sale.sale_date += timedelta(days=dice.randrange(-5, 6))
    Sale.objects.bulk_update(moved, ["sale_date"])
    for sale in changed:
        sale.status, sale.total_price = dice.choice(SaleStatus.values), Decimal("7.77")
    Sale.objects.bulk_update(changed, ["status", "total_price"])
    Sale.objects.filter(id__in=[sale.id for sale in gone]).delete()
    oldest = Client.objects.filter(user=user).earliest("created_at")
    Sale.objects.filter(client=oldest).update(deleted_at=datetime(2019, 1, 1, tzinfo=UTC))
    check(user)
    Client.objects.filter(user=user).latest("created_at").delete()
    check(user)


def test_nothing_comes_to_zero(user: User) -> None:
    metrics = dashboard_stats(user.id, DAYS[0], DAYS[1])
    assert (metrics.revenue, metrics.average_ticket) == (Decimal(0), Decimal(0))


def test_background_counts_what_was_marked_and_a_deleted_users_days_too(user: User) -> None:
    SaleFactory.create(user=user)
    refresh_daily_stats()
    assert not DirtyDay.objects.exists()
    assert dashboard_stats(user.id, date(2026, 3, 1), date(2026, 3, 31)).sales == 1
    user.delete()
    refresh_daily_stats()
    assert daily_stats.fetch_totals(user.id, date(2026, 1, 1), date(2027, 1, 1)).totals == []


def test_figures_are_of_one_moment(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        daily_stats.fetch_totals(user.id, DAYS[0], DAYS[1])
