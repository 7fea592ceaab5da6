"""A query is compiled once, and executed with other values each time."""

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from flowzz.core.db.backend.compiled_queries import CompiledQuery, Given
from sales.models import Sale
from tests.factories import SaleFactory

pytestmark = pytest.mark.django_db

BY_NUMBER = CompiledQuery(
    lambda: Sale.objects.filter(
        ~Q(product_name__contains="100%s"), external_id__any_of=Given("numbers")
    ).order_by("external_id")
)


def test_instances_are_those_of_the_query() -> None:
    sales = [SaleFactory.create(external_id=number, metadata={"a": number}) for number in "ab"]
    SaleFactory.create(external_id="c", product_name="É 100%s seu")

    found = list(BY_NUMBER.instances(numbers={"a", "b", "c"}))

    assert found == sales
    assert [(sale.metadata, sale.total_price) for sale in found] == [
        (sale.metadata, sale.total_price) for sale in sales
    ]
    assert [sale._state.adding for sale in found] == [False, False]
    assert list(BY_NUMBER.instances(numbers=["a'b", 'a"b'])) == []


def test_values_are_rows_of_the_named_columns() -> None:
    SaleFactory.create(external_id="a", metadata={"a": [1]})
    query = CompiledQuery(
        lambda: Sale.objects.filter(source=Given("source")).values_list("external_id", "metadata")
    )

    assert [list(row) for row in query.values(source="coinzz")] == [["a", {"a": [1]}]]
    assert list(query.values(source="loja")) == []


def test_query_is_executed_although_its_rows_are_not_read() -> None:
    with CaptureQueriesContext(connection) as queries:
        BY_NUMBER.instances(numbers=["a"])

    assert len(queries) == 1
