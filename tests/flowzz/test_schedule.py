import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from flowzz.schedule import SCHEDULE, synchronise_schedule

pytestmark = pytest.mark.django_db

SWEEP = "Varredura da fila"


def test_migrate_creates_every_task_of_the_table() -> None:
    rows = PeriodicTask.objects.filter(name__in=SCHEDULE).values_list("name", "task")
    assert dict(rows) == {name: task for name, (task, _) in SCHEDULE.items()}


def test_missing_task_is_created_again() -> None:
    PeriodicTask.objects.filter(name=SWEEP).delete()

    synchronise_schedule()

    task = PeriodicTask.objects.get(name=SWEEP)
    assert (task.task, str(task.interval), task.expire_seconds, task.enabled) == (
        "integrations.tasks.enqueue_due_work",
        "a cada 15 segundos",
        15,
        True,
    )


def test_timing_of_staff_stays_and_an_old_task_name_is_corrected() -> None:
    slower = IntervalSchedule.objects.create(every=40, period="seconds")
    PeriodicTask.objects.filter(name=SWEEP).update(
        task="integrations.tasks.old_name", interval=slower, enabled=False
    )

    synchronise_schedule()

    task = PeriodicTask.objects.get(name=SWEEP)
    assert (task.task, task.interval, task.enabled) == (
        "integrations.tasks.enqueue_due_work",
        slower,
        False,
    )
