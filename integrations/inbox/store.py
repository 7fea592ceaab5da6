"""Store webhooks as events: one INSERT, committed before the webhooks are acknowledged."""

import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import cast

import orjson
from django.db import connection, transaction
from django.utils import timezone

from flowzz.core.db.backend.base import DatabaseWrapper
from flowzz.core.db.db_time import to_database_time
from flowzz.core.ids import uuid7
from integrations.inbox import metrics
from integrations.models import EventState, Integration, WebhookEvent

COPY_HEADER = "Flowzz-Copy-Of"
"""The header of a corrected copy with the id of the event that it corrects."""
UNROUTABLE = "unroutable"
UNVERIFIABLE = "unverifiable"
"""The token is known, but nothing can tell whether the webhook is signed."""
UNOWNED = {
    UNROUTABLE: "O evento pode ser de mais de uma integração, ou de nenhuma.",
    UNVERIFIABLE: "O segredo de assinatura da integração não pôde ser lido.",
}
"""Why an event has no owner, by its reason."""

# One statement for any number of webhooks, and its own commit.
# Times are the database's: the clocks of the web machines may differ. Not stored, and not returned,
# is a webhook whose token or secrets have changed since they were read. A stored event's payload
# is not inserted again: it may have been deleted since. A frozen server executes the statement when
# it goes on, so that the event seems to have arrived then: the buffered copy corrects that.
INSERT = f"""
    WITH webhook AS (
        SELECT row.*, substring(%b::bytea FROM row.start FOR row.size) AS body
        FROM json_to_recordset(convert_from(%b::bytea, 'UTF8')::json) AS row (
            id uuid, integration_id uuid, provider text, headers jsonb, age float8, now timestamptz,
            token_hash text, secrets text, is_observed bool, reason text, error text,
            start int, size int
        )
        WHERE token_hash IS NULL OR integration_id IS NULL OR EXISTS (
            SELECT FROM integrations_webhooktoken AS token
            JOIN integrations_integration AS owner ON owner.id = token.integration_id
            WHERE token.token_hash = row.token_hash AND owner.id = row.integration_id
            AND owner.signing_secret || ' ' || owner.previous_signing_secret = row.secrets
            AND (owner.signing_observed_since IS NOT NULL) = row.is_observed
            AND (token.expires_at IS NULL
                OR token.expires_at > statement_timestamp() - make_interval(secs => age))
        )
    ),
    event AS (
        INSERT INTO integrations_webhookevent (
            id, integration_id, provider, body_size, body_hash, received_at,
            state, reason, cause, error, kind, external_id, outcome, attempts, is_replay
        )
        SELECT id, integration_id, provider, size, sha256(body),
            coalesce(now, statement_timestamp()) - make_interval(secs => age),
            CASE reason WHEN '' THEN '{EventState.PENDING}' ELSE '{EventState.QUARANTINED}' END,
            reason, reason, error, '', '', '', 0, false
        FROM webhook
        ON CONFLICT (id) DO UPDATE SET received_at = excluded.received_at
            WHERE integrations_webhookevent.state = '{EventState.PENDING}'
            AND integrations_webhookevent.received_at > excluded.received_at
        RETURNING id
    ),
    payload AS (
        INSERT INTO integrations_webhookpayload (event_id, body, headers)
        SELECT id, body, headers FROM webhook JOIN event USING (id)
        ON CONFLICT (event_id) DO NOTHING
    )
    SELECT id FROM webhook
"""  # noqa: S608 - constants of our own


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundWebhook:
    """One POST from a provider. `token_hash` is empty if its URL contains no token."""

    provider: str
    token_hash: str
    body: bytes
    headers: Mapping[str, str]
    id: uuid.UUID = field(default_factory=uuid7)
    arrived_at: datetime = field(default_factory=timezone.now)
    """When the webhook arrived, by this machine's clock; aware."""
    monotonic_arrival: float = field(default_factory=time.monotonic)
    request_id: str = ""


Routed = tuple[InboundWebhook, Integration | None]


def insertion(routed: Sequence[Routed]) -> list[bytes]:
    """Return the parameters of INSERT that store webhooks, two for as many as there are.

    Storing the same id again changes nothing. One without an owner is quarantined until staff
    assign it. The result is a row with the id of each webhook, but for those whose integration's
    token or secrets differ from what was read before.
    """
    now = time.monotonic()
    ages = [now - webhook.monotonic_arrival for webhook, _ in routed]
    return _parameters(routed, ages, [webhook.token_hash or None for webhook, _ in routed])


def store_buffered(routed: Sequence[Routed]) -> None:
    """Store webhooks from the fallback buffer in one commit, as received when they arrived.

    However long the statement waits for a pooler's connection: later ones may be stored meanwhile.
    """
    if routed:
        now = timezone.now()
        ages = [max(0.0, (now - webhook.arrived_at).total_seconds()) for webhook, _ in routed]
        execute(_parameters(routed, ages, [None] * len(routed), now=to_database_time(now)))
        for reason, count in Counter(unowned_reason(*pair) for pair in routed).items():
            if reason:
                metrics.count_quarantined(reason, count)


def store_copy(event: WebhookEvent, body: bytes) -> uuid.UUID:
    """Store an event with another body, as received when `event` was; return the copy's id.

    The order of arrival decides what it may change. The caller has `event` with an integration.
    """
    copy = InboundWebhook(
        provider=event.provider,
        token_hash="",
        body=body,
        headers={"Content-Type": "application/json", COPY_HEADER: str(event.id)},
        arrived_at=event.received_at,
    )
    store_buffered([(copy, event.integration)])
    return copy.id


def check_writable() -> None:
    """Store an event and roll back. Raises the DatabaseError that prevents it."""
    event = InboundWebhook(provider="", token_hash="", body=b"", headers={})
    with transaction.atomic():
        execute(_parameters([(event, None)], [0.0], [None]))
        transaction.set_rollback(True)


def execute(parameters: Sequence[bytes]) -> set[uuid.UUID]:
    """Execute INSERT with `insertion`'s parameters, without the ORM; return the ids it returns."""
    with cast(DatabaseWrapper, connection).prepared_cursor() as cursor:
        cursor.execute(INSERT, parameters)
        return {id_ for (id_,) in cursor}


def unowned_reason(webhook: InboundWebhook, integration: Integration | None) -> str:
    """Return why a webhook is quarantined at once, which one with an owner is not."""
    if integration:
        return ""
    return UNVERIFIABLE if webhook.token_hash else UNROUTABLE


def _parameters(
    routed: Sequence[Routed],
    ages: Sequence[float],
    token_hashes: Sequence[str | None],
    *,
    now: datetime | None = None,
) -> list[bytes]:
    """Return the parameters of INSERT for events received `ages` seconds before `now`.

    `now` is the database's, by default the time of the statement.
    """
    bodies = [webhook.body for webhook, _ in routed]
    ends = accumulate(map(len, bodies))
    rows = [
        {
            "id": webhook.id,
            "integration_id": integration and integration.id,
            "provider": webhook.provider,
            "headers": webhook.headers,
            "age": age,
            "now": now,
            "token_hash": token_hash,
            "secrets": integration
            and f"{integration.signing_secret} {integration.previous_signing_secret}",
            "is_observed": integration and integration.signing_observed_since is not None,
            "reason": (reason := unowned_reason(webhook, integration)),
            "error": UNOWNED.get(reason, ""),
            "start": end - len(webhook.body) + 1,
            "size": len(webhook.body),
        }
        for (webhook, integration), age, token_hash, end in zip(
            routed, ages, token_hashes, ends, strict=True
        )
    ]
    return [b"".join(bodies), orjson.dumps(rows)]
