"""Sample data of a back-office: sellers, orders, quarantined events and an unknown status word."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from flowzz.core.workers import heartbeat
from integrations.connection import mask_api_key
from integrations.models import (
    EventOutcome,
    EventState,
    Integration,
    IntegrationStatus,
    RefusalReason,
    Trigger,
    WebhookEvent,
    WebhookRefusal,
)
from integrations.monitoring import alert_rules, hourly_stats
from integrations.secrets import field_encryption
from integrations.sync import runs
from sandbox.server import Sandbox
from tests import payloads
from tests.integrations.sellers import Seller

SELLERS = {
    "bruno.salles@exemplo.com.br": IntegrationStatus.CONNECTED,
    "carla.nunes@exemplo.com.br": IntegrationStatus.ERROR,
    "diego.farias@exemplo.com.br": IntegrationStatus.DISCONNECTED,
}
BUYERS = ("Alice Barros", "Caio Mendonça", "Elisa Torres", "Igor Pacheco", "Otávio Luz", "Rita Sá")
PRODUCTS = ("Creme Facial Aurora", "Curso de Fotografia", "Chá Serra Azul")
ORDER, UNKNOWN_WORD = "ordmarina01", "em conferência"
CAUSE = "parser_fault:ValueError"
QUARANTINED = 6


@dataclass
class SampleData:
    """`seller` is connected to a sandbox and has synced once; others have no data."""

    sandbox: Sandbox
    seller: Seller = field(init=False)

    def __post_init__(self) -> None:
        self.seller = Seller("marina.prado@exemplo.com.br")
        self._connect()
        for email, status in SELLERS.items():
            Seller(email, status)
        self._receive_orders()
        self._quarantine_events()
        self.seller.process(payloads.order("ordmarina98", order_status=UNKNOWN_WORD))
        self._refuse_webhooks()
        heartbeat.record("inbox")
        alert_rules.evaluate_alert_rules()
        hourly_stats.update_hourly_stats()

    @property
    def integration(self) -> Integration:
        return Integration.objects.get(id=self.seller.integration.id)

    @property
    def event(self) -> WebhookEvent:
        """The event that updated `ORDER`."""
        return WebhookEvent.objects.get(external_id=ORDER, outcome=EventOutcome.UPDATED)

    def _connect(self) -> None:
        integration = self.seller.integration
        key = self.sandbox.api_key()
        field_encryption.encrypt(integration, "api_key", key)
        integration.api_key_hint, integration.api_key_set_at = mask_api_key(key), timezone.now()
        integration.save()
        run = runs.request_run(integration, Trigger.INITIAL)
        runs.execute(run.id)

    def _receive_orders(self) -> None:
        now = timezone.now()
        for hours in range(23, 0, -4):
            at = now - timedelta(hours=hours)
            self.seller.process(
                *(_order(hours * 10 + number) for number in range(hours % 5 + 2)), received_at=at
            )
        self.seller.process(_order(1, ORDER, order_status="Aguardando pagamento"), received_at=now)
        self.seller.process(_order(1, ORDER, tracking_code="BR123456789BR"), received_at=now)
        processed = WebhookEvent.objects.filter(finished_at__isnull=False)
        processed.update(finished_at=F("received_at") + timedelta(milliseconds=340))

    def _quarantine_events(self) -> None:
        """Quarantine orders with an internal error, and two bodies that are no JSON."""
        self.seller.receive(*(_order(900 + number) for number in range(QUARANTINED)))
        WebhookEvent.objects.filter(state=EventState.PENDING).update(
            state=EventState.QUARANTINED,
            reason="parser_fault",
            cause=CAUSE,
            error="Falha interna ao ler o corpo (ValueError).",
            finished_at=timezone.now(),
        )
        self.seller.process(b"{", b"[1")

    def _refuse_webhooks(self) -> None:
        reasons = (RefusalReason.EXPIRED_URL, RefusalReason.SIGNATURE, RefusalReason.RATE)
        for minutes, reason in enumerate(reasons, 1):
            WebhookRefusal.objects.create(
                integration=self.seller.integration,
                minute=timezone.now() - timedelta(minutes=9 * minutes),
                reason=reason,
                count=3 * minutes,
                bytes=4_000 * minutes,
            )


def _order(number: int, order_number: str = "", **changes: Any) -> dict[str, object]:
    buyer = BUYERS[number % len(BUYERS)]
    client = {
        "client_name": buyer,
        "client_phone": f"629545{number:05}",
        "client_email": f"{buyer.split()[0].lower()}@exemplo.com.br",
        "client_address_city": "Goiânia",
    }
    return payloads.order(
        order_number or f"ord{number:06}",
        client=client,
        product_name=PRODUCTS[number % len(PRODUCTS)],
        date_order=f"{timezone.localtime():%Y-%m-%d %H:%M:%S}",
        order_final_price=f"{97 + number % 90}.90",
        **changes,
    )
