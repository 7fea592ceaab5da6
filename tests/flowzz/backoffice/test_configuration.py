"""The page of the settings: who may, what is refused, what the trail says."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client as Browser
from django.urls import reverse

from flowzz.accounts.models import StaffAction, User
from flowzz.core.api.throttling import API_RATE
from flowzz.core.models import Setting
from integrations.runtime_settings import ALERT_EMAILS, SYNC_OVERLAP

pytestmark = pytest.mark.django_db
RATE, EMAILS, OVERLAP = "RATE_LIMIT_API", "ALERT_EMAILS", "SYNC_OVERLAP"


def member(group: str) -> Browser:
    user = User.objects.create_user("equipe@flowzz.test", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture
def staff() -> Browser:
    return member("Administração")


def save(browser: Browser, name: str, value: str, **more: str) -> str:
    """Post the form; the text of the page that refuses it, or nothing."""
    form = {"name": name, "value": value, **more}
    response = browser.post(reverse("backoffice:configuration"), form)
    return "" if response.status_code == 302 else response.content.decode()


def changes() -> list[tuple[str, str, str, str]]:
    return [
        (line.action, line.target_label, line.details["before"], line.details["after"])
        for line in StaffAction.objects.order_by("at")
    ]


def test_saved_value_holds_until_the_default_is_given_back(staff: Browser) -> None:
    assert save(staff, RATE, " 5/s ") == ""
    assert API_RATE.value() == "5/second"
    assert "Mudado por equipe@flowzz.test" in staff.get("/admin/configuracoes").content.decode()
    assert save(staff, RATE, "2/d") == ""
    assert save(staff, RATE, "", default="1") == ""
    assert (API_RATE.value(), Setting.objects.count()) == ("1000/hour", 0)
    label = "configuração RATE_LIMIT_API"
    assert changes() == [
        ("Alterou configuração", label, "1000/h", "5/s"),
        ("Alterou configuração", label, "5/s", "2/d"),
        ("Voltou configuração ao padrão", label, "2/d", "1000/h"),
    ]


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        (RATE, "10/foo", "Escreva quantos e por quanto tempo: 10/min, 1000/h, 5/s ou 100/d."),
        (RATE, "", "Escreva quantos e por quanto tempo"),
        (RATE, "0/min", "Escreva quantos e por quanto tempo"),
        (EMAILS, "ana@flowzz.test, bia", "“bia” não é um e-mail"),
        (OVERLAP, "-1", "Escreva um número inteiro de 0 a 10080."),
        ("PAYLOAD_RETENTION", "6", "Escreva um número inteiro de 7 a 3650."),
    ],
)
def test_wrong_value_is_refused_and_not_saved(
    staff: Browser, name: str, value: str, error: str
) -> None:
    assert error in save(staff, name, value)
    assert (Setting.objects.count(), changes()) == (0, [])


def test_values_are_saved_as_they_are_meant(staff: Browser) -> None:
    save(staff, EMAILS, "ana@flowzz.test;bia@flowzz.test")
    assert ALERT_EMAILS.value() == ["ana@flowzz.test", "bia@flowzz.test"]
    save(staff, EMAILS, "")
    assert ALERT_EMAILS.value() == []
    save(staff, OVERLAP, "1.440")
    assert SYNC_OVERLAP.value().days == 1


def test_only_administration_changes_settings() -> None:
    operations = member("Operações")
    assert operations.get("/admin/configuracoes").status_code == 403
    assert (
        operations.post("/admin/configuracoes", {"name": RATE, "value": "1/s"}).status_code == 403
    )
    assert "/admin/configuracoes" not in operations.get("/admin/").content.decode()
    assert Setting.objects.count() == 0
