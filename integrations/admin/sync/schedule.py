"""The admin pages of django-celery-beat, in Portuguese and with an audit log."""

import json
from typing import Any

from celery import current_app
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

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
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from flowzz.backoffice import audit_log
from flowzz.backoffice.base_admin import BaseAdmin
from flowzz.backoffice.display import section

# No task of ours has a solar or one-off schedule.
admin.site.unregister((ClockedSchedule, SolarSchedule))
admin.site.unregister((CrontabSchedule, IntervalSchedule, PeriodicTask))
admin.site.register((CrontabSchedule, IntervalSchedule), BaseAdmin)


class TaskSelect(UnfoldAdminSelectWidget, beat_admin.TaskSelectWidget):  # type: ignore[misc]  # untyped
    """Beat's select of registered tasks in unfold's style."""


def describe_crontab(crontab: CrontabSchedule) -> str:
    """Return `todo dia às 03:25` for common schedules, the crontab expression for others."""
    minute, hour = crontab.minute, crontab.hour
    is_daily = (crontab.day_of_month, crontab.month_of_year, crontab.day_of_week) == ("*",) * 3
    if is_daily and minute.isdecimal() and hour.isdecimal():
        return f"todo dia às {int(hour):02}:{int(minute):02}"
    if is_daily and minute.isdecimal() and hour == "*":
        return f"a cada hora, no minuto {int(minute)}"
    return str(crontab)


class TaskForm(beat_admin.PeriodicTaskForm):  # type: ignore[misc]  # untyped
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()
        if crontab := self.fields.get("crontab"):  # a read-only form has no such field
            crontab.label_from_instance = describe_crontab


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

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Leave out the cleanup of task results, which Celery adds although none are stored."""
        return super().get_queryset(request).exclude(task="celery.backend_cleanup")

    @admin.display(description="quando")
    def when(self, task: PeriodicTask) -> str:
        return describe_crontab(task.crontab) if task.crontab else str(task.interval or "—")

    @admin.action(description="Ligar", permissions=["change"])
    def enable_tasks(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        self._report(request, queryset, "Ligou tarefa da agenda")
        queryset.update(enabled=True)
        PeriodicTasks.update_changed()

    @admin.action(description="Desligar", permissions=["change"])
    def disable_tasks(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        self._report(request, queryset, "Desligou tarefa da agenda")
        queryset.update(enabled=False, last_run_at=None)
        PeriodicTasks.update_changed()

    @admin.action(description="Executar agora", permissions=["change"])
    def run_tasks(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        for task in queryset:
            arguments = json.loads(task.args), json.loads(task.kwargs)
            current_app.send_task(task.task, *arguments, queue=task.queue or None)
        self._report(request, queryset, "Executou tarefa da agenda")

    def _report(self, request: HttpRequest, tasks: "QuerySet[Any]", log_text: str) -> None:
        for task in tasks:
            audit_log.record(request, log_text, task)
            self.message_user(request, f"{log_text}: {task.name}.", messages.SUCCESS)
