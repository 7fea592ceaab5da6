"""The report of the library audit, by the results of pip-audit."""

import sys

import pytest

from flowzz.core.env import BASE_DIR
from tests.repository import vulnerabilities
from tests.repository.vulnerabilities import report

UNCHECKED = {"name": "nowhere", "skip_reason": "not found"}
SAFE = {"name": "django", "version": "5.2.19", "vulns": []}
VULNERABLE = {
    "name": "requests",
    "version": "2.0.0",
    "vulns": [{"id": "PYSEC-2018-28", "fix_versions": ["2.20.0"]}],
}


def warning(unchecked: int) -> str:
    return (
        f"WARNING: {unchecked} libraries were NOT CHECKED for known vulnerabilities: pip-audit "
        "could not reach its service."
    )


def test_vulnerability_fails() -> None:
    assert report([SAFE, VULNERABLE]) == (
        "requests 2.0.0: PYSEC-2018-28, fixed in 2.20.0\n1 known vulnerabilities in 2 libraries.",
        "",
        1,
    )


def test_safe_libraries_pass() -> None:
    assert report([SAFE], is_strict=True) == ("0 known vulnerabilities in 1 libraries.", "", 0)


@pytest.mark.parametrize(("is_strict", "code"), [(False, 0), (True, 1)])
def test_unreachable_service_is_a_warning_and_fails_only_strictly(
    is_strict: bool, code: int
) -> None:
    assert report([SAFE, UNCHECKED], is_strict=is_strict) == (
        f"0 known vulnerabilities in 1 libraries.\n{warning(1)}",
        warning(1),
        code,
    )


def test_vulnerability_fails_even_if_other_libraries_are_unchecked() -> None:
    text, _, code = report([VULNERABLE, UNCHECKED])
    assert (text.splitlines()[0], code) == ("requests 2.0.0: PYSEC-2018-28, fixed in 2.20.0", 1)


def test_failed_audit_has_checked_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vulnerabilities, "AUDIT", (sys.executable, "-c", "raise SystemExit(1)"))
    libraries = vulnerabilities.audit()
    names = {library["name"] for library in libraries}
    assert names > {"django", "sentry-sdk", "opentelemetry-sdk", "ruff", "mutmut"}
    assert report(libraries)[1] == warning(len(libraries))


def test_lint_repeats_the_warning_at_its_end() -> None:
    recipe = (BASE_DIR / "Makefile").read_text().partition("\nlint:")[2]
    assert recipe.partition("\n\n")[0].splitlines()[-1].strip() == (
        f"@cat {vulnerabilities.WARNING.relative_to(BASE_DIR)}"
    )
