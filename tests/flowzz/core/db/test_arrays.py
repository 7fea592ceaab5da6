"""Rows reach PostgreSQL as they are, whatever their values contain."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from flowzz.core.db.arrays import FEW, select_rows
from sales.statuses import SaleStatus

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
VALUES = {
    "text": TEXT | st.sampled_from(SaleStatus),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "boolean": st.booleans(),
    "numeric": st.decimals(allow_nan=False, allow_infinity=False, places=2),
    "uuid": st.uuids(),
    "timestamptz": st.datetimes(
        datetime(1900, 1, 1),  # noqa: DTZ001 - given a time zone
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=-3))]),
    ),
    "jsonb": JSON.filter(lambda value: value is not None),
    "text[]": st.lists(TEXT, max_size=3),
}
JSON_COLUMN = 1 + list(VALUES).index("jsonb")


def read(types: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Return the rows as PostgreSQL reads them, with JSON as text."""
    select, parameters = select_rows(types, rows)
    with connection.cursor() as cursor:
        cursor.execute(select, parameters)
        return [list(row) for row in cursor.fetchall()]


class SelectRowsTests(TestCase):
    @given(
        st.lists(st.tuples(*(st.none() | value for value in VALUES.values())), min_size=1),
        st.sampled_from([1, FEW + 1]),
    )
    def test_rows_of_any_values_are_read_as_they_are(
        self, values: list[tuple[Any, ...]], times: int
    ) -> None:
        rows = [[number, *row] for number, row in enumerate(values * times)]
        types = {"id": "integer"} | {f"c{number}": type_ for number, type_ in enumerate(VALUES)}
        found = read(types, rows)
        for row in found:
            row[JSON_COLUMN] = json.loads(row[JSON_COLUMN] or "null")
        assert found == rows


def test_equal_values_of_many_rows_are_sent_once() -> None:
    ids = [uuid.uuid4() for _ in range(FEW + 1)]
    rows = [(id_, Decimal("1.50")) for id_ in ids]

    select, parameters = select_rows({"id": "uuid", "price": "numeric"}, rows)

    assert select == ('SELECT "id", %s::numeric AS "price" FROM unnest(%s::uuid[]) AS given ("id")')
    assert parameters == ["1.50", "{" + ",".join(f'"{id_}"' for id_ in ids) + "}"]


def test_text_for_few_rows_does_not_depend_on_their_values() -> None:
    types = {"id": "uuid", "price": "numeric"}
    texts = {
        select_rows(types, [(uuid.uuid4(), price) for price in prices])[0]
        for prices in ([None], [Decimal(1)] * 2, [Decimal(1), Decimal(2)], [Decimal(1)] * FEW)
    }
    assert len(texts) == 1
