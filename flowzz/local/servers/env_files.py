"""The files of `NAME=value` lines, and the lock, that the commands of a folder share."""

from collections.abc import Mapping
from pathlib import Path

from flowzz.local.servers.paths import STATE


def local_file(state: Path = STATE) -> Path:
    """Return the file of secrets generated for local runs."""
    return state / "local.env"


def runtime_file(state: Path = STATE) -> Path:
    """Return the file in which a running `up` publishes its variables to other commands."""
    return state / "runtime.env"


def up_lock(state: Path = STATE) -> Path:
    """Return the lock file held by the `up` that runs in this folder."""
    return state / "up.lock"


def as_text(values: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())


def read(path: Path) -> dict[str, str]:
    """Return the file's variables, or an empty dict when the file does not exist."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)
