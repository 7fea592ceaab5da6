"""Imports and the data that they compete with, their resumption and their previews."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from flowzz.core.db import jobs
from integrations.imports import import_jobs
from integrations.imports.batches import apply_batch
from integrations.models import ImportState, SalesImport
from integrations.providers.coinzz import COINZZ
from tests import payloads
from tests.integrations.imports.files import BAD, GOOD, OTHER, encode, statuses
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
    assert counters(receive(seller, cancelled, exported_at=now - 3 * HOUR)) == (0, 0, 1, 0)
    assert statuses() == {"ordaaaaa": "PAID"}
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
    monkeypatch.setattr(import_jobs, "BATCH_LINES", 1)
    row = receive(seller, GOOD, OTHER, BAD)
    assert jobs.claimable_ids(SalesImport) == [row.id]
    with patch.object(import_jobs, "apply_batch", die_after(1)), pytest.raises(SystemExit):
        import_jobs.execute(row.id)
    assert (statuses(), jobs.claimable_ids(SalesImport)) == ({"ordaaaaa": "PAID"}, [])
    SalesImport.objects.update(heartbeat_at=timezone.now() - jobs.LEASE_DURATION * 2)
    import_jobs.execute(row.id)
    row.refresh_from_db()
    assert (row.state, counters(row)) == (ImportState.SUCCEEDED, (2, 0, 0, 1))


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
