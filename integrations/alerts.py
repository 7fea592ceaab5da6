"""Alerts: opened once, mailed at both ends, resolved by themselves."""

import uuid
from collections.abc import Mapping
from smtplib import SMTPException
from typing import Literal

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from flowzz.adjustable import ALERT_EMAILS
from integrations.models import Alert, AlertKind, Integration
from integrations.providers import PROVIDERS

log = structlog.stdlib.get_logger(__name__)

MAILS_AT_ONCE = 50

Wrong = Mapping[uuid.UUID | None, str]
"""What is wrong with which integration, and the next step; None stands for all of Flowzz."""


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


def settle(kind: AlertKind, wrong: Wrong) -> None:
    """Open what is newly wrong and close what no longer is: three statements at most."""
    open_alerts = dict(
        Alert.objects.filter(kind=kind, resolved_at=None).values_list("integration_id", "id")
    )
    Alert.objects.bulk_create(
        [
            Alert(integration_id=integration_id, kind=kind, message=message)
            for integration_id, message in wrong.items()
            if integration_id not in open_alerts
        ],
        ignore_conflicts=True,
    )
    over = [id_ for integration_id, id_ in open_alerts.items() if integration_id not in wrong]
    if over:
        Alert.objects.filter(id__any_of=over, resolved_at=None).update(resolved_at=timezone.now())


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
        for address in (*owner, *ALERT_EMAILS.value()):
            send_mail(subject, body, None, [address])
    except (SMTPException, OSError) as error:
        log.warning("alert_not_mailed", alert_id=str(alert.id), cause=type(error).__name__)
        return False
    return True
