"""What the audit of libraries makes of pip-audit's words."""

import sys

import pytest

from tests import vulnerabilities
from tests.vulnerabilities import report

UNKNOWN = {"name": "nowhere", "skip_reason": "not found"}
GOOD = {"name": "django", "version": "5.2.19", "vulns": []}
BAD = {
    "name": "requests",
    "version": "2.0.0",
    "vulns": [{"id": "PYSEC-2018-28", "fix_versions": ["2.20.0"]}],
}


def test_a_finding_fails() -> None:
    assert report([GOOD, BAD]) == (
        "requests 2.0.0: PYSEC-2018-28, mended in 2.20.0\n1 known vulnerabilities in 2 libraries.",
        1,
    )


def test_libraries_without_findings_pass() -> None:
    assert report([GOOD]) == ("0 known vulnerabilities in 1 libraries.", 0)


def test_a_service_out_of_reach_is_said_and_passes() -> None:
    unchecked = "NOT CHECKED: {} libraries; the vulnerability service can't be asked."
    assert report([UNKNOWN, UNKNOWN]) == (
        f"0 known vulnerabilities in 0 libraries.\n{unchecked.format(2)}",
        0,
    )
    assert report([GOOD, UNKNOWN]) == (
        f"0 known vulnerabilities in 1 libraries.\n{unchecked.format(1)}",
        0,
    )


def test_a_finding_fails_though_others_could_not_be_asked_about() -> None:
    text, code = report([BAD, UNKNOWN])
    assert (text.splitlines()[0], code) == ("requests 2.0.0: PYSEC-2018-28, mended in 2.20.0", 1)


def test_an_audit_that_says_nothing_has_checked_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vulnerabilities, "AUDIT", (sys.executable, "-c", "raise SystemExit(1)"))
    libraries = vulnerabilities.audit()
    assert {"name": "django"} in libraries
    assert "NOT CHECKED: " in report(libraries)[0]
