"""The report of the library audit, by the results of pip-audit."""

import sys

import pytest

from tests.repository import vulnerabilities
from tests.repository.vulnerabilities import report

UNCHECKED = {"name": "nowhere", "skip_reason": "not found"}
SAFE = {"name": "django", "version": "5.2.19", "vulns": []}
VULNERABLE = {
    "name": "requests",
    "version": "2.0.0",
    "vulns": [{"id": "PYSEC-2018-28", "fix_versions": ["2.20.0"]}],
}


def test_vulnerability_fails() -> None:
    assert report([SAFE, VULNERABLE]) == (
        "requests 2.0.0: PYSEC-2018-28, fixed in 2.20.0\n1 known vulnerabilities in 2 libraries.",
        1,
    )


def test_safe_libraries_pass() -> None:
    assert report([SAFE]) == ("0 known vulnerabilities in 1 libraries.", 0)


def test_unreachable_service_is_reported_and_passes() -> None:
    message = "NOT CHECKED: {} libraries; the vulnerability service is unreachable."
    assert report([UNCHECKED, UNCHECKED]) == (
        f"0 known vulnerabilities in 0 libraries.\n{message.format(2)}",
        0,
    )
    assert report([SAFE, UNCHECKED]) == (
        f"0 known vulnerabilities in 1 libraries.\n{message.format(1)}",
        0,
    )


def test_vulnerability_fails_even_if_other_libraries_are_unchecked() -> None:
    text, code = report([VULNERABLE, UNCHECKED])
    assert (text.splitlines()[0], code) == ("requests 2.0.0: PYSEC-2018-28, fixed in 2.20.0", 1)


def test_failed_audit_has_checked_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vulnerabilities, "AUDIT", (sys.executable, "-c", "raise SystemExit(1)"))
    libraries = vulnerabilities.audit()
    assert {"name": "django"} in libraries
    assert "NOT CHECKED: " in report(libraries)[0]
