"""What staff do to the tasks of the schedule."""

from unittest import mock

from celery import current_app
from django_celery_beat.models import PeriodicTask

from flowzz.accounts.models import StaffAction
from tests.integrations.admin.conftest import Staff
from tests.integrations.admin.test_events import told

LIST = "/admin/django_celery_beat/periodictask/"


def test_task_is_run_switched_off_and_on_with_a_line_each(staff: Staff) -> None:
    task = PeriodicTask.objects.earliest("id")
    chosen = {"_selected_action": [str(task.id)]}
    with mock.patch.object(current_app, "send_task") as sent:
        said = told(staff.post(LIST, {"action": "run_tasks", **chosen}))
    assert said == [f"Executou tarefa da agenda: {task.name}."]
    assert sent.call_args.args[0] == task.task
    for action, is_on in (("disable_tasks", False), ("enable_tasks", True)):
        staff.post(LIST, {"action": action, **chosen})
        task.refresh_from_db()
        assert task.enabled is is_on
    assert list(StaffAction.objects.order_by("at").values_list("action", flat=True)) == [
        "Executou tarefa da agenda",
        "Desligou tarefa da agenda",
        "Ligou tarefa da agenda",
    ]
