"""An invented provider: the smallest folder that the product can work with.

Its API is a list in memory. Its orders are flat: `{"id": …, "total": …, "state": …}`.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from threading import Event
from typing import Any, ClassVar, Self
from uuid import UUID

from clients.customer import Customer
from integrations.providers.contracts import (
    Breaker,
    MappedWord,
    Order,
    Page,
    ParsedWebhook,
    Provider,
    StatusField,
)
from integrations.providers.errors import KeyRefused, PayloadInvalid
from sales.facts import SaleFacts
from sales.statuses import SaleStatus

WORDS = {"open": SaleStatus.PENDING, "paid": SaleStatus.PAID}
SALES: list[dict[str, Any]] = []
"""The sales that the API answers."""
KEY = "tiny-key-of-twenty-characters"


@dataclass(frozen=True, slots=True)
class TinypaySettings:
    """Nothing to configure."""


class TinypayReader:
    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> ParsedWebhook:
        return ParsedWebhook("order", self.parse_order(json.loads(body)))

    def parse_order(self, item: Any) -> Order:
        word = item["state"]
        try:
            price = Decimal(item["total"])
        except InvalidOperation:
            raise PayloadInvalid("invalid_money", "total: valor inválido.") from None
        sale = SaleFacts(
            external_id=item["id"],
            total_price=price,
            status=WORDS.get(word, SaleStatus.PENDING),
            unknown_status="" if word in WORDS else word,
            product_name="Caneca",
            metadata={"state": word},
        )
        return Order(customer=Customer(name=item["buyer"], email=item["email"]), sale=sale)

    def order_ids(self, item: Any) -> list[str]:
        return [item["id"]]


class TinypayClient:
    server_time = None

    def __init__(self, api_key: str) -> None:
        self.api_key = api_key

    def test_key(self) -> None:
        if self.api_key != KEY:
            raise KeyRefused("Chave do Tinypay inválida.")

    def sales_pages(
        self,
        since: datetime | None,
        *,
        start_page: int = 1,
        previous: UUID | None = None,
        total: int | None = None,
    ) -> Iterator[Page]:
        yield self.fetch_sales(since, start_page)

    def fetch_sales(self, since: datetime | None, page: int) -> Page:
        self.test_key()
        return Page(
            number=page,
            last_page=1,
            total=len(SALES),
            items=list(SALES),
            has_next=False,
            fetched_at=datetime.now(UTC),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None: ...


class TinypayProvider(Provider):
    name = "tinypay"
    label = "TinyPay"
    settings_class = TinypaySettings
    personal_fields: ClassVar = {"buyer": "name", "email": "email"}
    public_fields: ClassVar = frozenset({"id", "total", "state"})

    def __init__(self, settings: TinypaySettings) -> None: ...

    def reader(self, mapped_words: Collection[MappedWord]) -> TinypayReader:
        return TinypayReader()

    def client(
        self, api_key: str, *, breaker: Breaker, stop: Event, page_size: int
    ) -> TinypayClient:
        return TinypayClient(api_key)

    def interactive_client(self, api_key: str) -> TinypayClient:
        return TinypayClient(api_key)

    def diagnostic_client(self, api_key: str) -> TinypayClient:
        return TinypayClient(api_key)

    def status_word(self, metadata: Mapping[str, Any], field: StatusField) -> str:
        return str(metadata.get("state", "")) if field == StatusField.ORDER else ""
