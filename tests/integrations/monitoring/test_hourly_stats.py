"""What the charts are drawn from is what the rows say."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from flowzz.core.db.jobs import JobState
from integrations.inbox import replay
from integrations.models import EventOutcome, EventState, HourlyStats, WebhookEvent
from integrations.monitoring import dirty_hours, hourly_stats
from integrations.sync.breaker import BreakerState
from tests.factories import IntegrationFactory, SaleFactory, SyncRunFactory
from tests.integrations.admin.rows import make_event

pytestmark = pytest.mark.django_db


def test_an_hour_is_summed() -> None:
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

    hourly_stats.measure()

    hour = HourlyStats.objects.get(hour=dirty_hours.hour_of(now))
    assert hour.events == {"created": 1, "updated": 1, "PENDING": 1, "QUARANTINED": 1}
    assert hour.reasons == {"unroutable": 1}
    assert hour.runs == {"SUCCEEDED": 1, "FAILED": 1}
    assert hour.run_errors == {"KEY_REFUSED": 1}
    assert (hour.sales_created, hour.sales_updated) == (1, 5)
    assert hourly_stats.percentile(hour.latencies, 0.5) == pytest.approx(2, rel=0.1)
    assert hour.circuit == "closed"


def test_what_changes_in_a_past_hour_is_counted_again() -> None:
    hourly_stats.measure()
    received_at = timezone.now() - timedelta(hours=5)
    event = make_event(
        None, received_at=received_at, state=EventState.QUARANTINED, reason="unroutable"
    )
    dirty_hours.mark_dirty([event.received_at])
    hourly_stats.measure()
    hour = HourlyStats.objects.get(hour=dirty_hours.hour_of(received_at))
    assert hour.events == {"QUARANTINED": 1}
    assert hourly_stats.measure() <= 2


def test_discarding_has_the_hours_counted_again(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    received_at = timezone.now() - timedelta(hours=5)
    make_event(None, received_at=received_at, state=EventState.QUARANTINED)
    with django_capture_on_commit_callbacks(execute=True):
        replay.discard(WebhookEvent.objects.all(), "Teste.")
    assert dirty_hours.pop_dirty() == {dirty_hours.hour_of(received_at)}


def test_the_worst_of_the_circuit_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for state in ("open", "half_open"):
        monkeypatch.setattr(
            "integrations.sync.breaker.CircuitBreaker.state", lambda _, s=state: BreakerState(s)
        )
        hourly_stats.measure()
    assert HourlyStats.objects.latest("hour").circuit == "open"


def test_nobody_looked_at_the_circuit_of_an_hour_filled_in_later() -> None:
    hourly_stats.measure()
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
