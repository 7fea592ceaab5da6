"""Count refused webhooks by integration, minute and reason; none of their content is kept.

Intake counts them in Redis, in its own round trip; a periodic task moves the counts to rows.
"""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from django.db import connection

from flowzz.core import redis
from integrations.inbox.hourly_counts import mark_dirty
from integrations.models import RefusalReason
from integrations.webhooks import known_tokens, responses
from integrations.webhooks.requests import WebhookRequest

KEY = "flowzz:refused-webhooks"
MAX_FIELDS = 20_000
"""Two for each token, minute and reason that were not moved to rows yet; more are not counted."""
MINUTE_SECONDS = 60
_REASONS = {
    401: RefusalReason.SIGNATURE,
    404: RefusalReason.EXPIRED_URL,
    413: RefusalReason.TOO_LARGE,
    429: RefusalReason.RATE,
}

# Unknown tokens are not counted: they belong to nobody, and anybody can invent more.
_COUNT = """
for number = 2, #ARGV, 4 do
    local field = ARGV[number + 1]
    if redis.call('SISMEMBER', KEYS[1], ARGV[number]) == 1 and (
        redis.call('HEXISTS', KEYS[2], field) == 1
        or redis.call('HLEN', KEYS[2]) < tonumber(ARGV[1])
    ) then
        redis.call('HINCRBY', KEYS[2], field, ARGV[number + 2])
        redis.call('HINCRBY', KEYS[2], field .. ':bytes', ARGV[number + 3])
    end
end
"""
_TAKE = """
local fields = redis.call('HGETALL', KEYS[1])
redis.call('DEL', KEYS[1])
return fields
"""
_ADD = """
    INSERT INTO integrations_webhookrefusal (integration_id, minute, reason, count, bytes)
    SELECT token.integration_id, minute, reason, sum(refused.count), sum(refused.bytes)
    FROM unnest(%s::text[], %s::timestamptz[], %s::text[], %s::int[], %s::bigint[])
        AS refused (token_hash, minute, reason, count, bytes)
    JOIN integrations_webhooktoken AS token USING (token_hash)
    GROUP BY 1, 2, 3
    ON CONFLICT (integration_id, minute, reason) DO UPDATE
    SET count = integrations_webhookrefusal.count + excluded.count,
        bytes = integrations_webhookrefusal.bytes + excluded.bytes
"""


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused webhook, or one that an observed signature would refuse."""

    token_hash: str
    reason: RefusalReason
    size: int


def refused_among(requests: Iterable[WebhookRequest]) -> list[Refused]:
    """Return the refused webhooks whose URLs have a token."""
    return [
        Refused(request.token_hash, reason, request.size)
        for request in requests
        if request.response is not responses.ACKNOWLEDGED or request.is_signature_observed
        if request.token_hash and (reason := _reason(request))
    ]


def _reason(request: WebhookRequest) -> RefusalReason | None:
    if request.response is responses.ACKNOWLEDGED:
        return RefusalReason.OBSERVED
    return _REASONS.get(request.response.status) if request.response else None


def count_command(refused: Sequence[Refused]) -> redis.Command:
    """Return the command that counts refused webhooks as of now."""
    minute = int(time.time()) // MINUTE_SECONDS * MINUTE_SECONDS
    counts, sizes = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for webhook in refused:
        key = webhook.token_hash, f"{webhook.token_hash}:{webhook.reason}:{minute}"
        counts[key] += 1
        sizes[key] += webhook.size
    values = (value for key in counts for value in (*key, counts[key], sizes[key]))
    return "EVAL", _COUNT, 2, known_tokens.KEY, KEY, MAX_FIELDS, *values


def store_counts() -> int:
    """Move the counts from Redis to rows in one statement; return how many. Raises RedisError.

    A process that is killed in between loses the counts of a few seconds.
    """
    [taken] = redis.run([("EVAL", _TAKE, 1, KEY)])
    fields = [name.decode() for name in cast(Sequence[bytes], taken[::2])]
    values = dict(zip(fields, map(int, taken[1::2]), strict=True))
    counted = [name for name in fields if not name.endswith(":bytes")]
    if not counted:
        return 0
    parts = [name.split(":") for name in counted]
    minutes = [datetime.fromtimestamp(int(minute), UTC) for _, _, minute in parts]
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD,
            [
                [token_hash for token_hash, _, _ in parts],
                minutes,
                [reason for _, reason, _ in parts],
                [values[name] for name in counted],
                [values[f"{name}:bytes"] for name in counted],
            ],
        )
    mark_dirty(minutes)
    return len(counted)
