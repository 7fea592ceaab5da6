"""The one writer of idempotent calls. All times are the database's."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from flowzz.core.api.idempotency.errors import CallInProgress, KeyReused
from flowzz.core.api.idempotency.models import IdempotentCall
from flowzz.core.api.idempotency.response_encryption import decrypt, encrypt

LEASE: Final = timedelta(seconds=60)
"""Longer than any call takes; whose process died is free to be made again after it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to carry a call out, until the lease ends."""

    id: int
    holder: UUID

    @property
    def identity(self) -> str:
        return f"idempotent-call/{self.id}/{self.holder}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content: bytes


def claim(*, user_id: UUID, key_hash: bytes, request_hash: bytes) -> Claim | Answer:
    """Take a key for a request, or find the answer that it was given before.

    Raises KeyReused where the key came with another request, CallInProgress where its answer is
    still to come.
    """
    holder = uuid4()
    row, is_new = IdempotentCall.objects.get_or_create(
        user_id=user_id,
        key_hash=key_hash,
        defaults={
            "request_hash": request_hash,
            "holder": holder,
            "lease_until": Now() + LEASE,
        },
    )
    if is_new or _take_over(row.id, request_hash, holder):
        return Claim(row.id, holder)
    return _answer(row.id, request_hash)


def keep(claim: Claim, answer: Answer) -> None:
    """Keep the answer, unless somebody else has taken the call over meanwhile."""
    sealed = encrypt(answer.content, identity=claim.identity)
    _held(claim).update(status=answer.status, answer=sealed)


def release(claim: Claim) -> None:
    """Let the call be made again."""
    _held(claim).delete()


def forget() -> int:
    """Remove what is past `IDEMPOTENCY_RETENTION`; return how many."""
    return IdempotentCall.objects.filter(_is_over()).delete()[0]


def _take_over(id_: int, request_hash: bytes, holder: UUID) -> bool:
    """From a process that died over the same request, or once the key is past its retention."""
    abandoned = Q(status=None, lease_until__lte=Now(), request_hash=request_hash)
    return bool(
        IdempotentCall.objects.filter(abandoned | _is_over(), id=id_).update(
            request_hash=request_hash,
            holder=holder,
            lease_until=Now() + LEASE,
            created_at=Now(),
            status=None,
            answer=None,
        )
    )


def _answer(id_: int, request_hash: bytes) -> Answer:
    row = IdempotentCall.objects.filter(id=id_).first()
    if row is None:  # released just now
        raise CallInProgress
    if bytes(row.request_hash) != request_hash:
        raise KeyReused
    if row.status is None or row.answer is None:
        raise CallInProgress
    identity = Claim(row.id, row.holder).identity
    return Answer(row.status, decrypt(bytes(row.answer), identity=identity))


def _is_over() -> Q:
    return Q(created_at__lte=Now() - settings.IDEMPOTENCY_RETENTION)


def _held(claim: Claim) -> Any:
    return IdempotentCall.objects.filter(id=claim.id, holder=claim.holder)
