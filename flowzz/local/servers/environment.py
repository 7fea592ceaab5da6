"""The files of variables that this folder's commands share: `NAME=value` lines."""

from collections.abc import Mapping
from pathlib import Path

from flowzz.local.servers.paths import STATE


def local_file(state: Path = STATE) -> Path:
    """The secrets made up for local runs."""
    return state / "local.env"


def runtime_file(state: Path = STATE) -> Path:
    """What a running `up` tells the other commands."""
    return state / "runtime.env"


def up_lock(state: Path = STATE) -> Path:
    """Held by the `up` that runs in this folder."""
    return state / "up.lock"


def as_text(values: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())


def read(path: Path) -> dict[str, str]:
    """The file's values, or none where there is no file."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)
