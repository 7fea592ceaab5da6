"""Encrypt all secrets with the current key, one at a time; safe to interrupt and repeat."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from django.conf import settings

from integrations.models import Integration, WebhookToken
from integrations.secrets import field_encryption
from integrations.secrets.crypto import DecryptionError, is_legacy


class RotationResult(Enum):
    REWRITTEN = "rewritten"
    CURRENT = "current"
    CHANGED = "changed"
    """Another process changed it meanwhile; the next rotation checks it again."""
    UNREADABLE = "unreadable"
    LEGACY = "legacy"
    """Nothing proves that the older system wrote it for this row: only a rotation rewrites it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """An encrypted value and the field it is stored in."""

    row: Integration | WebhookToken
    field: str
    identity: str
    integration_id: uuid.UUID

    @property
    def stored(self) -> str:
        value: str = getattr(self.row, self.field)
        return value


def count_secrets() -> int:
    fields = (
        Integration.objects.exclude(**{field: ""}).count() for field in field_encryption.FIELDS
    )
    return WebhookToken.objects.count() + sum(fields)


def all_secrets() -> Iterator[Secret]:
    for integration in Integration.objects.order_by("id").iterator():
        yield from secrets_of(integration)
    for token in WebhookToken.objects.order_by("id").iterator():
        yield Secret(
            row=token,
            field="token",
            identity=field_encryption.token_identity(token),
            integration_id=token.integration_id,
        )


def secrets_of(integration: Integration) -> Iterator[Secret]:
    """Yield the secrets of an integration's fields, without its webhook tokens."""
    for field in field_encryption.FIELDS:
        if getattr(integration, field):
            yield Secret(
                row=integration,
                field=field,
                identity=field_encryption.identity(integration, field),
                integration_id=integration.id,
            )


def find_unreadable() -> tuple[list[Secret], int]:
    """Return the secrets that no configured key decrypts, and the number of all secrets."""
    count, unreadable = 0, []
    for secret in all_secrets():
        count += 1
        if rewrite(secret, dry_run=True) is RotationResult.UNREADABLE:
            unreadable.append(secret)
    return unreadable, count


def describe(secrets: Sequence[Secret], most: int = 5) -> str:
    """Name the integrations of secrets, for operators."""
    ids = sorted({str(secret.integration_id) for secret in secrets})
    rest = f" and {len(ids) - most} more" if len(ids) > most else ""
    return f"integrations {', '.join(ids[:most])}{rest}"


def rewrite(
    secret: Secret, *, dry_run: bool = False, rewrites_legacy: bool = False
) -> RotationResult:
    """Encrypt a secret with the current key, unless it was changed since it was read."""
    cipher = field_encryption.cipher()
    try:
        if not cipher.needs_rewrite(secret.stored, identity=secret.identity):
            return RotationResult.CURRENT
        if is_legacy(secret.stored) and not rewrites_legacy:
            return RotationResult.LEGACY
        plaintext = cipher.decrypt(
            secret.stored,
            identity=secret.identity,
            # The older system had no webhook tokens: a token without a MAC was tampered with.
            allow_legacy=isinstance(secret.row, Integration) and settings.ENCRYPTION_LEGACY_FORMAT,
        )
    except DecryptionError:
        return RotationResult.UNREADABLE
    if dry_run:
        return RotationResult.REWRITTEN
    value = cipher.encrypt(plaintext, identity=secret.identity)
    unchanged = type(secret.row)._default_manager.filter(
        pk=secret.row.pk, **{secret.field: secret.stored}
    )
    is_rewritten = unchanged.update(**{secret.field: value})
    return RotationResult.REWRITTEN if is_rewritten else RotationResult.CHANGED
