"""Alerts: opened once, mailed at both ends, resolved by themselves."""

from smtplib import SMTPException
from typing import Literal

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from integrations.models import Alert, AlertKind, Integration, IntegrationStatus
from integrations.providers import PROVIDERS

log = structlog.stdlib.get_logger(__name__)

MAILS_AT_ONCE = 50


def open_alert(integration: Integration, kind: AlertKind, message: str) -> None:
    """Open an alert, unless one of its kind is open already."""
    Alert.objects.bulk_create(
        [Alert(integration=integration, kind=kind, message=message)], ignore_conflicts=True
    )


def resolve(integration: Integration, *kinds: AlertKind) -> None:
    """Close the open alerts of these kinds, if there are any."""
    Alert.objects.filter(integration=integration, kind__in=kinds, resolved_at=None).update(
        resolved_at=timezone.now()
    )


def remind_of_old_keys() -> int:
    """Remind the owners of keys older than the setting allows; return how many are."""
    old = Integration.objects.filter(
        status=IntegrationStatus.CONNECTED,
        api_key_set_at__lt=timezone.now() - settings.API_KEY_MAX_AGE,
    )
    for integration in old:
        label = PROVIDERS[integration.provider].label
        open_alert(
            integration,
            AlertKind.KEY_OLD,
            f"A chave de API do {label} tem mais de {settings.API_KEY_MAX_AGE.days} dias. "
            f"Crie uma nova no {label} em Configurações → API e conecte de novo com ela; "
            "nada mais muda.",
        )
    return len(old)


def mail_pending() -> int:
    """Mail the alerts whose opening or end nobody was told of; return how many mails went out.

    What can't be sent stays pending.
    """
    to_mail = Q(opening_mailed=False) | Q(resolution_mailed=False, resolved_at__isnull=False)
    sent = 0
    with transaction.atomic():
        alerts = Alert.objects.filter(to_mail).select_for_update(of=("self",), skip_locked=True)
        for alert in alerts.select_related("integration__user")[:MAILS_AT_ONCE]:
            if not alert.opening_mailed:
                alert.opening_mailed = _mail(alert, "opened", "Atenção")
                sent += alert.opening_mailed
            if alert.resolved_at and alert.opening_mailed:
                alert.resolution_mailed = _mail(alert, "resolved", "Resolvido")
                sent += alert.resolution_mailed
            alert.save(update_fields=["opening_mailed", "resolution_mailed"])
    return sent


def _mail(alert: Alert, template: Literal["opened", "resolved"], prefix: str) -> bool:
    label = PROVIDERS[alert.integration.provider].label if alert.integration else "Flowzz"
    context = {"alert": alert, "label": label, "base_url": settings.PUBLIC_BASE_URL}
    body = render_to_string(f"alerts/{template}.txt", context)
    subject = f"[Flowzz] {prefix}: {AlertKind(alert.kind).label} ({label})"
    owner = [alert.integration.user.email] if alert.integration else []
    try:
        for address in (*owner, *settings.ALERT_EMAILS):
            send_mail(subject, body, None, [address])
    except (SMTPException, OSError) as error:
        log.warning("alert_not_mailed", alert_id=str(alert.id), cause=type(error).__name__)
        return False
    return True
