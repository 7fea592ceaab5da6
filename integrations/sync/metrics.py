"""A Prometheus counter of sync runs."""

from flowzz.core.db.jobs import JobState
from flowzz.core.redis_metrics import Counter, record

RUNS = Counter("flowzz_sync_runs", "Attempts of sync runs; `queued` was postponed.", "result")


def count_run(state: JobState) -> None:
    record(RUNS.increments({state.lower(): 1}))
