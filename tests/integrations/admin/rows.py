"""Sample rows of every model in the admin."""

import hashlib
from typing import Any

from clients.models import MergeSuggestion
from flowzz.accounts.api_keys import keys
from flowzz.accounts.models import ApiKey
from integrations.connection import mask_api_key
from integrations.models import (
    Alert,
    AlertKind,
    FindingKind,
    ImportState,
    Integration,
    RefusalReason,
    SalesImport,
    StatusMapping,
    SyncFinding,
    WebhookEvent,
    WebhookPayload,
    WebhookRefusal,
)
from integrations.providers.coinzz import COINZZ
from integrations.providers.contracts import StatusField
from integrations.secrets import field_encryption
from integrations.webhooks.tokens import webhook_url
from sales.models import (
    AffiliationRequest,
    Origin,
    SaleStatusChange,
    Subscription,
    SubscriptionCycle,
)
from tests.factories import NOON, IntegrationFactory, SaleFactory, SyncRunFactory, id_at

API_KEY = "8702|chaveInventadaParaOsTestesDestaPagina0123456789k01"
SIGNING_SECRET = "o que assina os webhooks inventados"
BODY = b'{"order": {"order_number": "ordtestes", "product_name": "<b>Curso</b>"}}'


def make_rows(count: int) -> None:
    """Create at least `count` rows of every model."""
    for number in range(count):
        integration = IntegrationFactory.create()
        field_encryption.encrypt(integration, "api_key", API_KEY)
        field_encryption.encrypt(integration, "signing_secret", SIGNING_SECRET)
        integration.api_key_hint = mask_api_key(API_KEY)
        integration.save()
        webhook_url(integration)
        user = integration.user
        keys.issue(ApiKey(user=user, name="planilha"))
        sale = SaleFactory.create(user=user)
        event = make_event(integration, sale.external_id)
        SaleStatusChange.objects.create(
            sale=sale, to_status="PAID", changed_at=NOON, origin=Origin.EVENT, origin_id=event.id
        )
        subscription = Subscription.objects.create(
            user=user,
            client=sale.client,
            source=COINZZ,
            subscription_hash=f"ass{number}",
            status="ACTIVE",
            observed_at=NOON,
        )
        SubscriptionCycle.objects.create(
            subscription=subscription, sale=sale, cycle=1, observed_at=NOON
        )
        assert sale.client is not None
        MergeSuggestion.objects.create(first=sale.client, second=sale.client)
        AffiliationRequest.objects.create(
            user=user, source=COINZZ, fingerprint=str(number), observed_at=NOON
        )
        run = SyncRunFactory.create(integration=integration, total=120, processed=50)
        SyncFinding.objects.create(run=run, kind=FindingKind.ERROR, external_id=sale.external_id)
        SalesImport.objects.create(
            integration=integration,
            state=ImportState.PREVIEWED,
            total=2,
            columns=[{"header": "Pedido", "field": "order.order_number"}],
            error_lines=[{"line": 2, "external_id": "", "message": "Sem número."}],
        )
        _make_monitoring_rows(integration, sale.external_id)


def _make_monitoring_rows(integration: Integration, number: str) -> None:
    Alert.objects.create(integration=integration, kind=AlertKind.KEY_OLD, message="Antiga.")
    WebhookRefusal.objects.create(
        integration=integration, minute=NOON, reason=RefusalReason.RATE, count=2, bytes=300
    )
    StatusMapping.objects.create(
        provider=COINZZ,
        field=StatusField.ORDER,
        word=f"palavra {number}",
        mapped_by=integration.user,
    )


def make_event(
    integration: Integration | None, external_id: str = "", *, body: bytes = BODY, **fields: Any
) -> WebhookEvent:
    if received_at := fields.get("received_at"):
        fields.setdefault("id", id_at(received_at))
    event = WebhookEvent.objects.create(
        integration=integration,
        provider=COINZZ,
        body_size=len(body),
        body_hash=hashlib.sha256(body).digest(),
        external_id=external_id,
        **fields,
    )
    WebhookPayload.objects.create(event=event, body=body)
    return event
