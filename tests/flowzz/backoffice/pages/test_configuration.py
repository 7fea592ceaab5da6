import pytest
from django.urls import reverse

from flowzz.accounts.models import StaffAction
from flowzz.core.api.throttling import API_RATE
from flowzz.core.models import Setting
from integrations.runtime_settings import ALERT_EMAILS, API_ENABLED, SYNC_OVERLAP
from tests.staff import Staff, log_in_member

pytestmark = pytest.mark.django_db
PAGE = reverse("backoffice:configuration")
RATE, EMAILS, OVERLAP = "RATE_LIMIT_API", "ALERT_EMAILS", "SYNC_OVERLAP"


@pytest.fixture
def administration() -> Staff:
    return log_in_member("Administração")


def save(staff: Staff, name: str, value: str) -> str:
    """Post the form with one changed field; return the page that refuses, or an empty text."""
    return post(staff, {name: value, f"initial-{name}": "shown before"})


def post(staff: Staff, form: dict[str, str]) -> str:
    response = staff.post(PAGE, form)
    return "" if response.status_code == 302 else response.content.decode()


def logged_changes() -> list[tuple[str, str, str, str]]:
    return [
        (entry.action, f"{entry.target_label}: {label}", change["before"], change["after"])
        for entry in StaffAction.objects.order_by("created_at")
        for label, change in entry.details.items()
    ]


def test_saved_value_applies_until_the_default_is_restored(administration: Staff) -> None:
    assert save(administration, RATE, " 5/s ") == ""
    assert API_RATE.value() == "5/second"
    assert "Mudado por equipe0@flowzz.test" in administration.get(PAGE).content.decode()
    assert save(administration, RATE, "2/d") == ""
    page = post(administration, {"default": RATE, EMAILS: "ana@fl", f"initial-{EMAILS}": ""})
    assert 'value="ana@fl"' in page  # an edit of another field is not lost
    assert (API_RATE.value(), Setting.objects.count()) == ("1000/hour", 0)
    label = "configuração RATE_LIMIT_API: Chamadas de uma conta à API"
    assert logged_changes() == [
        ("Alterou configuração", label, "1000/h", "5/s"),
        ("Alterou configuração", label, "5/s", "2/d"),
        ("Voltou configuração ao valor padrão", label, "2/d", "1000/h"),
    ]


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        (RATE, "10/foo", "Escreva quantos e por quanto tempo: 10/min, 1000/h, 5/s ou 100/d."),
        (RATE, "", "Escreva quantos e por quanto tempo"),
        (RATE, "0/min", "Escreva quantos e por quanto tempo"),
        (EMAILS, "ana@flowzz.test, bia", "“bia” não é um e-mail"),
        (OVERLAP, "-1", "Escreva um número inteiro de 0 a 10080."),
        ("COINZZ_API_ENABLED", "talvez", "Escreva sim ou não."),
        ("PAYLOAD_RETENTION", "6", "Escreva um número inteiro de 7 a 3650."),
    ],
)
def test_invalid_value_is_not_saved(
    administration: Staff, name: str, value: str, error: str
) -> None:
    assert error in save(administration, name, value)
    assert (Setting.objects.count(), logged_changes()) == (0, [])


def test_values_are_parsed(administration: Staff) -> None:
    save(administration, EMAILS, "ana@flowzz.test;bia@flowzz.test")
    assert ALERT_EMAILS.value() == ["ana@flowzz.test", "bia@flowzz.test"]
    save(administration, EMAILS, "")
    assert ALERT_EMAILS.value() == []
    save(administration, OVERLAP, "1.440")
    assert SYNC_OVERLAP.value().days == 1
    save(administration, "COINZZ_API_ENABLED", " Nao ")
    assert API_ENABLED["coinzz"].value() is False
    save(administration, "COINZZ_API_ENABLED", "sim")
    assert API_ENABLED["coinzz"].value() is True


def test_invalid_value_keeps_and_saves_no_other_edit(administration: Staff) -> None:
    edits = {RATE: "10/foo", EMAILS: "ana@flowzz.test", f"initial-{EMAILS}": ""}
    page = post(administration, edits)
    assert [
        text for text in ('value="10/foo"', 'value="ana@flowzz.test"') if text not in page
    ] == []
    assert page.count('mt-2" role="alert"') == 1
    assert Setting.objects.count() == 0


def test_what_a_colleague_saved_meanwhile_stays(administration: Staff) -> None:
    save(administration, RATE, "5/s")
    shown_before = {RATE: "1000/h", f"initial-{RATE}": "1000/h"}
    assert post(administration, shown_before | {OVERLAP: "60", f"initial-{OVERLAP}": "120"}) == ""
    assert (API_RATE.value(), SYNC_OVERLAP.value().seconds) == ("5/second", 3600)


def test_only_administration_sees_and_changes_settings() -> None:
    operations = log_in_member("Operações")
    assert operations.get(PAGE).status_code == 403
    assert operations.post(PAGE, {RATE: "1/s", f"initial-{RATE}": "2/s"}).status_code == 403
    assert PAGE not in operations.get("/admin/").content.decode()
    assert Setting.objects.count() == 0
