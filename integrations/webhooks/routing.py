"""Resolve the integration that owns a webhook, and authenticate the webhook."""

from collections.abc import Collection, Iterable, Mapping, Sequence
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
        self.integration = integration
        is_observed = integration.signing_observed_since is not None
        self.reason = RefusalReason.OBSERVED if is_observed else RefusalReason.SIGNATURE


@dataclass(frozen=True, slots=True)
class Owner:
    """The integration of a webhook, and what its webhooks are verified with."""

    integration: Integration
    secrets: Sequence[str] | None
    """The signing secrets: empty if no signature is required, None if they can't be decrypted."""
    expires_at: datetime | None = None
    """When the webhook's token expires; None for the current token."""

    @classmethod
    def read(cls, integration: Integration, expires_at: datetime | None = None) -> "Owner":
        """Decrypt the secrets, which may ask the database for a setting."""
        try:
            secrets = [
                field_encryption.decrypt(integration, field)
                for field in ("signing_secret", "previous_signing_secret")
                if integration.signing_secret and getattr(integration, field)
            ]
        except DecryptionError:
            log.error("signing_secret_unreadable", integration_id=str(integration.id))
            return cls(integration, None, expires_at)
        return cls(integration, secrets, expires_at)


def authenticate(webhook: InboundWebhook, owner: Owner | None) -> Integration | None:
    """Verify the webhook's signature if its owner requires one; return the integration.

    Returns None if the signing secret can't be decrypted, so that staff decide. Raises
    SignatureRefused.
    """
    if owner is None or owner.secrets is None:
        return None
    if owner.secrets:
        provider = get_provider(owner.integration.provider)
        signature = webhook.headers.get(provider.signature_header, "")
        if not provider.is_signed(webhook.body, signature, owner.secrets):
            raise SignatureRefused(owner.integration)
    return owner.integration


class Tokens:
    """The tokens that a process has found. The INSERT refuses what has changed since."""

    def __init__(self) -> None:
        self._owners: dict[str, Owner] = {}

    def missing(self, webhooks: Iterable[InboundWebhook]) -> set[str]:
        """Return the hashes of these webhooks that are not known yet, or were unreadable."""
        if len(self._owners) > MAX_TOKENS:
            self.clear()
        hashes = {webhook.token_hash for webhook in webhooks if webhook.token_hash}
        return {hash_ for hash_ in hashes if not self._is_known(hash_)}

    def add(self, found: Mapping[str, Owner]) -> None:
        self._owners.update(found)

    def clear(self) -> None:
        self._owners = {}

    def owner_of(self, webhook: InboundWebhook) -> Owner | UnknownToken | None:
        """Return whose token was valid when the webhook arrived.

        One without a token belongs to the provider's connected integration, unless there are none
        or several.
        """
        if not webhook.token_hash:
            return _sole_connected(webhook.provider)
        owner = self._owners.get(webhook.token_hash)
        if (
            owner is None
            or owner.integration.provider != webhook.provider
            or (owner.expires_at and owner.expires_at <= webhook.arrived_at)
        ):
            return UnknownToken()
        return owner

    def _is_known(self, hash_: str) -> bool:
        owner = self._owners.get(hash_)
        return owner is not None and owner.secrets is not None


_COLUMNS = ("id", "provider", "signing_secret", "previous_signing_secret", "signing_observed_since")
_FIND_OWNERS = f"""
    SELECT token.token_hash, token.expires_at, {", ".join(f"owner.{name}" for name in _COLUMNS)}
    FROM integrations_webhooktoken AS token
    JOIN integrations_integration AS owner ON owner.id = token.integration_id
    WHERE token.token_hash = ANY(%s)
"""  # noqa: S608 - names of our own columns


def find_owners(hashes: Collection[str]) -> dict[str, Owner]:
    """Find the owners of tokens by the tokens' hashes, without the ORM."""
    if not hashes:
        return {}
    with cast(DatabaseWrapper, connection).prepared_cursor() as cursor:
        cursor.execute(_FIND_OWNERS, [list(hashes)])
        rows = cursor.fetchall()
    return {
        token_hash: Owner.read(Integration.from_db("default", _COLUMNS, values), expires_at)
        for token_hash, expires_at, *values in rows
    }


def route_buffered(webhooks: Sequence[InboundWebhook]) -> tuple[list[Routed], list[Refused]]:
    """Resolve and authenticate buffered webhooks; return those accepted, and those to count."""
    tokens = Tokens()
    tokens.add(find_owners(tokens.missing(webhooks)))
    routed: list[Routed] = []
    refused = []
    for webhook in webhooks:
        integration, reason = _admit(webhook, tokens.owner_of(webhook))
        if reason:
            refused.append(Refused(webhook.token_hash, reason, len(webhook.body)))
        if reason in (None, RefusalReason.OBSERVED):
            routed.append((webhook, integration))
        else:
            log.warning("buffered_webhook_refused", event_id=str(webhook.id), cause=reason)
    return routed, refused


def _admit(
    webhook: InboundWebhook, owner: Owner | UnknownToken | None
) -> tuple[Integration | None, RefusalReason | None]:
    """Return the event's integration, and why the webhook is refused or would be."""
    if isinstance(owner, UnknownToken):
        return None, RefusalReason.EXPIRED_URL
    try:
        return authenticate(webhook, owner), None
    except SignatureRefused as error:
        return error.integration, error.reason


_RECEIVING = (IntegrationStatus.CONNECTED, IntegrationStatus.ERROR)
"""An account goes on sending webhooks when its API key is refused."""


def _sole_connected(provider: str) -> Owner | None:
    connected = Integration.objects.filter(provider=provider, status__in=_RECEIVING)
    integrations = list(connected.order_by("id")[:2])
    return Owner.read(integrations[0]) if len(integrations) == 1 else None
