"""What a local run needs before settings are read: secrets, and servers that run.

Nothing here overrides a variable that is set, not even an empty one.
"""

import secrets
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path

from flowzz.local.servers import environment, file_locks, secret_files
from flowzz.local.servers.membership import ensure_servers, known_addresses
from flowzz.local.servers.paths import PROJECT, STATE

TRUE = {"true", "on", "ok", "y", "yes", "1"}  # as the settings read it
GENERATED = ("SECRET_KEY", "COINZZ_ENCRYPTION_KEY")
UP = "up"


def prepare(
    environ: MutableMapping[str, str], arguments: Sequence[str], *, state: Path = STATE
) -> None:
    """Complete the environment of `manage.py <arguments>`. Raises ServerFailed.

    With `DEBUG` set to a false value everything is left as it is: that is how production looks.
    """
    _read_dotenv()
    if environ.get("DEBUG", "true").strip().lower() not in TRUE:
        return
    if file_locks.is_held(environment.up_lock(state)):
        _fill(environ, environment.read(environment.runtime_file(state)))
    create = arguments[:1] == [UP] or "DATABASE_URL" not in environ
    _fill(environ, _local_values(state, create=create))
    if _only_describes(arguments):
        _fill(environ, known_addresses(state=state))
    else:
        ensure_servers(environ, state=state)


def _read_dotenv() -> None:
    """Read what the settings will read as well: an address given there must be known here."""
    if (PROJECT / ".env").exists():
        import environ  # noqa: PLC0415 - slow, and rarely needed

        environ.Env.read_env(PROJECT / ".env")


def _local_values(state: Path, *, create: bool) -> dict[str, str]:
    path = environment.local_file(state)
    if create and not path.exists():
        made_up = {name: secrets.token_urlsafe(48) for name in GENERATED}
        secret_files.create(path, environment.as_text(made_up))
    if not path.exists():
        return {}
    return environment.read(path) | {"EMAIL_URL": f"filemail:///{state / 'mail'}"}


def _only_describes(arguments: Sequence[str]) -> bool:
    """Whether the command shows a text: settings must load for it, but no server is needed."""
    return arguments[:1] in ([], ["help"], ["version"]) or bool(
        {"-h", "--help", "--version"} & set(arguments)
    )


def _fill(environ: MutableMapping[str, str], values: Mapping[str, str]) -> None:
    for name, value in values.items():
        environ.setdefault(name, value)
