"""Small logs, each of which breaks one rule, or none."""

from pathlib import Path

import pytest

from tests.faults.history import check, read_lines
from tests.faults.history.rules import Line


def at(seconds: float, event: str, **details: object) -> Line:
    timestamp = f"2026-11-29T10:{int(seconds // 60):02}:{seconds % 60:06.3f}+00:00"
    return {"timestamp": timestamp, "event": event, **details}


def stored(event_id: str = "e1", result: str = "created") -> Line:
    return {"event": "stored", "event_id": event_id, "result": result}


def processed(seconds: float, result: str = "created") -> Line:
    return at(seconds, "event_processed", event_id="e1", result=result)


def acquired(seconds: float, lease: str, expired: str | None = None) -> Line:
    return at(seconds, "lease_acquired", job_id="run", lease=lease, expired=expired)


def page(
    seconds: float,
    number: int,
    lease: str = "A",
    *,
    first: int | None = None,
    is_last: bool = False,
) -> Line:
    pages = {"first_page": first or number, "page": number, "is_last": is_last}
    return at(seconds, "sync_pages_stored", run_id="run", lease=lease, **pages)


def released(seconds: float, lease: str = "A") -> Line:
    return at(seconds, "lease_released", job_id="run", lease=lease, state="QUEUED")


def succeeded(seconds: float, cursor_to: float = 0, cursor_from: float | None = None) -> Line:
    to, since = (
        value and at(value, "")["timestamp"] for value in (cursor_to or 0.001, cursor_from)
    )
    run = "run" if cursor_from is None else "next"
    details = {"run_id": run, "integration_id": "i", "cursor_to": to, "cursor_from": since}
    return at(seconds, "sync_succeeded", **details)


RECEIVED = at(0, "webhook_received", event_id="e1")
WHOLE_RUN = [acquired(1, "A"), page(2, 1), page(3, 2, is_last=True), succeeded(4)]
NEXT_PAGE = {**page(6, 1, "B", is_last=True), "run_id": "next"}

CORRECT: dict[str, list[Line]] = {
    "an event": [RECEIVED, processed(1), stored()],
    "an event that is tried again": [RECEIVED, processed(1, "RETRY"), processed(31), stored()],
    "a line lost by a kill": [RECEIVED, processed(1, "RETRY"), stored()],
    "a run": WHOLE_RUN,
    "a run of two pages stored together": [
        acquired(1, "A"),
        page(2, 3, first=1),
        page(3, 5, first=4, is_last=True),
        succeeded(4),
    ],
    "a run of two turns": [
        acquired(1, "A"),
        page(2, 1),
        released(3),
        acquired(3, "B"),
        page(4, 2, "B"),
    ],
    "a release that is logged late": [acquired(1, "A"), acquired(2, "B"), released(2.9)],
    "a lease that expired": [
        *(acquired(1, "A"), page(2, 1), acquired(122, "B", "A"), page(123, 2, "B")),
        at(124, "lease_lost", job_id="run", lease="A"),
    ],
    "a lease that the test made older": [
        *(acquired(1, "A"), at(2, "lease_aged", lease="A"), acquired(3, "B", "A"))
    ],
    "a page whose worker was killed before it could log": [
        *(acquired(1, "A"), page(2, 1), acquired(122, "B", "A"), page(123, 3, "B"))
    ],
    "a stranger's webhook in the buffer": [
        RECEIVED,
        at(2, "buffered_webhook_refused", event_id="e1", cause="EXPIRED_URL"),
    ],
    "a cancelled job": [
        *(acquired(1, "A"), at(2, "job_cancelled", job_id="run")),
        at(3, "lease_lost", job_id="run", lease="A"),
    ],
    "two runs": [*WHOLE_RUN, NEXT_PAGE, succeeded(7, 5, cursor_from=0.001)],
}
BROKEN: dict[str, tuple[list[Line], str]] = {
    "an acknowledged event that is lost": (
        [RECEIVED, stored("e2")],
        "event e1 was acknowledged and is not stored",
    ),
    "an event that is applied twice": (
        [processed(1), processed(2, "updated"), stored(result="updated")],
        "event e1 was processed again: created, then updated",
    ),
    "a result that is not stored": (
        [processed(1), stored(result="PENDING")],
        "event e1 was processed: created, and is stored as PENDING",
    ),
    "a page of a former holder": (
        [acquired(1, "A"), page(2, 1), acquired(3, "B"), page(4.5, 2)],
        "lease A: sync_pages_stored after another was acquired",
    ),
    "a release by a former holder": (
        [acquired(1, "A"), acquired(3, "B"), released(4.5)],
        "lease A: lease_released after another was acquired",
    ),
    "a lease that is taken over too early": (
        [acquired(1, "A"), page(60, 1), acquired(122, "B", "A")],
        "lease A was taken over before it expired",
    ),
    "a lease that nobody took over": (
        [acquired(1, "A"), at(2, "lease_lost", job_id="run", lease="A")],
        "lease A was lost, and nobody took it over",
    ),
    "a skipped page": (
        [acquired(1, "A"), page(2, 1), page(3, 3)],
        "run run: page 3 was stored after page 1",
    ),
    "a skipped first page": (
        [acquired(1, "A"), page(2, 2)],
        "run run: page 2 was stored after page 0",
    ),
    "a skipped page in the next turn": (
        [acquired(1, "A"), page(2, 1), released(3), acquired(4, "B"), page(5, 3, "B")],
        "run run: page 3 was stored after page 1",
    ),
    "a page that is stored twice": (
        [acquired(1, "A"), page(2, 1), acquired(122, "B", "A"), page(123, 1, "B")],
        "run run: page 1 was stored after page 1",
    ),
    "a success before the last page": (
        [acquired(1, "A"), page(2, 1), succeeded(3)],
        "run run succeeded after page 1, not the last",
    ),
    "a cursor after the start": (
        [acquired(1, "A"), page(2, 1, is_last=True), succeeded(4, cursor_to=3)],
        "run run: the cursor is later than the run's start",
    ),
    "a gap between two runs": (
        [*WHOLE_RUN, NEXT_PAGE, succeeded(7, 5, cursor_from=3)],
        "run next starts after the cursor of the run before",
    ),
}


@pytest.mark.parametrize("name", CORRECT)
def test_correct_history_has_no_problem(name: str) -> None:
    assert check(CORRECT[name]) == []


@pytest.mark.parametrize("name", BROKEN)
def test_broken_history_is_reported(name: str) -> None:
    lines, problem = BROKEN[name]
    assert check(lines) == [problem]


def test_lines_of_several_logs_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text(
        'ready.\n[1]\n{"event": "b", "timestamp": "2026-11-29T10:00:02Z"}\n{"event": "cut'
    )
    (tmp_path / "worker.log").write_text(
        '{"event": "a", "timestamp": "2026-11-29T10:00:01Z"}\n{"timestamp": "no event"}\n'
    )
    assert [line["event"] for line in read_lines(tmp_path.iterdir())] == ["a", "b"]
