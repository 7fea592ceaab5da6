"""Alerts: opened once, mailed at both ends, resolved by themselves."""

import uuid
from collections.abc import Mapping
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from typing import Literal

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from integrations.models import Alert, AlertKind, Integration
from integrations.providers.registry import get_provider
from integrations.runtime_settings import ALERT_EMAILS

log = structlog.stdlib.get_logger(__name__)

MAILS_AT_ONCE = 50
TO_MAIL = Q(opening_mailed=False) | Q(resolution_mailed=False, resolved_at__isnull=False)
TAKEN, REFUSED_FOR_GOOD, NO_ADDRESS = 250, 500, 553

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


def reconcile(kind: AlertKind, wrong: Wrong) -> None:
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

    What can't be sent stays pending. One alert a transaction: what was mailed once stays so.
    """
    oldest = Alert.objects.filter(TO_MAIL).order_by("opened_at").values_list("id", flat=True)
    pending = list(oldest[:MAILS_AT_ONCE])
    if not pending:
        return 0
    try:
        with get_connection() as server:
            return sum(_tell(alert_id, server) for alert_id in pending)
    except (SMTPException, OSError) as error:
        log.warning("mail_server_unreachable", cause=type(error).__name__)
        return 0


def _tell(alert_id: uuid.UUID, server: BaseEmailBackend) -> int:
    """Mail one alert's opening, end, or both, unless somebody else is at it."""
    sent = 0
    with transaction.atomic():
        alerts = Alert.objects.filter(TO_MAIL, id=alert_id).select_related("integration__user")
        alert = alerts.select_for_update(of=("self",), skip_locked=True).first()
        if alert is None:
            return 0
        if not alert.opening_mailed:
            alert.opening_mailed = _mail(alert, "opened", "Atenção", server)
            sent += alert.opening_mailed
        if alert.resolved_at and alert.opening_mailed:
            alert.resolution_mailed = _mail(alert, "resolved", "Resolvido", server)
            sent += alert.resolution_mailed
        alert.save(update_fields=["opening_mailed", "resolution_mailed"])
    return sent


def _mail(
    alert: Alert,
    template: Literal["opened", "resolved"],
    prefix: str,
    server: BaseEmailBackend,
) -> bool:
    """Whether there is nobody left to tell; an address that is refused doesn't hold up others."""
    label = get_provider(alert.integration.provider).label if alert.integration else "Flowzz"
    context = {"alert": alert, "label": label, "base_url": settings.PUBLIC_BASE_URL}
    body = render_to_string(f"alerts/{template}.txt", context)
    subject = f"[Flowzz] {prefix}: {AlertKind(alert.kind).label} ({label})"
    owner = [alert.integration.user.email] if alert.integration else []
    addresses = [*owner, *ALERT_EMAILS.value()]
    try:
        codes = [_send(subject, body, address, server) for address in addresses]
    except (SMTPException, OSError) as error:
        log.warning("alert_not_mailed", alert_id=str(alert.id), cause=type(error).__name__)
        return False
    if refusals := [code for code in codes if code != TAKEN]:
        log.warning("alert_addresses_refused", alert_id=str(alert.id), codes=refusals)
    return TAKEN in codes or all(code >= REFUSED_FOR_GOOD for code in codes)


def _send(subject: str, body: str, address: str, server: BaseEmailBackend) -> int:
    """What the mail server says of a message, in SMTP's codes (RFC 5321, 4.2.1)."""
    try:
        EmailMessage(subject, body, to=[address], connection=server).send()
    except SMTPRecipientsRefused as refused:
        return max(code for code, _ in refused.recipients.values())
    except SMTPDataError as refused:
        return refused.smtp_code
    except ValueError:  # no address at all
        return NO_ADDRESS
    return TAKEN
