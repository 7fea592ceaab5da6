"""The environment of `manage.py`, by command and by the variables that are set."""

from pathlib import Path

import pytest

from flowzz.local.servers import bootstrap, env_files, file_locks, secret_files

EXTERNAL = {"DATABASE_URL": "postgres://elsewhere/db", "REDIS_URL": "redis://elsewhere/0"}


@pytest.mark.parametrize("value", ["false", "0", "no", "off", ""])
def test_production_environment_is_not_changed(value: str, tmp_path: Path) -> None:
    environ = {"DEBUG": value}
    bootstrap.prepare(environ, ["migrate"], state=tmp_path)
    assert environ == {"DEBUG": value}
    assert list(tmp_path.iterdir()) == []


def test_secrets_are_generated_once(tmp_path: Path) -> None:
    first, second = dict(EXTERNAL), dict(EXTERNAL)
    bootstrap.prepare(first, ["up"], state=tmp_path)
    bootstrap.prepare(second, ["shell"], state=tmp_path)
    assert first == second
    assert len(first["SECRET_KEY"]) >= 32
    assert len(first["COINZZ_ENCRYPTION_KEY"]) >= 32
    assert env_files.local_file(tmp_path).stat().st_mode & 0o777 == 0o600


def test_no_secrets_are_generated_for_an_external_database(tmp_path: Path) -> None:
    environ = dict(EXTERNAL)
    bootstrap.prepare(environ, ["migrate"], state=tmp_path)
    assert environ == EXTERNAL


def test_set_variables_are_kept_even_if_empty(tmp_path: Path) -> None:
    own = EXTERNAL | {"SECRET_KEY": "", "COINZZ_ENCRYPTION_KEY": "own", "EMAIL_URL": "smtp://mail"}
    environ = dict(own)
    bootstrap.prepare(environ, ["up"], state=tmp_path)
    assert environ == own


@pytest.mark.parametrize("arguments", [[], ["help"], ["migrate", "--help"], ["--version"]])
def test_help_starts_no_server(arguments: list[str], tmp_path: Path) -> None:
    environ: dict[str, str] = {}
    bootstrap.prepare(environ, arguments, state=tmp_path)
    assert environ["DATABASE_URL"].startswith("postgresql://flowzz:")
    assert environ["REDIS_URL"].startswith("redis://:")
    assert list(tmp_path.rglob("*.lock")) == []


def test_running_up_publishes_its_variables(tmp_path: Path) -> None:
    published = EXTERNAL | {"COINZZ_API_URL": "http://127.0.0.1:9/api"}
    secret_files.replace(env_files.runtime_file(tmp_path), env_files.as_text(published))
    lock = file_locks.acquire_exclusive(env_files.up_lock(tmp_path))
    assert lock is not None
    during: dict[str, str] = {}
    after = dict(EXTERNAL)
    bootstrap.prepare(during, ["coinzz_sync"], state=tmp_path)
    file_locks.release(lock)
    bootstrap.prepare(after, ["coinzz_sync"], state=tmp_path)
    assert (during, after) == (published, EXTERNAL)
