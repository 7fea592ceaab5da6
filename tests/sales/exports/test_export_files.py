"""The cells of exported files."""

import gc
import gzip
import io
import zipfile
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils.timezone import get_default_timezone

from sales.exports import export_files
from sales.models import Sale
from sales.models.exports import Export, ExportFormat, ExportSubject
from tests.factories import NOON, SaleFactory
from tests.sales.exports.conftest import (
    CLIENTS_EXPORT,
    PERMISSIONS,
    SALES_EXPORT,
    Login,
    parse_csv,
    post_export,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def sale() -> Sale:
    return SaleFactory.create(
        external_id="=HYPERLINK(1)",
        sale_date=NOON,
        commission=Decimal("-12.30"),
        client__name="Rui Prado",
        client__cpf="01152449303",
        client__phone="+5562954544554",
        client__email="rui@exemplo.com.br",
        metadata={"utms": {"campaign": "maio"}},
    )


@pytest.mark.usefixtures("sale")
def test_csv_has_the_format_of_a_brazilian_excel(staff: Browser) -> None:
    SaleFactory.create(product_name="Outro")
    (line,) = parse_csv(post_export(staff, campanha="maio").getvalue())
    cells = ("Pedido", "Data da venda", "Valor total (R$)", "Comissão (R$)", "CPF/CNPJ", "Telefone")
    assert [line[cell] for cell in cells] == [
        "'=HYPERLINK(1)",
        "02/03/2026 12:00:00",
        "150,99",
        "-12,30",
        "011.524.493-03",
        "+55 62 95454-4554",
    ]
    assert line["utm_campaign"] == "maio"


def test_deleted_sales_are_exported_on_request(staff: Browser) -> None:
    SaleFactory.create(external_id="alive")
    SaleFactory.create(external_id="deleted", deleted_at=NOON)

    def exported(**query: str) -> list[str]:
        return [line["Pedido"] for line in parse_csv(post_export(staff, **query).getvalue())]

    assert exported() == ["alive"]
    assert exported(excluidas="1") == ["deleted"]
    assert exported(excluidas="todas") == ["deleted", "alive"]


@pytest.mark.usefixtures("sale")
def test_excel_has_typed_cells_and_no_formula(staff: Browser) -> None:
    book = zipfile.ZipFile(io.BytesIO(post_export(staff, format_="xlsx").getvalue()))
    sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - our own
    namespace = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    cells = {cell.get("r"): cell for cell in sheet.iter(f"{namespace}c")}
    assert b'<sheet name="Vendas"' in book.read("xl/workbook.xml")
    assert "".join(cells["A2"].itertext()) == "'=HYPERLINK(1)"
    assert cells["D2"].findtext(f"{namespace}v") == "46083.5"
    assert cells["K2"].findtext(f"{namespace}v") == "150.99"
    assert (cells["D2"].get("t"), cells["K2"].get("t")) == (None, None)
    assert list(sheet.iter(f"{namespace}f")) == []


@pytest.mark.usefixtures("sale")
@pytest.mark.parametrize("url", [SALES_EXPORT, CLIENTS_EXPORT])
def test_personal_data_are_masked_without_the_permission(login: Login, url: str) -> None:
    (line,) = parse_csv(post_export(login(*PERMISSIONS), url).getvalue())
    personal = [line[name] for name in ("Cliente", "CPF/CNPJ", "Telefone", "E-mail")]
    masked = ["Ru*** P***", "***.524.493-**", "+55 62 ***-4554", "r***@exemplo.com.br"]
    assert personal == masked


def test_phone_that_is_a_formula_is_escaped(staff: Browser) -> None:
    SaleFactory.create(client__phone="+5562954544554", client__name="+1 2+cmd|x")
    SaleFactory.create(client__phone="+351912345678", client__name="+1+1")
    lines = parse_csv(post_export(staff).getvalue())
    assert [(line["Telefone"], line["Cliente"]) for line in lines] == [
        ("+351 912 345 678", "'+1+1"),
        ("+55 62 95454-4554", "'+1 2+cmd|x"),
    ]


def test_day_without_a_time_has_none(staff: Browser) -> None:
    SaleFactory.create(sale_date=NOON.astimezone(get_default_timezone()).replace(hour=0))
    (line,) = parse_csv(post_export(staff).getvalue())
    assert line["Data da venda"] == "02/03/2026"


@pytest.mark.usefixtures("sale")
@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_short_export_is_listed_and_can_be_downloaded_again(staff: Browser, format_: str) -> None:
    first = post_export(staff, format_=format_).getvalue()
    export = Export.objects.get()
    assert (export.state, export.total, export.processed) == ("SUCCEEDED", 1, 1)
    response: Any = staff.get(reverse("admin:sales_export_download", args=[export.id]))
    stored = b"".join(response.streaming_content)
    assert (gzip.decompress(stored) if format_ == "csv" else stored) == first


def test_json_lines_hold_one_batch_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A serializer a batch kept all sales until Python looked for cycles: 0.2 MB each."""
    monkeypatch.setattr(export_files, "JSON_BATCH_ROWS", 2)
    SaleFactory.create_batch(9)
    export = Export(subject=ExportSubject.SALES, format=ExportFormat.NDJSON)
    gc.collect()
    gc.disable()
    try:
        batches = export_files.write(Sale.objects.all(), export, io.BytesIO())
        held = [sum(type(item) is Sale for item in gc.get_objects()) for _ in batches]
    finally:
        gc.enable()
    assert held == [2, 2, 2, 2, 1]
