"""The hashes of webhook tokens, in Redis: they are needed while the database is down."""

from redis import RedisError

from flowzz.core import redis
from integrations.models import WebhookToken

KEY = "flowzz:known-webhook-tokens"
BATCH = 1_000


def add(*hashes: str) -> None:
    """Add hashes. Without Redis nothing is added: `restore` does it later."""
    try:
        redis.client().sadd(KEY, *hashes)
    except RedisError:
        return


def restore() -> None:
    """Add all tokens of the database, if Redis has lost them."""
    try:
        if redis.client().exists(KEY):
            return
    except RedisError:
        return
    hashes = list(WebhookToken.objects.values_list("token_hash", flat=True))
    for start in range(0, len(hashes), BATCH):
        add(*hashes[start : start + BATCH])


def contains(token_hash: str) -> bool:
    """Return whether a token has this hash. Raises RedisError."""
    return bool(redis.client().sismember(KEY, token_hash))
