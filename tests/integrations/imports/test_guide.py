"""The template of imports, and the first sales of a preview."""

import pytest

from integrations.imports import import_jobs
from integrations.imports.guide import (
    TEMPLATE_FORMATS,
    TemplateFormat,
    column_labels,
    sample,
    write_template,
)
from integrations.models import ImportState, SalesImport
from integrations.providers.coinzz import COINZZ
from integrations.providers.registry import get_provider
from sales.models import Sale
from tests.integrations.imports.files import BAD, GOOD, OTHER, encode
from tests.integrations.sellers import Seller


@pytest.fixture
def seller() -> Seller:
    return Seller()


def receive(seller: Seller, content: bytes, *, is_preview: bool) -> SalesImport:
    return import_jobs.receive(
        user_id=seller.integration.user_id, provider=COINZZ, content=content, is_preview=is_preview
    )


@pytest.mark.django_db
@pytest.mark.parametrize("format_", TEMPLATE_FORMATS)
def test_template_is_understood_and_its_examples_are_not_imported(
    seller: Seller, format_: TemplateFormat
) -> None:
    row = receive(seller, write_template(COINZZ, format_), is_preview=False)
    example = "É um exemplo do modelo: não foi importado. Apague a linha."
    assert row.error_lines == [
        {"line": 2, "external_id": "", "message": example},
        {"line": 3, "external_id": "", "message": example},
    ]
    assert {column["field"] for column in row.columns} == {
        column.field for column in get_provider(COINZZ).accepted_columns() if column.is_in_template
    }
    assert not Sale.objects.exists()


def test_columns_have_examples_and_the_required_ones_are_marked() -> None:
    columns = get_provider(COINZZ).accepted_columns()
    assert [column.field for column in columns if not column.example] == []
    assert [column.field for column in columns if column.is_required] == [
        "order.order_number",
        "order.order_final_price",
    ]
    assert column_labels(COINZZ)["order.order_number"] == "Número do pedido"


@pytest.mark.django_db
def test_sample_shows_sales_as_they_will_be_recorded(seller: Seller) -> None:
    row = receive(seller, encode(BAD, GOOD, OTHER), is_preview=True)
    first, second = sample(row)
    assert (vars(first)["line"], first.external_id, str(first.total_price), first.status) == (
        3,
        "ordaaaaa",
        "1234.56",
        "PAID",
    )
    assert first.client
    assert (first.client.name, first.client.phone) == ("Íris Prado", "+5562954544554")
    assert second.external_id == "ordbbbbb"
    import_jobs.confirm(row)
    row.refresh_from_db()
    assert (row.state, sample(row)) == (ImportState.SUCCEEDED, [])
