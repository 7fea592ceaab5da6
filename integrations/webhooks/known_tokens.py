"""The hashes of webhook tokens, in Redis: they are needed while the database is down."""

from redis import RedisError

from flowzz.core import redis
from integrations.models import WebhookToken

KEY = "flowzz:known-webhook-tokens"
RESTORED_KEY = f"{KEY}:restored"
RESTORE_SECONDS = 3600
BATCH = 1_000


def add(*hashes: str) -> None:
    """Add hashes. Without Redis nothing is added: `restore` does it later."""
    try:
        redis.client().sadd(KEY, *hashes)
    except RedisError:
        return


def restore() -> None:
    """Add all tokens of the database once an hour, and at once if Redis has lost them."""
    try:
        if redis.client().exists(KEY, RESTORED_KEY) == 2:
            return
        hashes = list(WebhookToken.objects.values_list("token_hash", flat=True))
        for start in range(0, len(hashes), BATCH):
            redis.client().sadd(KEY, *hashes[start : start + BATCH])
        redis.client().set(RESTORED_KEY, 1, ex=RESTORE_SECONDS)
    except RedisError:
        return


def contains(token_hash: str) -> bool:
    """Return whether a token has this hash. Raises RedisError."""
    return bool(redis.client().sismember(KEY, token_hash))
