"""The admin pages of django-celery-beat, in Portuguese and with an audit log."""

import json
from collections.abc import Iterable
from typing import Any

from celery import current_app
from cron_descriptor import Options, get_description
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import override

# Importing this module registers beat's own pages, which are replaced below.
from django_celery_beat import admin as beat_admin
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    PeriodicTasks,
    SolarSchedule,
)
from kombu.exceptions import OperationalError
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from flowzz.backoffice import audit_log
from flowzz.backoffice.base_admin import BaseAdmin
from flowzz.backoffice.display import NOTHING, section
from flowzz.backoffice.forms.shown_values import RowForm

# No task of ours has a solar or one-off schedule.
admin.site.unregister((ClockedSchedule, SolarSchedule))
admin.site.unregister((CrontabSchedule, IntervalSchedule, PeriodicTask))

FIXED = ("name", "task", "enabled")
"""What staff may not change of a core task."""
OWN_TASKS = ("flowzz.", "sales.", "integrations.")
CRON_OPTIONS = Options()
CRON_OPTIONS.locale_code, CRON_OPTIONS.use_24hour_time_format = "pt_PT", True


class TaskSelect(UnfoldAdminSelectWidget, beat_admin.TaskSelectWidget):  # type: ignore[misc]  # untyped
    """Beat's select of registered tasks in unfold's style."""


DAYS_AND_MONTHS = (*WEEKDAYS.values(), *MONTHS.values())
PERIODS = {
    "days": ("a cada dia", "a cada {} dias"),
    "hours": ("a cada hora", "a cada {} horas"),
    "minutes": ("a cada minuto", "a cada {} minutos"),
    "seconds": ("a cada segundo", "a cada {} segundos"),
    "microseconds": ("a cada microssegundo", "a cada {} microssegundos"),
}
UNITS_BY_SECONDS = {60: "minutes", 3600: "hours", 86_400: "days"}
CRON_NUMBERS = {
    "minute": "0 a 59",
    "hour": "0 a 23",
    "day_of_month": "1 a 31",
    "month_of_year": "1 a 12",
    "day_of_week": "0 a 7",
}


def describe_interval(interval: IntervalSchedule) -> str:
    """Return `a cada 15 segundos`, or `a cada hora` for 3,600 seconds."""
    every, period = interval.every, interval.period
    if period == "seconds" and (unit := UNITS_BY_SECONDS.get(every)):
        every, period = 1, unit
    one, many = PERIODS[period]
    return one if every == 1 else many.format(every)


def describe_crontab(crontab: CrontabSchedule) -> str:
    """Return `todo dia às 03:25` or `a cada hora, no minuto 0`, and likewise for other times."""
    minute, hour = crontab.minute, crontab.hour
    is_daily = (crontab.day_of_month, crontab.month_of_year, crontab.day_of_week) == ("*",) * 3
    if is_daily and minute.isdecimal() and hour.isdecimal():
        return f"todo dia às {int(hour):02}:{int(minute):02}"
    if is_daily and minute.isdecimal() and hour == "*":
        return f"a cada hora, no minuto {int(minute)}"
    fields = (minute, hour, crontab.day_of_month, crontab.month_of_year, crontab.day_of_week)
    text: str = get_description(" ".join(fields), CRON_OPTIONS)
    with override("en"):
        names = [(str(name), name) for name in DAYS_AND_MONTHS]
    for english, name in names:
        text = text.replace(english, str(name).lower())
    return text[:1].lower() + text[1:]


# Pages, menus and the audit log name a schedule by its text.
CrontabSchedule.__str__ = describe_crontab
IntervalSchedule.__str__ = describe_interval


class CronValidator:
    """Beat's check of a field of a crontab, with an error in Portuguese."""

    def __init__(self, field: "Field[Any, Any]") -> None:
        self.field = field

    def __call__(self, value: str) -> None:
        try:
            self.field.run_validators(value)
        except ValidationError:
            numbers = CRON_NUMBERS[self.field.name]
            text = f"Escreva * ou números de {numbers}, como 1,2 (um e dois), 1-5 (de um a cinco) "
            raise ValidationError(f"{text}ou */2 (de dois em dois).") from None


@admin.register(CrontabSchedule, IntervalSchedule)
class ScheduleAdmin(BaseAdmin[Any]):
    """Times that tasks run at; those of a task are not deleted."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name in CRON_NUMBERS:
            field.validators.append(CronValidator(db_field))
        return field

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_used = obj is not None and obj.periodictask_set.exists()
        return not is_used and super().has_delete_permission(request, obj)


def _is_core(task: PeriodicTask) -> bool:
    """Return whether this row alone runs one of our tasks: without it Flowzz would stop working."""
    others = PeriodicTask.objects.filter(task=task.task, enabled=True).exclude(pk=task.pk)
    return task.task.startswith(OWN_TASKS) and not others.exists()


class TaskForm(RowForm, beat_admin.PeriodicTaskForm):  # type: ignore[misc]  # untyped
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and _is_core(self.instance):
            for name in ("regtask", *FIXED):
                self.fields.pop(name, None)
        # A read-only form lacks fields, too.
        if "task" in self.fields:
            self.fields["task"].widget = UnfoldAdminTextInputWidget()
            self.fields["regtask"].widget = TaskSelect()

    def clean(self) -> Any:
        if "task" not in self.fields:
            self.cleaned_data["task"] = self.instance.task
        return super().clean()

    def validate_unique(self) -> None:
        """Require one time to run at, in Portuguese: the model's own errors are in English."""
        times = [self.instance.interval, self.instance.crontab]
        chosen = len(list(filter(None, times)))
        if chosen == 1:
            super().validate_unique()
        elif chosen:
            self.add_error("interval", "Deixe só o intervalo ou só o horário.")
        else:
            self.add_error("interval", "Falta quando: escolha um intervalo ou um horário.")


@admin.register(PeriodicTask)
class ScheduledTaskAdmin(beat_admin.PeriodicTaskAdmin, BaseAdmin[Any]):  # type: ignore[misc]  # untyped
    form = TaskForm
    change_form_template = None  # beat's own has an inline script, which our CSP blocks
    date_hierarchy = None
    list_display = ("name", "enabled", "when", "last_run_at", "total_run_count")
    list_filter = ("enabled",)
    list_select_related = ("interval", "crontab")
    search_help_text = "Nome da tarefa"
    # Beat's own actions check no permission, are not logged and are in English.
    actions = ("enable_tasks", "disable_tasks", "run_tasks")
    fieldsets = (
        section(None, "name", "regtask", "task", "enabled", "description"),
        section("Quando", "interval", "crontab", "last_run_at", "total_run_count"),
    )
    readonly_fields = ("last_run_at", "total_run_count")

    def get_readonly_fields(self, request: HttpRequest, obj: PeriodicTask | None = None) -> Any:
        """Leave only the timing of a core task, and its description, to be changed."""
        fixed = FIXED if obj and _is_core(obj) else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    def get_fieldsets(self, request: HttpRequest, obj: PeriodicTask | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj and _is_core(obj):
            return (section(None, "name", "enabled", "description"), *fieldsets[1:])
        return fieldsets

    def has_delete_permission(self, request: HttpRequest, obj: PeriodicTask | None = None) -> bool:
        return not (obj and _is_core(obj)) and super().has_delete_permission(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        super().delete_queryset(request, self._without_core(request, queryset))

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Leave out the cleanup of task results, which Celery adds although none are stored."""
        return super().get_queryset(request).exclude(task="celery.backend_cleanup")

    @admin.display(description="quando")
    def when(self, task: PeriodicTask) -> str:
        return str(task.crontab or task.interval or NOTHING)

    @admin.action(description="Ligar", permissions=["change"])
    def enable_tasks(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        self._report(request, queryset, "Ligou tarefa da agenda")
        queryset.update(enabled=True)
        PeriodicTasks.update_changed()

    @admin.action(description="Desligar", permissions=["change"])
    def disable_tasks(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        queryset = self._without_core(request, queryset)
        self._report(request, queryset, "Desligou tarefa da agenda")
        queryset.update(enabled=False, last_run_at=None)
        PeriodicTasks.update_changed()

    @admin.action(description="Executar agora", permissions=["change"])
    def run_tasks(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        for task in queryset:
            arguments = json.loads(task.args), json.loads(task.kwargs)
            try:
                current_app.send_task(task.task, *arguments, queue=task.queue or None)
            except OperationalError:
                text = f"{task.name}: não pôde ser executada agora. Tente de novo em um minuto."
                self.message_user(request, text, messages.ERROR)
            else:
                self._report(request, [task], "Executou tarefa da agenda")

    def _without_core(self, request: HttpRequest, tasks: "QuerySet[Any]") -> "QuerySet[Any]":
        """Leave out core tasks, with a message for each."""
        core = [task for task in tasks if _is_core(task)]
        for task in core:
            text = f"{task.name}: o Flowzz precisa desta tarefa. Mude o horário dela, se preciso."
            self.message_user(request, text, messages.WARNING)
        return tasks.exclude(pk__in=[task.pk for task in core])

    def _report(self, request: HttpRequest, tasks: "Iterable[PeriodicTask]", log_text: str) -> None:
        for task in tasks:
            audit_log.record(request, log_text, task)
            self.message_user(request, f"{log_text}: {task.name}.", messages.SUCCESS)
