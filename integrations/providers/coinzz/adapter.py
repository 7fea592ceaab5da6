"""Coinzz as the contracts describe a provider."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import Any, ClassVar, Final
from urllib.parse import quote
from uuid import UUID

from integrations.providers.coinzz import fields, money, payloads, signature
from integrations.providers.coinzz.api.client import CoinzzClient
from integrations.providers.coinzz.api.probe import Probe
from integrations.providers.coinzz.api.settings import ApiSettings
from integrations.providers.coinzz.files.columns import known_headers
from integrations.providers.coinzz.files.order_file import OrderTable, read_file
from integrations.providers.coinzz.files.template import accepted_columns
from integrations.providers.coinzz.statuses import StatusMapper, normalize_word
from integrations.providers.contracts import (
    AcceptedColumn,
    Breaker,
    MappedWord,
    Order,
    ParsedWebhook,
    ProbeReport,
    Provider,
    StatusField,
    Step,
)
from sales.facts import MetadataRules
from sales.money import Earnings

COINZZ: Final = "coinzz"
ORDER_PAGES: Final = "https://app.coinzz.com.br/pedido"
INTERACTIVE_READ_SECONDS: Final = 10.0
INTERACTIVE_SECONDS: Final = 15.0
DIAGNOSTIC_SECONDS: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinzzSettings(ApiSettings):
    api_enabled: bool
    signature_header: str
    export_columns: Mapping[str, str]


class CoinzzProvider(Provider):
    name = COINZZ
    label = "Coinzz"
    settings_class = CoinzzSettings
    metadata_rules: ClassVar = MetadataRules(
        impersonal=fields.IMPERSONAL, people=fields.PEOPLE, sellers_emails=fields.SELLERS_EMAILS
    )
    personal_fields: ClassVar = fields.PERSONAL
    public_fields: ClassVar = fields.PUBLIC
    metadata_labels: ClassVar = fields.METADATA_LABELS
    earnings_fields: ClassVar = fields.EARNINGS

    def __init__(self, settings: CoinzzSettings) -> None:
        self._settings = settings
        self.signature_header = settings.signature_header

    def reader(self, mapped_words: Collection[MappedWord]) -> "CoinzzReader":
        return CoinzzReader(mapped_words)

    def client(
        self, api_key: str, *, breaker: Breaker, stop: Event, page_size: int
    ) -> CoinzzClient:
        return self._client(api_key, breaker=breaker, stop=stop, page_size=page_size)

    def interactive_client(self, api_key: str) -> CoinzzClient:
        return self._client(
            api_key,
            retries=0,
            read_timeout=INTERACTIVE_READ_SECONDS,
            max_seconds=INTERACTIVE_SECONDS,
        )

    def diagnostic_client(self, api_key: str) -> CoinzzClient:
        return self._client(
            api_key,
            retries=0,
            connect_timeout=DIAGNOSTIC_SECONDS / 2,
            read_timeout=DIAGNOSTIC_SECONDS,
            max_seconds=DIAGNOSTIC_SECONDS,
        )

    def probe(self, api_key: str) -> ProbeReport:
        with self._client(api_key, retries=1, read_timeout=INTERACTIVE_READ_SECONDS) as client:
            return Probe(client, self._settings).run()

    def _client(self, api_key: str, **options: Any) -> CoinzzClient:
        return CoinzzClient(settings=self._settings, api_key=api_key, **options)

    def status_word(self, metadata: Mapping[str, Any], field: StatusField) -> str:
        return str(metadata.get(f"{field}_status", ""))

    def order_url(self, order_hash: str) -> str:
        return f"{ORDER_PAGES}/{quote(order_hash, safe='')}"

    def earnings(self, metadata: Mapping[str, Any], owner_email: str) -> Earnings:
        return money.earnings(metadata, owner_email)

    def normalize_word(self, word: str) -> str:
        return normalize_word(word)

    def sign(self, body: bytes, secret: str) -> str:
        return signature.sign(secret, body)

    def is_signed(self, body: bytes, header: str, secrets: Sequence[str]) -> bool:
        return signature.is_valid(body, header, secrets)

    def accepted_columns(self) -> list[AcceptedColumn]:
        return list(accepted_columns(self._settings.export_columns))

    def read_file(self, content: bytes, step: Step | None = None) -> OrderTable:
        return read_file(content, step, known=known_headers(self._settings.export_columns))


class CoinzzReader:
    """Parses webhooks and items, and notes which of the staff's mappings were used."""

    def __init__(self, mapped_words: Collection[MappedWord]) -> None:
        # Of several spellings, the first one has the word's usages.
        in_order = sorted(mapped_words, key=lambda word: word.id, reverse=True)
        keys = {(word.field, normalize_word(word.word)): word for word in in_order}
        self._mapper = StatusMapper({key: word.status for key, word in keys.items()})
        self._ids: dict[tuple[StatusField, str], UUID] = {
            key: word.id for key, word in keys.items()
        }

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> ParsedWebhook:
        self._mapper.used.clear()
        parsed = payloads.parse_webhook(
            body,
            content_type=headers.get("Content-Type", ""),
            content_encoding=headers.get("Content-Encoding", ""),
            mapper=self._mapper,
        )
        if self._mapper.used and isinstance(parsed.payload, Order):
            return replace(parsed, payload=self._with_used_mappings(parsed.payload))
        return parsed

    def parse_order(self, item: Any) -> Order:
        self._mapper.used.clear()
        return self._with_used_mappings(payloads.parse_order(item, mapper=self._mapper))

    def order_ids(self, item: Any) -> list[str]:
        return payloads.order_ids(item)

    def _with_used_mappings(self, order: Order) -> Order:
        if not self._mapper.used:
            return order
        return replace(order, used_mappings=frozenset(self._ids[key] for key in self._mapper.used))
