"""The state of other processes, and the memory of this one."""

import ctypes
import gc
import re
from contextlib import suppress
from pathlib import Path


def is_alive(pid: int) -> bool:
    """Return whether the process runs. A zombie does not."""
    try:
        return "State:\tZ" not in _status(pid)
    except OSError:
        return False


def parent_of(pid: int) -> int:
    return int(_status(pid).split("PPid:")[1].split()[0])


def children_of(pid: int) -> list[int]:
    """Return the running children of a process, while any others start and end."""
    children = []
    for entry in Path("/proc").glob("[0-9]*"):
        other = int(entry.name)
        with suppress(OSError):  # the process has ended
            if parent_of(other) == pid and is_alive(other):
                children.append(other)
    return children


def _status(pid: int) -> str:
    return Path(f"/proc/{pid}/status").read_text()


def restart_memory_peak() -> int:
    """Have `memory_peak` count from now on; return the bytes that this process occupies."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM
    return _status_bytes("VmRSS")


def memory_peak() -> int:
    """Return the most bytes that this process has occupied."""
    return _status_bytes("VmHWM")


def _status_bytes(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    match = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
    assert match
    return 1024 * int(match[1])
