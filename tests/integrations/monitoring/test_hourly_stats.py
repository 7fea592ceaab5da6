"""Hourly statistics are counted from the rows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks
from time_machine import travel

from flowzz.core.db.jobs import JobState
from integrations.inbox import replay
from integrations.inbox.hourly_counts import hour_of, mark_dirty, pop_dirty
from integrations.models import (
    EventOutcome,
    EventState,
    HourlyStats,
    HourlyWebhookCount,
    RefusalReason,
    WebhookEvent,
    WebhookRefusal,
)
from integrations.monitoring import hourly_stats
from integrations.sync.breaker import BreakerState
from tests import payloads
from tests.factories import IntegrationFactory, SaleFactory, SyncRunFactory
from tests.integrations.admin.rows import make_event
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 15, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_hour_is_counted_from_events_runs_and_sales() -> None:
    integration, now = IntegrationFactory.create(), timezone.now()
    done: dict[str, Any] = {"state": EventState.DONE, "finished_at": now + timedelta(seconds=2)}
    make_event(integration, "1", received_at=now, outcome=EventOutcome.CREATED, **done)
    make_event(integration, "1", received_at=now, outcome=EventOutcome.UPDATED, **done)
    make_event(integration, "2", received_at=now)
    make_event(None, received_at=now, state=EventState.QUARANTINED, reason="unroutable")
    make_event(integration, "3", received_at=now - timedelta(days=40))
    SaleFactory.create(user=integration.user)
    SyncRunFactory.create(
        integration=integration, state=JobState.SUCCEEDED, finished_at=now, updated=4
    )
    SyncRunFactory.create(
        integration=integration, state=JobState.FAILED, finished_at=now, error_code="KEY_REFUSED"
    )

    for reason in (RefusalReason.RATE, RefusalReason.SIGNATURE, RefusalReason.OBSERVED):
        WebhookRefusal.objects.create(
            integration=integration, minute=now, reason=reason, count=3, bytes=6
        )

    hourly_stats.update_hourly_stats()

    hour = HourlyStats.objects.get(hour=hour_of(now))
    assert hour.events == {"created": 1, "updated": 1, "PENDING": 1, "QUARANTINED": 1, "refused": 6}
    assert hour.quarantine_reasons == {"unroutable": 1}
    assert hour.runs == {"SUCCEEDED": 1, "FAILED": 1}
    assert hour.run_errors == {"KEY_REFUSED": 1}
    assert (hour.sales_created, hour.sales_updated) == (1, 5)
    assert hourly_stats.percentile(hour.latencies, 0.5) == pytest.approx(2, rel=0.1)
    assert hour.circuit == "closed"


def test_dirty_hour_is_counted_again() -> None:
    hourly_stats.update_hourly_stats()
    received_at = timezone.now() - timedelta(hours=5)
    event = make_event(
        None, received_at=received_at, state=EventState.QUARANTINED, reason="unroutable"
    )
    mark_dirty([event.received_at])
    hourly_stats.update_hourly_stats()
    hour = HourlyStats.objects.get(hour=hour_of(received_at))
    assert hour.events == {"QUARANTINED": 1}
    assert hourly_stats.update_hourly_stats() <= 2


def test_discard_marks_the_hours_of_its_events_dirty(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    received_at = timezone.now() - timedelta(hours=5)
    make_event(None, received_at=received_at, state=EventState.QUARANTINED)
    with django_capture_on_commit_callbacks(execute=True):
        replay.discard(WebhookEvent.objects.all(), "Teste.")
    assert pop_dirty() == {hour_of(received_at)}


def test_worst_circuit_state_of_the_hour_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    for state in ("open", "half_open"):
        monkeypatch.setattr(
            "integrations.sync.breaker.CircuitBreaker.state", lambda _, s=state: BreakerState(s)
        )
        hourly_stats.update_hourly_stats()
    assert HourlyStats.objects.latest("hour").circuit == "open"


def test_backfilled_hour_has_no_circuit_state() -> None:
    hourly_stats.update_hourly_stats()
    assert list(HourlyStats.objects.order_by("-hour").values_list("circuit", flat=True)[:2]) == [
        "closed",
        "",
    ]


def test_percentiles() -> None:
    assert hourly_stats.percentile({}, 0.5) is None
    # 100 events of 1 s and one of about a minute: classes of quarters of a doubling of 1 ms.
    latencies = {"39": 100, "63": 1}
    assert hourly_stats.percentile(latencies, 0.5) == pytest.approx(0.94, rel=0.05)
    assert hourly_stats.percentile(latencies, 1.0) == pytest.approx(65.5, rel=0.05)


def test_webhooks_are_counted_in_their_hour_of_arrival() -> None:
    with travel(NOW, tick=False):
        seller = Seller()
        seller.receive(
            payloads.order("ordaaaaa"), payloads.order("ordbbbbb"), received_at=NOW - HOUR
        )
        seller.process(payloads.order("ordccccc"), received_at=NOW)
        seller.process(payloads.order("ordddddd"), received_at=NOW)
        counts = hourly_stats.hourly_webhook_counts(seller.integration, 3)
    on_the_hour = NOW.replace(minute=0)
    assert counts == [(on_the_hour - 2 * HOUR, 0), (on_the_hour - HOUR, 2), (on_the_hour, 2)]


def test_replay_is_not_counted_as_a_webhook() -> None:
    seller = Seller()
    seller.process(payloads.order())
    replay.replay(WebhookEvent.objects.all())
    seller.drain()
    assert HourlyWebhookCount.objects.get().count == 1


def test_old_webhook_counts_are_deleted() -> None:
    seller = Seller()
    seller.process(payloads.order(), received_at=NOW - hourly_stats.WEBHOOK_COUNT_RETENTION)
    seller.process(payloads.order("ordbbbbb"), received_at=NOW)
    with travel(NOW, tick=False):
        assert hourly_stats.delete_old_webhook_counts() == 1
