"""The opening and the resolution of alerts are mailed to owners and staff."""

from collections.abc import Iterator

import pytest
from django.core import mail
from django.core.mail import get_connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations.models import Alert, AlertKind, Integration
from integrations.monitoring import alert_mails, alerts
from integrations.monitoring.alerts import Message
from tests.mail_server import MailServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    with MailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.address
        yield server


def test_owner_and_staff_are_mailed_opening_and_resolution(integration: Integration) -> None:
    alerts.reconcile(
        AlertKind.KEY_REFUSED,
        {integration.id: Message("Peça a quem vende outra chave.", "Conecte com outra chave.")},
    )

    assert (alert_mails.send_pending(), alert_mails.send_pending()) == (1, 0)
    alerts.resolve(integration, AlertKind.KEY_REFUSED)
    assert (alert_mails.send_pending(), alert_mails.send_pending()) == (1, 0)

    assert [(message.to, message.subject) for message in mail.outbox] == [
        ([address], f"[Flowzz] {prefix}: Chave de API recusada (Coinzz)")
        for prefix in ("Atenção", "Resolvido")
        for address in ("vendedora@flowzz.test", "equipe@flowzz.test")
    ]
    alert = Alert.objects.get()
    opened_at = timezone.localtime(alert.opened_at).strftime("%d/%m/%Y %H:%M")
    resolved_at = timezone.localtime(alert.resolved_at).strftime("%d/%m/%Y %H:%M")
    admin_url = f"https://flowzz.test/admin/integrations/alert/{alert.id}/change/"
    assert [message.body for message in mail.outbox] == [
        f"Olá!\n\nConecte com outra chave.\n\nDesde: {opened_at}\n"
        "Abra o Flowzz: https://app.flowzz.test\n\n"
        "Avisaremos quando estiver resolvido.\nFlowzz",
        "Olá!\n\nPeça a quem vende outra chave.\n\n"
        f"Integração: Coinzz de vendedora@flowzz.test\nDesde: {opened_at}\n"
        f"Ver na administração: {admin_url}\n\n"
        "Avisaremos quando estiver resolvido.\nFlowzz",
        f"Olá!\n\nEstá resolvido: Chave de API recusada.\n\nDe {opened_at} a {resolved_at}\n"
        "Abra o Flowzz: https://app.flowzz.test\n\nFlowzz",
        "Olá!\n\nEstá resolvido: Chave de API recusada.\n\n"
        f"Integração: Coinzz de vendedora@flowzz.test\nDe {opened_at} a {resolved_at}\n"
        f"Ver na administração: {admin_url}\n\nFlowzz",
    ]


def test_notice_is_mailed_once_and_never_open(integration: Integration) -> None:
    message = Message("A integração mudou.", "Sua integração mudou.")
    alerts.notify(integration, AlertKind.WEBHOOK_MODE, message)

    assert not Alert.objects.filter(resolved_at=None).exists()
    assert (alert_mails.send_pending(), alert_mails.send_pending()) == (1, 0)
    subject = "[Flowzz] Aviso: Passou a receber só por webhooks (Coinzz)"
    assert [(mailed.to, mailed.subject) for mailed in mail.outbox] == [
        ([address], subject) for address in ("vendedora@flowzz.test", "equipe@flowzz.test")
    ]
    assert "Avisaremos" not in mail.outbox[0].body


def test_mail_that_cannot_be_sent_stays_pending(
    integration: Integration, settings: Settings
) -> None:
    alerts.reconcile(AlertKind.KEY_REFUSED, {integration.id: Message("A chave foi recusada.")})
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    assert alert_mails.send_pending() == 0

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert alert_mails.send_pending() == 1


def test_refused_recipient_does_not_delay_others_and_no_mail_is_sent_twice(
    integration: Integration, mail_server: MailServer, settings: Settings
) -> None:
    settings.ALERT_EMAILS = [
        "duas\nlinhas@flowzz.test",
        "plantao@flowzz.test",
        "equipe@flowzz.test",
    ]
    mail_server.refusals = {"vendedora@flowzz.test": 550, "plantao@flowzz.test": 452}
    alerts.reconcile(AlertKind.KEY_REFUSED, {integration.id: Message("A chave foi recusada.")})
    alerts.reconcile(AlertKind.CIRCUIT_OPEN, {None: Message("A API não responde.")})

    assert (alert_mails.send_pending(), alert_mails.send_pending()) == (2, 0)
    assert mail_server.recipients == ["equipe@flowzz.test"] * 2


def test_temporarily_refused_recipient_is_tried_again(
    integration: Integration, mail_server: MailServer, settings: Settings
) -> None:
    settings.ALERT_EMAILS = []
    mail_server.refusals = {"vendedora@flowzz.test": 452}
    alerts.reconcile(AlertKind.KEY_REFUSED, {integration.id: Message("A chave foi recusada.")})
    assert alert_mails.send_pending() == 0

    mail_server.refusals = {}
    assert alert_mails.send_pending() == 1
    assert mail_server.recipients == ["vendedora@flowzz.test"]


def test_permanently_refused_recipient_is_not_tried_again(
    integration: Integration, mail_server: MailServer, settings: Settings
) -> None:
    settings.ALERT_EMAILS = []
    mail_server.refusals = {"vendedora@flowzz.test": 550}
    alerts.reconcile(AlertKind.KEY_REFUSED, {integration.id: Message("A chave foi recusada.")})

    assert (alert_mails.send_pending(), alert_mails.send_pending()) == (1, 0)
    assert mail_server.recipients == []


def test_mail_server_that_hangs_up_halfway_causes_no_second_mail(
    integration: Integration, mail_server: MailServer
) -> None:
    alerts.reconcile(AlertKind.KEY_REFUSED, {integration.id: Message("A chave foi recusada.")})
    alerts.reconcile(AlertKind.QUEUE_LATE, {integration.id: Message("Há eventos esperando.")})
    mail_server.disconnect_after = 2

    assert alert_mails.send_pending() == 1
    assert Alert.objects.filter(opening_mailed=True).count() == 1

    mail_server.disconnect_after = None
    assert alert_mails.send_pending() == 1
    assert mail_server.recipients == ["vendedora@flowzz.test", "equipe@flowzz.test"] * 2


def test_recipient_at_whom_the_server_hangs_up_causes_no_second_mail(
    integration: Integration, mail_server: MailServer, settings: Settings
) -> None:
    settings.ALERT_EMAILS = ["plantao@flowzz.test", "equipe@flowzz.test"]
    mail_server.refusals = {"plantao@flowzz.test": 421}
    alerts.reconcile(AlertKind.KEY_REFUSED, {integration.id: Message("A chave foi recusada.")})

    assert [alert_mails.send_pending() for _ in range(3)] == [1, 0, 0]
    assert mail_server.recipients == ["vendedora@flowzz.test", "equipe@flowzz.test"]


def test_mail_that_someone_got_is_not_sent_again_when_the_server_hangs_up(
    integration: Integration, mail_server: MailServer
) -> None:
    alerts.reconcile(AlertKind.KEY_REFUSED, {integration.id: Message("A chave foi recusada.")})
    mail_server.disconnect_after = 1
    alert_mails.send_pending()
    mail_server.disconnect_after = None
    alert_mails.send_pending()

    assert mail_server.recipients == ["vendedora@flowzz.test"]


def test_connection_to_the_mail_server_has_a_timeout(settings: Settings) -> None:
    backend = get_connection("django.core.mail.backends.smtp.EmailBackend")
    assert getattr(backend, "timeout", None) == settings.EMAIL_TIMEOUT == 10


def test_alert_without_an_integration_is_mailed_to_staff_only(db: None) -> None:
    alerts.reconcile(AlertKind.CIRCUIT_OPEN, {None: Message("A API não responde.")})

    assert alert_mails.send_pending() == 1
    (message,) = mail.outbox
    assert message.to == ["equipe@flowzz.test"]
    assert message.subject == "[Flowzz] Atenção: API da plataforma fora do ar (Flowzz)"
    assert "Integração:" not in message.body


def test_slow_mail_server_delays_a_sweep_by_one_mail(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_mails, "MAX_SECONDS", 0.0)  # the first mail takes longer
    message = Message("Peça a quem vende outra chave.", "Conecte com outra chave.")
    for kind in (AlertKind.KEY_REFUSED, AlertKind.SYNC_LATE):
        alerts.reconcile(kind, {integration.id: message})

    assert [alert_mails.send_pending() for _ in range(3)] == [1, 1, 0]
