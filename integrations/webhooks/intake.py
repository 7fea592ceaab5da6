"""Accept a webhook: resolve its integration, limit its rate, authenticate and store it."""

import structlog
from django.db import InterfaceError, OperationalError

from flowzz.core.rate_limits import RateLimit
from integrations import dispatch
from integrations.inbox.store import InboundWebhook, store
from integrations.runtime_settings import WEBHOOK_RATE
from integrations.webhooks import fallback_buffer, without_token
from integrations.webhooks.routing import authenticate, resolve_integration

log = structlog.stdlib.get_logger(__name__)

RATE = RateLimit("webhook", WEBHOOK_RATE.value)


def accept(webhook: InboundWebhook) -> None:
    """Store a webhook in the inbox, or in the fallback buffer while the database is down.

    Raises UnknownToken, SignatureRefused, RateLimitExceeded, BufferFull and RedisError; the
    webhook is then not stored.
    """
    try:
        integration = resolve_integration(webhook)
        RATE.hit(str(integration.id) if integration else webhook.provider)
        integration = authenticate(webhook, integration)
        if integration is None and not webhook.token_hash:
            without_token.check_capacity(len(webhook.body))
        store(webhook, integration)
    except (OperationalError, InterfaceError) as error:
        log.error("webhook_buffered", cause=type(error).__name__)
        RATE.hit(webhook.token_hash or webhook.provider)
        fallback_buffer.push(webhook)
        return
    if integration:
        structlog.contextvars.bind_contextvars(integration_id=str(integration.id))
    log.info("webhook_received", event_id=str(webhook.id), bytes=len(webhook.body))
    if integration:
        dispatch.enqueue_drain(integration.id)
