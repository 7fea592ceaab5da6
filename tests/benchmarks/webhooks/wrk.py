"""Load by wrk, which costs little, or by our own generator where wrk is missing."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from tests.benchmarks import load
from tests.benchmarks.orders import bodies

WRK = shutil.which("wrk")
WITHOUT_WRK = (
    "wrk is missing (apt-get install wrk): the load generator is Python's and takes a core itself"
)
BODIES = 2_000
"""Sent by our own generator."""
_SCRIPT = Path(__file__).with_suffix(".lua")
_SIGNED = Path(__file__).with_name("signed.lua")
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True)
class Load:
    """Requests per second, and latencies in seconds."""

    rate: float
    p50: float
    p99: float


def run_signed(
    port: int, path: str, events: Iterable[tuple[str, bytes]], *, connections: int, seconds: int
) -> Load:
    """Send signed events by wrk, each once: there must be enough of them for so many seconds."""
    lines = b"".join(b"%b\n%b\n" % (signature.encode(), event) for signature, event in events)
    return _wrk(_SIGNED, lines, port, path, connections=connections, seconds=seconds)


def run(port: int, path: str, *, connections: int, seconds: int) -> Load:
    """Send orders, each with a number of its own. Raises RuntimeError if a response is not 2xx."""
    if WRK is None:
        with patch.object(load, "CONNECTIONS", connections):
            result = load.send(port, path, bodies(BODIES))
        latencies = sorted(result.latencies)
        return Load(result.rate, latencies[len(latencies) // 2], result.p99)
    return _wrk(_SCRIPT, bodies(1)[0], port, path, connections=connections, seconds=seconds)


def _wrk(
    script: Path, content: bytes, port: int, path: str, *, connections: int, seconds: int
) -> Load:
    assert WRK
    with tempfile.NamedTemporaryFile() as body:
        body.write(content)
        body.flush()
        options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script)]
        process = subprocess.run(
            [WRK, *options, f"http://127.0.0.1:{port}{path}"],
            env=os.environ | {"BODY": body.name},
            capture_output=True,
            text=True,
            check=True,
        )
    return _parse(process.stdout)


def _parse(output: str) -> Load:
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    if rate is None or "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(output)
    percentiles = {
        percent: float(value) * _UNITS[unit]
        for percent, value, unit in re.findall(r"^\s+(\d+)%\s+([\d.]+)(us|ms|s)$", output, re.M)
    }
    return Load(float(rate[1]), percentiles["50"], percentiles["99"])
