"""The only writer of API keys. A key is shown once: only its hash is stored."""

import hashlib
import secrets
from contextlib import suppress
from datetime import timedelta
from typing import Final

from django.db import DatabaseError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from flowzz.accounts.models import ApiKey, User
from flowzz.core.api.event_stream import end_at_commit

PREFIX: Final = "fz_"
SECRET_BYTES: Final = 32
MAX_KEYS: Final = 20
"""Valid keys of one user."""
USE_NOTED_AGAIN_AFTER: Final = timedelta(minutes=1)


class TooManyKeys(Exception):
    """The user has MAX_KEYS valid keys."""


def issue(key: ApiKey) -> str:
    """Save a new key and return its secret, which nobody can read again. Raises TooManyKeys."""
    secret = f"{PREFIX}{secrets.token_urlsafe(SECRET_BYTES)}"
    key.key_hash, key.hint = _hash(secret), f"{PREFIX}…{secret[-4:]}"
    with transaction.atomic():
        User.objects.select_for_update().get(id=key.user_id)
        if key.user.api_keys.filter(revoked_at=None).count() >= MAX_KEYS:
            raise TooManyKeys
        key.save(force_insert=True)
    return secret


def revoke(key: ApiKey) -> None:
    """From now on no call with the key is accepted, and its open responses end."""
    ApiKey.objects.filter(id=key.id, revoked_at=None).update(revoked_at=Now())
    end_at_commit(key.user_id)
    key.refresh_from_db()


def find(secret: str) -> ApiKey | None:
    """Return a valid key of an active user, by its secret."""
    valid = ApiKey.objects.filter(revoked_at=None, user__is_active=True)
    return valid.select_related("user").filter(key_hash=_hash(secret)).first()


def note_use(key: ApiKey) -> None:
    """Remember when the key was last used, to the minute, if the database takes writes."""
    limit = timezone.now() - USE_NOTED_AGAIN_AFTER
    if key.last_used_at is None or key.last_used_at < limit:
        with suppress(DatabaseError), transaction.atomic():
            ApiKey.objects.filter(id=key.id).update(last_used_at=Now())


def _hash(secret: str) -> bytes:
    # Not salted: a secret has 256 random bits, so that no list of hashes helps to guess it.
    return hashlib.sha256(secret.encode()).digest()
