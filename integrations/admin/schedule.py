"""The schedule of django-celery-beat, with what staff need to see of it."""

from typing import Any

from django.contrib import admin

# This registers beat's own pages, which ours then replace.
from django_celery_beat.admin import PeriodicTaskAdmin, PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from flowzz.backoffice.pages import Page

# Nothing of ours goes by the sun, or happens once.
admin.site.unregister((ClockedSchedule, SolarSchedule))
admin.site.unregister((CrontabSchedule, IntervalSchedule, PeriodicTask))
admin.site.register((CrontabSchedule, IntervalSchedule), Page)


class TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):  # type: ignore[misc]  # untyped
    """Beat's list of tasks, with unfold's look."""


class TaskForm(PeriodicTaskForm):  # type: ignore[misc]  # untyped
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class PeriodicTaskPage(PeriodicTaskAdmin, Page[Any]):  # type: ignore[misc]  # untyped
    form = TaskForm
    change_form_template = None  # beat's own has a script in it, which our pages don't run
    date_hierarchy = None
    list_display = ("name", "enabled", "scheduler", "last_run_at", "total_run_count")
    list_filter = ("enabled",)
    fieldsets = (
        (None, {"fields": ("name", "regtask", "task", "enabled", "description")}),
        ("Quando", {"fields": ("interval", "crontab", "last_run_at", "total_run_count")}),
    )
    readonly_fields = ("last_run_at", "total_run_count")
