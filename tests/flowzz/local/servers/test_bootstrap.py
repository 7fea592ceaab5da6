"""What `manage.py` finds in its environment, by where it runs and what is set."""

from pathlib import Path

import pytest

from flowzz.local.servers import bootstrap, environment, file_locks, secret_files

GIVEN = {"DATABASE_URL": "postgres://elsewhere/db", "REDIS_URL": "redis://elsewhere/0"}


@pytest.mark.parametrize("value", ["false", "0", "no", "off", ""])
def test_production_is_left_as_it_is(value: str, tmp_path: Path) -> None:
    environ = {"DEBUG": value}
    bootstrap.prepare(environ, ["migrate"], state=tmp_path)
    assert environ == {"DEBUG": value}
    assert list(tmp_path.iterdir()) == []


def test_secrets_are_made_up_once(tmp_path: Path) -> None:
    first, second = dict(GIVEN), dict(GIVEN)
    bootstrap.prepare(first, ["up"], state=tmp_path)
    bootstrap.prepare(second, ["shell"], state=tmp_path)
    assert first == second
    assert len(first["SECRET_KEY"]) >= 32
    assert len(first["COINZZ_ENCRYPTION_KEY"]) >= 32
    assert environment.local_file(tmp_path).stat().st_mode & 0o777 == 0o600


def test_nothing_is_made_up_for_a_database_elsewhere(tmp_path: Path) -> None:
    environ = dict(GIVEN)
    bootstrap.prepare(environ, ["migrate"], state=tmp_path)
    assert environ == GIVEN


def test_what_is_set_stays_even_when_empty(tmp_path: Path) -> None:
    own = GIVEN | {"SECRET_KEY": "", "COINZZ_ENCRYPTION_KEY": "own", "EMAIL_URL": "smtp://mail"}
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


def test_a_running_up_shares_its_addresses(tmp_path: Path) -> None:
    shared = GIVEN | {"COINZZ_API_URL": "http://127.0.0.1:9/api"}
    secret_files.replace(environment.runtime_file(tmp_path), environment.as_text(shared))
    running = file_locks.try_exclusive(environment.up_lock(tmp_path))
    assert running is not None
    during: dict[str, str] = {}
    after = dict(GIVEN)
    bootstrap.prepare(during, ["coinzz_sync"], state=tmp_path)
    file_locks.release(running)
    bootstrap.prepare(after, ["coinzz_sync"], state=tmp_path)
    assert (during, after) == (shared, GIVEN)
