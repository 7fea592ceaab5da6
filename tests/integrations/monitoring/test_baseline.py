"""The habit is learned from four weeks, hour by hour."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from time_machine import travel

from integrations.models import Alert, AlertKind, Integration, WebhookBaseline, WebhookEvent
from integrations.monitoring import alert_rules
from integrations.monitoring.baseline import update_baselines
from integrations.monitoring.silence import hour_of_week
from tests.factories import SAO_PAULO
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

# A Monday; four Mondays and their noons lie in the window before it.
NOW = datetime(2026, 3, 30, 3, 40, tzinfo=SAO_PAULO)
NOON = datetime(2026, 3, 23, 12, tzinfo=SAO_PAULO)


@pytest.fixture
def seller() -> Seller:
    return Seller()


def came(seller: Seller, *times: datetime) -> None:
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


def learned(seller: Seller) -> list[float]:
    with travel(NOW, tick=False):
        update_baselines()
    return WebhookBaseline.objects.get(integration=seller.integration).rates


def test_rate_is_the_mean_of_the_three_quieter_weeks(seller: Seller) -> None:
    for week, arrivals in enumerate([2, 50, 3, 4]):
        start = NOON - timedelta(weeks=week)
        came(seller, *(start + timedelta(minutes=minute) for minute in range(arrivals)))

    rates = learned(seller)

    assert len(rates) == 168
    assert {hour: rate for hour, rate in enumerate(rates) if rate} == {hour_of_week(NOON): 3.0}


def test_burst_within_a_minute_is_one_arrival(seller: Seller) -> None:
    for week in range(4):
        start = NOON - timedelta(weeks=week)
        came(seller, *(start + timedelta(seconds=second) for second in range(40)))
    assert sum(learned(seller)) == 1.0


def test_one_week_is_no_habit_yet_and_older_ones_are_forgotten(seller: Seller) -> None:
    came(seller, NOON, NOON - timedelta(weeks=5), NOON - timedelta(weeks=6))
    assert sum(learned(seller)) == 0.0


def test_learning_again_replaces_what_was_learned(seller: Seller) -> None:
    came(seller, NOON, NOON - timedelta(weeks=1))
    learned(seller)
    came(seller, NOON - timedelta(weeks=2))
    assert sum(learned(seller)) == pytest.approx(2 / 3)


def test_silence_does_not_become_a_habit(seller: Seller) -> None:
    came(seller, *(NOON - timedelta(weeks=week) for week in range(4)))
    before = learned(seller)
    Alert.objects.create(integration=seller.integration, kind=AlertKind.SILENCE, message="…")
    WebhookEvent.objects.all().delete()
    came(seller, NOON)
    assert learned(seller) == before


def test_habit_of_real_events_tells_silence_from_little_traffic(seller: Seller) -> None:
    rare = Seller(email="rara@flowzz.test")
    hours = [NOW.replace(minute=0) - timedelta(hours=hour) for hour in range(1, 24 * 28)]
    came(seller, *(hour + timedelta(minutes=10 * n) for hour in hours for n in range(6)))
    came(rare, *hours[::24])
    Integration.objects.update(last_webhook_at=NOW - timedelta(hours=3))
    with travel(NOW, tick=False):
        update_baselines()
        found = alert_rules.silent()
    assert set(found) == {seller.integration.id}


def test_all_integrations_are_learned_in_one_statement(seller: Seller) -> None:
    other = Seller(email="outro@flowzz.test")
    came(seller, NOON)
    came(other, NOON)
    with CaptureQueriesContext(connection) as statements, travel(NOW, tick=False):
        assert update_baselines() == 2
    assert len(statements) == 1
