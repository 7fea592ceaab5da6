"""A webhook on its way in: whose it is, and whether it may enter."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from flowzz.ids import uuid7
from integrations import vault
from integrations.models import Integration, IntegrationStatus, WebhookToken
from integrations.providers import PROVIDERS


class UnknownToken(Exception):
    """No integration has this secret address, or it no longer works."""


class SignatureRefused(Exception):
    """The integration requires a signature, and this one is missing or wrong."""

    def __init__(self, integration_id: uuid.UUID) -> None:
        super().__init__()
        self.integration_id = integration_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One POST of a provider. `token_hash` is empty where the address had no token."""

    provider: str
    token_hash: str
    body: bytes
    headers: Mapping[str, str]
    id: uuid.UUID = field(default_factory=uuid7)
    arrived_at: datetime = field(default_factory=timezone.now)


def route(delivery: Delivery) -> Integration | None:
    """Find whose delivery it is; None where nobody's, or anybody's, it could be.

    Raises UnknownToken and SignatureRefused.
    """
    integration = _with_token(delivery) if delivery.token_hash else _only_one(delivery.provider)
    if integration and not _is_trusted(integration, delivery):
        raise SignatureRefused(integration.id)
    return integration


def _with_token(delivery: Delivery) -> Integration:
    row = (
        WebhookToken.objects.filter(
            Q(expires_at=None) | Q(expires_at__gt=timezone.now()),
            token_hash=delivery.token_hash,
            integration__provider=delivery.provider,
        )
        .select_related("integration")
        .only("integration__signing_secret", "integration__previous_signing_secret")
        .first()
    )
    if row is None:
        raise UnknownToken
    return row.integration


def _only_one(provider: str) -> Integration | None:
    """The connected integration, if there is exactly one: never the first of several."""
    connected = Integration.objects.filter(provider=provider, status=IntegrationStatus.CONNECTED)
    found = list(connected.order_by("id")[:2])
    return found[0] if len(found) == 1 else None


def _is_trusted(integration: Integration, delivery: Delivery) -> bool:
    if not integration.signing_secret:
        return True
    provider = PROVIDERS[integration.provider]
    secrets = [
        vault.reveal(integration, field)
        for field in ("signing_secret", "previous_signing_secret")
        if getattr(integration, field)
    ]
    sent = delivery.headers.get(provider.signature_header, "")
    return provider.is_signed(delivery.body, sent, secrets)
