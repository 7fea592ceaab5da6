"""Alerts: opened once, mailed at both ends, resolved by themselves."""

from collections.abc import Iterator

import pytest
from django.core import mail
from django.core.mail import get_connection
from pytest_django.fixtures import Settings

from integrations.models import Alert, AlertKind, Integration
from integrations.monitoring import alerts
from tests.factories import IntegrationFactory
from tests.mail_server import MailServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    with MailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.address
        yield server


def test_alert_opens_once_and_can_open_again_after_its_end(integration: Integration) -> None:
    alerts.open_alert(integration, AlertKind.KEY_REFUSED, "A chave foi recusada.")
    alerts.open_alert(integration, AlertKind.KEY_REFUSED, "A chave foi recusada.")
    assert Alert.objects.count() == 1

    alerts.resolve(integration, AlertKind.KEY_REFUSED)
    alerts.open_alert(integration, AlertKind.KEY_REFUSED, "A chave foi recusada.")

    assert Alert.objects.filter(resolved_at=None).count() == 1
    assert Alert.objects.count() == 2


def test_owner_and_staff_are_told_of_the_opening_and_of_the_end(integration: Integration) -> None:
    alerts.open_alert(integration, AlertKind.KEY_REFUSED, "Conecte de novo com uma chave válida.")

    assert (alerts.mail_pending(), alerts.mail_pending()) == (1, 0)
    alerts.resolve(integration, AlertKind.KEY_REFUSED)
    assert (alerts.mail_pending(), alerts.mail_pending()) == (1, 0)

    assert [(message.to, message.subject) for message in mail.outbox] == [
        ([address], f"[Flowzz] {prefix}: Chave de API recusada (Coinzz)")
        for prefix in ("Atenção", "Resolvido")
        for address in ("vendedora@flowzz.test", "equipe@flowzz.test")
    ]
    assert "Conecte de novo com uma chave válida." in mail.outbox[0].body


def test_mail_that_cannot_be_sent_stays_pending(
    integration: Integration, settings: Settings
) -> None:
    alerts.open_alert(integration, AlertKind.KEY_REFUSED, "A chave foi recusada.")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    assert alerts.mail_pending() == 0

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert alerts.mail_pending() == 1


def test_refused_address_holds_up_nobody_and_nobody_is_told_twice(
    integration: Integration, mail_server: MailServer, settings: Settings
) -> None:
    settings.ALERT_EMAILS = [
        "duas\nlinhas@flowzz.test",
        "plantao@flowzz.test",
        "equipe@flowzz.test",
    ]
    mail_server.refusals = {"vendedora@flowzz.test": 550, "plantao@flowzz.test": 452}
    alerts.open_alert(integration, AlertKind.KEY_REFUSED, "A chave foi recusada.")
    alerts.reconcile(AlertKind.CIRCUIT_OPEN, {None: "A API não responde."})

    assert (alerts.mail_pending(), alerts.mail_pending()) == (2, 0)
    assert mail_server.taken == ["equipe@flowzz.test"] * 2


def test_address_that_is_refused_for_now_is_tried_again(
    integration: Integration, mail_server: MailServer, settings: Settings
) -> None:
    settings.ALERT_EMAILS = []
    mail_server.refusals = {"vendedora@flowzz.test": 452}
    alerts.open_alert(integration, AlertKind.KEY_REFUSED, "A chave foi recusada.")
    assert alerts.mail_pending() == 0

    mail_server.refusals = {}
    assert alerts.mail_pending() == 1
    assert mail_server.taken == ["vendedora@flowzz.test"]


def test_address_that_is_refused_for_good_is_not_tried_again(
    integration: Integration, mail_server: MailServer, settings: Settings
) -> None:
    settings.ALERT_EMAILS = []
    mail_server.refusals = {"vendedora@flowzz.test": 550}
    alerts.open_alert(integration, AlertKind.KEY_REFUSED, "A chave foi recusada.")

    assert (alerts.mail_pending(), alerts.mail_pending()) == (1, 0)
    assert mail_server.taken == []


def test_mail_server_that_hangs_up_in_between_makes_nobody_hear_twice(
    integration: Integration, mail_server: MailServer
) -> None:
    alerts.open_alert(integration, AlertKind.KEY_REFUSED, "A chave foi recusada.")
    alerts.open_alert(integration, AlertKind.QUEUE_LATE, "Há eventos esperando.")
    mail_server.hangs_up_after = 2

    assert alerts.mail_pending() == 1
    assert Alert.objects.filter(opening_mailed=True).count() == 1

    mail_server.hangs_up_after = None
    assert alerts.mail_pending() == 1
    assert mail_server.taken == ["vendedora@flowzz.test", "equipe@flowzz.test"] * 2


def test_mail_server_that_says_nothing_is_given_up(settings: Settings) -> None:
    backend = get_connection("django.core.mail.backends.smtp.EmailBackend")
    assert getattr(backend, "timeout", None) == settings.EMAIL_TIMEOUT == 10


def test_alert_of_all_of_flowzz_is_mailed_to_staff_alone(db: None) -> None:
    alerts.reconcile(AlertKind.CIRCUIT_OPEN, {None: "A API não responde."})

    assert alerts.mail_pending() == 1
    (message,) = mail.outbox
    assert message.to == ["equipe@flowzz.test"]
    assert message.subject == "[Flowzz] Atenção: API da plataforma fora do ar (Flowzz)"
    assert "Integração:" not in message.body


def test_settling_opens_what_is_new_and_closes_what_is_over(integration: Integration) -> None:
    other = IntegrationFactory.create()
    alerts.reconcile(AlertKind.QUEUE_LATE, {integration.id: "Há eventos esperando."})
    alerts.reconcile(AlertKind.SILENCE, {integration.id: "Nenhum webhook."})

    alerts.reconcile(AlertKind.QUEUE_LATE, {other.id: "Há eventos esperando."})

    assert set(Alert.objects.filter(resolved_at=None).values_list("integration_id", "kind")) == {
        (integration.id, AlertKind.SILENCE),
        (other.id, AlertKind.QUEUE_LATE),
    }
    assert Alert.objects.count() == 3
