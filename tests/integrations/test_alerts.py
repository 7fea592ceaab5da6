"""Alerts: opened once, mailed at both ends, resolved by themselves."""

import pytest
from django.core import mail
from pytest_django.fixtures import Settings

from integrations import alerts
from integrations.models import Alert, AlertKind, Integration
from tests.factories import IntegrationFactory

pytestmark = pytest.mark.django_db


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


def test_alert_of_all_of_flowzz_is_mailed_to_staff_alone(db: None) -> None:
    alerts.settle(AlertKind.CIRCUIT_OPEN, {None: "A API não responde."})

    assert alerts.mail_pending() == 1
    (message,) = mail.outbox
    assert message.to == ["equipe@flowzz.test"]
    assert message.subject == "[Flowzz] Atenção: API da plataforma fora do ar (Flowzz)"
    assert "Integração:" not in message.body


def test_settling_opens_what_is_new_and_closes_what_is_over(integration: Integration) -> None:
    other = IntegrationFactory.create()
    alerts.settle(AlertKind.QUEUE_LATE, {integration.id: "Há eventos esperando."})
    alerts.settle(AlertKind.SILENCE, {integration.id: "Nenhum webhook."})

    alerts.settle(AlertKind.QUEUE_LATE, {other.id: "Há eventos esperando."})

    assert set(Alert.objects.filter(resolved_at=None).values_list("integration_id", "kind")) == {
        (integration.id, AlertKind.SILENCE),
        (other.id, AlertKind.QUEUE_LATE),
    }
    assert Alert.objects.count() == 3
