"""Which staff are told of each kind of alert."""

from django.conf import settings

from integrations.models import AlertKind, AlertRecipients
from integrations.runtime_settings import ALERT_EMAILS

OWNERS_ALONE = (AlertKind.API_ANSWERS,)
"""Alerts that concern the owner of the integration alone."""


def emails_of(kind: AlertKind) -> list[str]:
    """Return the e-mails of the staff who are mailed; one statement."""
    if kind in OWNERS_ALONE:
        return []
    own = AlertRecipients.objects.filter(kind=kind).values_list("emails", flat=True).first()
    return ALERT_EMAILS.value() if own is None else own


def kinds_for_nobody() -> list[AlertKind]:
    """Return the kinds of alerts of which nobody of staff is told; one statement."""
    if settings.ALERT_WEBHOOK_URL:
        return []
    own = dict(AlertRecipients.objects.values_list("kind", "emails"))
    everyone = ALERT_EMAILS.value()
    return [kind for kind in AlertKind if kind not in OWNERS_ALONE and not own.get(kind, everyone)]
