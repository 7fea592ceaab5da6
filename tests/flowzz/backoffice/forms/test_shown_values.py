"""Two people have the same page open: what one left as it was shown is not written."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from flowzz.accounts.models import StaffAction, User
from tests.staff import Staff

pytestmark = pytest.mark.django_db


def shown_form(staff: Staff, url: str) -> dict[str, Any]:
    """Return what the page posts if nothing is changed."""
    form = staff.get(url).context["adminform"].form
    posted: dict[str, Any] = {}
    for name in form.fields:
        value = form[name].value()
        posted[f"initial-{name}"] = "" if value is None else value
        if value not in (None, False):
            posted[name] = value
    return posted


def test_page_shows_each_value_a_second_time_hidden(staff: Staff) -> None:
    user = User.objects.create_user("ana@flowzz.test", name="Ana")
    page = staff.get(reverse("admin:accounts_user_change", args=[user.id])).content.decode()
    assert '<input type="hidden" name="initial-name" value="Ana"' in page
    assert '<input type="hidden" name="initial-is_active" value="True"' in page


def test_deactivated_user_stays_so_if_a_colleague_saves_an_older_page(staff: Staff) -> None:
    member = User.objects.create_user("ana@flowzz.test", is_staff=True)
    member.groups.set([Group.objects.get(name="Operações")])
    url = reverse("admin:accounts_user_change", args=[member.id])
    form = shown_form(staff, url)
    member.is_active = False
    member.save(update_fields=["is_active"])
    member.groups.clear()

    assert staff.post(url, form | {"name": "Ana Prado"}).status_code == 302

    member.refresh_from_db()
    assert (member.name, member.is_active, list(member.groups.all())) == ("Ana Prado", False, [])
    assert StaffAction.objects.get().details == {"Nome": "alterado"}


def test_chosen_value_is_written_whatever_was_changed_meanwhile(staff: Staff) -> None:
    member = User.objects.create_user("ana@flowzz.test", is_staff=True)
    url = reverse("admin:accounts_user_change", args=[member.id])
    form = shown_form(staff, url)
    User.objects.filter(id=member.id).update(name="Ana Prado")
    del form["is_active"]

    staff.post(url, form | {"name": "Ana Lima", "groups": [Group.objects.get(name="Suporte").id]})

    member.refresh_from_db()
    assert (member.name, member.is_active) == ("Ana Lima", False)
    assert [group.name for group in member.groups.all()] == ["Suporte"]


def test_permission_that_was_taken_meanwhile_stays_away(staff: Staff) -> None:
    group = Group.objects.get(name="Suporte")
    url = reverse("admin:auth_group_change", args=[group.id])
    form = shown_form(staff, url)
    export = Permission.objects.get(codename="make_export")
    group.permissions.remove(export)

    staff.post(url, form | {"name": "Atendimento"})

    group.refresh_from_db()
    assert group.name == "Atendimento"
    assert not group.permissions.filter(id=export.id).exists()
    assert group.permissions.exists()


def test_task_that_a_colleague_turned_off_stays_off(staff: Staff) -> None:
    interval = IntervalSchedule.objects.create(every=7, period="days")
    task = PeriodicTask.objects.create(name="minha", task="a.b", interval=interval)
    url = reverse("admin:django_celery_beat_periodictask_change", args=[task.id])
    form = shown_form(staff, url)
    PeriodicTask.objects.filter(id=task.id).update(enabled=False)

    assert staff.post(url, form | {"description": "Nova"}).status_code == 302

    task.refresh_from_db()
    assert (task.description, task.enabled, task.task) == ("Nova", False, "a.b")
