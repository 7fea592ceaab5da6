"""AddIndexSafely and the timeouts of migrations, on a table of the test's own."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import OperationalError, connection, models
from django.db.migrations.state import ModelState, ProjectState

from flowzz.core.db.migration_checks import invalid_indexes
from flowzz.core.db.operations import AddIndexSafely

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = "core_parcel"


@pytest.fixture
def state() -> Iterator[ProjectState]:
    state = ProjectState()
    state.add_model(
        ModelState(
            "core",
            "Parcel",
            [("id", models.BigAutoField(primary_key=True)), ("code", models.TextField())],
        )
    )
    with connection.schema_editor() as editor:
        editor.create_model(state.apps.get_model("core", "Parcel"))
    yield state
    with connection.schema_editor() as editor:
        editor.delete_model(state.apps.get_model("core", "Parcel"))


def add_index(state: ProjectState, *, unique_name: str = "parcel_code") -> None:
    operation = AddIndexSafely("Parcel", models.Index(fields=["code"], name=unique_name))
    after = state.clone()
    operation.state_forwards("core", after)
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("core", editor, state, after)


def index_oids() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid FROM pg_class WHERE relname = 'parcel_code'")
        return [oid for (oid,) in cursor.fetchall()]


def test_index_that_is_there_is_not_built_again(state: ProjectState) -> None:
    add_index(state)
    built = index_oids()

    add_index(state)

    assert index_oids() == built
    assert len(built) == 1


def test_index_of_a_killed_build_is_built_anew(state: ProjectState) -> None:
    add_index(state)
    killed = index_oids()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s", killed)
    assert invalid_indexes(connection) == ["parcel_code"]

    add_index(state)

    assert invalid_indexes(connection) == []
    assert len(index_oids()) == 1
    assert index_oids() != killed


@pytest.mark.parametrize("atomic", [True, False])
def test_schema_change_gives_up_on_a_locked_table(
    state: ProjectState, monkeypatch: pytest.MonkeyPatch, *, atomic: bool
) -> None:
    monkeypatch.setattr("flowzz.core.db.backend.base.LOCK_TIMEOUT", "50ms")
    parcel = state.apps.get_model("core", "Parcel")
    field = models.TextField(default="")
    field.set_attributes_from_name("note")
    parameters = connection.get_connection_params()
    address = {name: parameters[name] for name in ("host", "port", "user", "password", "dbname")}
    with psycopg.connect(**address) as session:
        session.execute(f"LOCK TABLE {TABLE} IN ACCESS SHARE MODE".encode())
        with (
            pytest.raises(OperationalError, match="lock timeout"),
            connection.schema_editor(atomic=atomic) as editor,
        ):
            editor.add_field(parcel, field)


def test_timeouts_end_with_the_migration(state: ProjectState) -> None:
    add_index(state)
    with connection.schema_editor():
        pass
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
