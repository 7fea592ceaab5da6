import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from flowzz.core.db.migration_checks import check_indexes, invalid_indexes, unknown_migrations

pytestmark = pytest.mark.django_db


@pytest.fixture
def _older_database() -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_applied("sales", "0009_sales_by_both_states")
    recorder.record_applied("accounts", "0003_groups_of_staff")
    recorder.record_applied("a_library_that_is_gone", "0001_initial")


@pytest.fixture
def _invalid_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'sale_created'::regclass"
        )


def database_check() -> tuple[int, str]:
    response = Client().get("/health/ready")
    return response.status_code, response.json()["checks"]["database"]


def test_own_database_has_nothing_unknown_and_nothing_invalid() -> None:
    assert unknown_migrations(MigrationLoader(connection)) == []
    assert invalid_indexes(connection) == []
    assert check_indexes(databases=["default"]) == []
    assert database_check() == (200, "ok")


@pytest.mark.usefixtures("_older_database")
def test_migrate_refuses_a_database_of_another_version_and_names_its_migrations() -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("migrate")

    assert str(refusal.value) == (
        "This database was not made by this version of Flowzz. It records migrations that do not "
        "exist here: accounts.0003_groups_of_staff, sales.0009_sales_by_both_states. Use another "
        "database, or the version that made this one."
    )


@pytest.mark.usefixtures("_older_database")
def test_readiness_names_the_migrations_of_another_version() -> None:
    assert database_check() == (
        503,
        "unknown migrations: accounts.0003_groups_of_staff, sales.0009_sales_by_both_states",
    )


@pytest.mark.usefixtures("_invalid_index")
def test_invalid_index_is_named_by_readiness_and_by_the_system_check() -> None:
    assert database_check() == (503, "invalid indexes: sale_created")
    (warning,) = check_indexes(databases=["default"])
    assert (warning.id, warning.hint) == (
        "core.W001",
        "Run: REINDEX INDEX CONCURRENTLY sale_created",
    )


@pytest.mark.usefixtures("_invalid_index")
def test_check_without_a_database_asks_none() -> None:
    assert check_indexes(databases=None) == []
