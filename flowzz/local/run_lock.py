"""The lock and the runtime file of a running `up`: one run per folder."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from flowzz.local.servers import env_files, file_locks, secret_files

WAIT_SECONDS = 0.5


class AlreadyRunning(Exception):
    """Another `up` runs in this folder."""


def exclusive_run() -> AbstractContextManager[None]:
    """Hold the lock of this folder's `up`. Raises AlreadyRunning."""
    refusal = AlreadyRunning(f"Flowzz is already running in this folder{_url_suffix()}")
    # `is_locked` of another command holds the lock for a moment.
    return file_locks.exclusive(env_files.up_lock(), WAIT_SECONDS, refusal)


def _url_suffix() -> str:
    url = env_files.read(env_files.runtime_file()).get("PUBLIC_BASE_URL")
    return f": {url}" if url else "."


@contextmanager
def published(variables: Mapping[str, str]) -> Iterator[None]:
    """Publish these variables to the other commands of this folder."""
    secret_files.replace(env_files.runtime_file(), env_files.as_text(variables))
    try:
        yield
    finally:
        env_files.runtime_file().unlink(missing_ok=True)
