"""Webhook tokens: the secret part of an integration's webhook URL."""

import hashlib
import secrets

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations import live_updates
from integrations.models import Integration, WebhookToken
from integrations.secrets import field_encryption
from integrations.secrets.crypto import DecryptionError
from integrations.webhooks import known_tokens

TOKEN_BYTES = 32


class TokenUnreadable(DecryptionError):
    """The token was damaged, or encrypted with a key that is gone. Webhooks still find its hash."""

    code = "WEBHOOK_TOKEN_UNREADABLE"

    def __init__(self) -> None:
        super().__init__(
            "O endereço de webhook não pode mais ser lido, embora ainda receba. Troque o endereço, "
            f"ou devolva a chave anterior a {settings.ENCRYPTION_KEY_VARIABLE}_FALLBACKS."
        )


def webhook_url(integration: Integration) -> str:
    """Return the integration's secret URL; the first call issues its token.

    Raises TokenUnreadable.
    """
    token = _current_token(integration)
    if token is None:
        with transaction.atomic():  # of two concurrent first calls, one waits and reads the token
            Integration.objects.select_for_update().get(id=integration.id)
            token = _current_token(integration) or _issue_token(integration)
    return f"{settings.PUBLIC_BASE_URL}/webhooks/{integration.provider}/{_secret(token)}"


def readable_webhook_url(integration: Integration) -> str | None:
    """Return the integration's secret URL, or None if its token is unreadable."""
    try:
        return webhook_url(integration)
    except TokenUnreadable:
        return None


def is_readable(integration: Integration) -> bool:
    """Return whether the current token can be decrypted; one that is not issued yet can."""
    token = _current_token(integration)
    try:
        return token is None or bool(_secret(token))
    except TokenUnreadable:
        return False


def rotate_token(integration: Integration) -> None:
    """Issue a new token; the current one expires after WEBHOOK_TOKEN_GRACE."""
    with transaction.atomic():
        Integration.objects.select_for_update().get(id=integration.id)
        WebhookToken.objects.filter(integration=integration, expires_at=None).update(
            expires_at=timezone.now() + settings.WEBHOOK_TOKEN_GRACE
        )
        _issue_token(integration)
        live_updates.publish_integration(integration.id, has_new_url=True)


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _current_token(integration: Integration) -> WebhookToken | None:
    return WebhookToken.objects.filter(integration=integration, expires_at=None).first()


def _secret(token: WebhookToken) -> str:
    try:
        return field_encryption.decrypt_token(token)
    except DecryptionError:
        raise TokenUnreadable from None


def _issue_token(integration: Integration) -> WebhookToken:
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    token = WebhookToken(integration=integration, token_hash=hash_token(secret))
    field_encryption.encrypt_token(token, secret)
    token.save()
    known_tokens.add(token.token_hash)
    return token
