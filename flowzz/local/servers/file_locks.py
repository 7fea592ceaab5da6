"""Advisory file locks. The kernel releases a lock when the process that holds it ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_SECONDS = 0.05


def open_lock(path: Path) -> int:
    """Open a lock file and return its descriptor, which child processes do not inherit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def acquire_shared(path: Path) -> int:
    """Acquire the lock together with other holders. Waits while one process holds it alone."""
    descriptor = open_lock(path)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def acquire_exclusive(path: Path) -> int | None:
    """Acquire the lock alone without waiting. Returns None when another process holds it."""
    descriptor = open_lock(path)
    if try_lock(descriptor):
        return descriptor
    os.close(descriptor)
    return None


@contextmanager
def exclusive(path: Path, seconds: float, refusal: Exception) -> Iterator[None]:
    """Hold the lock alone. Raises `refusal` if another process holds it for so many seconds."""
    deadline = time.monotonic() + seconds
    while (lock := acquire_exclusive(path)) is None:
        if time.monotonic() > deadline:
            raise refusal
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        os.close(lock)


def try_lock(descriptor: int) -> bool:
    """Lock an open descriptor exclusively. Returns False when another process holds the lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def release(descriptor: int) -> None:
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def is_locked(path: Path) -> bool:
    """Return whether a living process holds the lock exclusively."""
    if not path.exists():
        return False
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
