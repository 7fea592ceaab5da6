"""What a running `up` has in its folder: it is alone there, and says how it is reached."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from flowzz.local.servers import environment, file_locks, secret_files

PATIENCE_SECONDS = 0.5


class AlreadyRunning(Exception):
    """Another `up` runs in this folder."""


@contextmanager
def alone() -> Iterator[None]:
    """Be the only `up` of this folder. Raises AlreadyRunning."""
    # Another command may be looking at the lock at this very moment; that is soon over.
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (lock := file_locks.try_exclusive(environment.up_lock())) is None:
        if time.monotonic() > deadline:
            raise AlreadyRunning(f"Flowzz is already running in this folder{_where()}")
        time.sleep(0.05)
    try:
        yield
    finally:
        os.close(lock)


def _where() -> str:
    address = environment.read(environment.runtime_file()).get("PUBLIC_BASE_URL")
    return f": {address}" if address else "."


@contextmanager
def sharing(variables: Mapping[str, str]) -> Iterator[None]:
    """Let the other commands of this folder find these variables."""
    secret_files.replace(environment.runtime_file(), environment.as_text(variables))
    try:
        yield
    finally:
        environment.runtime_file().unlink(missing_ok=True)
