"""Store webhooks as events: one INSERT, committed before the webhook is acknowledged."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

import orjson
from django.db import connection
from django.utils import timezone

from flowzz.core.ids import uuid7
from integrations.inbox import metrics
from integrations.models import EventState, Integration

UNROUTABLE = "unroutable"

# The database's clock: the clocks of the web machines may differ. A stored event's payload is not
# inserted again: it may have been deleted since.
_INSERT = """
    WITH webhook (
        id, integration_id, provider, body, body_hash, headers, received_at,
        state, reason, cause, error
    ) AS (VALUES {}),
    event AS (
        INSERT INTO integrations_webhookevent (
            id, integration_id, provider, body_size, body_hash, received_at,
            state, reason, cause, error, kind, external_id, outcome, attempts, is_replay
        )
        SELECT id, integration_id, provider, length(body), body_hash,
            least(received_at, statement_timestamp()),
            state, reason, cause, error, '', '', '', 0, false
        FROM webhook
        ON CONFLICT (id) DO NOTHING
        RETURNING id
    )
    INSERT INTO integrations_webhookpayload (event_id, body, headers)
    SELECT id, body, headers FROM webhook JOIN event USING (id)
"""
_ROW = """(
    %s::uuid, %s::uuid, %s, %s::bytea, %s::bytea, %s::jsonb, %s::timestamptz, %s, %s, %s, %s
)"""
_PENDING = (EventState.PENDING.value, "", "", "")
_QUARANTINED = (
    EventState.QUARANTINED.value,
    UNROUTABLE,
    UNROUTABLE,
    "Nenhuma integração, ou mais de uma, pode ser a dona do evento.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundWebhook:
    """One POST from a provider. `token_hash` is empty if its URL contains no token."""

    provider: str
    token_hash: str
    body: bytes
    headers: Mapping[str, str]
    id: uuid.UUID = field(default_factory=uuid7)
    arrived_at: datetime = field(default_factory=timezone.now)


def store(webhook: InboundWebhook, integration: Integration | None) -> None:
    """Store a webhook. One without an owner is quarantined until staff assign it.

    One statement, which is its own commit. Storing the same id again changes nothing.
    """
    _insert([(webhook, integration)], [None])


def store_buffered(routed: Sequence[tuple[InboundWebhook, Integration | None]]) -> None:
    """Store webhooks from the fallback buffer in one commit, as received when they arrived."""
    if routed:
        _insert(routed, [webhook.arrived_at for webhook, _ in routed])


def _insert(
    routed: Sequence[tuple[InboundWebhook, Integration | None]],
    received_at: Sequence[datetime | None],
) -> None:
    """Insert without the ORM, which would compile the statement again for each webhook."""
    rows = [_row(*pair, at) for pair, at in zip(routed, received_at, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT.format(", ".join([_ROW] * len(rows))), list(chain(*rows)))
    if unowned := sum(integration is None for _, integration in routed):
        metrics.count_quarantined(UNROUTABLE, unowned)


def _row(
    webhook: InboundWebhook, integration: Integration | None, received_at: datetime | None
) -> tuple[Any, ...]:
    """Return the parameters of `_ROW`; `received_at` None means now."""
    return (
        webhook.id,
        integration and integration.id,
        webhook.provider,
        webhook.body,
        hashlib.sha256(webhook.body).digest(),
        orjson.dumps(webhook.headers).decode(),
        received_at,
        *(_PENDING if integration else _QUARANTINED),
    )
