"""Encrypt and decrypt an integration's secrets, bound to their row and field."""

from functools import cache
from typing import Literal, TypeAlias

from django.conf import settings

from integrations.models import Integration, WebhookToken
from integrations.secrets.crypto import Cipher

Field: TypeAlias = Literal["api_key", "signing_secret", "previous_signing_secret"]
FIELDS: tuple[Field, ...] = ("api_key", "signing_secret", "previous_signing_secret")


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
    return cipher().decrypt(stored, identity=identity(integration, field)) if stored else ""


def identity(integration: Integration, field: Field) -> str:
    return f"integration/{integration.id}/{field}"


def encrypt_token(row: WebhookToken, token: str) -> None:
    row.token = cipher().encrypt(token, identity=token_identity(row))


def decrypt_token(row: WebhookToken) -> str:
    """Return the token in plaintext. Raises DecryptionError."""
    return cipher().decrypt(row.token, identity=token_identity(row), allow_legacy=False)


def token_identity(row: WebhookToken) -> str:
    return f"webhook-token/{row.id}"
