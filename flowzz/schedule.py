"""The periodic tasks: one table, synchronised with django-celery-beat after `migrate`.

Missing tasks are created. Of existing rows only the name of the Celery task and its expiry follow
this table: staff may have changed the timing, or disabled the task.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

EXPIRY_SECONDS: Final = 120
"""After this time, or a longer interval, a worker drops a task: the next one is due. Beat's clock
sets the time and the worker's judges it, so theirs may differ by almost as much."""


@dataclass(frozen=True, slots=True)
class Every:
    """An interval."""

    seconds: int

    def schedule_fields(self) -> dict[str, Any]:
        interval = _get_or_create(IntervalSchedule, every=self.seconds, period="seconds")
        return {"interval": interval, "expire_seconds": max(self.seconds, EXPIRY_SECONDS)}


@dataclass(frozen=True, slots=True)
class At:
    """A time of day in `settings.TIME_ZONE`; hour `*` means every hour."""

    hour: str
    minute: str

    def schedule_fields(self) -> dict[str, Any]:
        every = dict.fromkeys(("day_of_week", "day_of_month", "month_of_year"), "*")
        time = {"hour": self.hour, "minute": self.minute, "timezone": settings.TIME_ZONE}
        return {"crontab": _get_or_create(CrontabSchedule, **time, **every)}


def _get_or_create(model: Any, **fields: Any) -> Any:
    """Return the first of equal rows: staff can create the same timing twice."""
    found = model.objects.filter(**fields).order_by("id").first()
    return found or model.objects.create(**fields)


SCHEDULE: dict[str, tuple[str, Every | At]] = {
    "Varredura da fila": ("integrations.tasks.enqueue_due_work", Every(15)),
    "Medição dos gráficos": ("integrations.tasks.update_hourly_stats", Every(15)),
    "Sinal de vida": ("integrations.tasks.record_heartbeat", Every(30)),
    "Vigia dos alertas": ("integrations.tasks.evaluate_alert_rules", Every(60)),
    "Números do painel": ("sales.tasks.refresh_daily_stats", Every(60)),
    "Exportações: retomar e apagar": ("sales.tasks.maintain_exports", Every(60)),
    "Exclusão de contas": ("integrations.tasks.continue_seller_erasures", Every(60)),
    "Exclusão de prévias vencidas": ("integrations.tasks.delete_expired_previews", Every(600)),
    "Limpeza de chamadas repetidas": (
        "flowzz.core.tasks.delete_expired_idempotent_calls",
        Every(3600),
    ),
    "Sincronização de hora em hora": ("integrations.tasks.schedule_syncs", At("*", "0")),
    "Teste da API das integrações só com webhooks": ("integrations.tasks.try_apis", At("9", "30")),
    # At night, a few minutes apart, while little else runs.
    "Remoção de corpos antigos": ("integrations.tasks.delete_expired_payloads", At("3", "20")),
    "Remoção de registros antigos": ("integrations.tasks.delete_old_records", At("3", "30")),
    "Remoção de acessos vencidos": ("flowzz.accounts.tasks.delete_expired_sessions", At("3", "25")),
    "Ritmo dos webhooks": ("integrations.tasks.update_baselines", At("3", "40")),
    "Recontagem dos gráficos": ("integrations.tasks.recount_hourly_stats", At("3", "55")),
}
"""Celery tasks and their timing, by the name shown in the back-office."""


def synchronise_schedule() -> None:
    """Create missing periodic tasks; correct the task names and expiries of existing ones."""
    of_ours = PeriodicTask.objects.filter(name__in=SCHEDULE)
    of_ours.filter(expire_seconds__lt=EXPIRY_SECONDS).update(expire_seconds=EXPIRY_SECONDS)
    existing = dict(of_ours.values_list("name", "task"))
    for name, (task, timing) in SCHEDULE.items():
        if name not in existing:
            PeriodicTask.objects.create(name=name, task=task, **timing.schedule_fields())
        elif existing[name] != task:
            PeriodicTask.objects.filter(name=name).update(task=task)
