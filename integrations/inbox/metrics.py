"""Prometheus counters of processed events. Labels are our own codes, never personal data."""

from collections import Counter as Counts
from collections.abc import Sequence

from django.utils import timezone

from flowzz.core.redis_metrics import Counter, Histogram, record
from integrations.inbox.processing import EventResult
from integrations.models import EventState

PROCESSED = Counter(
    "flowzz_events_processed", "Events by outcome, or by state where there is none.", "outcome"
)
QUARANTINED = Counter("flowzz_events_quarantined", "Events put into quarantine.", "reason")
PROCESSING_SECONDS = Histogram(
    "flowzz_event_processing_seconds",
    "Time from an event's arrival to its commit.",
    (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0),
)


def count_results(results: Sequence[EventResult]) -> None:
    """Count the results of a batch. Replays are left out of the processing time."""
    now = timezone.now()
    outcomes = Counts(str(result.outcome or result.state.lower()) for result in results)
    reasons = Counts(result.reason for result in results if result.state == EventState.QUARANTINED)
    seconds = [
        (now - result.event.received_at).total_seconds()
        for result in results
        if result.state != EventState.RETRY and not result.event.is_replay
    ]
    record(
        PROCESSED.increments(outcomes),
        QUARANTINED.increments(reasons),
        PROCESSING_SECONDS.increments(seconds),
    )


def count_quarantined(reason: str, count: int) -> None:
    record(QUARANTINED.increments({reason: count}))
