"""Exports in the background: one of a requester at a time, and at most MAX_RUNNING of all.

A file is written completely before it is stored. An export that another worker takes over starts
again from the first row.
"""

import gzip
import os
import shutil
import uuid
from contextlib import closing
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Final

from django.db import IntegrityError, transaction
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from flowzz.backoffice import masking
from flowzz.core.db import jobs
from flowzz.core.db.jobs import UNDER_WAY
from flowzz.core.db.locks import lock_name
from sales.exports import export_files
from sales.models.exports import Export, ExportFormat, ExportState, ExportSubject, expiry

MAX_ROWS: Final = 1_000_000
"""An Excel sheet has 1,048,576 rows."""
MAX_ATTEMPTS: Final = 3
MAX_UNDER_WAY: Final = 3
"""Exports under way for each user."""
MAX_RUNNING: Final = 3
"""Exports that run at the same time, so that other jobs get their turn."""


class ExportRefused(Exception):
    """Raised with a message in Portuguese for the requester."""


def request_export(export: Export) -> None:
    """Save and enqueue an export. Raises ExportRefused."""
    under_way = Export.objects.filter(requested_by=export.requested_by, state__in=UNDER_WAY)
    if under_way.count() >= MAX_UNDER_WAY:
        raise ExportRefused(
            f"Você já tem {MAX_UNDER_WAY} exportações em andamento. Aguarde o fim de uma."
        )
    export.save(force_insert=True)
    transaction.on_commit(partial(_enqueue, export.id))


def execute(export_id: uuid.UUID) -> None:
    """Carry out an export, unless another worker does. Errors are stored in its row."""
    export = _acquire(export_id)
    if export is None:
        return
    jobs.run(export, _work, _fail, expected=(ExportRefused,))
    if next_export := _waiting().first():
        _enqueue(next_export.id)


def store_written(export: Export, file: IO[bytes]) -> None:
    """Save an export that was written within its request, so that it is listed like others."""
    with TemporaryFile() as packed:
        if export.format == ExportFormat.CSV:
            file.seek(0)
            with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=4) as content:
                shutil.copyfileobj(file, content)
        stored = packed if export.format == ExportFormat.CSV else file
        export.state, export.processed = ExportState.SUCCEEDED, export.total
        export.finished_at, export.size = timezone.now(), stored.seek(0, os.SEEK_END)
        with transaction.atomic():
            export.save(force_insert=True)
            export_files.store(export, stored)


def delete_expired() -> int:
    """Delete expired exports with their files and return their number."""
    return _delete(Export.objects.filter(expires_at__lt=timezone.now()))


def discard_files() -> int:
    """Delete all stored files and restart the exports under way; return the number deleted.

    Called when a person's data were erased, because any file may contain that person.
    """
    with transaction.atomic():
        exports = list(Export.objects.select_for_update().defer("query"))
        under_way = [export.id for export in exports if export.is_under_way]
        Export.objects.filter(id__in=under_way).update(state=ExportState.QUEUED, lease=None)
        return _delete(Export.objects.exclude(id__in=under_way))


def _delete(exports: "QuerySet[Export]") -> int:
    return exports.delete()[1].get("sales.Export", 0)


def _enqueue(export_id: uuid.UUID) -> None:
    jobs.enqueue("sales.tasks.run_export", export_id)


def _running() -> "QuerySet[Export]":
    return Export.objects.filter(state=ExportState.RUNNING).exclude(jobs.claimable())


def _waiting() -> "QuerySet[Export]":
    """Return the exports that may start, the oldest first."""
    requesters = _running().values("requested_by")
    due = Export.objects.filter(jobs.claimable()).exclude(requested_by__in=requesters)
    return due.order_by("id")


def _acquire(export_id: uuid.UUID) -> Export | None:
    exports = Export.objects.select_related("requested_by")
    try:
        with transaction.atomic():
            lock_name("exports")  # two that start together see each other
            if _running().count() >= MAX_RUNNING:
                return None
            return jobs.acquire(exports, export_id, attempts=F("attempts") + 1, processed=0)
    except IntegrityError:  # another export of the requester is running
        return None


def _work(export: Export) -> None:
    with TemporaryFile() as file:
        _write(export, file)
        _store(export, file)


def _store(export: Export, file: IO[bytes]) -> None:
    size = file.seek(0, os.SEEK_END)
    with transaction.atomic():
        if not export.finish(ExportState.SUCCEEDED, size=size, expires_at=expiry()):
            raise jobs.LeaseLost
        export_files.store(export, file)


def _fail(export: Export, error: Exception) -> None:
    fault = f"Falha interna ({type(error).__name__}). Peça a exportação de novo."
    message = str(error) if isinstance(error, ExportRefused) else fault
    export.finish(ExportState.FAILED, error=message)


def _write(export: Export, file: IO[bytes]) -> None:
    if export.attempts > MAX_ATTEMPTS:
        raise ExportRefused("Não deu certo em três tentativas. Filtre por um período menor.")
    rows = export_files.own_rows(export) if export.is_own else _listed_rows(export)
    total = rows.order_by()[: MAX_ROWS + 1].count()
    if total > MAX_ROWS:
        raise ExportRefused("Mais de 1.000.000 de linhas. Filtre por um período e peça de novo.")
    export.heartbeat(total=total, is_masked=export.is_masked)
    if export.format == ExportFormat.XLSX:
        _write_rows(rows, export, file)
    else:
        with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=4) as packed:
            _write_rows(rows, export, packed)  # type: ignore[arg-type]  # it is an IO[bytes]


def _listed_rows(export: Export) -> "QuerySet[Model]":
    """Return the rows of the back-office's list. Raises ExportRefused."""
    request = _request_for(export)
    if not request.user.has_perm("sales.make_export"):
        raise ExportRefused("Quem pediu não pode mais exportar.")
    export.is_masked = not masking.can_see_personal_data(request)
    rows: QuerySet[Model] = export_files.list_for(ExportSubject(export.subject), request).queryset
    return rows


def _write_rows(rows: "QuerySet[Model]", export: Export, file: IO[bytes]) -> None:
    with closing(export_files.write(rows, export, file)) as steps:
        for written in steps:
            export.heartbeat(processed=written)


def _request_for(export: Export) -> HttpRequest:
    """Rebuild the requester's request for the list page."""
    request = HttpRequest()
    request.method = "GET"
    request.GET = QueryDict(export.query)
    request.user = export.requested_by
    return request
