"""With REAL_DATA=1, write the table of docs/real-data.md after the tests."""

import os
from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest

from flowzz.local.servers.paths import PROJECT
from tests.real_data.case import Case

REPORT = PROJECT / "docs" / "real-data.md"
HEAD = """# Real data

Inputs of the shapes that integrations met with real accounts, by kind (`tests/real_data/`).
`make real-data` tries them and writes this page. *Warned* and *refused* are right, too: a value is
unreadable, or the input names no order, or a new sale has no price.

| kind | tried | right | warned | refused | wrong |
| --- | --- | --- | --- | --- | --- |
"""
COLUMNS = ("tried", "right", "warned", "refused", "wrong")
_counts: dict[str, Counter[str]] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count the result of a case."""
    report = yield
    case = getattr(item, "callspec", None) and item.callspec.params.get("case")
    if isinstance(case, Case) and report.when == "call":
        counts = _counts.setdefault(case.kind, Counter())
        counts.update(("tried", _column(case) if report.passed else "wrong"))
    return report


def pytest_sessionfinish() -> None:
    if os.environ.get("REAL_DATA"):
        rows = [(kind, *(counts[name] for name in COLUMNS)) for kind, counts in _counts.items()]
        lines = ("| " + " | ".join(map(str, row)) + " |\n" for row in rows)
        REPORT.write_text(HEAD + "".join(lines))


def _column(case: Case) -> str:
    if case.refused:
        return "refused"
    return "warned" if case.warned else "right"
