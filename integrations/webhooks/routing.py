"""A webhook on its way in: whose it is, and whether it may enter."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import connection
from django.utils import timezone

from flowzz.core.ids import uuid7
from integrations.models import Integration, IntegrationStatus
from integrations.providers.registry import PROVIDERS
from integrations.secrets import field_encryption
from integrations.secrets.crypto import DecryptionError

log = structlog.stdlib.get_logger(__name__)


class UnknownToken(Exception):
    """No integration has this secret address, or it no longer works."""


class SignatureRefused(Exception):
    """The integration requires a signature, and this one is missing or wrong."""

    def __init__(self, integration_id: uuid.UUID) -> None:
        super().__init__()
        self.integration_id = integration_id


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundWebhook:
    """One POST of a provider. `token_hash` is empty where the address had no token."""

    provider: str
    token_hash: str
    body: bytes
    headers: Mapping[str, str]
    id: uuid.UUID = field(default_factory=uuid7)
    arrived_at: datetime = field(default_factory=timezone.now)


def resolve_integration(delivery: InboundWebhook) -> Integration | None:
    """Find whose delivery it is; None where nobody's, or anybody's, it could be.

    Raises UnknownToken.
    """
    return (
        _integration_by_token(delivery)
        if delivery.token_hash
        else sole_connected_integration(delivery.provider)
    )


def authenticate(delivery: InboundWebhook, integration: Integration | None) -> Integration | None:
    """The integration again; None, for staff to judge, where its secret can't be read.

    Raises SignatureRefused where it requires a signature that isn't there.
    """
    if integration is None:
        return None
    try:
        is_trusted = _is_trusted(integration, delivery)
    except DecryptionError:
        log.error("signing_secret_unreadable", integration_id=str(integration.id))
        return None
    if not is_trusted:
        raise SignatureRefused(integration.id)
    return integration


def resolve_integrations(
    deliveries: Sequence[InboundWebhook],
) -> list[tuple[InboundWebhook, Integration | None]]:
    """Deliveries in their order and whose they are, without those that may not enter.

    One statement finds the owners of all that came with a token.
    """
    addresses = _token_owners({d.token_hash for d in deliveries if d.token_hash})
    routed = []
    for delivery in deliveries:
        try:
            integration = (
                _check_owner(addresses.get(delivery.token_hash), delivery)
                if delivery.token_hash
                else sole_connected_integration(delivery.provider)
            )
            integration = authenticate(delivery, integration)
        except (UnknownToken, SignatureRefused) as refused:
            log.warning("late_webhook_refused", cause=type(refused).__name__)
        else:
            routed.append((delivery, integration))
    return routed


@dataclass(frozen=True, slots=True)
class _TokenOwner:
    """An integration by one of its tokens, and until when that works."""

    integration: Integration
    expires_at: datetime | None


_NEEDED = ("id", "provider", "signing_secret", "previous_signing_secret")
_ADDRESSES = f"""
    SELECT token.token_hash, token.expires_at, {", ".join(f"owner.{name}" for name in _NEEDED)}
    FROM integrations_webhooktoken AS token
    JOIN integrations_integration AS owner ON owner.id = token.integration_id
    WHERE token.token_hash = ANY(%s)
"""  # noqa: S608 - names of our own columns


def _token_owners(hashes: Collection[str]) -> dict[str, _TokenOwner]:
    """Those that exist, by the token's hash; without the ORM, as each webhook pays for it."""
    with connection.cursor() as cursor:
        cursor.execute(_ADDRESSES, [list(hashes)])
        return {
            token_hash: _TokenOwner(Integration.from_db("default", _NEEDED, fields), expires_at)
            for token_hash, expires_at, *fields in cursor
        }


def _integration_by_token(delivery: InboundWebhook) -> Integration:
    return _check_owner(_token_owners([delivery.token_hash]).get(delivery.token_hash), delivery)


def _check_owner(address: _TokenOwner | None, delivery: InboundWebhook) -> Integration:
    """A token counts that worked when the delivery came."""
    if (
        address is None
        or address.integration.provider != delivery.provider
        or (address.expires_at and address.expires_at <= delivery.arrived_at)
    ):
        raise UnknownToken
    return address.integration


def sole_connected_integration(provider: str) -> Integration | None:
    """The connected integration, if there is exactly one: never the first of several."""
    connected = Integration.objects.filter(provider=provider, status=IntegrationStatus.CONNECTED)
    found = list(connected.order_by("id")[:2])
    return found[0] if len(found) == 1 else None


def _is_trusted(integration: Integration, delivery: InboundWebhook) -> bool:
    if not integration.signing_secret:
        return True
    provider = PROVIDERS[integration.provider]
    secrets = [
        field_encryption.decrypt(integration, field)
        for field in ("signing_secret", "previous_signing_secret")
        if getattr(integration, field)
    ]
    sent = delivery.headers.get(provider.signature_header, "")
    return provider.is_signed(delivery.body, sent, secrets)
