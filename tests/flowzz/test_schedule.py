from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
from celery.worker.request import Request
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from time_machine import travel

from flowzz.celery import app
from flowzz.schedule import SCHEDULE, Every, synchronise_schedule

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
        120,
        True,
    )


def test_worker_whose_clock_is_a_minute_ahead_of_beats_drops_no_task() -> None:
    PeriodicTask.objects.filter(name=SWEEP).update(expire_seconds=15)  # of an earlier version

    synchronise_schedule()

    app.loader.import_default_modules()
    expiring = PeriodicTask.objects.exclude(expire_seconds=None)
    assert expiring.count() == sum(isinstance(timing, Every) for _, timing in SCHEDULE.values())
    sent_at = datetime.now(UTC)
    with travel(sent_at + timedelta(minutes=1)):
        for row in expiring:
            expires = (sent_at + timedelta(seconds=row.expire_seconds)).isoformat()
            headers = {"task": row.task, "id": row.name, "expires": expires}
            message = Mock(headers=headers, properties={}, delivery_info={})
            request = Request(message, app=app, decoded=True, body=((), {}, {}))
            assert not request.maybe_expire()


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


def test_timings_that_staff_have_made_are_not_taken_for_those_of_a_missing_task() -> None:
    at_night = {"hour": "3", "minute": "30", "timezone": "America/Sao_Paulo"}
    CrontabSchedule.objects.all().delete()
    CrontabSchedule.objects.create(**at_night, day_of_week="1")
    IntervalSchedule.objects.create(every=15, period="seconds")
    PeriodicTask.objects.all().delete()

    synchronise_schedule()

    crontab = PeriodicTask.objects.get(name="Remoção de registros antigos").crontab
    assert (crontab.day_of_week, crontab.day_of_month, crontab.hour) == ("*", "*", "3")
    assert PeriodicTask.objects.count() == len(SCHEDULE)
