"""The dashboard's numbers, compared with an independent count of the same sales."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

import pytest

from clients.models import Client
from flowzz.accounts.models import User
from sales.models import Sale
from sales.money import PaymentCode
from sales.stats.dashboard_stats import dashboard_stats
from sales.statuses import SaleStatus, ShippingStatus
from tests.factories import SAO_PAULO, ClientFactory, SaleFactory, UserFactory

pytestmark = pytest.mark.django_db
REVENUE = {"PAID", "SHIPPED", "DELIVERED"}
# Daylight saving: 4 November 2018 has 23 hours, 16 February 2019 has 25.
DAYS = [date(2018, 11, 3), date(2018, 11, 4), date(2019, 2, 16), date(2019, 2, 17)]
RANGES = [(DAYS[0], DAYS[3]), (DAYS[1], DAYS[1]), (DAYS[2], DAYS[2]), (DAYS[1], DAYS[2])]


@pytest.fixture
def user() -> User:
    return UserFactory.create()


def create_sales(user: User, random: Random, count: int = 120) -> None:
    clients = ClientFactory.create_batch(12, user=user)
    start = datetime(2018, 11, 2, 12, tzinfo=UTC)
    nights = [datetime(2018, 11, 4, 2, tzinfo=UTC), datetime(2019, 2, 17, 1, tzinfo=UTC)]
    rows = []
    for number in range(count):
        near_midnight = random.choice(nights) + timedelta(minutes=random.randrange(180))
        anywhere = start + timedelta(minutes=random.randrange(110 * 24 * 60))
        campaign = random.choice(["verao", "natal", "", None])
        rows.append(
            SaleFactory.build(
                user=user,
                client=random.choice([*clients, None]),
                external_id=f"n{number}",
                product_name=random.choice(["Curso", "Kit", "Livro"]),
                quantity=random.randrange(1, 4),
                unit_price=Decimal(random.randrange(1, 99_999)) / 100,
                status=random.choice(SaleStatus.values),
                shipping_status=random.choice(ShippingStatus.values),
                payment_code=random.choice(["", *PaymentCode.values]),
                sale_date=random.choice([near_midnight, anywhere]),
                deleted_at=random.choice([None, None, None, start]),
                metadata={"utms": {"campaign": campaign}} if campaign is not None else {},
            )
        )
    Sale.objects.bulk_create(rows)


def expected_numbers(user: User, first: date, last: date) -> dict[str, Any]:
    """Count the sales row by row."""
    alive = [sale for sale in Sale.objects.filter(user=user) if sale.deleted_at is None]
    day = {sale.id: sale.sale_date.astimezone(SAO_PAULO).date() for sale in alive}
    sales = [sale for sale in alive if first <= day[sale.id] <= last]
    paid = [sale for sale in sales if sale.status in REVENUE]
    revenue = sum((sale.total_price for sale in paid), Decimal(0))
    before = {sale.client_id for sale in alive if day[sale.id] < first}
    buyers = {sale.client_id for sale in sales} - {None}
    cent = Decimal("0.01")
    scheduled = [
        sale
        for sale in sales
        if sale.payment_code == "cash_on_delivery"
        and sale.status in {"PENDING", "PAID", "SHIPPED"}
        and sale.shipping_status in {"PENDING", "SHIPPED", "FAILED"}
    ]
    by_day: defaultdict[date, Decimal] = defaultdict(Decimal)
    by_product: defaultdict[str, Decimal] = defaultdict(Decimal)
    by_campaign: defaultdict[str, Decimal] = defaultdict(Decimal)
    for sale in paid:
        by_day[day[sale.id]] += sale.total_price
        by_product[sale.product_name] += sale.total_price
        if campaign := sale.metadata.get("utms", {}).get("campaign"):
            by_campaign[campaign] += sale.total_price
    return {
        "revenue": revenue,
        "sales": len(sales),
        "ticket": (revenue / len(paid)).quantize(cent, ROUND_HALF_UP) if paid else 0,
        "status": Counter(sale.status for sale in sales),
        "shipping": Counter(sale.shipping_status for sale in sales),
        "clients": (len(buyers - before), len(buyers & before)),
        "scheduled": (len(scheduled), sum((s.total_price for s in scheduled), Decimal(0))),
        "refunds": sum((s.total_price for s in sales if s.status == "REFUNDED"), Decimal(0)),
        "days": {day: value for day, value in by_day.items() if value},
        "products": dict(by_product),
        "campaigns": dict(by_campaign),
    }


def actual_numbers(user: User, first: date, last: date) -> dict[str, Any]:
    stats = dashboard_stats(user.id, first, last)
    assert [revenue.day for revenue in stats.revenue_by_day] == [
        first + timedelta(days=number) for number in range((last - first).days + 1)
    ]
    return {
        "revenue": stats.revenue,
        "sales": stats.sales,
        "ticket": stats.average_ticket,
        "status": Counter({total.name: total.sales for total in stats.by_status}),
        "shipping": Counter({total.name: total.sales for total in stats.by_shipping_status}),
        "clients": (stats.new_clients, stats.returning_clients),
        "scheduled": (stats.scheduled.sales, stats.scheduled.value),
        "refunds": stats.refunds.value,
        "days": {day.day: day.revenue for day in stats.revenue_by_day if day.revenue},
        "products": {total.name: total.value for total in stats.top_products},
        "campaigns": {total.name: total.value for total in stats.top_campaigns},
    }


def check_all_ranges(user: User) -> None:
    for first, last in RANGES:
        assert actual_numbers(user, first, last) == expected_numbers(user, first, last)


@pytest.mark.parametrize("seed", [1, 2])
def test_numbers_match_the_sales_after_every_kind_of_change(user: User, seed: int) -> None:
    random = Random(seed)
    create_sales(user, random)
    create_sales(UserFactory.create(), random, count=20)
    check_all_ranges(user)

    rows = list(Sale.objects.filter(user=user).order_by("external_id"))
    moved, deleted, changed = (
        random.sample(rows, 20),
        random.sample(rows, 5),
        random.sample(rows, 20),
    )
    for sale in moved:
        sale.sale_date += timedelta(days=random.randrange(-5, 6))
    Sale.objects.bulk_update(moved, ["sale_date"])
    for sale in changed:
        sale.status, sale.total_price = random.choice(SaleStatus.values), Decimal("7.77")
    Sale.objects.bulk_update(changed, ["status", "total_price"])
    Sale.objects.filter(id__in=[sale.id for sale in deleted]).delete()
    oldest = Client.objects.filter(user=user).earliest("created_at")
    Sale.objects.filter(client=oldest).update(deleted_at=datetime(2019, 1, 1, tzinfo=UTC))
    check_all_ranges(user)
    Client.objects.filter(user=user).latest("created_at").delete()
    check_all_ranges(user)


def test_numbers_are_zero_without_sales(user: User) -> None:
    stats = dashboard_stats(user.id, DAYS[0], DAYS[1])
    assert (stats.revenue, stats.average_ticket) == (Decimal(0), Decimal(0))
