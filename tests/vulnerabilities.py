"""Ask pip-audit about production's libraries: `python -m tests.vulnerabilities`.

What it finds fails; what it can't find out is said, and nothing more: not every machine that
checks this code reaches the service that knows. Nothing on PyPI stands in for it: `safety-db` has
had no release since 2021, and all others ask a service as well.
"""

import json
import re
import subprocess
import sys
from typing import Any

from flowzz.core.env import BASE_DIR

REQUIREMENTS = BASE_DIR / "requirements" / "production.txt"
PINNED = re.compile(r"^([\w.-]+)==", re.MULTILINE)
SECONDS = 120
AUDIT = (
    *(sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--timeout", "10"),
    *("--progress-spinner", "off", "--format", "json", "--requirement", str(REQUIREMENTS)),
)


def audit() -> list[dict[str, Any]]:
    """What pip-audit says of each library; none has `vulns` where it could not ask at all."""
    try:
        done = subprocess.run(AUDIT, capture_output=True, text=True, timeout=SECONDS, check=False)
        libraries: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):
        return [{"name": name} for name in PINNED.findall(REQUIREMENTS.read_text())]
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
    if left := len(libraries) - len(asked):
        told.append(f"NOT CHECKED: {left} libraries; the vulnerability service can't be asked.")
    return "\n".join(told), 1 if found else 0


if __name__ == "__main__":
    text, code = report(audit())
    print(text)  # noqa: T201 - this is what it is for
    sys.exit(code)
