"""What is counted of webhooks, events and runs. Labels are codes of ours, never a person's data."""

import functools
from collections import Counter as Counts
from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from flowzz.core.db.jobs import JobState
from flowzz.core.redis_metrics import Counter, Histogram, record
from integrations.inbox.processing import EventResult
from integrations.models import EventState
from integrations.monitoring import dirty_hours

ANSWERS = Counter(
    "flowzz_webhook_answers",
    "Webhooks by the status they were answered with: 200 kept, 401 signature refused, 429 rate.",
    "status",
)
PROCESSED = Counter(
    "flowzz_events_processed", "Events by outcome, or by state where there is none.", "outcome"
)
QUARANTINED = Counter("flowzz_events_quarantined", "Events put into quarantine.", "reason")
SECONDS = Histogram(
    "flowzz_event_processing_seconds",
    "Time from an event's arrival to its commit.",
    (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0),
)
RUNS = Counter("flowzz_sync_runs", "Tries of sync runs; `queued` was put off.", "result")

View = Callable[..., HttpResponse]


def count_answers(view: View) -> View:
    """Count a view's answers by their status."""

    @functools.wraps(view)
    def counted(*args: Any, **kwargs: Any) -> HttpResponse:
        response = view(*args, **kwargs)
        record(ANSWERS.by({str(response.status_code): 1}))
        return response

    return counted


def count_batch(verdicts: Sequence[EventResult]) -> None:
    """Count what became of a batch; a replay says nothing of how long events take."""
    now = timezone.now()
    outcomes = Counts(str(verdict.outcome or verdict.state.lower()) for verdict in verdicts)
    reasons = Counts(v.reason for v in verdicts if v.state == EventState.QUARANTINED)
    seconds = [(now - v.event.received_at).total_seconds() for v in verdicts if _is_first(v)]
    dirty_hours.mark_dirty(verdict.event.received_at for verdict in verdicts)
    record(PROCESSED.by(outcomes), QUARANTINED.by(reasons), SECONDS.of(seconds))


def count_quarantined(reason: str, count: int) -> None:
    record(QUARANTINED.by({reason: count}))


def count_run(state: JobState) -> None:
    record(RUNS.by({state.lower(): 1}))


def _is_first(verdict: EventResult) -> bool:
    return verdict.state != EventState.RETRY and not verdict.event.is_replay
