"""Sets aside the local servers' data when another version of Flowzz created it."""

from collections.abc import MutableMapping
from datetime import datetime
from pathlib import Path

from flowzz.local.servers import file_locks
from flowzz.local.servers.handles import LOCAL, Handles, ServerFailed
from flowzz.local.servers.paths import STATE

STOP_SECONDS = 40.0
EXIT_CODE = 3
"""Of `prepare`, when the database records migrations that this version does not have."""


class OlderData(Exception):
    """The embedded database belongs to another version. The message names its migrations."""


def set_aside(handles: Handles, environ: MutableMapping[str, str], *, state: Path = STATE) -> Path:
    """Move the servers' data and the sandbox's out of the way, and return the new folder.

    Closes the handles and removes their URLs from the environment. Raises ServerFailed when
    another command keeps a server running.
    """
    target = state / f"{LOCAL}-set-aside-{datetime.now():%Y%m%d-%H%M%S}"  # noqa: DTZ005 - local time, for people
    target.mkdir()
    for variable, handle in handles.items():
        handle.close()
        environ.pop(variable, None)
    for handle in handles.values():
        paths = handle.server.paths
        refusal = ServerFailed(
            f"The data of {handle.kind} belongs to another version of Flowzz and cannot be "
            "moved, because another command uses the server. Stop that command."
        )
        with file_locks.exclusive(paths.daemon_lock, STOP_SECONDS, refusal):
            paths.directory.rename(target / paths.directory.name)
    for file in state.glob("sandbox.db*"):
        file.rename(target / file.name)
    return target
