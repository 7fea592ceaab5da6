"""Imports of sales from a file that a user or staff uploads.

A file without a date only advances statuses and fills empty fields: webhooks, syncs and changes
by staff count as newer.
"""

import uuid
import zlib
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from flowzz.core.db import jobs
from flowzz.core.db.jobs import UNDER_WAY
from flowzz.core.formatting import format_number
from integrations import dispatch
from integrations.imports.batches import FileParser, apply_batch, split
from integrations.models import ImportState, Integration, SalesImport
from integrations.providers.contracts import OrderFile, Step
from integrations.providers.errors import IntegrationError, PayloadInvalid
from integrations.providers.readers import reader_for
from integrations.providers.registry import get_provider

log = structlog.stdlib.get_logger(__name__)

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_FORM_BYTES: Final = MAX_BYTES + 64 * 1024
"""A file and its multipart/form-data frame."""
MAX_LINES: Final = 50_000
MAX_SYNCHRONOUS_LINES: Final = 1_000
MAX_SYNCHRONOUS_BYTES: Final = 1024 * 1024
"""A longer file is imported in the background."""
MAX_SYNCHRONOUS_STEPS: Final = 10
"""Steps of reading an upload, some 50 ms each; a file with more is read in the background."""
PACKED_BYTES: Final = 1024 * 1024
"""Packed in one step."""
PREVIEW_LIFETIME: Final = timedelta(days=1)

_INITIAL: Final[dict[str, Any]] = {
    **dict.fromkeys(("processed", "created", "updated", "unchanged", "errors", "warnings"), 0),
    **{name: [] for name in ("error_lines", "warning_lines", "unknown_words")},
    "amount": 0,
    "started_at": None,
    "finished_at": None,
}


class FileRefused(IntegrationError):
    """The whole file was rejected."""

    code = "FILE_REFUSED"


class _TakesLong(Exception):
    """Nobody should wait for this file to be read."""


class ImportUnderWay(IntegrationError):
    code = "IMPORT_IN_PROGRESS"

    def __init__(self) -> None:
        super().__init__("Já há uma importação em andamento. Aguarde o fim dela.")


def receive(
    *,
    user_id: uuid.UUID,
    provider: str,
    content: bytes,
    file_name: str = "",
    exported_at: datetime | None = None,
    is_preview: bool = False,
) -> SalesImport:
    """Store a user's file and import it: a short one now, a longer one in the background.

    Creates the integration, not connected, if the user has none. The file's data are as of
    `exported_at`. Raises FileRefused, of a long file for its header alone, and ImportUnderWay.
    """
    content, description = _inspect(provider, content)
    with transaction.atomic():
        integration, _ = Integration.objects.get_or_create(user_id=user_id, provider=provider)
        job = SalesImport(
            integration=integration,
            file_name=file_name[:255],
            content=_pack(content),
            exported_at=exported_at,
            is_preview=is_preview,
            **description,
        )
        try:
            with transaction.atomic():
                job.save(force_insert=True)
        except IntegrityError:
            raise ImportUnderWay from None
        previews = integration.imports.filter(state=ImportState.PREVIEWED)
        previews.filter(content__isnull=False).update(content=None)
    return _start(job)


def confirm(job: SalesImport) -> SalesImport:
    """Import the file of a preview. Raises FileRefused and ImportUnderWay."""
    preview = SalesImport.objects.filter(
        id=job.id, state=ImportState.PREVIEWED, content__isnull=False
    )
    try:
        with transaction.atomic():
            if not preview.update(is_preview=False, state=ImportState.QUEUED, **_INITIAL):
                raise FileRefused("Esta prévia não vale mais. Envie o arquivo de novo.")
    except IntegrityError:
        raise ImportUnderWay from None
    return _start(job)


def execute(import_id: uuid.UUID) -> None:
    """Carry out an import, unless another worker does. Errors are stored in its row."""
    job = jobs.acquire(SalesImport.objects.select_related("integration__user"), import_id)
    if job is not None:
        jobs.run(job, _work, _fail, expected=(FileRefused,))


def cancel(job: SalesImport) -> bool:
    """End an import under way; what it has stored stays. Returns False if it had ended."""
    under_way = SalesImport.objects.filter(id=job.id, state__in=UNDER_WAY)
    return bool(
        under_way.update(
            state=ImportState.FAILED,
            content=None,
            lease=None,
            finished_at=Now(),
            error="Cancelada. O que já tinha entrado continua; para o resto, envie de novo.",
        )
    )


def delete_expired_previews() -> int:
    """Delete the files of previews that were not confirmed in time and return their number."""
    old = SalesImport.objects.filter(created_at__lt=timezone.now() - PREVIEW_LIFETIME)
    return old.filter(content__isnull=False).exclude(state__in=UNDER_WAY).update(content=None)


def discard_previews(user_id: uuid.UUID) -> int:
    """End a user's previews, delete their files and return their number.

    Called when a person's data are erased, because a file may contain that person.
    """
    previews = SalesImport.objects.filter(integration__user_id=user_id, is_preview=True)
    return previews.filter(content__isnull=False).update(
        state=ImportState.FAILED,
        content=None,
        lease=None,
        finished_at=Now(),
        error="Os dados de uma pessoa foram apagados depois do envio. Envie o arquivo de novo.",
    )


def _inspect(provider: str, content: bytes) -> tuple[bytes, dict[str, Any]]:
    """Return the content to store, and what is known of it at once. Raises FileRefused."""
    description: dict[str, Any] = {}
    step = _limited_steps()
    with suppress(_TakesLong):
        file = _read(provider, content, step)
        content, description = file.content, _describe(file, total=0)
        description = _describe(file, total=_count(file, step))
    return content, description


def _limited_steps() -> Step:
    steps = iter(range(MAX_SYNCHRONOUS_STEPS))

    def step() -> None:
        if next(steps, None) is None:
            raise _TakesLong

    return step


def _read(provider: str, content: bytes, step: Step) -> OrderFile:
    try:
        return get_provider(provider).read_file(content, step)
    except PayloadInvalid as error:
        raise FileRefused(error.message) from None


def _describe(file: OrderFile, *, total: int) -> dict[str, Any]:
    columns = [{"header": column.header, "field": column.field} for column in file.columns]
    return {"columns": columns, "total": total}


def _count(file: OrderFile, step: Step) -> int:
    """Return the number of lines, at least one. Raises FileRefused."""
    try:
        total = file.count_lines(step)
    except PayloadInvalid as error:
        raise FileRefused(error.message) from None
    if not total:
        raise FileRefused("O arquivo não tem nenhuma linha abaixo do cabeçalho.")
    if total > MAX_LINES:
        raise FileRefused(
            f"O arquivo tem {format_number(total)} linhas, e o máximo é "
            f"{format_number(MAX_LINES)}. Divida-o e envie as partes."
        )
    return total


def _pack(content: bytes, step: Step | None = None) -> bytes:
    packer = zlib.compressobj(level=1)  # a file is stored for some minutes, and somebody waits
    packed = bytearray()
    for start in range(0, len(content), PACKED_BYTES):
        packed += packer.compress(content[start : start + PACKED_BYTES])
        if step:
            step()
    return bytes(packed + packer.flush())


def _start(job: SalesImport) -> SalesImport:
    if _is_short(job):
        execute(job.id)
    else:
        transaction.on_commit(partial(dispatch.enqueue_import, job.id))
    job.refresh_from_db()
    return job


def _is_short(job: SalesImport) -> bool:
    if not 0 < job.total <= MAX_SYNCHRONOUS_LINES:
        return False
    return len(zlib.decompress(bytes(job.content or b""))) <= MAX_SYNCHRONOUS_BYTES


def _work(job: SalesImport) -> None:
    file = _open(job)
    parser = FileParser(file, reader_for(job.integration), job.integration.user.email)
    checkpoint = job.processed
    for start, lines in split(file.lines(), checkpoint):
        # Lines before the checkpoint are parsed again to find repeated orders after it.
        batch = parser.parse(lines)
        if start >= checkpoint:
            apply_batch(job, batch)
        else:
            job.keep_alive()
    if job.is_preview:
        job.finish(ImportState.PREVIEWED)
    else:
        job.finish(ImportState.SUCCEEDED, content=None)


def _open(job: SalesImport) -> OrderFile:
    """Return the file; of a long one store first what the upload did not wait for."""
    content = zlib.decompress(bytes(job.content or b""))
    file = _read(job.integration.provider, content, job.keep_alive)
    if not job.total:
        job.total = _count(file, job.keep_alive)
        changes = _describe(file, total=job.total)
        if file.content != content:  # a workbook, which takes longer to read
            changes["content"] = _pack(file.content, job.keep_alive)
        job.heartbeat(**changes)
    return file


def _fail(job: SalesImport, error: Exception) -> None:
    message = f"Falha interna ({type(error).__name__}). Envie o arquivo de novo."
    if isinstance(error, FileRefused):
        message = error.message
    elif isinstance(error, jobs.TooManyTakeovers):
        message = (
            f"A importação parou {jobs.MAX_TAKEOVERS} vezes no mesmo ponto, porque o processo que "
            "a fazia terminou. Divida o arquivo e envie as partes."
        )
    job.finish(ImportState.FAILED, content=None, error=message)
