from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from flowzz.core.db.partitions import Period
from flowzz.core.ids import lowest_uuid7
from integrations.models import EventState, WebhookEvent
from integrations.models.events import EVENTS

pytestmark = pytest.mark.django_db

JANUARY = datetime(2020, 1, 15, 12, tzinfo=UTC)
FEBRUARY = datetime(2020, 2, 3, tzinfo=UTC)


def partition_of(event: WebhookEvent) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM integrations_webhookevent WHERE id = %s",
            [event.id],
        )
        return str(cursor.fetchone()[0])


def event_at(time: datetime, **fields: Any) -> WebhookEvent:
    event = WebhookEvent.objects.create(
        id=lowest_uuid7(time), provider="coinzz", body_hash=b"", **fields
    )
    connection.check_constraints()  # ALTER TABLE refuses to run while checks are pending
    return event


@pytest.mark.parametrize(
    ("period", "start", "following"),
    [
        (Period.DAY, datetime(2026, 2, 28, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        (Period.MONTH, datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        (Period.MONTH, datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_periods_follow_each_other(period: Period, start: datetime, following: datetime) -> None:
    assert period.start_of(start + timedelta(hours=5)) == start
    assert period.next_after(start) == following


def test_new_row_goes_to_the_partition_of_its_month() -> None:
    event = event_at(timezone.now())
    assert partition_of(event) == f"integrations_webhookevent_{timezone.now():%Y%m}"


def test_row_outside_of_all_partitions_goes_to_the_default_one() -> None:
    assert partition_of(event_at(JANUARY)) == "integrations_webhookevent_default"


def test_partitions_are_created_ahead_and_once() -> None:
    before = {partition.name for partition in EVENTS.partitions()}

    EVENTS.create_ahead(JANUARY)
    EVENTS.create_ahead(JANUARY)

    assert {partition.name for partition in EVENTS.partitions()} - before == {
        "integrations_webhookevent_202001",
        "integrations_webhookevent_202002",
        "integrations_webhookevent_202003",
    }


def test_period_with_rows_in_the_default_partition_is_left_out() -> None:
    """No partitions were created ahead for a while, so that its rows went there."""
    event = event_at(FEBRUARY)
    before = {partition.name for partition in EVENTS.partitions()}

    EVENTS.create_ahead(JANUARY)

    assert {partition.name for partition in EVENTS.partitions()} - before == {
        "integrations_webhookevent_202001",
        "integrations_webhookevent_202003",
    }
    assert partition_of(event) == "integrations_webhookevent_default"


def test_old_partitions_are_dropped_and_retained_rows_move_to_the_default_one() -> None:
    EVENTS.create_ahead(JANUARY)
    done = event_at(JANUARY, state=EventState.DONE)
    waiting = event_at(JANUARY + timedelta(days=1), state=EventState.PENDING)
    later = event_at(FEBRUARY, state=EventState.DONE)

    dropped = EVENTS.drop_before(FEBRUARY + timedelta(days=1), retain="state = 'PENDING'")

    assert dropped == 1
    assert set(WebhookEvent.objects.values_list("id", flat=True)) == {waiting.id, later.id}
    assert done.id not in {waiting.id, later.id}
    assert partition_of(waiting) == "integrations_webhookevent_default"
    assert partition_of(later) == "integrations_webhookevent_202002"
