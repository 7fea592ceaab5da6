"""What the audit of libraries makes of pip-audit's words."""

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
    silence = "The vulnerability service could not be asked about all of them."
    assert report([]) == (f"0 known vulnerabilities in 0 libraries.\n{silence}", 0)
    assert report([GOOD, UNKNOWN]) == (f"0 known vulnerabilities in 1 libraries.\n{silence}", 0)
