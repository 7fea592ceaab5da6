"""Audits all pinned libraries with pip-audit: `python -m tests.repository.vulnerabilities`.

Those that only developers install as well: they run on their machines and where this code is
checked. A known vulnerability fails. An unreachable vulnerability service is a warning, which
`make lint` repeats at its end, because not every machine that checks this code has access to it;
with CI_STRICT=1 it fails. PyPI offers no offline database: `safety-db` had its last release in
2021, and all others use a service, too.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

from flowzz.core.env import BASE_DIR

REQUIREMENTS = sorted((BASE_DIR / "requirements").glob("*.txt"))
WARNING = BASE_DIR / ".flowzz" / "lint-warning.txt"
"""What `make lint` prints at its end."""
PINNED = re.compile(r"^([\w.-]+)==([\w.+-]+)", re.MULTILINE)
SECONDS = 120
AUDIT = (
    *(sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--timeout", "10"),
    *("--progress-spinner", "off", "--format", "json", "--requirement"),
)


def audit() -> list[dict[str, Any]]:
    """Return pip-audit's results, once for each version of a library.

    A library that was not checked has no `vulns`.
    """
    with ThreadPoolExecutor(len(REQUIREMENTS)) as threads:
        libraries = chain.from_iterable(threads.map(_audit_file, REQUIREMENTS))
        found = {
            (library["name"].lower(), library.get("version")): library for library in libraries
        }
    return [found[key] for key in sorted(found, key=str)]


def _audit_file(requirements: Path) -> list[dict[str, Any]]:
    """Audit one file: pip-audit refuses two files that pin other versions of a library."""
    command = (*AUDIT, str(requirements))
    try:
        process = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        libraries: list[dict[str, Any]] = json.loads(process.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):
        pinned = PINNED.findall(requirements.read_text())
        return [{"name": name, "version": version} for name, version in pinned]
    return libraries


def report(libraries: list[dict[str, Any]], *, is_strict: bool = False) -> tuple[str, str, int]:
    """Return the text to print, the warning to repeat (or ""), and the exit code."""
    checked = [library for library in libraries if "vulns" in library]
    findings = [
        f"{library['name']} {library['version']}: {vulnerability['id']}, fixed in "
        f"{', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for library in checked
        for vulnerability in library["vulns"]
    ]
    lines = [*findings, f"{len(findings)} known vulnerabilities in {len(checked)} libraries."]
    warning = ""
    if unchecked := len(libraries) - len(checked):
        warning = (
            f"WARNING: {unchecked} libraries were NOT CHECKED for known vulnerabilities: pip-audit "
            "could not reach its service."
        )
        lines.append(warning)
    return "\n".join(lines), warning, 1 if findings or (is_strict and warning) else 0


if __name__ == "__main__":
    text, warning, code = report(audit(), is_strict=os.environ.get("CI_STRICT") == "1")
    print(text)  # noqa: T201 - output of the command
    WARNING.parent.mkdir(exist_ok=True)
    WARNING.write_text(f"{warning}\n" if warning else "")
    sys.exit(code)
