"""What our connections ask of PostgreSQL, and what they don't."""

from unittest.mock import patch

import psycopg
import pytest
from django.db import connection
from django.db.backends.postgresql import base

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("setting", "value"),
    [("idle_in_transaction_session_timeout", "1min"), ("tcp_keepalives_idle", "30")],
)
def test_a_worker_that_was_cut_off_does_not_keep_its_locks(setting: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {setting}")
        assert cursor.fetchone() == (value,)


def pid() -> int:
    """The server's process for our connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        found: int = cursor.fetchone()[0]
    return found


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_ended_is_made_anew() -> None:
    before = pid()
    parameters = connection.get_connection_params()
    address = {name: parameters[name] for name in ("host", "port", "user", "password", "dbname")}
    with psycopg.connect(**address) as administrator:
        administrator.execute("SELECT pg_terminate_backend(%s, 10000)", [before])

    connection.close_if_unusable_or_obsolete()  # as before each request

    assert pid() != before


def test_a_quiet_connection_is_not_asked_whether_it_lives() -> None:
    pid()
    with patch.object(base.DatabaseWrapper, "is_usable") as asked:
        assert connection.is_usable()
    asked.assert_not_called()


def test_one_that_failed_is_asked() -> None:
    pid()
    with (
        patch.object(connection, "errors_occurred", new=True),
        patch.object(base.DatabaseWrapper, "is_usable", return_value=False),
    ):
        assert not connection.is_usable()
