"""The database backend: timeouts on the server, and the check of open connections."""

from unittest.mock import patch

import psycopg
import pytest
from django.db import connection
from django.db.backends.postgresql import base

pytestmark = pytest.mark.django_db


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
