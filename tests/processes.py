"""The state of other processes, for tests of what starts and stops them."""

from pathlib import Path


def is_alive(pid: int) -> bool:
    """Return whether the process runs. A zombie does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def parent_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("PPid:")[1].split()[0])


def children_of(pid: int) -> list[int]:
    return [
        int(entry.name)
        for entry in Path("/proc").glob("[0-9]*")
        if is_alive(int(entry.name)) and parent_of(int(entry.name)) == pid
    ]
