"""Sales that Flowzz exported, imported again."""

from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from clients.cleaning import clean_text
from clients.models import Client
from integrations.imports import import_jobs
from integrations.models import SalesImport
from integrations.providers.coinzz import COINZZ
from integrations.providers.coinzz.files import flowzz_export
from integrations.providers.coinzz.files.columns import known_headers
from integrations.providers.coinzz.files.order_file import read_file
from integrations.providers.contracts import FileLine, Order
from sales.exports import export_files
from sales.exports.columns import TABLES
from sales.exports.spreadsheet_writers import Csv, Xlsx
from sales.models import Sale
from sales.models.exports import Export, ExportFormat, ExportSubject
from sales.statuses import SaleStatus, ShippingStatus
from tests.factories import NOON, IntegrationFactory, SaleFactory, UserFactory

COLUMNS = TABLES[ExportSubject.SALES].columns
TITLES = [column.title for column in COLUMNS]


def read_back(writer: type[Csv | Xlsx], **values: Any) -> Order:
    """Write one sale as an export does, and read it."""
    stored = {"external_id": "a", "status": "PAID", "total_price": Decimal(1), **values}
    content = BytesIO()
    sheet = writer(content, TITLES)
    sheet.add([column.cell(stored.get(column.path), is_masked=False) for column in COLUMNS])
    sheet.close()
    (line,) = read_file(content.getvalue(), known=known_headers({})).lines()
    assert line.order, line.problems
    return line.order


def export(sales: Any, format_: str, *, is_masked: bool = False) -> bytes:
    content = BytesIO()
    row = Export(subject=ExportSubject.SALES, format=format_, is_masked=is_masked)
    assert list(export_files.write(sales, row, content))
    return content.getvalue()


def reimport(content: bytes, **values: Any) -> SalesImport:
    user_id = Sale.objects.values_list("user_id", flat=True).first()
    assert user_id
    return import_jobs.receive(user_id=user_id, provider=COINZZ, content=content, **values)


def rows() -> list[Any]:
    return [*Sale.objects.order_by("id").values(), *Client.objects.order_by("id").values()]


def create_sales() -> None:
    """Create sales with every status and values that files are known to change."""
    user = IntegrationFactory.create().user
    for number, (status, shipping) in enumerate(
        (status, shipping) for status in SaleStatus for shipping in ShippingStatus
    ):
        SaleFactory.create(
            user=user,
            status=status,
            shipping_status=shipping,
            quantity=number,
            sale_date=NOON + timedelta(hours=number, microseconds=7),
            paid_at=NOON,
        )
    SaleFactory.create(
        user=user,
        external_id='\'=1+1;"x"',
        unknown_status="aguardando milagre",
        metadata={"order_status": "Aguardando milagre", "utms": {"campaign": "-50%", "term": "x"}},
        product_name='Creme; "noturno"',
        product_sku="+0012",
        payment_method="Venda po\u0301s-paga",
        payment_code="CASH_ON_DELIVERY",
        order_hash="ven1a2b3c",
        tracking_code="00123E5",
        commission=Decimal("-12.30"),
        deleted_at=NOON,
        client__name="@Rui D'A\u0301vila",
        client__cpf="01152449303",
        client__document_identifies=True,
        client__phone="+351912345678",
        client__email="rui@exemplo.com.br",
        client__state="SP",
    )
    SaleFactory.create(user=user, external_id="007", client=None, total_price=Decimal("0.00"))


def test_every_exported_column_is_read_or_derived() -> None:
    source = Path(flowzz_export.__file__).read_text()
    utms = {f"utm_{name}" for name in flowzz_export.UTMS}
    assert {title for title in TITLES if f'"{title}"' not in source} == utms


@pytest.mark.django_db
@pytest.mark.parametrize("format_", [ExportFormat.CSV, ExportFormat.XLSX])
@pytest.mark.parametrize("is_masked", [False, True])
@pytest.mark.parametrize("exported_at", [None, timezone.now()])
def test_own_export_changes_nothing(
    format_: str, is_masked: bool, exported_at: datetime | None
) -> None:
    create_sales()
    before = rows()
    content = export(Sale.objects.all(), format_, is_masked=is_masked)
    done = reimport(content, exported_at=exported_at)
    assert (done.created, done.updated, done.unchanged, done.error_lines) == (0, 0, 38, [])
    assert rows() == before


@pytest.mark.django_db
@pytest.mark.parametrize("format_", [ExportFormat.CSV, ExportFormat.XLSX])
def test_own_export_restores_deleted_rows(format_: str) -> None:
    create_sales()
    fields = ("external_id", "status", "shipping_status", "quantity", "total_price", "commission")
    texts = (
        "product_name",
        "product_sku",
        "order_hash",
        "tracking_code",
        "client__cpf",
        "client__phone",
    )

    def facts() -> str:
        sales = Sale.objects.order_by("external_id").values_list(*fields, *texts, "client__name")
        return normalize("NFC", repr(list(sales)))

    before, user = facts(), Sale.objects.values_list("user_id", flat=True)[0]
    content = export(Sale.objects.all(), format_)
    Sale.objects.all().delete()
    Client.objects.all().delete()
    done = import_jobs.receive(user_id=user, provider=COINZZ, content=content)
    assert (done.created, done.error_lines) == (38, [])
    assert facts() == before


@pytest.mark.django_db
def test_sales_of_another_user_are_refused() -> None:
    create_sales()
    content = export(Sale.objects.filter(external_id="007"), ExportFormat.CSV)
    stranger = UserFactory.create()
    done = import_jobs.receive(user_id=stranger.id, provider=COINZZ, content=content)
    assert done.error_lines == [
        {
            "line": 2,
            "external_id": "007",
            "message": "A coluna “Vendedor(a)” diz que a venda é de outra pessoa. Importe-a para "
            "ela, ou apague a coluna.",
        }
    ]


def test_status_that_is_none_of_ours_is_refused() -> None:
    content = ";".join(TITLES) + "\n" + ";".join("Aprovadíssimo" for _ in TITLES)
    (line,) = read_file(content.encode(), known=known_headers({})).lines()
    assert line.order is None
    assert len(line.problems) == 1


def test_totals_line_is_no_sale() -> None:
    content = ";".join(TITLES) + "\nTotal;;;;;;;;;;30,00"
    lines = list(read_file(content.encode(), known=known_headers({})).lines())
    assert lines == [
        FileLine(number=2, problems=("Linha sem pedido (um total): não foi importada.",))
    ]


@given(
    text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
    | st.sampled_from(["'", "''=a", "=a", "'+", "-", "1,5", "007", "1E5", '"', "a;b", "#N/A"]),
    total=st.decimals(0, 9_999_999, places=2),
    commission=st.none() | st.decimals(-9_999, 9_999, places=2),
    quantity=st.integers(0, 2_147_483_647),
    status=st.sampled_from(SaleStatus),
    seconds=st.integers(0, 200_000_000),
    writer=st.sampled_from([Csv, Xlsx]),
)
def test_values_come_back_as_they_were(
    text: str,
    total: Decimal,
    commission: Decimal | None,
    quantity: int,
    status: SaleStatus,
    seconds: int,
    writer: type[Csv | Xlsx],
) -> None:
    text = clean_text(text)
    sold_at = NOON + timedelta(seconds=seconds)
    order = read_back(
        writer,
        product_name=text,
        client__name=text,
        total_price=total,
        commission=commission,
        quantity=quantity,
        status=status,
        sale_date=sold_at,
    )
    assert order.sale
    assert order.sale.product_name == text
    assert order.customer.name == ("" if "***" in text else text)
    assert (order.sale.total_price, order.sale.commission) == (total, commission)
    assert (order.sale.quantity, order.sale.status) == (quantity, status)
    assert order.sale.sale_date == sold_at
