"""Imports and the data that they compete with, their resumption, previews and long files."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from flowzz.core.db import jobs
from integrations.imports import batches, import_jobs
from integrations.imports.batches import Batch, apply_batch
from integrations.imports.guide import sample
from integrations.models import ImportState, SalesImport
from integrations.providers.coinzz import COINZZ
from integrations.providers.coinzz.files import worksheets
from sales.exports.spreadsheet_writers import Xlsx
from tests import payloads
from tests.integrations.imports.files import BAD, GOOD, HEADER, OTHER, encode, statuses
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def seller() -> Seller:
    return Seller()


def receive(seller: Seller, *lines: str, **values: Any) -> SalesImport:
    return import_jobs.receive(
        user_id=seller.integration.user_id, provider=COINZZ, content=encode(*lines), **values
    )


def counters(row: SalesImport) -> tuple[int, int, int, int]:
    return row.created, row.updated, row.unchanged, row.errors


@pytest.mark.parametrize(
    ("webhook", "imported", "stored"),
    [
        ("Pendente", "Aprovado", "PAID"),
        ("Aprovado", "Pendente", "PAID"),
        ("Cancelado", "Aprovado", "CANCELLED"),
        ("Aprovado", "Cancelado", "PAID"),
        ("Aprovado", "Reembolsado", "REFUNDED"),
    ],
)
def test_file_without_a_date_only_advances_statuses(
    seller: Seller, webhook: str, imported: str, stored: str
) -> None:
    seller.process(payloads.order("ordaaaaa", order_status=webhook))
    receive(seller, GOOD.replace("Aprovado", imported))
    assert statuses() == {"ordaaaaa": stored}


def test_webhook_is_newer_than_a_file_without_a_date(seller: Seller) -> None:
    receive(seller, GOOD)
    cancelled = payloads.order("ordaaaaa", order_status="Cancelado")
    seller.process(cancelled, received_at=timezone.now() - timedelta(minutes=5))
    assert statuses() == {"ordaaaaa": "CANCELLED"}


def test_file_with_a_date_overrides_older_webhooks_only(seller: Seller) -> None:
    now = timezone.now()
    seller.process(payloads.order("ordaaaaa"), received_at=now - 2 * HOUR)
    cancelled = GOOD.replace("Aprovado", "Cancelado")
    assert counters(receive(seller, cancelled, exported_at=now - 3 * HOUR)) == (0, 1, 0, 0)
    assert statuses() == {"ordaaaaa": "PAID"}
    assert seller.sale("ordaaaaa").cancelled_at == now - 3 * HOUR
    receive(seller, cancelled, exported_at=now - HOUR)
    assert statuses() == {"ordaaaaa": "CANCELLED"}


def test_missing_column_leaves_its_field_unchanged(seller: Seller) -> None:
    now = timezone.now()
    order = payloads.order("ordaaaaa", order_quantity=3, deleted_at="2025-10-02 23:00:00")
    seller.process(order, received_at=now - 2 * HOUR)

    receive(seller, GOOD, exported_at=now - HOUR)

    sale = seller.sale("ordaaaaa")
    assert (sale.status, sale.quantity, sale.unit_price) == ("PAID", 3, Decimal("411.52"))
    assert sale.deleted_at is not None


def test_import_of_a_killed_worker_resumes_at_its_batch(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "MAX_SYNCHRONOUS_LINES", 1)
    monkeypatch.setattr(batches, "BATCH_LINES", 1)
    row = receive(seller, GOOD, OTHER, BAD)
    assert jobs.claimable_ids(SalesImport) == [row.id]
    with patch.object(import_jobs, "apply_batch", die_after(1)), pytest.raises(SystemExit):
        import_jobs.execute(row.id)
    assert (statuses(), jobs.claimable_ids(SalesImport)) == ({"ordaaaaa": "PAID"}, [])
    SalesImport.objects.update(heartbeat_at=timezone.now() - jobs.LEASE_DURATION * 2)
    monkeypatch.setattr(batches, "BATCH_LINES", 500)  # as after a change of the batches
    import_jobs.execute(row.id)
    row.refresh_from_db()
    assert (row.state, counters(row)) == (ImportState.SUCCEEDED, (2, 0, 0, 1))


def test_import_that_ends_its_workers_again_and_again_fails(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "MAX_SYNCHRONOUS_LINES", 1)
    row = receive(seller, GOOD, OTHER)
    heartbeat_at = timezone.now() - jobs.LEASE_DURATION * 2
    SalesImport.objects.update(
        state=ImportState.RUNNING, heartbeat_at=heartbeat_at, takeovers=jobs.MAX_TAKEOVERS - 1
    )
    import_jobs.execute(row.id)
    row.refresh_from_db()
    assert (row.state, row.content, statuses()) == (ImportState.FAILED, None, {})
    assert "Divida o arquivo" in row.error


def test_import_whose_task_has_no_time_left_refuses_no_line(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "MAX_SYNCHRONOUS_LINES", 1)
    row = receive(seller, GOOD, OTHER)
    with patch.object(batches, "ingest", side_effect=SoftTimeLimitExceeded):
        import_jobs.execute(row.id)
    row.refresh_from_db()
    assert (row.state, row.error_lines) == (ImportState.QUEUED, [])
    import_jobs.execute(row.id)
    row.refresh_from_db()
    assert (row.state, counters(row)) == (ImportState.SUCCEEDED, (2, 0, 0, 0))


def die_after(batches: int) -> Any:
    applied: list[Any] = []

    def apply(row: SalesImport, batch: Any) -> None:
        if len(applied) == batches:
            raise SystemExit
        applied.append(batch)
        apply_batch(row, batch)

    return apply


def test_unexpected_error_fails_the_import_and_deletes_the_file(seller: Seller) -> None:
    with patch.object(import_jobs, "apply_batch", side_effect=RuntimeError):
        row = receive(seller, GOOD)
    assert (row.state, row.content) == (ImportState.FAILED, None)


def test_previews_expire_after_a_day(seller: Seller) -> None:
    receive(seller, GOOD, is_preview=True)
    assert import_jobs.delete_expired_previews() == 0
    SalesImport.objects.update(created_at=timezone.now() - 25 * HOUR)
    assert import_jobs.delete_expired_previews() == 1


@pytest.fixture
def _read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_jobs, "MAX_SYNCHRONOUS_STEPS", 0)
    monkeypatch.setattr(worksheets, "STEP_BYTES", 100)


def workbook(*lines: str) -> bytes:
    content = BytesIO()
    writer = Xlsx(content, lines[0].split(";"), "Vendas")
    for line in lines[1:]:
        writer.add(line.split(";"))
    writer.close()
    return content.getvalue()


def receive_file(seller: Seller, content: bytes, *, is_preview: bool = False) -> SalesImport:
    return import_jobs.receive(
        user_id=seller.integration.user_id, provider=COINZZ, content=content, is_preview=is_preview
    )


@pytest.mark.usefixtures("_read_later")
def test_long_workbook_is_read_by_a_worker(seller: Seller) -> None:
    row = receive_file(seller, workbook(HEADER, GOOD, OTHER), is_preview=True)
    assert (row.state, row.total, row.columns, row.percent) == (ImportState.QUEUED, 0, [], 0)
    assert sample(row) == []

    import_jobs.execute(row.id)

    row.refresh_from_db()
    assert (row.state, row.total, row.created) == (ImportState.PREVIEWED, 2, 2)
    assert row.columns[0] == {"header": "Pedido", "field": "order.order_number"}
    assert [sale.external_id for sale in sample(row)] == ["ordaaaaa", "ordbbbbb"]
    assert import_jobs.confirm(row).state == ImportState.SUCCEEDED
    assert statuses() == {"ordaaaaa": "PAID", "ordbbbbb": "PENDING"}


@pytest.mark.usefixtures("_read_later")
def test_long_workbook_without_orders_says_so_when_it_was_read(seller: Seller) -> None:
    row = receive_file(seller, workbook("Nome;Idade", "Íris;30"))
    import_jobs.execute(row.id)
    row.refresh_from_db()
    assert (row.state, row.content) == (ImportState.FAILED, None)
    assert row.error.startswith("Não encontrei as colunas obrigatórias")


def test_file_of_many_bytes_is_imported_by_a_worker(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "MAX_SYNCHRONOUS_BYTES", 50)
    row = receive_file(seller, encode(GOOD))
    assert (row.state, row.total) == (ImportState.QUEUED, 1)


def test_batch_ends_with_the_line_that_makes_it_large(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH_CHARACTERS", 100)
    lines = [GOOD.replace("ordaaaaa", f"ord{number:05}") for number in range(5)]
    sizes: list[int] = []

    def apply(row: SalesImport, batch: Batch) -> None:
        sizes.append(len(batch.lines))
        apply_batch(row, batch)

    with patch.object(import_jobs, "apply_batch", apply):
        row = receive_file(seller, encode(*lines))
    assert (sizes, row.created) == ([2, 2, 1], 5)


def test_batches_are_as_large_as_is_processed_in_an_eighth_of_a_second(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line takes 1/1024 s, then five times as long, as when the machine gets busy."""
    clock, sizes = [0.0], list[int]()
    monkeypatch.setattr(batches, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    def apply(row: SalesImport, batch: Batch) -> None:
        sizes.append(len(batch.lines))
        clock[0] += len(batch.lines) * (1 if len(sizes) < 4 else 5) / 1024

    lines = [GOOD.replace("ordaaaaa", f"ord{number:05}") for number in range(600)]
    with patch.object(import_jobs, "apply_batch", apply):
        receive_file(seller, encode(*lines))
    assert sizes == [100, 128, 128, 128, 25, 25, 25, 25, 16]


def test_cancelled_import_stores_nothing_more(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH_LINES", 1)

    def apply(row: SalesImport, batch: Any) -> None:
        apply_batch(row, batch)
        import_jobs.cancel(row)

    with patch.object(import_jobs, "apply_batch", apply):
        row = receive_file(seller, encode(GOOD, OTHER))
    assert (row.state, row.created, row.content) == (ImportState.FAILED, 1, None)
    assert row.error.startswith("Cancelada.")
    assert statuses() == {"ordaaaaa": "PAID"}
    assert not import_jobs.cancel(row)


@pytest.mark.usefixtures("_read_later")
def test_import_is_cancelled_while_its_file_is_read(seller: Seller) -> None:
    row = receive_file(seller, workbook(HEADER, GOOD))
    steps: list[None] = []

    def cancel_first(job: SalesImport) -> None:
        steps.append(None)
        import_jobs.cancel(job)
        job.heartbeat()

    with patch.object(SalesImport, "keep_alive", cancel_first):
        import_jobs.execute(row.id)
    row.refresh_from_db()
    assert (len(steps), row.state, row.total) == (1, ImportState.FAILED, 0)
