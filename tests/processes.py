"""Looking at other processes, for tests of what starts and ends them."""

import time
from collections.abc import Callable
from pathlib import Path

WAIT_SECONDS = 60.0


def wait_until(condition: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.02)


def is_alive(process: int) -> bool:
    """Whether it runs; a dead one that nobody asked after yet doesn't."""
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def parent_of(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("PPid:")[1].split()[0])


def children_of(process: int) -> list[int]:
    return [
        int(entry.name)
        for entry in Path("/proc").glob("[0-9]*")
        if is_alive(int(entry.name)) and parent_of(int(entry.name)) == process
    ]
