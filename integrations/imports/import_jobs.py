"""Sales from a file: what is left where neither webhooks nor the API can be had.

A file says nothing of when it was so. Unless its sender does, it only moves states on and fills
what is empty; whatever webhooks, syncs and staff say counts as newer. The only writer of
`SalesImport`.
"""

import uuid
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Final

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from flowzz.core.db import leases
from integrations import dispatch
from integrations.imports.batches import BATCH_LINES, apply_batch, read_batch
from integrations.models import ImportState, Integration, SalesImport
from integrations.models.imports import UNDER_WAY
from integrations.providers.contracts import FileLine
from integrations.providers.errors import IntegrationError, PayloadInvalid
from integrations.providers.readers import reader_for
from integrations.providers.registry import get_provider

log = structlog.stdlib.get_logger(__name__)

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_FORM_BYTES: Final = MAX_BYTES + 64 * 1024
"""A file, and what multipart/form-data adds to it."""
MAX_LINES: Final = 50_000
LINES_AT_ONCE: Final = 1_000
"""A file of no more lines is done while its sender waits."""
PREVIEW_KEPT: Final = timedelta(days=1)

_FRESH: Final = {
    "processed": 0,
    "created": 0,
    "updated": 0,
    "unchanged": 0,
    "errors": 0,
    "error_lines": [],
    "finished_at": None,
}


class FileRefused(IntegrationError):
    """The file as a whole can't be imported."""

    code = "FILE_REFUSED"


class ImportUnderWay(IntegrationError):
    code = "IMPORT_IN_PROGRESS"


def receive(
    *,
    user_id: uuid.UUID,
    provider: str,
    content: bytes,
    file_name: str = "",
    exported_at: datetime | None = None,
    is_preview: bool = False,
) -> SalesImport:
    """Keep a user's file and apply it: a short one now, else in the background.

    A user who never connected gets an integration, not connected. `exported_at` is when the file
    was true. Raises FileRefused and ImportUnderWay.
    """
    columns, total = _look_at(provider, content)
    with transaction.atomic():
        integration, _ = Integration.objects.get_or_create(user_id=user_id, provider=provider)
        row = SalesImport(
            integration=integration,
            file_name=file_name[:255],
            content=zlib.compress(content),
            exported_at=exported_at,
            is_preview=is_preview,
            columns=columns,
            total=total,
        )
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise _under_way() from None
        _previews(integration).update(content=None)
    return _start(row)


def confirm(row: SalesImport) -> SalesImport:
    """Import for good what a preview has shown. Raises FileRefused and ImportUnderWay."""
    shown = SalesImport.objects.filter(
        id=row.id, state=ImportState.PREVIEWED, content__isnull=False
    )
    try:
        with transaction.atomic():
            if not shown.update(is_preview=False, state=ImportState.QUEUED, **_FRESH):
                raise FileRefused("Esta prévia não vale mais. Envie o arquivo de novo.")
    except IntegrityError:
        raise _under_way() from None
    return _start(row)


def execute(import_id: uuid.UUID) -> None:
    """Carry out an import, unless somebody else does. A fault ends up in its row."""
    row = _acquire(import_id)
    if row is None:
        return
    try:
        _apply(row)
    except leases.LeaseLost:
        log.warning("import_lease_lost", import_id=str(import_id))
    except Exception as error:
        log.exception("import_fault", import_id=str(import_id))
        message = f"Falha interna ({type(error).__name__}). Envie o arquivo de novo."
        _end(row, state=ImportState.FAILED, content=None, error=message)
    else:
        kept = row.content if row.is_preview else None
        done = ImportState.PREVIEWED if row.is_preview else ImportState.SUCCEEDED
        _end(row, state=done, content=kept)


def claimable_ids() -> list[uuid.UUID]:
    """Imports that nobody carries out."""
    return list(SalesImport.objects.filter(_claimable()).values_list("id", flat=True))


def purge() -> int:
    """Forget the files of previews that nobody confirmed; return how many."""
    old = SalesImport.objects.filter(created_at__lt=timezone.now() - PREVIEW_KEPT)
    return old.filter(content__isnull=False).exclude(state__in=UNDER_WAY).update(content=None)


def forget_previews(user_id: uuid.UUID) -> int:
    """End a user's previews and forget their files; return how many.

    Called when a person's data are erased: any of them may hold these.
    """
    previews = SalesImport.objects.filter(integration__user_id=user_id, is_preview=True)
    return previews.filter(content__isnull=False).update(
        state=ImportState.FAILED,
        content=None,
        lease=None,
        finished_at=Now(),
        error="Os dados de uma pessoa foram apagados depois do envio. Envie o arquivo de novo.",
    )


def _look_at(provider: str, content: bytes) -> tuple[list[dict[str, str]], int]:
    """What its columns mean, and how many lines it has; raises FileRefused."""
    try:
        order_file = get_provider(provider).read_file(content)
    except PayloadInvalid as error:
        raise FileRefused(error.message) from None
    total = sum(1 for _ in order_file.lines())
    if not total:
        raise FileRefused("O arquivo não tem nenhuma linha abaixo do cabeçalho.")
    if total > MAX_LINES:
        raise FileRefused(
            f"O arquivo tem {total} linhas, e o máximo é {MAX_LINES}. Divida-o e envie as partes."
        )
    return [{"header": c.header, "field": c.field} for c in order_file.columns], total


def _previews(integration: Integration) -> "QuerySet[SalesImport]":
    return integration.imports.filter(state=ImportState.PREVIEWED, content__isnull=False)


def _under_way() -> ImportUnderWay:
    return ImportUnderWay("Já há uma importação em andamento. Aguarde o fim dela.")


def _start(row: SalesImport) -> SalesImport:
    if row.total <= LINES_AT_ONCE:
        execute(row.id)
    else:
        transaction.on_commit(partial(dispatch.enqueue_import, row.id))
    row.refresh_from_db()
    return row


def _claimable() -> Q:
    return Q(state=ImportState.QUEUED) | Q(state=ImportState.RUNNING) & leases.is_abandoned()


def _acquire(import_id: uuid.UUID) -> SalesImport | None:
    """Get the lease of an import that is free, or nothing."""
    free = SalesImport.objects.filter(_claimable(), id=import_id)
    if not leases.acquire(free, state=ImportState.RUNNING):
        return None
    return SalesImport.objects.select_related("integration__user").get(id=import_id)


def _apply(row: SalesImport) -> None:
    content = zlib.decompress(bytes(row.content or b""))
    order_file = get_provider(row.integration.provider).read_file(content)
    reader = reader_for(row.integration)
    numbers: dict[str, int] = {}
    done = row.processed  # by whoever held it before
    for start, lines in _batches(order_file.lines()):
        batch = read_batch(lines, order_file, reader, numbers)
        if start >= done:
            apply_batch(row, batch)


def _batches(lines: Iterator[FileLine]) -> Iterator[tuple[int, list[FileLine]]]:
    start = 0
    while batch := list(islice(lines, BATCH_LINES)):
        yield start, batch
        start += len(batch)


def _end(row: SalesImport, **changes: object) -> None:
    """Let go of the import, unless it has been taken from us."""
    leases.release(row, finished_at=Now(), **changes)
