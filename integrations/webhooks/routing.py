"""Resolve the integration that owns a webhook, and authenticate the webhook."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import structlog
from django.db import connection

from flowzz.core.db.backend.base import DatabaseWrapper
from integrations.inbox.store import InboundWebhook, Routed
from integrations.models import Integration, IntegrationStatus, RefusalReason
from integrations.providers.registry import get_provider
from integrations.secrets import field_encryption
from integrations.secrets.crypto import DecryptionError
from integrations.webhooks.refusals import Refused

MAX_TOKENS = 10_000

log = structlog.stdlib.get_logger(__name__)


class UnknownToken(Exception):
    """No integration of this provider has the webhook's token, or the token has expired."""


class SignatureRefused(Exception):
    """The integration requires a signature, and the webhook's is missing or wrong."""

    def __init__(self, integration: Integration) -> None:
        super().__init__()
        is_observed = integration.signing_observed_since is not None
        self.reason = RefusalReason.OBSERVED if is_observed else RefusalReason.SIGNATURE


def authenticate(webhook: InboundWebhook, integration: Integration | None) -> Integration | None:
    """Verify the webhook's signature if the integration requires one; return the integration.

    Returns None if the signing secret can't be decrypted, so that staff decide. Raises
    SignatureRefused.
    """
    if integration is None:
        return None
    try:
        is_authentic = _is_authentic(webhook, integration)
    except DecryptionError:
        log.error("signing_secret_unreadable", integration_id=str(integration.id))
        return None
    if not is_authentic:
        raise SignatureRefused(integration)
    return integration


def route_buffered(webhooks: Sequence[InboundWebhook]) -> tuple[list[Routed], list[Refused]]:
    """Resolve and authenticate buffered webhooks; return those accepted, and those to count."""
    routed: list[Routed] = []
    refused = []
    for webhook, owner in zip(webhooks, resolve(webhooks, Tokens()), strict=True):
        integration, reason = _admit(webhook, owner)
        if reason:
            refused.append(Refused(webhook.token_hash, reason, len(webhook.body)))
        if reason in (None, RefusalReason.OBSERVED):
            routed.append((webhook, integration))
        else:
            log.warning("buffered_webhook_refused", event_id=str(webhook.id), cause=reason)
    return routed, refused


def _admit(
    webhook: InboundWebhook, owner: Integration | UnknownToken | None
) -> tuple[Integration | None, RefusalReason | None]:
    """Return the event's integration, and why the webhook is refused or would be."""
    if isinstance(owner, UnknownToken):
        return None, RefusalReason.EXPIRED_URL
    try:
        return authenticate(webhook, owner), None
    except SignatureRefused as error:
        return owner, error.reason


def resolve(
    webhooks: Sequence[InboundWebhook], known: "Tokens"
) -> list[Integration | UnknownToken | None]:
    """Return the integrations that own webhooks; None where none or several could own one."""
    tokens = known.find({webhook.token_hash for webhook in webhooks if webhook.token_hash})
    return [
        _owner(webhook, tokens)
        if webhook.token_hash
        else sole_connected_integration(webhook.provider)
        for webhook in webhooks
    ]


def sole_connected_integration(provider: str) -> Integration | None:
    """Return the provider's connected integration; None if there are none or several."""
    connected = Integration.objects.filter(provider=provider, status=IntegrationStatus.CONNECTED)
    integrations = list(connected.order_by("id")[:2])
    return integrations[0] if len(integrations) == 1 else None


@dataclass(frozen=True, slots=True)
class Token:
    """An integration found by webhook token, with the token's expiry."""

    integration: Integration
    expires_at: datetime | None


_COLUMNS = ("id", "provider", "signing_secret", "previous_signing_secret", "signing_observed_since")
_FIND_TOKENS = f"""
    SELECT token.token_hash, token.expires_at, {", ".join(f"owner.{name}" for name in _COLUMNS)}
    FROM integrations_webhooktoken AS token
    JOIN integrations_integration AS owner ON owner.id = token.integration_id
    WHERE token.token_hash = ANY(%s)
"""  # noqa: S608 - names of our own columns


class Tokens:
    """The tokens that a writer has found. `store` refuses what has changed since."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    def find(self, hashes: Collection[str]) -> dict[str, Token]:
        """Return the tokens of these hashes; one statement finds those that are missing."""
        missing = [hash_ for hash_ in hashes if hash_ not in self._tokens]
        if missing:
            if len(self._tokens) > MAX_TOKENS:
                self.clear()
                missing = list(hashes)
            self._tokens |= find_tokens(missing)
        return self._tokens

    def clear(self) -> None:
        self._tokens = {}


def find_tokens(hashes: Collection[str]) -> dict[str, Token]:
    """Find tokens by their hashes, without the ORM."""
    with cast(DatabaseWrapper, connection).prepared_cursor() as cursor:
        cursor.execute(_FIND_TOKENS, [list(hashes)])
        return {
            token_hash: Token(Integration.from_db("default", _COLUMNS, values), expires_at)
            for token_hash, expires_at, *values in cursor
        }


def _owner(webhook: InboundWebhook, tokens: dict[str, Token]) -> Integration | UnknownToken:
    """Return the integration whose token was valid when the webhook arrived."""
    token = tokens.get(webhook.token_hash)
    if (
        token is None
        or token.integration.provider != webhook.provider
        or (token.expires_at and token.expires_at <= webhook.arrived_at)
    ):
        return UnknownToken()
    return token.integration


def _is_authentic(webhook: InboundWebhook, integration: Integration) -> bool:
    if not integration.signing_secret:
        return True
    provider = get_provider(integration.provider)
    secrets = [
        field_encryption.decrypt(integration, field)
        for field in ("signing_secret", "previous_signing_secret")
        if getattr(integration, field)
    ]
    signature = webhook.headers.get(provider.signature_header, "")
    return provider.is_signed(webhook.body, signature, secrets)
