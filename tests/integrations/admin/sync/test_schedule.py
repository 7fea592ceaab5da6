"""The schedule of periodic tasks."""

from unittest import mock

import pytest
from celery import current_app
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from flowzz.accounts.models import StaffAction
from integrations.admin.sync.schedule import describe_crontab
from tests.staff import Staff, messages_in

LIST = "/admin/django_celery_beat/periodictask/"


def test_running_disabling_and_enabling_a_task_is_logged(staff: Staff) -> None:
    task = PeriodicTask.objects.earliest("id")
    chosen = {"_selected_action": [str(task.id)]}
    with mock.patch.object(current_app, "send_task") as sent:
        messages = messages_in(staff.post(LIST, {"action": "run_tasks", **chosen}))
    assert messages == [f"Executou tarefa da agenda: {task.name}."]
    assert sent.call_args.args[0] == task.task
    for action, is_on in (("disable_tasks", False), ("enable_tasks", True)):
        staff.post(LIST, {"action": action, **chosen})
        task.refresh_from_db()
        assert task.enabled is is_on
    assert list(StaffAction.objects.order_by("created_at").values_list("action", flat=True)) == [
        "Executou tarefa da agenda",
        "Desligou tarefa da agenda",
        "Ligou tarefa da agenda",
    ]


def test_list_describes_schedules_in_portuguese(staff: Staff) -> None:
    crontab = CrontabSchedule.objects.earliest("id")
    cleanup = "celery.backend_cleanup"
    PeriodicTask.objects.create(name=cleanup, task=cleanup, crontab=crontab)
    page = staff.get(LIST).content.decode()
    assert "todo dia às 03:20" in page
    assert "a cada hora, no minuto 0" in page
    assert "(m/h/dM/MY/d)" not in page
    assert cleanup not in page


@pytest.mark.parametrize(
    ("crontab", "description"),
    [
        ({"minute": "5", "hour": "3"}, "todo dia às 03:05"),
        ({"minute": "0"}, "a cada hora, no minuto 0"),
        ({"minute": "*/10"}, "*/10 * * * * (m/h/dM/MY/d) America/Sao_Paulo"),
        ({"hour": "3", "day_of_week": "1"}, "* 3 * * 1 (m/h/dM/MY/d) America/Sao_Paulo"),
    ],
)
def test_common_crontabs_are_described_in_words(crontab: dict[str, str], description: str) -> None:
    assert describe_crontab(CrontabSchedule(**crontab)) == description
