"""The schedule of django-celery-beat, with what staff need to see of it."""

import json
from typing import Any

from celery import current_app
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

# This registers beat's own pages, which ours then replace.
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
from flowzz.backoffice.pages import Page

# Nothing of ours goes by the sun, or happens once.
admin.site.unregister((ClockedSchedule, SolarSchedule))
admin.site.unregister((CrontabSchedule, IntervalSchedule, PeriodicTask))
admin.site.register((CrontabSchedule, IntervalSchedule), Page)


class TaskSelect(UnfoldAdminSelectWidget, beat_admin.TaskSelectWidget):  # type: ignore[misc]  # untyped
    """Beat's list of tasks, with unfold's look."""


def said(crontab: CrontabSchedule) -> str:
    """The usual ones as people say them, `todo dia às 03:25`; the others as they are written."""
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
        if crontab := self.fields.get("crontab"):  # missing where it is only looked at
            crontab.label_from_instance = said


@admin.register(PeriodicTask)
class ScheduledTaskAdmin(beat_admin.PeriodicTaskAdmin, Page[Any]):  # type: ignore[misc]  # untyped
    form = TaskForm
    change_form_template = None  # beat's own has a script in it, which our pages don't run
    date_hierarchy = None
    list_display = ("name", "enabled", "when", "last_run_at", "total_run_count")
    list_filter = ("enabled",)
    list_select_related = ("interval", "crontab")
    search_help_text = "Nome da tarefa"
    # Beat's own have no permission, leave no trail and speak English.
    actions = ("enable_tasks", "disable_tasks", "run_tasks")
    fieldsets = (
        (None, {"fields": ("name", "regtask", "task", "enabled", "description")}),
        ("Quando", {"fields": ("interval", "crontab", "last_run_at", "total_run_count")}),
    )
    readonly_fields = ("last_run_at", "total_run_count")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Without the one that Celery adds by itself, for results, which nobody keeps here."""
        return super().get_queryset(request).exclude(task="celery.backend_cleanup")

    @admin.display(description="quando")
    def when(self, task: PeriodicTask) -> str:
        return said(task.crontab) if task.crontab else str(task.interval or "—")

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

    def _report(self, request: HttpRequest, tasks: "QuerySet[Any]", done: str) -> None:
        for task in tasks:
            audit_log.record(request, done, task)
            self.message_user(request, f"{done}: {task.name}.", messages.SUCCESS)
