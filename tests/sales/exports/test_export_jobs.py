"""Exports: permissions, background jobs, downloads and expiry."""

import gzip
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from flowzz.accounts.models import StaffAction, User
from flowzz.core.db import jobs
from sales import tasks
from sales.exports import export_files, export_jobs
from sales.models import ExportPart, Sale
from sales.models.exports import Export, ExportState
from tests.factories import NOON, SaleFactory, UserFactory
from tests.sales.exports.conftest import PERMISSIONS, Login, parse_csv, post_export

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_files, "MAX_SYNCHRONOUS_ROWS", 0)


def download(browser: Browser, export: Export) -> bytes:
    response = browser.get(reverse("admin:sales_export_download", args=[export.id]))
    assert isinstance(response, StreamingHttpResponse)
    return b"".join(response)


@pytest.mark.parametrize("codenames", [("view_sale",), ("make_export",)])
def test_export_needs_both_permissions(login: Login, codenames: tuple[str, ...]) -> None:
    assert post_export(login(*codenames)).status_code == 403


def test_audit_log_has_filters_without_their_values(staff: Browser) -> None:
    post_export(staff, q="01152449303", status__exact="PAID", sale_date_from="01/03/2026", p="1")
    line = StaffAction.objects.get()
    assert line.action == "Exportou vendas"
    filters = ["busca", "data da venda", "status"]
    assert line.details == {"formato": "CSV", "filtros": filters, "linhas": 0}


@pytest.mark.usefixtures("in_background")
def test_long_list_is_exported_in_batches_by_a_worker(
    staff: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_files, "BATCH_ROWS", 2)
    monkeypatch.setattr(export_files, "PART_BYTES", 100)
    shop = UserFactory.create(email="loja@flowzz.test")
    SaleFactory.create_batch(5, sale_date=NOON, user=shop)
    SaleFactory.create()

    page = post_export(staff, usuario="loja@flowzz.test", p="1")
    export = Export.objects.get()
    assert page.url == reverse("admin:sales_export_change", args=[export.id])
    assert 'hx-trigger="every 2s"' in staff.get(page.url).content.decode()
    export_jobs.execute(export.id)

    export.refresh_from_db()
    assert (export.state, export.total, export.processed) == (ExportState.SUCCEEDED, 5, 5)
    assert export.parts.count() > 1
    rows = parse_csv(gzip.decompress(download(staff, export)))
    newest_first = Sale.objects.filter(user=shop).order_by("-id")
    assert [line["Pedido"] for line in rows] == [sale.external_id for sale in newest_first]
    actions = StaffAction.objects.order_by("created_at").values_list("action", flat=True)
    assert list(actions) == ["Pediu exportação de vendas", "Baixou exportação"]


@pytest.mark.usefixtures("in_background")
def test_only_the_requester_downloads_and_only_with_permission(
    staff: Browser, login: Login
) -> None:
    SaleFactory.create()
    post_export(staff)
    export = Export.objects.get()
    export_jobs.execute(export.id)
    url = reverse("admin:sales_export_download", args=[export.id])

    other = login(*PERMISSIONS, "view_personal_data", email="outra@flowzz.test")
    assert other.get(url).status_code == 404
    assert login(*PERMISSIONS).get(url).status_code == 403


def make_export(state: ExportState = ExportState.QUEUED, **values: Any) -> Export:
    user, _ = User.objects.get_or_create(email="equipe@flowzz.test", defaults={"is_staff": True})
    export = Export.objects.create(
        requested_by=user, subject="sales", format="csv", state=state, **values
    )
    ExportPart.objects.create(export=export, number=0, content=b"x")
    return export


def test_export_of_a_dead_worker_is_claimable() -> None:
    now = timezone.now()
    dead = make_export(ExportState.RUNNING, heartbeat_at=now - 2 * jobs.LEASE_DURATION)
    assert jobs.claimable_ids(Export) == [dead.id]
    Export.objects.update(heartbeat_at=now)
    assert jobs.claimable_ids(Export) == []


def make_own_export(state: ExportState = ExportState.QUEUED, **values: Any) -> Export:
    user = values.pop("requested_by", None) or UserFactory.create()
    return Export.objects.create(
        requested_by=user, is_own=True, subject="sales", format="csv", state=state, **values
    )


def run(export: Export) -> tuple[str, int]:
    export_jobs.execute(export.id)
    export.refresh_from_db()
    return export.state, export.attempts


def test_one_export_of_a_requester_runs_at_a_time() -> None:
    first = make_own_export(ExportState.RUNNING, heartbeat_at=timezone.now())
    second = make_own_export(requested_by=first.requested_by)
    other = make_own_export()

    assert run(second) == (ExportState.QUEUED, 0)
    assert run(other) == (ExportState.SUCCEEDED, 1)


def test_number_of_running_exports_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_jobs, "MAX_RUNNING", 2)
    now = timezone.now()
    make_own_export(ExportState.RUNNING, heartbeat_at=now)
    dead = make_own_export(ExportState.RUNNING, heartbeat_at=now - 2 * jobs.LEASE_DURATION)
    waiting = make_own_export()

    assert run(waiting) == (ExportState.SUCCEEDED, 1)
    late = make_own_export()
    Export.objects.filter(id=dead.id).update(heartbeat_at=now)
    assert run(late) == (ExportState.QUEUED, 0)


def test_next_export_is_the_oldest_whose_requester_has_none_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    enqueued: list[Any] = []
    monkeypatch.setattr(export_jobs, "_enqueue", enqueued.append)
    running = make_own_export(ExportState.RUNNING, heartbeat_at=timezone.now())
    done = make_own_export()
    make_own_export(requested_by=running.requested_by)
    oldest, _ = make_own_export(), make_own_export()
    run(done)
    assert enqueued == [oldest.id]


def test_export_that_is_taken_over_stores_one_file(
    login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first worker continues after a second worker took the export over."""
    login(*PERMISSIONS)
    export = make_export()
    ExportPart.objects.all().delete()
    SaleFactory.create()

    def take_over(*_: object) -> None:
        Export.objects.update(lease=None, state=ExportState.QUEUED)
        monkeypatch.undo()
        export_jobs.execute(export.id)

    monkeypatch.setattr(export_jobs, "_store", _run_first(take_over, export_jobs._store))
    export_jobs.execute(export.id)

    export.refresh_from_db()
    assert (export.state, export.attempts) == (ExportState.SUCCEEDED, 2)
    assert export.parts.count() == 1


def _run_first(before: Callable[..., None], after: Callable[..., None]) -> Callable[..., None]:
    def run_both(*args: Any) -> None:
        before(*args)
        after(*args)

    return run_both


def test_export_fails_after_three_attempts(login: Login) -> None:
    login(*PERMISSIONS)
    export = make_export(attempts=export_jobs.MAX_ATTEMPTS)
    export_jobs.execute(export.id)
    export.refresh_from_db()
    assert (export.state, export.is_ready) == (ExportState.FAILED, False)


def test_expired_files_are_deleted() -> None:
    make_export(ExportState.SUCCEEDED, expires_at=timezone.now() - timedelta(seconds=1))
    kept = make_export(ExportState.SUCCEEDED)
    tasks.maintain_exports()
    assert list(ExportPart.objects.values_list("export", flat=True)) == [kept.id]


def test_discarding_deletes_stored_files_and_restarts_exports_under_way() -> None:
    make_export(ExportState.SUCCEEDED)
    running = make_export(ExportState.RUNNING, heartbeat_at=timezone.now())
    assert export_jobs.discard_files() == 1
    assert list(Export.objects.values_list("id", "state")) == [(running.id, ExportState.QUEUED)]


def test_export_that_ends_early_leaves_nothing_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows of an Excel file are buffered there: with the data of a person who was erased."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(export_files, "BATCH_ROWS", 2)
    user = UserFactory.create()
    SaleFactory.create_batch(3, user=user)
    export = Export.objects.create(requested_by=user, subject="sales", format="xlsx", is_own=True)
    beat = Export.heartbeat

    def discard_after_the_first_rows(job: Export, **changes: object) -> None:
        if changes.get("processed"):
            assert list(tmp_path.rglob("*"))
            export_jobs.discard_files()
        beat(job, **changes)

    monkeypatch.setattr(Export, "heartbeat", discard_after_the_first_rows)
    export_jobs.execute(export.id)

    export.refresh_from_db()
    assert export.state == ExportState.QUEUED
    assert list(tmp_path.rglob("*")) == []
