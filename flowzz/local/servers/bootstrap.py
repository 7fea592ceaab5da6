"""Completes the environment of a local run: generated secrets and running servers.

A variable that is already set is never overwritten, not even an empty one.
"""

import secrets
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path

from flowzz.local.servers import env_files, file_locks, secret_files
from flowzz.local.servers.handles import Handles, ensure_servers, local_urls
from flowzz.local.servers.paths import PROJECT, STATE

TRUE = {"true", "on", "ok", "y", "yes", "1"}  # the values that django-environ reads as true
GENERATED = ("SECRET_KEY", "COINZZ_ENCRYPTION_KEY")
UP = "up"


def prepare(
    environ: MutableMapping[str, str], arguments: Sequence[str], *, state: Path = STATE
) -> Handles:
    """Complete the environment of `manage.py <arguments>` and start missing servers.

    Returns the handles of the embedded servers. Does nothing when `DEBUG` is set to a false
    value, as in production. Raises ServerFailed.
    """
    _read_dotenv()
    if environ.get("DEBUG", "true").strip().lower() not in TRUE:
        return {}
    if file_locks.is_locked(env_files.up_lock(state)):
        _set_defaults(environ, env_files.read(env_files.runtime_file(state)))
    create = arguments[:1] == [UP] or "DATABASE_URL" not in environ
    _set_defaults(environ, _local_values(state, create=create))
    if _only_prints_help(arguments):
        _set_defaults(environ, local_urls(state=state))
        return {}
    return ensure_servers(environ, state=state)


def _read_dotenv() -> None:
    """Read `.env` as the settings do: it may name a database or Redis."""
    if (PROJECT / ".env").exists():
        import environ  # noqa: PLC0415 - slow to import, and rarely needed

        environ.Env.read_env(PROJECT / ".env")


def _local_values(state: Path, *, create: bool) -> dict[str, str]:
    path = env_files.local_file(state)
    if create and not path.exists():
        generated = {name: secrets.token_urlsafe(48) for name in GENERATED}
        secret_files.create(path, env_files.as_text(generated))
    if not path.exists():
        return {}
    return env_files.read(path) | {"EMAIL_URL": f"filemail:///{state / 'mail'}"}


def _only_prints_help(arguments: Sequence[str]) -> bool:
    """Return whether the command only prints a text: it reads the settings, but no server."""
    return arguments[:1] in ([], ["help"], ["version"]) or bool(
        {"-h", "--help", "--version"} & set(arguments)
    )


def _set_defaults(environ: MutableMapping[str, str], values: Mapping[str, str]) -> None:
    for name, value in values.items():
        environ.setdefault(name, value)
