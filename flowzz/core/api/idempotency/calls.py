"""The only writer of idempotent calls. All times are the database's.

Responses contain webhook URLs, which are secrets: they are encrypted by AES-256-GCM, with a key
derived from SECRET_KEY. Earlier values of SECRET_KEY are not needed: the hash of an
`Idempotency-Key` depends on SECRET_KEY, so older rows are never found.
"""

import os
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from flowzz.core.api.errors import CallInProgress, KeyReused
from flowzz.core.models import IdempotentCall

CLAIM_DURATION: Final = timedelta(seconds=60)
"""Longer than any call takes. After it, a call whose process died can be claimed again."""
_NONCE_BYTES: Final = 12
_INFO: Final = b"flowzz: responses of idempotent calls, version 1"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to execute a call."""

    call_id: int
    claim_id: UUID

    @property
    def encryption_context(self) -> str:
        return f"idempotent-call/{self.call_id}/{self.claim_id}"


@dataclass(frozen=True, slots=True)
class StoredResponse:
    status: int
    content: bytes


def claim(*, user_id: UUID, key_hash: bytes, request_hash: bytes) -> Claim | StoredResponse:
    """Claim a key for a request, or return the response that is stored for it.

    Raises KeyReused if the key came with another request, CallInProgress if the first call with
    the key is not finished.
    """
    claim_id = uuid4()
    call, is_new = IdempotentCall.objects.get_or_create(
        user_id=user_id,
        key_hash=key_hash,
        defaults={
            "request_hash": request_hash,
            "claim_id": claim_id,
            "claimed_until": Now() + CLAIM_DURATION,
        },
    )
    if is_new or _reclaim(call.id, request_hash, claim_id):
        return Claim(call.id, claim_id)
    return _stored_response(call.id, request_hash)


def store_response(claim: Claim, response: StoredResponse) -> None:
    """Store the response, unless another process has claimed the call meanwhile."""
    encrypted = encrypt(response.content, context=claim.encryption_context)
    _claimed(claim).update(status=response.status, encrypted_response=encrypted)


def release(claim: Claim) -> None:
    """Delete the call, so that the same key executes it again."""
    _claimed(claim).delete()


def delete_expired() -> None:
    """Delete the calls older than `IDEMPOTENCY_RETENTION`."""
    IdempotentCall.objects.filter(_is_expired()).delete()


def delete_of(user_id: UUID) -> None:
    """Delete a user's calls, because a response may contain a person whose data are erased."""
    IdempotentCall.objects.filter(user_id=user_id).delete()


def _reclaim(call_id: int, request_hash: bytes, claim_id: UUID) -> bool:
    """Claim a call whose process died over the same request, or whose key is expired."""
    is_abandoned = Q(status=None, claimed_until__lte=Now(), request_hash=request_hash)
    return bool(
        IdempotentCall.objects.filter(is_abandoned | _is_expired(), id=call_id).update(
            request_hash=request_hash,
            claim_id=claim_id,
            claimed_until=Now() + CLAIM_DURATION,
            created_at=Now(),
            status=None,
            encrypted_response=None,
        )
    )


def _stored_response(call_id: int, request_hash: bytes) -> StoredResponse:
    call = IdempotentCall.objects.filter(id=call_id).first()
    if call is None:  # released between the two statements
        raise CallInProgress
    if bytes(call.request_hash) != request_hash:
        raise KeyReused
    if call.status is None or call.encrypted_response is None:
        raise CallInProgress
    context = Claim(call.id, call.claim_id).encryption_context
    return StoredResponse(call.status, decrypt(bytes(call.encrypted_response), context=context))


def _is_expired() -> Q:
    return Q(created_at__lte=Now() - settings.IDEMPOTENCY_RETENTION)


def _claimed(claim: Claim) -> "QuerySet[IdempotentCall]":
    return IdempotentCall.objects.filter(id=claim.call_id, claim_id=claim.claim_id)


def encrypt(plaintext: bytes, *, context: str) -> bytes:
    """Encrypt a response for one row: `context` identifies the row and is authenticated."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(settings.SECRET_KEY).encrypt(nonce, plaintext, context.encode())


def decrypt(encrypted: bytes, *, context: str) -> bytes:
    """Decrypt a response. Raises InvalidTag if it was changed or belongs to another row."""
    nonce, ciphertext = encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:]
    return _cipher(settings.SECRET_KEY).decrypt(nonce, ciphertext, context.encode())


@lru_cache(maxsize=4)
def _cipher(secret: str) -> AESGCM:
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO)
    return AESGCM(hkdf.derive(secret.encode()))
