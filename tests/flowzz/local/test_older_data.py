"""Data of another version of Flowzz in a local folder."""

from pathlib import Path

import pytest
import redis
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from flowzz.local import older_data, prepare
from flowzz.local.servers.handles import ServerFailed, ServerHandle, ensure_servers

EXTERNAL = {"DATABASE_URL": "postgres://elsewhere/db"}


@pytest.mark.django_db
def test_prepare_names_the_migrations_of_another_version(
    capsys: pytest.CaptureFixture[str],
) -> None:
    prepare.exit_on_older_data()
    recorder = MigrationRecorder(connection)
    recorder.record_applied("sales", "0002_sales_by_creation")
    recorder.record_applied("accounts", "0003_groups_of_staff")
    with pytest.raises(SystemExit) as error:
        prepare.exit_on_older_data()
    assert error.value.code == older_data.EXIT_CODE
    assert capsys.readouterr().out == (
        "The database was migrated by another version of Flowzz "
        "(accounts.0003_groups_of_staff and 1 more).\n"
    )


def test_data_is_moved_and_servers_restart_empty(tmp_path: Path) -> None:
    environ = dict(EXTERNAL)
    handles = ensure_servers(environ, state=tmp_path)
    with redis.Redis.from_url(environ["REDIS_URL"]) as connection:
        connection.set("key", "value")
    (tmp_path / "sandbox.db").write_text("orders")

    folder = older_data.set_aside(handles, environ, state=tmp_path)

    assert environ == EXTERNAL
    assert (folder / "valkey" / "data").is_dir()
    assert (folder / "sandbox.db").read_text() == "orders"
    assert folder.name.startswith("local-set-aside-")
    handles = ensure_servers(environ, state=tmp_path)
    with redis.Redis.from_url(environ["REDIS_URL"]) as connection:
        assert connection.keys() == []
    handles["REDIS_URL"].close()


def test_data_in_use_by_another_command_is_not_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(older_data, "STOP_SECONDS", 0.1)
    environ = dict(EXTERNAL)
    handles = ensure_servers(environ, state=tmp_path)
    other = ServerHandle("valkey", state=tmp_path)
    with pytest.raises(ServerFailed, match="another command uses the server"):
        older_data.set_aside(handles, environ, state=tmp_path)
    other.close()
    assert (tmp_path / "local" / "valkey" / "data").is_dir()
