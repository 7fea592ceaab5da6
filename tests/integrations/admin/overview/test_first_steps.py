"""The steps of a new installation, on the first page until all are done."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User
from integrations.models import Integration
from tests.factories import IntegrationFactory, UserFactory
from tests.staff import Staff, log_in_member

pytestmark = pytest.mark.django_db


def steps(staff: Staff) -> list[Any]:
    return list(staff.get(reverse("backoffice:overview")).context["overview"]["first_steps"])


def done(staff: Staff) -> list[bool]:
    return [step.is_done for step in steps(staff)]


def test_each_step_is_ticked_when_it_is_so(staff: Staff, settings: Settings) -> None:
    settings.ALERT_EMAILS = []
    assert done(staff) == [True, False, False, False, False]
    user = UserFactory.create()
    assert done(staff) == [True, True, False, False, False]
    IntegrationFactory.create(user=user, status="PENDING")
    assert done(staff) == [True, True, False, False, False]
    Integration.objects.update(status="CONNECTED")
    assert done(staff) == [True, True, True, False, False]
    Integration.objects.update(last_webhook_at=timezone.now())
    assert done(staff) == [True, True, True, True, False]
    assert [bool(step.href) for step in steps(staff)] == [True] * 5
    settings.ALERT_EMAILS = ["equipe@flowzz.test"]
    assert steps(staff) == []
    assert "Primeiros passos" not in staff.get("/admin/").content.decode()


def test_administrator_is_ticked_if_there_is_one() -> None:
    member = log_in_member("Operações")
    assert done(member)[0] is False
    User.objects.create_superuser("chefe@flowzz.test")
    assert done(member)[0] is True


def test_staff_are_offered_only_what_they_may_do() -> None:
    hrefs = [step.href for step in steps(log_in_member("Suporte"))]
    assert [bool(href) for href in hrefs] == [True, False, False, True, False]


def test_open_steps_lead_on(staff: Staff, settings: Settings) -> None:
    settings.ALERT_EMAILS = []
    page = staff.get("/admin/").content.decode()
    for step in steps(staff):
        assert staff.get(step.href).status_code == 200
        assert (f'href="{step.href}"' in page) or step.is_done
