"""Rules for the JSON lines that the programs of a fault test log, and for lines of the test itself.

The test adds a line `stored` for each event's row, and `lease_aged` where it makes a lease older.
A killed process may not have written its last lines: no rule needs a line that could be missing
for that reason alone. The programs log within `DELAY` after the commit, all by the same clock.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

Line = Mapping[str, Any]
Rule = Callable[[Sequence[Line]], Iterator[str]]

DELAY = timedelta(seconds=1)
LEASE_DURATION = timedelta(minutes=2)
NOT_FINAL = {"PENDING", "RETRY"}


def read_lines(logs: Iterable[Path]) -> list[Line]:
    """Return the lines of events in the order of their times. Other text is skipped."""
    texts = (text for log in logs for text in log.read_bytes().split(b"\n"))
    lines = [line for text in texts if (line := _parse(text))]
    return sorted(lines, key=time_of)


def _parse(text: bytes) -> Line | None:
    try:
        line = json.loads(text) if text.startswith(b"{") else None
    except ValueError:  # cut off by a kill
        return None
    return line if line and line.keys() >= {"event", "timestamp"} else None


def check(lines: Sequence[Line]) -> list[str]:
    """Return every violation of a rule."""
    return [problem for rule in RULES for problem in rule(lines)]


def time_of(line: Line) -> datetime:
    return datetime.fromisoformat(line["timestamp"])


def acknowledged_events_are_stored(lines: Sequence[Line]) -> Iterator[str]:
    """An event that the intake reports as received, and answers with 200, has a row at the end.

    A buffered one may have a token that turns out to be unknown: that is logged.
    """
    known = {line["event_id"] for line in _named(lines, "stored", "buffered_webhook_refused")}
    for line in _named(lines, "webhook_received"):
        if line["event_id"] not in known:
            yield f"event {line['event_id']} was acknowledged and is not stored"


def events_are_applied_once(lines: Sequence[Line]) -> Iterator[str]:
    """An event gets one final result, after which it isn't processed, and keeps that result."""
    stored = {line["event_id"]: line["result"] for line in _named(lines, "stored")}
    results: dict[str, str] = {}
    for line in _named(lines, "event_processed"):
        id_, result = line["event_id"], line["result"]
        if id_ in results:
            yield f"event {id_} was processed again: {results[id_]}, then {result}"
        if result not in NOT_FINAL:
            results[id_] = result
    for id_, result in results.items():
        if stored.get(id_, result) != result:
            yield f"event {id_} was processed: {result}, and is stored as {stored[id_]}"


def jobs_have_one_holder(lines: Sequence[Line]) -> Iterator[str]:
    """After a lease is acquired, the job's earlier leases store nothing and release nothing."""
    jobs: dict[str, str] = {}
    ended: dict[str, datetime] = {}
    for line in lines:
        if line["event"] == "lease_acquired":
            previous = jobs.get(line["job_id"])
            if previous:
                ended[previous] = time_of(line)
            jobs[line["job_id"]] = line["lease"]
        elif line["event"] in {"sync_pages_stored", "lease_released"}:
            end = ended.get(line["lease"])
            if end and time_of(line) > end + DELAY:
                yield f"lease {line['lease']}: {line['event']} after another was acquired"


def leases_are_taken_over_after_they_expire(lines: Sequence[Line]) -> Iterator[str]:
    """A lease that was not released ends by its age or by the job's cancellation, nothing else."""
    last_sign: dict[str, datetime] = {}
    ended: set[str] = set()
    cancelled = {line["job_id"] for line in _named(lines, "job_cancelled")}
    for line in lines:
        if line["event"] == "lease_acquired" and (expired := line["expired"]):
            ended.add(expired)
            sign = last_sign.get(expired)
            if sign and time_of(line) < sign + LEASE_DURATION - DELAY:
                yield f"lease {expired} was taken over before it expired"
        if line["event"] == "lease_aged":
            last_sign.pop(line["lease"], None)
        elif line["event"] in {"lease_acquired", "sync_pages_stored"}:
            last_sign[line["lease"]] = time_of(line)
    for line in _named(lines, "lease_lost"):
        if line["lease"] not in ended and line["job_id"] not in cancelled:
            yield f"lease {line['lease']} was lost, and nobody took it over"


def runs_store_every_page(lines: Sequence[Line]) -> Iterator[str]:
    """A run stores its pages one after the other, each once, and succeeds after the last.

    The line of pages stored together can be missing where their worker was killed and the lease
    expired.
    """
    taken_over = {line["lease"] for line in _named(lines, "lease_acquired") if line["expired"]}
    pages: dict[str, int] = defaultdict(int)
    complete: set[str] = set()
    for line in lines:
        if line["event"] == "sync_pages_stored":
            run, first, page = line["run_id"], line["first_page"], line["page"]
            missing = first - pages[run] - 1
            if missing and not (missing > 0 and line["lease"] in taken_over):
                yield f"run {run}: page {first} was stored after page {pages[run]}"
            pages[run] = page
            if line["is_last"]:
                complete.add(run)
        elif line["event"] == "sync_succeeded" and line["run_id"] not in complete:
            yield f"run {line['run_id']} succeeded after page {pages[line['run_id']]}, not the last"


def cursors_pass_no_unread_time(lines: Sequence[Line]) -> Iterator[str]:
    """A cursor is the time when its run started; the next run reads from there, or from earlier."""
    started: dict[str, datetime] = {}
    cursors: dict[str, datetime] = {}
    for line in lines:
        if line["event"] == "lease_acquired":
            started.setdefault(line["job_id"], time_of(line))
        elif line["event"] == "sync_succeeded":
            cursor, since = datetime.fromisoformat(line["cursor_to"]), line["cursor_from"]
            run, integration = line["run_id"], line["integration_id"]
            if cursor > started.get(run, cursor):
                yield f"run {run}: the cursor is later than the run's start"
            previous = cursors.get(integration)
            if since and previous and datetime.fromisoformat(since) > previous:
                yield f"run {run} starts after the cursor of the run before"
            cursors[integration] = cursor


RULES: tuple[Rule, ...] = (
    acknowledged_events_are_stored,
    events_are_applied_once,
    jobs_have_one_holder,
    leases_are_taken_over_after_they_expire,
    runs_store_every_page,
    cursors_pass_no_unread_time,
)


def _named(lines: Iterable[Line], *events: str) -> Iterator[Line]:
    return (line for line in lines if line["event"] in events)
