"""Limit the webhook URLs without a token: anybody can call them, and fill the inbox."""

import structlog
from django.conf import settings
from django.http import HttpRequest

from flowzz.core.api.throttling import client_ip, hit_address
from flowzz.core.rate_limits import RateLimitExceeded
from integrations.models import WebhookEvent
from integrations.webhooks.requests import UnknownUrl

log = structlog.stdlib.get_logger(__name__)

RATE = "60/minute"
"""The limit of an IP address."""
MAX_EVENTS = 1_000
MAX_BYTES = 10 * 1024 * 1024
"""The unrouted events of all providers together; they are deleted after a week."""


class UnroutedFull(RateLimitExceeded):
    """There are as many unrouted events as are kept."""

    def __init__(self) -> None:
        super().__init__(None)
        self.retry_after = 3_600.0


def admit(request: HttpRequest) -> None:
    """Raises UnknownUrl where these URLs are disabled, and RateLimitExceeded."""
    if not settings.WEBHOOK_WITHOUT_TOKEN:
        log.warning("webhook_refused", cause="without_token_disabled")
        raise UnknownUrl
    hit_address("webhook_without_token", lambda: RATE, client_ip(request))


def check_capacity(size: int) -> None:
    """Raises UnroutedFull if an unrouted event of `size` bytes is too much."""
    if is_full(size):
        log.warning("webhook_refused", cause="unrouted_full")
        raise UnroutedFull


def is_full(size: int = 1) -> bool:
    """Return whether there is no room for an unrouted event of `size` bytes."""
    unrouted = WebhookEvent.objects.filter(integration=None).order_by()
    sizes = list(unrouted.values_list("body_size", flat=True)[:MAX_EVENTS])
    return len(sizes) >= MAX_EVENTS or sum(sizes) + size > MAX_BYTES
