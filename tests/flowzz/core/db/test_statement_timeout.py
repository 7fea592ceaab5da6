import pytest
from django.db import connection

from flowzz.core.db.statement_timeout import longer_statements


@pytest.mark.django_db(transaction=True)
def test_statements_may_take_longer_within_it_alone() -> None:
    with connection.cursor() as cursor:

        def timeout() -> str:
            cursor.execute("SHOW statement_timeout")
            return str(cursor.fetchone()[0])

        before = timeout()
        with longer_statements(7):
            assert timeout() == "7s"
        assert timeout() == before
