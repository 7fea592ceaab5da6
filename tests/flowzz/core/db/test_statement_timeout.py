"""Longer and shorter limits of statements, which end with their block."""

import pytest
from django.db import OperationalError, connection

from flowzz.core.db.statement_timeout import limited_statements, longer_statements


def timeout() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_statements_may_take_longer_within_it_alone() -> None:
    before = timeout()
    with longer_statements(7):
        assert timeout() == "7s"
    assert timeout() == before


@pytest.mark.django_db(transaction=True)
def test_limit_ends_with_its_transaction() -> None:
    before = timeout()
    with limited_statements(1_500):
        assert timeout() == "1500ms"
    assert timeout() == before


@pytest.mark.django_db
def test_limit_ends_with_its_block_within_an_outer_transaction() -> None:
    before = timeout()
    with limited_statements(1_500):
        assert timeout() == "1500ms"
    assert timeout() == before


@pytest.mark.django_db
def test_longer_statement_raises() -> None:
    with pytest.raises(OperationalError), limited_statements(1), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(1)")
