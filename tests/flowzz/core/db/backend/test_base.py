"""The database backend: timeouts on the server, and the check of open connections."""

from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from django.db import DataError, OperationalError, connection, connections, transaction
from django.db.backends.postgresql import base

pytestmark = pytest.mark.django_db
own: Any = connection
"""The connection, with the methods of our backend."""


@pytest.mark.parametrize(
    ("setting", "value"),
    [("idle_in_transaction_session_timeout", "45s"), ("tcp_keepalives_idle", "30")],
)
def test_server_ends_transactions_of_lost_clients(setting: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {setting}")
        assert cursor.fetchone() == (value,)


def backend_pid() -> int:
    """Return the id of the server's process for our connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid: int = cursor.fetchone()[0]
    return pid


@pytest.mark.django_db(transaction=True)
def test_connection_closed_by_the_server_is_opened_again() -> None:
    before = backend_pid()
    parameters = connection.get_connection_params()
    options = {name: parameters[name] for name in ("host", "port", "user", "password", "dbname")}
    with psycopg.connect(**options) as administrator:
        administrator.execute("SELECT pg_terminate_backend(%s, 10000)", [before])

    connection.close_if_unusable_or_obsolete()  # as Django does before each request

    assert backend_pid() != before


def test_idle_connection_is_not_checked_by_a_statement() -> None:
    backend_pid()
    with patch.object(base.DatabaseWrapper, "is_usable") as check:
        assert connection.is_usable()
    check.assert_not_called()


def test_connection_after_an_error_is_checked_by_a_statement() -> None:
    backend_pid()
    with (
        patch.object(connection, "errors_occurred", new=True),
        patch.object(base.DatabaseWrapper, "is_usable", return_value=False),
    ):
        assert not connection.is_usable()


@pytest.mark.django_db(transaction=True)
def test_statement_without_an_answer_is_given_up_at_its_deadline() -> None:
    before = backend_pid()
    with pytest.raises(OperationalError), own.deadline(0.05), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(60)")
    connection.close_if_unusable_or_obsolete()
    assert backend_pid() != before
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [before])


@pytest.mark.django_db
def test_deadline_is_not_extended_by_another_one_within_it() -> None:
    with own.deadline(30):
        deadline = own.connection.deadline
        with own.deadline(60):
            assert own.connection.deadline == deadline
        with own.deadline(10):
            assert own.connection.deadline < deadline
        assert own.connection.deadline == deadline
    assert own.connection.deadline is None


@pytest.mark.django_db(transaction=True)
def test_connection_to_a_server_that_became_read_only_is_not_used_again() -> None:
    before = backend_pid()
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    connection.close_if_unusable_or_obsolete()
    assert backend_pid() != before


@pytest.mark.django_db(transaction=True)
def test_prepared_statements_are_not_used_behind_a_pooler() -> None:
    for has_own_server in (True, False):
        connection.close()
        with patch.object(connection, "_ask_for_own_server", return_value=has_own_server):
            for number in range(2):
                with own.prepared_cursor() as cursor:
                    cursor.execute("SELECT %b::int", [number])
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements")
            assert cursor.fetchone() == (int(has_own_server),)


def execute(*statements: str) -> Any:
    """Execute statements, each by a cursor of its own; return the last one's."""
    for statement in statements:
        cursor = connection.cursor()
        cursor.execute(statement)
    return cursor


def test_savepoint_in_a_pipeline_ends_with_the_error_of_its_statements() -> None:
    with transaction.atomic(), own.pipeline():
        with pytest.raises(DataError, match="division by zero"), transaction.atomic():
            execute("CREATE TABLE of_a_failed_savepoint ()", "SELECT 1 / 0", "SELECT 1")
        with transaction.atomic():
            execute("CREATE TABLE of_a_savepoint ()")
        tables = execute("SELECT to_regclass('of_a_failed_savepoint'), 'of_a_savepoint'::regclass")

        assert tables.fetchone() == (None, "of_a_savepoint")


def test_pipeline_ends_with_the_error_of_its_statements() -> None:
    with pytest.raises(DataError, match="division by zero"), transaction.atomic(), own.pipeline():
        execute("SELECT 1 / 0")

    assert execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("is_pooled", [False, True])
def test_statements_are_not_limited_by_options_behind_a_pooler(
    settings: Any, is_pooled: bool
) -> None:
    settings.DATABASE_POOLED = is_pooled
    other: Any = connections.create_connection("default")
    other.limit_statements(lock_timeout="7s", statement_timeout="8s")
    assert ("lock_timeout=7s" in other.get_connection_params()["options"]) != is_pooled
