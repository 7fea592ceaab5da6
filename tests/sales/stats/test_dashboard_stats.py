"""The dashboard's numbers, compared with an independent count of the same sales."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

import pytest
from django.db.models import Model

from clients.models import Client
from flowzz.accounts.models import User
from sales.models import Origin, Sale, SaleStatusChange
from sales.models.daily_stats import DailyClientStat, DailyStat, DailyTotal, Dimension, DirtyDay
from sales.money import PaymentCode
from sales.stats import daily_stats
from sales.stats.dashboard_stats import DashboardStats, Figures, dashboard_stats
from sales.stats.funnel import Count, Funnel
from sales.statuses import SaleStatus, ShippingStatus
from tests.factories import NOON, SAO_PAULO, ClientFactory, SaleFactory, UserFactory

pytestmark = pytest.mark.django_db
REVENUE = {"PAID", "SHIPPED", "DELIVERED"}
# Daylight saving: 4 November 2018 has 23 hours, 16 February 2019 has 25.
DAYS = [date(2018, 11, 3), date(2018, 11, 4), date(2019, 2, 16), date(2019, 2, 17)]
RANGES = [(DAYS[0], DAYS[3]), (DAYS[1], DAYS[1]), (DAYS[2], DAYS[2]), (DAYS[1], DAYS[2])]
# Whole months, and days around them, also in the period before.
RANGES += [(date(2019, 1, 1), date(2019, 1, 31)), (date(2018, 12, 31), date(2019, 2, 19))]


@pytest.fixture
def user() -> User:
    return UserFactory.create()


def money(random: Random) -> Decimal:
    return Decimal(random.randrange(0, 9_999)) / 100


def create_sales(user: User, random: Random, count: int = 120) -> None:
    clients = [
        ClientFactory.create(user=user, state=random.choice(["SP", "RS", "Rio", ""]))
        for _ in range(12)
    ]
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
                fees=random.choice([None, money(random)]),
                partner_shares=random.choice([None, Decimal(0), money(random)]),
                commission=random.choice([None, None, money(random)]),
                delivered_at=random.choice([None, start + timedelta(days=random.randrange(150))]),
                payment_code=random.choice(["", *PaymentCode.values]),
                sale_date=random.choice([near_midnight, anywhere]),
                deleted_at=random.choice([None, None, None, start]),
                metadata={"utms": {"campaign": campaign}} if campaign is not None else {},
            )
        )
    Sale.objects.bulk_create(rows)


STAGES = ("scheduled", "shipped", "failed", "delivered", "returned", "cancelled")


def count(sales: Iterable[Sale], amount: str = "total_price") -> tuple[int, Decimal]:
    known = [value for sale in sales if (value := getattr(sale, amount)) is not None]
    return len(known), sum(known, Decimal(0))


def stage(sale: Sale) -> str:
    if "RETURNED" in sale.shipping_status or sale.status == "REFUNDED":
        return "returned"
    if "CANCELLED" in (sale.status, sale.shipping_status):
        return "cancelled"
    if "DELIVERED" in (sale.status, sale.shipping_status):
        return "delivered"
    if sale.shipping_status == "FAILED":
        return "failed"
    return "shipped" if "SHIPPED" in (sale.status, sale.shipping_status) else "scheduled"


def funnel(sales: Iterable[Sale]) -> Any:
    cash = [sale for sale in sales if sale.payment_code == "CASH_ON_DELIVERY"]
    stages = {name: count(sale for sale in cash if stage(sale) == name) for name in STAGES}
    days = [
        max(0, (local_day(sale.delivered_at) - local_day(sale.sale_date)).days)
        for sale in cash
        if stage(sale) == "delivered" and sale.delivered_at
    ]
    ended = sum(stages[name][0] for name in STAGES[3:])
    return stages, rate(stages["delivered"][0], ended), average(days)


def rate(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / whole).quantize(Decimal("0.0001"), ROUND_HALF_UP) if whole else None


def average(days: list[int]) -> Decimal | None:
    if not days:
        return None
    return (Decimal(sum(days)) / len(days)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def local_day(time: datetime) -> date:
    return time.astimezone(SAO_PAULO).date()


def approval(sales: list[Sale]) -> Decimal | None:
    paid = [sale for sale in sales if sale.status in REVENUE]
    return rate(len(paid), len([sale for sale in sales if sale.status != "PENDING"]))


def net(sale: Sale) -> Decimal | None:
    if sale.commission is not None:
        return sale.commission
    if sale.fees is None or sale.partner_shares is None:
        return None
    return sale.total_price - sale.fees - sale.partner_shares


def alive_sales(user: User) -> list[Sale]:
    sales = Sale.objects.filter(user=user).select_related("client")
    return [sale for sale in sales if sale.deleted_at is None and sale.is_associated]


def expected_figures(alive: list[Sale], first: date, last: date) -> dict[str, Any]:
    """Count the sales row by row."""
    sales = [sale for sale in alive if first <= local_day(sale.sale_date) <= last]
    paid = [sale for sale in sales if sale.status in REVENUE]
    revenue = sum((sale.total_price for sale in paid), Decimal(0))
    before = {sale.client_id for sale in alive if local_day(sale.sale_date) < first}
    buyers = {sale.client_id for sale in sales} - {None}
    nets = [amount for sale in paid if (amount := net(sale)) is not None]
    payments = {}
    for code in (*PaymentCode.values, ""):
        matching = [sale for sale in sales if sale.payment_code == code]
        of_code = [sale for sale in matching if sale.status in REVENUE]
        payments[code] = (count(matching), count(of_code), approval(matching))
    return {
        "revenue": revenue,
        "sales": len(sales),
        "ticket": (revenue / len(paid)).quantize(Decimal("0.01"), ROUND_HALF_UP) if paid else 0,
        "approval": approval(sales),
        "net": (len(nets), sum(nets, Decimal(0))),
        "fees": count(paid, "fees"),
        "commission": count(paid, "commission"),
        "status": {name: count(s for s in sales if s.status == name) for name in SaleStatus.values},
        "shipping": {
            name: count(s for s in sales if s.shipping_status == name)
            for name in ShippingStatus.values
        },
        "payments": payments,
        "clients": (len(buyers - before), len(buyers & before)),
        "refunds": count(sale for sale in sales if sale.status == "REFUNDED"),
        "funnel": funnel(sales),
        "scheduled": count(
            sale
            for sale in sales
            if sale.payment_code == "CASH_ON_DELIVERY"
            and sale.status in {"PENDING", "PAID", "SHIPPED"}
            and sale.shipping_status in {"PENDING", "SHIPPED", "FAILED"}
        ),
    }


def expected_lists(alive: list[Sale], first: date, last: date) -> dict[str, Any]:
    sales = [sale for sale in alive if first <= local_day(sale.sale_date) <= last]
    names: dict[str, Callable[[Sale], str]] = {
        "product": lambda sale: sale.product_name,
        "campaign": lambda sale: sale.metadata.get("utms", {}).get("campaign") or "",
        "state": lambda sale: sale.client.state if sale.client else "",
    }
    by_day: defaultdict[date, Decimal] = defaultdict(Decimal)
    revenue: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    named: defaultdict[tuple[str, str], list[Sale]] = defaultdict(list)
    for sale in sales:
        for dimension, name_of in names.items():
            if name := name_of(sale):
                named[dimension, name].append(sale)
                revenue[dimension, name] += sale.total_price if sale.status in REVENUE else 0
        by_day[local_day(sale.sale_date)] += sale.total_price if sale.status in REVENUE else 0
    return {
        "days": {day: value for day, value in by_day.items() if value},
        "products": {n: value for (d, n), value in revenue.items() if d == "product" and value},
        "campaigns": {n: value for (d, n), value in revenue.items() if d == "campaign" and value},
        "funnels": {
            key: funnel(rows)
            for key, rows in named.items()
            if any(sale.payment_code == "CASH_ON_DELIVERY" for sale in rows)
        },
    }


def as_count(counted: Count) -> tuple[int, Decimal]:
    return counted.sales, counted.value


def as_funnel(actual: Funnel) -> Any:
    stages = {name.value: as_count(counted) for name, counted in actual.stages.items()}
    return stages, actual.success_rate, actual.average_days


def as_figures(figures: Figures) -> dict[str, Any]:
    return {
        "revenue": figures.revenue,
        "sales": figures.sales,
        "ticket": figures.average_ticket,
        "approval": figures.approval_rate,
        "net": as_count(figures.net),
        "fees": as_count(figures.fees),
        "commission": as_count(figures.own_commission),
        "status": {row.name: as_count(row.count) for row in figures.by_status},
        "shipping": {row.name: as_count(row.count) for row in figures.by_shipping_status},
        "payments": {
            row.name: (as_count(row.count), as_count(row.paid), row.approval_rate)
            for row in figures.by_payment_code
        },
        "clients": (figures.new_clients, figures.returning_clients),
        "refunds": as_count(figures.refunds),
        "funnel": as_funnel(figures.cash_on_delivery),
        "scheduled": as_count(figures.cash_on_delivery.waiting),
    }


def as_lists(stats: DashboardStats) -> dict[str, Any]:
    return {
        "days": {day.day: day.revenue for day in stats.revenue_by_day if day.revenue},
        "products": {total.name: total.value for total in stats.top_products},
        "campaigns": {total.name: total.value for total in stats.top_campaigns},
        "funnels": {
            (dimension.value, row.name): as_funnel(row.funnel)
            for dimension, rows in stats.cash_on_delivery_by.items()
            for row in rows
        },
    }


def check(user: User, first: date, last: date) -> None:
    stats, alive = dashboard_stats(user.id, first, last), alive_sales(user)
    length = (last - first).days + 1
    assert [revenue.day for revenue in stats.revenue_by_day] == [
        first + timedelta(days=number) for number in range(length)
    ]
    assert as_figures(stats.current) == expected_figures(alive, first, last)
    before = (first - timedelta(days=length), first - timedelta(days=1))
    assert (stats.previous.first, stats.previous.last) == before
    assert as_figures(stats.previous) == expected_figures(alive, *before)
    assert as_lists(stats) == expected_lists(alive, first, last)


def check_all_ranges(user: User) -> None:
    for first, last in RANGES:
        check(user, first, last)


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
    assert (stats.current.revenue, stats.current.average_ticket) == (Decimal(0), Decimal(0))
    assert (stats.current.approval_rate, stats.current.cash_on_delivery.success_rate) == (
        None,
        None,
    )


def test_stored_differences_add_up_to_a_count_of_all(user: User) -> None:
    random = Random(3)
    create_sales(user, random)
    daily_stats.refresh(user.id)
    for sale in random.sample(list(Sale.objects.filter(user=user)), 60):
        sale.fees, sale.shipping_status = money(random), random.choice(ShippingStatus.values)
        sale.sale_date += timedelta(days=random.choice([0, 0, 1, -40]))
        sale.deleted_at = random.choice([None, NOON])
        sale.save()
        daily_stats.refresh(user.id)
    models: tuple[Any, ...] = (DailyTotal, DailyStat, DailyClientStat)
    before = [stored(model) for model in models]
    for model in models:
        model.objects.all().delete()
    for sale in Sale.objects.filter(user=user):
        day = local_day(sale.sale_date)
        DirtyDay.objects.create(user_id=user.id, client_id=sale.client_id, day=day)
    daily_stats.refresh(user.id)
    assert [stored(model) for model in models] == before


def stored(model: type[Model]) -> list[tuple[Any, ...]]:
    columns = [field.name for field in model._meta.concrete_fields if field.name != "id"]
    return sorted(model._default_manager.values_list(*columns), key=str)


def test_moved_client_counts_in_the_new_state(user: User) -> None:
    sale = SaleFactory.create(
        user=user, client__state="SP", sale_date=NOON, payment_code=PaymentCode.CASH_ON_DELIVERY
    )
    assert states(user) == ["SP"]
    assert sale.client is not None
    Client.objects.filter(id=sale.client.id).update(state="RS")
    assert states(user) == ["RS"]


def states(user: User) -> list[str]:
    stats = dashboard_stats(user.id, NOON.date(), NOON.date())
    return [row.name for row in stats.cash_on_delivery_by[Dimension.STATE]]


@pytest.mark.parametrize(("origin", "days"), [(Origin.EVENT, "5.0"), (Origin.RUN, None)])
def test_delivery_that_only_a_sync_reported_has_no_known_date(
    user: User, origin: Origin, days: str | None
) -> None:
    sale = SaleFactory.create(
        user=user,
        sale_date=NOON,
        payment_code=PaymentCode.CASH_ON_DELIVERY,
        shipping_status=ShippingStatus.DELIVERED,
        delivered_at=NOON + timedelta(days=5),
    )
    SaleStatusChange.objects.create(
        sale=sale, field="shipping_status", to_status="DELIVERED", changed_at=NOON, origin=origin
    )
    stats = dashboard_stats(user.id, NOON.date(), NOON.date())
    assert stats.current.cash_on_delivery.average_days == (days and Decimal(days))
