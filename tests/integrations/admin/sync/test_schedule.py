"""The schedule of periodic tasks."""

from unittest import mock

import pytest
from celery import current_app
from django.db.models import Model
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from kombu.exceptions import OperationalError

from flowzz.accounts.models import StaffAction
from flowzz.backoffice.display import change_url
from integrations.admin.sync.schedule import describe_crontab, describe_interval
from tests.staff import Staff, messages_in

LIST = "/admin/django_celery_beat/periodictask/"


def test_running_disabling_and_enabling_a_task_is_logged(staff: Staff) -> None:
    core = PeriodicTask.objects.earliest("id")
    task = PeriodicTask.objects.create(name="Outra", task=core.task, interval=core.interval)
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


def test_task_that_can_not_be_enqueued_is_not_said_to_be_executed(staff: Staff) -> None:
    task = PeriodicTask.objects.earliest("id")
    form = {"action": "run_tasks", "_selected_action": [str(task.id)]}
    with mock.patch.object(current_app, "send_task", side_effect=OperationalError):
        messages = messages_in(staff.post(LIST, form))
    assert messages == [f"{task.name}: não pôde ser executada agora. Tente de novo em um minuto."]
    assert not StaffAction.objects.exists()


def test_list_describes_schedules_in_portuguese(staff: Staff) -> None:
    crontab = CrontabSchedule.objects.earliest("id")
    cleanup = "celery.backend_cleanup"
    PeriodicTask.objects.create(name=cleanup, task=cleanup, crontab=crontab)
    page = staff.get(LIST).content.decode()
    assert "todo dia às 03:20" in page
    assert "a cada hora, no minuto 0" in page
    assert "(m/h/dM/MY/d)" not in page
    assert cleanup not in page


def test_pages_of_schedules_and_tasks_name_them_in_words(staff: Staff) -> None:
    hourly = PeriodicTask.objects.filter(crontab__minute="0", crontab__hour="*")[0]
    sweep = PeriodicTask.objects.get(name="Varredura da fila")
    rows: list[tuple[Model | None, str]] = [
        (hourly.crontab, "a cada hora, no minuto 0"),
        (hourly, f"{hourly.name}: a cada hora, no minuto 0"),
        (sweep.interval, "a cada 15 segundos"),
        (sweep, "Varredura da fila: a cada 15 segundos"),
    ]
    for row, text in rows:
        assert row is not None
        page = staff.get(change_url(row))
        assert page.context["subtitle"] == text
        assert "(m/h/dM/MY/d)" not in page.content.decode()


@pytest.mark.parametrize(
    ("crontab", "description"),
    [
        ({"minute": "5", "hour": "3"}, "todo dia às 03:05"),
        ({"minute": "0"}, "a cada hora, no minuto 0"),
        ({"minute": "*/10"}, "a cada 10 minutos"),
        (
            {"minute": "5", "hour": "3", "day_of_week": "1-5"},
            "às 03:05, de segunda-feira a sexta-feira",
        ),
        (
            {"minute": "0", "hour": "9", "day_of_month": "1", "month_of_year": "3"},
            "às 09:00, no dia 1 do mês, somente em março",
        ),
    ],
)
def test_common_crontabs_are_described_in_words(crontab: dict[str, str], description: str) -> None:
    assert describe_crontab(CrontabSchedule(**crontab)) == description


@pytest.mark.parametrize(
    ("every", "period", "description"),
    [
        (15, "seconds", "a cada 15 segundos"),
        (60, "seconds", "a cada minuto"),
        (3600, "seconds", "a cada hora"),
        (1, "days", "a cada dia"),
    ],
)
def test_intervals_are_described_in_words(every: int, period: str, description: str) -> None:
    assert describe_interval(IntervalSchedule(every=every, period=period)) == description


def test_core_task_is_neither_disabled_nor_deleted_nor_changed(staff: Staff) -> None:
    task = PeriodicTask.objects.get(name="Varredura da fila")
    chosen = {"_selected_action": [str(task.id)]}
    warning = "Varredura da fila: o Flowzz precisa desta tarefa. Mude o horário dela, se preciso."
    assert messages_in(staff.post(LIST, {"action": "disable_tasks", **chosen})) == [warning]
    staff.post(LIST, {"action": "delete_selected", "post": "yes", **chosen})
    assert staff.post(f"{LIST}{task.id}/delete/", {"post": "yes"}).status_code == 403
    nightly = CrontabSchedule.objects.earliest("id")
    form = {"name": "Outra", "task": "other.task", "interval": "", "crontab": str(nightly.id)}
    assert staff.post(f"{LIST}{task.id}/change/", form).status_code == 302
    changed = PeriodicTask.objects.get(id=task.id)
    assert (changed.name, changed.task, changed.enabled) == (task.name, task.task, True)
    assert (changed.interval, changed.crontab) == (None, nightly)


def test_task_of_which_another_row_runs_can_be_deleted(staff: Staff) -> None:
    core = PeriodicTask.objects.get(name="Varredura da fila")
    task = PeriodicTask.objects.create(name="Outra", task=core.task, interval=core.interval)
    assert staff.post(f"{LIST}{task.id}/delete/", {"post": "yes"}).status_code == 302
    assert not PeriodicTask.objects.filter(id=task.id).exists()


def test_times_of_a_task_are_not_deleted_but_unused_ones_are(staff: Staff) -> None:
    used = PeriodicTask.objects.exclude(crontab=None)[0].crontab
    unused = CrontabSchedule.objects.create(minute="7")
    answers = [
        (staff.post(f"{change_url(row)[: -len('change/')]}delete/", {"post": "yes"}).status_code)
        for row in (used, unused)
    ]
    assert answers == [403, 302]
    assert "delete/" not in staff.get(change_url(used)).content.decode()
    assert not CrontabSchedule.objects.filter(pk=unused.pk).exists()


def test_task_without_one_time_to_run_at_is_refused_in_portuguese(staff: Staff) -> None:
    task = PeriodicTask.objects.get(name="Varredura da fila")
    crontab = CrontabSchedule.objects.earliest("id")
    assert task.interval is not None
    for form, error in (
        ({}, "Falta quando: escolha um intervalo ou um horário."),
        (
            {"interval": task.interval.id, "crontab": crontab.id},
            "Deixe só o intervalo ou só o horário.",
        ),
    ):
        new = {"name": "Outra", "task": "other.task", **form}
        for page in (f"{LIST}add/", f"{LIST}{task.id}/change/"):
            assert list(staff.post(page, new).context["errors"]) == [[error]]


@pytest.mark.parametrize(
    ("field", "value", "numbers"),
    [
        ("minute", "99", "0 a 59"),
        ("hour", "x", "0 a 23"),
        ("day_of_month", "*/0", "1 a 31"),
        ("month_of_year", "13", "1 a 12"),
        ("day_of_week", "5-1", "0 a 7"),
    ],
)
def test_unreadable_time_is_refused_with_what_to_write(
    staff: Staff, field: str, value: str, numbers: str
) -> None:
    form = {"minute": "0", "hour": "3", "day_of_month": "*", "month_of_year": "*"}
    form |= {"day_of_week": "*", "timezone": "America/Sao_Paulo", field: value}
    response = staff.post("/admin/django_celery_beat/crontabschedule/add/", form)
    assert list(response.context["errors"]) == [
        [
            f"Escreva * ou números de {numbers}, como 1,2 (um e dois), 1-5 (de um a cinco) "
            "ou */2 (de dois em dois)."
        ]
    ]
    assert not CrontabSchedule.objects.filter(**{field: value}).exists()
