"""Mail the opening and the resolution of alerts to the integration's owner and to staff.

They are posted to the channel of staff, too, if there is one.

Each reads what they can do, with a link to where: the owner to the frontend, staff to the admin.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from typing import Any, Literal

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse

from integrations.models import NOTICES, Alert, AlertKind
from integrations.models.monitoring import ALERT_UNMAILED, ALERT_UNPOSTED
from integrations.monitoring import alert_recipients
from integrations.monitoring.alert_channel import AlertChannel
from integrations.providers.registry import get_provider

log = structlog.stdlib.get_logger(__name__)

BATCH = 50
MAX_SECONDS = 10.0
PREFIXES = {"opened": "Atenção", "resolved": "Resolvido"}
# SMTP reply codes (RFC 5321, 4.2.1).
ACCEPTED, NOT_AVAILABLE, PERMANENT_FAILURE, INVALID_MAILBOX = 250, 421, 500, 553


def send_pending() -> int:
    """Mail and post what was not told yet of alerts; return the number of mails.

    What can't be sent stays pending. Each alert has its own transaction, so that a mail that was
    sent is not sent again. After MAX_SECONDS the rest waits: sweeps must not. The channel does not
    wait for the mail server.
    """
    _for_each_oldest(ALERT_UNPOSTED, partial(_post_alert, AlertChannel()))
    if not Alert.objects.filter(ALERT_UNMAILED).exists():
        return 0
    server = get_connection()
    try:
        server.open()
    except (SMTPException, OSError) as error:
        log.warning("mail_server_unreachable", cause=type(error).__name__)
        return 0
    try:
        return sum(_for_each_oldest(ALERT_UNMAILED, partial(_mail_alert, server)))
    finally:
        _close(server)


def _for_each_oldest(condition: Q, send: Callable[[Alert], int]) -> list[int]:
    """Call `send` for the oldest alerts with a condition, but for those that others have locked."""
    results, deadline = list[int](), time.monotonic() + MAX_SECONDS
    oldest = Alert.objects.filter(condition).order_by("opened_at").values_list("id", flat=True)
    for alert_id in list(oldest[:BATCH]):
        with transaction.atomic():
            alerts = Alert.objects.filter(condition, id=alert_id).select_related(
                "integration__user"
            )
            alert = alerts.select_for_update(of=("self",), skip_locked=True).first()
            results.append(send(alert) if alert else 0)
        if time.monotonic() > deadline:
            break
    return results


def _mail_alert(server: BaseEmailBackend, alert: Alert) -> int:
    """Mail an alert's opening, resolution or both; return how many."""
    sent = 0
    if not alert.opening_mailed:
        alert.opening_mailed = _send_mail(alert, "opened", server)
        sent += alert.opening_mailed
    if alert.resolved_at and alert.opening_mailed and not alert.resolution_mailed:
        alert.resolution_mailed = _send_mail(alert, "resolved", server)
        sent += alert.resolution_mailed
    alert.save(update_fields=["opening_mailed", "resolution_mailed"])
    return sent


def _post_alert(channel: AlertChannel, alert: Alert) -> int:
    """Post an alert's opening, resolution or both."""
    if not alert.opening_posted:
        alert.opening_posted = channel.post(alert, "opened")
    if alert.resolved_at and alert.opening_posted and not alert.resolution_posted:
        alert.resolution_posted = channel.post(alert, "resolved")
    alert.save(update_fields=["opening_posted", "resolution_posted"])
    return 0


def _send_mail(
    alert: Alert, template: Literal["opened", "resolved"], server: BaseEmailBackend
) -> bool:
    """Return whether the mail is done: accepted for someone, or refused for good for everyone."""
    is_notice = alert.kind in NOTICES
    prefix = "Aviso" if is_notice else PREFIXES[template]
    label = get_provider(alert.integration.provider).label if alert.integration else "Flowzz"
    subject = f"[Flowzz] {prefix}: {AlertKind(alert.kind).label} ({label})"
    context = {"alert": alert, "label": label, "is_notice": is_notice}
    codes = list[int]()
    for email, is_seller in _recipients(alert):
        body = _body(template, context, is_seller=is_seller)
        try:
            codes.append(_send_to(email, subject, body, server))
        except (SMTPException, OSError) as error:
            log.warning("alert_not_mailed", alert_id=str(alert.id), cause=type(error).__name__)
            codes.append(NOT_AVAILABLE)
        if codes[-1] == NOT_AVAILABLE:
            if codes.count(NOT_AVAILABLE) > 1:
                break
            _close(server)  # the next mail opens another connection
    if refusals := [code for code in codes if code != ACCEPTED]:
        log.warning("alert_recipients_refused", alert_id=str(alert.id), codes=refusals)
    return ACCEPTED in codes or all(code >= PERMANENT_FAILURE for code in codes)


def _recipients(alert: Alert) -> list[tuple[str, bool]]:
    """Return the e-mail addresses, and whether each is the seller's."""
    owner = [(alert.integration.user.email, True)] if alert.integration else []
    staff = alert_recipients.emails_of(AlertKind(alert.kind))
    return [*owner, *((email, False) for email in staff)]


def _body(template: str, context: dict[str, Any], *, is_seller: bool) -> str:
    alert = context["alert"]
    admin_page = reverse("admin:integrations_alert_change", args=[alert.id])
    return render_to_string(
        f"alerts/{template}.txt",
        {
            **context,
            "is_seller": is_seller,
            "message": (is_seller and alert.seller_message) or alert.message,
            "url": settings.FRONTEND_URL if is_seller else settings.PUBLIC_BASE_URL + admin_page,
        },
    )


def _send_to(recipient: str, subject: str, body: str, server: BaseEmailBackend) -> int:
    """Send a message to one recipient; return the SMTP reply code."""
    try:
        EmailMessage(subject, body, to=[recipient], connection=server).send()
    except SMTPRecipientsRefused as refused:
        return max(code for code, _ in refused.recipients.values())
    except SMTPDataError as refused:
        return refused.smtp_code
    except ValueError:  # not an e-mail address
        return INVALID_MAILBOX
    return ACCEPTED


def _close(server: BaseEmailBackend) -> None:
    with suppress(SMTPException, OSError):
        server.close()
