"""Post alerts to the channel of staff: Slack, or any address that takes JSON."""

from datetime import timedelta
from typing import Literal

import requests
import structlog
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from flowzz.core.timed_session import TimedSession
from integrations.models import Alert

log = structlog.stdlib.get_logger(__name__)

TIMEOUT_SECONDS = 3.0
EXPIRES_AFTER = timedelta(days=1)
"""A post that still fails then is given up."""
_TITLES = {"opened": "Alerta", "resolved": "Resolvido"}


class AlertChannel:
    """The address ALERT_WEBHOOK_URL. After a post has failed, the rest waits for the next time."""

    def __init__(self) -> None:
        self._has_failed = False

    def post(self, alert: Alert, event: Literal["opened", "resolved"]) -> bool:
        """Return whether the post is done: accepted, refused for good, given up, or not wanted."""
        if not settings.ALERT_WEBHOOK_URL:
            return True
        if not self._has_failed:
            self._has_failed = not _is_taken(_body(alert, event))
        is_late = (alert.resolved_at or alert.opened_at) < timezone.now() - EXPIRES_AFTER
        return not self._has_failed or is_late


def _is_taken(body: dict[str, str | None]) -> bool:
    try:
        with TimedSession(TIMEOUT_SECONDS) as session:
            response = session.post(
                settings.ALERT_WEBHOOK_URL,
                json=body,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
    except requests.RequestException as error:
        log.warning("alert_not_posted", cause=type(error).__name__)
        return False
    if not response.ok:
        log.warning("alert_not_posted", status=response.status_code)
    return response.status_code < 500 and response.status_code != 429


def _body(alert: Alert, event: Literal["opened", "resolved"]) -> dict[str, str | None]:
    """Return what Slack shows (`text`), and the same in fields for other readers."""
    kind = alert.get_kind_display()
    page = reverse("admin:integrations_alert_change", args=[alert.id])
    url = settings.PUBLIC_BASE_URL + page
    message = alert.message if event == "opened" else "A causa passou."
    return {
        "text": f"{_TITLES[event]} ({alert.severity.label}): {kind}. {message} {url}",
        "event": event,
        "kind": alert.kind,
        "severity": alert.severity,
        "message": alert.message,
        "integration": str(alert.integration_id) if alert.integration_id else None,
        "opened_at": alert.opened_at.isoformat(),
        "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
        "url": url,
    }
