"""Which staff are told of each kind of alert."""

import pytest
from django.urls import reverse
from pytest_django.fixtures import Settings

from flowzz.accounts.models import StaffAction
from integrations.admin.alerts.recipients import CHANNEL, NO_CHANNEL
from integrations.models import AlertKind, AlertRecipients
from integrations.monitoring.alert_recipients import emails_of
from tests.staff import Staff, log_in_member

pytestmark = pytest.mark.django_db

URL = "admin:integrations_alert_recipients"


def test_each_kind_has_its_own_people_or_everyone_or_nobody(staff: Staff) -> None:
    form = {"silence": "ana@flowzz.test, bia@flowzz.test", "key_old": "Ninguém"}
    assert staff.post(reverse(URL), form).status_code == 302

    assert emails_of(AlertKind.SILENCE) == ["ana@flowzz.test", "bia@flowzz.test"]
    assert emails_of(AlertKind.KEY_OLD) == []
    assert emails_of(AlertKind.QUEUE_LATE) == ["equipe@flowzz.test"]
    assert emails_of(AlertKind.API_ANSWERS) == []
    assert StaffAction.objects.get().details == {
        "Webhooks em silêncio": {"before": "", "after": "ana@flowzz.test, bia@flowzz.test"},
        "Chave de API antiga": {"before": "", "after": "Ninguém"},
    }
    assert 'value="ana@flowzz.test, bia@flowzz.test"' in staff.get(reverse(URL)).content.decode()

    staff.post(reverse(URL), {"key_old": "ninguém"})
    assert emails_of(AlertKind.SILENCE) == ["equipe@flowzz.test"]


def test_mistyped_address_is_named_beside_its_field(staff: Staff) -> None:
    response = staff.post(reverse(URL), {"silence": "ana@"})
    assert "“ana@” não é um e-mail" in response.content.decode()
    assert not AlertRecipients.objects.exists()


@pytest.mark.parametrize(("url", "text"), [("", NO_CHANNEL), ("https://canal.example/x", CHANNEL)])
def test_page_says_whether_there_is_a_channel(
    staff: Staff, settings: Settings, url: str, text: str
) -> None:
    settings.ALERT_WEBHOOK_URL = url
    assert text in staff.get(reverse(URL)).content.decode()


def test_only_administration_changes_them(db: None) -> None:
    browsers = map(log_in_member, ("Operações", "Administração"))
    assert [browser.get(reverse(URL)).status_code for browser in browsers] == [403, 200]


def test_recipients_that_a_colleague_changed_meanwhile_stay(staff: Staff) -> None:
    staff.post(reverse(URL), {"silence": "ana@flowzz.test"})
    form = staff.get(reverse(URL)).context["form"]
    shown = {f"initial-{name}": form[name].value() or "" for name in form.fields}
    staff.post(reverse(URL), {"silence": "bia@flowzz.test"})

    edited = {"silence": "ana@flowzz.test", "key_old": "ninguém"}
    staff.post(reverse(URL), edited | shown)

    assert emails_of(AlertKind.SILENCE) == ["bia@flowzz.test"]
    assert emails_of(AlertKind.KEY_OLD) == []
    assert StaffAction.objects.latest("created_at").details == {
        "Chave de API antiga": {"before": "", "after": "ninguém"}
    }
