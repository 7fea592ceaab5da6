"""Baselines are computed from four weeks, and decide whether a silence is unusual."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from time_machine import travel

from integrations.models import Alert, AlertKind, Integration, WebhookBaseline, WebhookEvent
from integrations.monitoring import alert_rules
from integrations.monitoring.baseline import (
    expected_arrivals,
    hour_of_week,
    is_unusual_silence,
    update_baselines,
)
from tests.factories import SAO_PAULO
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

# A Monday; four Mondays and their noons lie in the window before it.
NOW = datetime(2026, 3, 30, 3, 40, tzinfo=SAO_PAULO)
NOON = datetime(2026, 3, 23, 12, tzinfo=SAO_PAULO)
MONDAY = datetime(2026, 3, 2, tzinfo=SAO_PAULO)
STEADY = [6.0] * 168
OFFICE_HOURS = [
    10.0 if hour // 24 < 5 and 9 <= hour % 24 < 18 else 0.0 for hour in range(168)
]  # Monday to Friday, 9 to 18


@pytest.fixture
def seller() -> Seller:
    return Seller()


def receive(seller: Seller, *times: datetime) -> None:
    WebhookEvent.objects.bulk_create(
        WebhookEvent(
            integration=seller.integration,
            provider="x",
            body_hash=b"",
            received_at=time,
            state="DONE",
        )
        for time in times
    )


def compute_baseline(seller: Seller) -> list[float]:
    with travel(NOW, tick=False):
        update_baselines()
    return WebhookBaseline.objects.get(integration=seller.integration).hourly_rates


def test_rate_is_the_mean_of_the_three_quieter_weeks(seller: Seller) -> None:
    for week, arrivals in enumerate([2, 50, 3, 4]):
        start = NOON - timedelta(weeks=week)
        receive(seller, *(start + timedelta(minutes=minute) for minute in range(arrivals)))

    rates = compute_baseline(seller)

    assert len(rates) == 168
    assert {hour: rate for hour, rate in enumerate(rates) if rate} == {hour_of_week(NOON): 3.0}


def test_burst_within_a_minute_is_one_arrival(seller: Seller) -> None:
    for week in range(4):
        start = NOON - timedelta(weeks=week)
        receive(seller, *(start + timedelta(seconds=second) for second in range(40)))
    assert sum(compute_baseline(seller)) == 1.0


def test_arrivals_of_one_week_or_older_than_four_weeks_do_not_count(seller: Seller) -> None:
    receive(seller, NOON, NOON - timedelta(weeks=5), NOON - timedelta(weeks=6))
    assert sum(compute_baseline(seller)) == 0.0


def test_learning_again_replaces_what_was_compute_baseline(seller: Seller) -> None:
    receive(seller, NOON, NOON - timedelta(weeks=1))
    compute_baseline(seller)
    receive(seller, NOON - timedelta(weeks=2))
    assert sum(compute_baseline(seller)) == pytest.approx(2 / 3)


def test_open_silence_alert_keeps_the_baseline(seller: Seller) -> None:
    receive(seller, *(NOON - timedelta(weeks=week) for week in range(4)))
    before = compute_baseline(seller)
    Alert.objects.create(integration=seller.integration, kind=AlertKind.SILENCE, message="…")
    WebhookEvent.objects.all().delete()
    receive(seller, NOON)
    assert compute_baseline(seller) == before


def test_baseline_of_real_events_tells_silence_from_little_traffic(seller: Seller) -> None:
    rare = Seller(email="rara@flowzz.test")
    hours = [NOW.replace(minute=0) - timedelta(hours=hour) for hour in range(1, 24 * 28)]
    receive(seller, *(hour + timedelta(minutes=10 * n) for hour in hours for n in range(6)))
    receive(rare, *hours[::24])
    Integration.objects.update(last_webhook_at=NOW - timedelta(hours=3))
    with travel(NOW, tick=False):
        update_baselines()
        violations = alert_rules.silence()
    assert set(violations) == {seller.integration.id}


def test_all_baselines_are_computed_in_one_statement(seller: Seller) -> None:
    other = Seller(email="outro@flowzz.test")
    receive(seller, NOON)
    receive(other, NOON)
    with CaptureQueriesContext(connection) as statements, travel(NOW, tick=False):
        assert update_baselines() == 2
    assert len(statements) == 1


def time(day: int, hour: int, minute: int = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def test_hours_of_the_week_are_local_to_sao_paulo() -> None:
    assert hour_of_week(time(0, 0)) == 0
    assert hour_of_week(time(6, 23)) == 167


@pytest.mark.parametrize(
    ("since", "until", "arrivals"),
    [
        (time(0, 9), time(0, 10), 10.0),
        (time(0, 8, 30), time(0, 9, 15), 2.5),
        (time(0, 17, 30), time(1, 9, 30), 10.0),
        (time(5, 0), time(7, 0), 0.0),
        (time(0, 9), time(14, 9), 900.0),
        (time(0, 9), time(21, 9, 30), 1355.0),
    ],
)
def test_expected_arrivals(since: datetime, until: datetime, arrivals: float) -> None:
    assert expected_arrivals(OFFICE_HOURS, since, until) == pytest.approx(arrivals)


def test_silence_is_unusual_below_a_probability_of_one_in_a_million() -> None:
    assert not is_unusual_silence(STEADY, time(0, 0), time(0, 2, 18))
    assert is_unusual_silence(STEADY, time(0, 0), time(0, 2, 19))


def test_weekend_is_not_unusual_for_sales_on_weekdays() -> None:
    assert not is_unusual_silence(OFFICE_HOURS, time(4, 18), time(7, 10, 15))
    assert is_unusual_silence(OFFICE_HOURS, time(4, 18), time(7, 10, 30))


def test_silence_under_half_an_hour_is_never_unusual() -> None:
    assert not is_unusual_silence([60.0] * 168, time(0, 0), time(0, 0, 29))
    assert is_unusual_silence([60.0] * 168, time(0, 0), time(0, 0, 30))


def test_silence_is_never_unusual_with_little_traffic() -> None:
    assert not is_unusual_silence([34.0 / 168] * 168, time(0, 0), time(365, 0))
