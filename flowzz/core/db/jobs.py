"""Background jobs as database rows: sync runs, imports, exports and bulk actions.

A worker acquires a job's lease, renews it with a heartbeat at every step and releases it at the
end. A job whose last heartbeat is older than `LEASE_DURATION` can be acquired by another worker.
All times come from the database, because the workers' clocks may differ.
"""

import math
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final, Self, TypeVar

import structlog
from celery import Task, current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.db import models, transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Coalesce, Now
from kombu.exceptions import OperationalError

from flowzz.core.ids import uuid7

log = structlog.stdlib.get_logger(__name__)

LEASE_DURATION: Final = timedelta(minutes=2)
HEARTBEAT_SECONDS: Final = 5.0
MAX_WAIT: Final = timedelta(hours=25)
"""Longer than any job waits to try again."""
MAX_TAKEOVERS: Final = 5
"""Of a job without progress: probably it ends its workers, and all that they do beside it."""


class JobState(models.TextChoices):
    QUEUED = "QUEUED", "Na fila"
    RUNNING = "RUNNING", "Em andamento"
    SUCCEEDED = "SUCCEEDED", "Concluída"
    FAILED = "FAILED", "Falhou"
    CANCELLED = "CANCELLED", "Cancelada"


UNDER_WAY: Final = (JobState.QUEUED, JobState.RUNNING)


class LeaseLost(Exception):
    """Another worker acquired the job, or it was cancelled: the current step must roll back."""


class TooManyTakeovers(Exception):
    """A job's workers ended MAX_TAKEOVERS times, without a checkpoint in between."""


class Job(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    state = models.CharField("estado", max_length=9, choices=JobState, default=JobState.QUEUED)
    lease = models.UUIDField("posse", null=True, editable=False)
    heartbeat_at = models.DateTimeField("sinal de vida", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("tentativas", default=0)
    takeovers = models.PositiveSmallIntegerField(
        "retomadas sem progresso", default=0, db_default=0, editable=False
    )
    not_before = models.DateTimeField("não antes de", null=True, blank=True)
    total = models.PositiveIntegerField("total previsto", null=True, blank=True)
    processed = models.PositiveIntegerField("processadas", default=0)
    error = models.TextField("erro", blank=True)
    created_at = models.DateTimeField("criada em", auto_now_add=True)
    started_at = models.DateTimeField("início", null=True, blank=True)
    finished_at = models.DateTimeField("fim", null=True, blank=True)
    _renewed_at: float = -math.inf
    """When this instance renewed its lease, by `time.monotonic`."""

    class Meta:
        abstract = True
        indexes = [
            models.Index(
                fields=["not_before", "heartbeat_at"],
                condition=Q(state__in=UNDER_WAY),
                name="%(class)s_due",
            )
        ]

    @property
    def state_label(self) -> str:
        return self.get_state_display().lower()

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def expected(self) -> int | None:
        """How many items the job will process; None while unknown."""
        return self.total

    @property
    def percent(self) -> int | None:
        if self.expected is None:
            return None
        return min(100, self.processed * 100 // self.expected) if self.expected else 100

    def owned(self) -> "QuerySet[Self]":
        """Select the job's row while its lease is the one that this instance was read with."""
        rows: QuerySet[Self] = type(self)._default_manager.filter(pk=self.pk, lease=self.lease)
        return rows

    def heartbeat(self, **changes: object) -> None:
        """Renew the lease and store progress. Raises LeaseLost."""
        if not self.owned().update(heartbeat_at=Now(), **changes):
            raise LeaseLost
        self._renewed_at = time.monotonic()

    def keep_alive(self) -> None:
        """Renew the lease unless this instance did within HEARTBEAT_SECONDS. Raises LeaseLost."""
        if time.monotonic() - self._renewed_at > HEARTBEAT_SECONDS:
            self.heartbeat()

    def checkpoint(self, *names: str) -> None:
        """Renew the lease and store the named fields of this instance. Raises LeaseLost."""
        self.heartbeat(takeovers=0, **{name: getattr(self, name) for name in names})

    def release(self, state: str, **changes: object) -> bool:
        """Give up the lease and store the next state. Returns False if the lease was lost."""
        is_released = bool(self.owned().update(state=state, lease=None, **changes))
        if is_released:
            log_at_commit("lease_released", **self._log_fields(), state=state)
        return is_released

    def finish(self, state: str, **changes: object) -> bool:
        return self.release(state, finished_at=Now(), **changes)

    def requeue(self, wait: timedelta, **changes: object) -> bool:
        return self.release(JobState.QUEUED, not_before=Now() + wait, **changes)

    def _log_fields(self) -> dict[str, str]:
        """Return the fields that identify the job and its lease in the log."""
        return {
            "job": self._meta.model_name or "",
            "job_id": str(self.pk),
            "lease": str(self.lease),
        }


def log_at_commit(event: str, **details: object) -> None:
    """Log what the current transaction has done, if it commits."""
    transaction.on_commit(partial(log.info, event, **details))


def enqueue(task: str, id_: uuid.UUID) -> bool:
    """Enqueue a task with an id. Return False if the broker is down: a sweeper finds jobs later."""
    try:
        current_app.send_task(task, [str(id_)], retry=False)
    except OperationalError as error:
        log.warning("enqueue_failed", cause=type(error).__name__)
        return False
    return True


def enqueue_claimable(task: "Task[Any, Any]", model: type[Job]) -> None:
    """Enqueue a task for each claimable job, unless its queue has as many messages already."""
    ids = claimable_ids(model)
    if has_fewer_messages(task, len(ids)):
        for id_ in ids:
            task.delay(str(id_))


def has_fewer_messages(task: "Task[Any, Any]", count: int) -> bool:
    """Return whether fewer than `count` messages wait in a task's queue.

    Sweeps that always enqueued what waits would fill the queue of workers that are busy or stopped:
    each message is another turn, newer work would wait behind all of them, and Redis becomes full.
    """
    if not count:
        return False
    app = task.app
    queue = app.amqp.router.route({}, task.name)["queue"].name
    with app.connection_or_acquire() as broker:
        # Not passively, for which kombu's Redis looks for the queue without its prefix.
        declared = broker.default_channel.queue_declare(queue, durable=True, auto_delete=False)
        return bool(declared.message_count < count)


JobT = TypeVar("JobT", bound=Job)


def claimable() -> Q:
    """Match queued jobs that are due and running jobs whose lease has expired.

    Times too far ahead mean that the database's clock was set back: nobody would wait so long.
    """
    is_due = Q(not_before=None) | Q(not_before__lte=Now()) | Q(not_before__gt=Now() + MAX_WAIT)
    has_expired = Q(heartbeat_at__lt=Now() - LEASE_DURATION)
    has_expired |= Q(heartbeat_at__gt=Now() + LEASE_DURATION)
    return Q(state=JobState.QUEUED) & is_due | Q(state=JobState.RUNNING) & has_expired


def claimable_ids(model: type[Job]) -> list[uuid.UUID]:
    rows: QuerySet[Any] = model._default_manager.filter(claimable())
    return list(rows.order_by("id").values_list("id", flat=True))


def acquire(rows: "QuerySet[JobT]", job_id: uuid.UUID, **changes: object) -> JobT | None:
    """Acquire the lease of a claimable job and read the job, or return None."""
    lease, due = uuid.uuid4(), rows.filter(claimable(), id=job_id)
    expired_lease = due.values_list("lease", flat=True).first()
    takeover = When(state=JobState.RUNNING, then=1)
    claimed = due.filter(lease=expired_lease).update(
        state=JobState.RUNNING,
        takeovers=F("takeovers") + Case(takeover, default=0),
        lease=lease,
        heartbeat_at=Now(),
        started_at=Coalesce(F("started_at"), Now()),
        not_before=None,
        **changes,
    )
    job = rows.filter(id=job_id, lease=lease).first() if claimed else None
    if job:
        expired = expired_lease and str(expired_lease)
        log_at_commit("lease_acquired", **job._log_fields(), expired=expired)
    return job


def cancel(rows: "QuerySet[Any]") -> list[uuid.UUID]:
    """Cancel the jobs among `rows` that are under way and return their ids.

    A worker's current step is rolled back by its next heartbeat; completed steps stay.
    """
    with transaction.atomic():
        under_way = rows.filter(state__in=UNDER_WAY).select_for_update(of=["self"])
        ids = list(under_way.order_by("id").values_list("id", flat=True))
        rows.filter(id__in=ids).update(state=JobState.CANCELLED, lease=None, finished_at=Now())
        for id_ in ids:
            log_at_commit("job_cancelled", job=rows.model._meta.model_name, job_id=str(id_))
    return ids


def run(
    job: JobT,
    work: Callable[[JobT], None],
    fail: Callable[[JobT, Exception], None],
    *,
    expected: tuple[type[Exception], ...] = (),
) -> None:
    """Do an acquired job's work; an error goes to `fail`, which stores it in the job's row.

    After too many takeovers `fail` gets TooManyTakeovers, and no work is done. A job whose task has
    no time left is queued again. Errors other than `expected` are logged with their traceback.
    """
    try:
        if job.takeovers >= MAX_TAKEOVERS:
            raise TooManyTakeovers
        work(job)
    except LeaseLost:
        log.warning("lease_lost", **job._log_fields())
    except SoftTimeLimitExceeded:  # a turn that ends; also of a job that ends none by itself
        job.release(JobState.QUEUED, takeovers=F("takeovers") + 1)
    except Exception as error:
        if not isinstance(error, expected):
            log.exception("job_fault", job=job._meta.model_name, job_id=str(job.pk))
        fail(job, error)
