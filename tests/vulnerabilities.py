"""Ask pip-audit about production's libraries: `python -m tests.vulnerabilities`.

What it finds fails; what it can't find out is said, and nothing more: not every machine that
checks this code reaches the service that knows.
"""

import json
import subprocess
import sys
from typing import Any

from flowzz.env import BASE_DIR

REQUIREMENTS = BASE_DIR / "requirements" / "production.txt"
SECONDS = 120
AUDIT = (
    *(sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--timeout", "10"),
    *("--progress-spinner", "off", "--format", "json", "--requirement", str(REQUIREMENTS)),
)


def audit() -> list[dict[str, Any]]:
    """What pip-audit says of each library; nothing where it could not ask at all."""
    try:
        done = subprocess.run(AUDIT, capture_output=True, text=True, timeout=SECONDS, check=False)
        libraries: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):
        return []
    return libraries


def report(libraries: list[dict[str, Any]]) -> tuple[str, int]:
    """The lines to print, and the exit code."""
    asked = [library for library in libraries if "vulns" in library]
    found = [
        f"{library['name']} {library['version']}: {fault['id']}, mended in "
        f"{', '.join(fault['fix_versions']) or 'no version yet'}"
        for library in asked
        for fault in library["vulns"]
    ]
    told = [*found, f"{len(found)} known vulnerabilities in {len(asked)} libraries."]
    if not asked or len(asked) < len(libraries):
        told.append("The vulnerability service could not be asked about all of them.")
    return "\n".join(told), 1 if found else 0


if __name__ == "__main__":
    text, code = report(audit())
    print(text)  # noqa: T201 - this is what it is for
    sys.exit(code)
