"""Encrypt and decrypt an integration's secrets, bound to their row and field."""

from functools import cache
from typing import Final, Literal, TypeAlias

from django.conf import settings

from flowzz.core.models import Setting
from flowzz.core.runtime_settings.cache import SAVED_VALUES
from integrations.models import Integration, WebhookToken
from integrations.secrets.crypto import Cipher

Field: TypeAlias = Literal["api_key", "signing_secret", "previous_signing_secret"]
FIELDS: tuple[Field, ...] = ("api_key", "signing_secret", "previous_signing_secret")
ROTATED: Final = "ENCRYPTION_ROTATED"
"""The name of the saved setting by which all processes refuse the older system's values."""


@cache
def cipher() -> Cipher:
    """Return the cipher of the current and the earlier encryption keys."""
    return Cipher(settings.ENCRYPTION_KEY, settings.ENCRYPTION_KEY_FALLBACKS)


def encrypt(integration: Integration, field: Field, plaintext: str) -> None:
    """Set a field to an encrypted secret without saving; an empty plaintext clears it."""
    value = cipher().encrypt(plaintext, identity=identity(integration, field)) if plaintext else ""
    setattr(integration, field, value)


def decrypt(integration: Integration, field: Field) -> str:
    """Return a field's secret, empty if it has none. Raises DecryptionError."""
    stored = getattr(integration, field)
    if not stored:
        return ""
    name = identity(integration, field)
    return cipher().decrypt(stored, identity=name, allow_legacy=accepts_legacy())


def accepts_legacy() -> bool:
    """Return whether values of the older system, which are bound to no row, are still read.

    They are until a rotation has found all values rewritten, or a setting forbids it.
    """
    return settings.ENCRYPTION_LEGACY_FORMAT and SAVED_VALUES.get(ROTATED) is None


def refuse_legacy() -> None:
    """Read no more values of the older system: none is left."""
    Setting.objects.update_or_create(name=ROTATED, defaults={"value": "true"})
    SAVED_VALUES.expire()


def identity(integration: Integration, field: Field) -> str:
    return f"integration/{integration.id}/{field}"


def encrypt_token(row: WebhookToken, token: str) -> None:
    row.token = cipher().encrypt(token, identity=token_identity(row))


def decrypt_token(row: WebhookToken) -> str:
    """Return the token in plaintext. Raises DecryptionError."""
    return cipher().decrypt(row.token, identity=token_identity(row), allow_legacy=False)


def token_identity(row: WebhookToken) -> str:
    return f"webhook-token/{row.id}"
