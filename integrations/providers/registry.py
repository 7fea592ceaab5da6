"""The one list of providers, and all that tells one from another."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, Self, cast
from uuid import UUID

from django.conf import settings

from flowzz.core import redis
from integrations.models import Integration, StatusMapping
from integrations.providers.coinzz import fields, payloads, signature, statuses
from integrations.providers.coinzz.client import CoinzzClient
from integrations.providers.coinzz.columns import known_headers
from integrations.providers.coinzz.csv_orders import read_export
from integrations.providers.contracts import Order, Payload
from integrations.sync.breaker import CircuitBreaker
from sales.privacy import MetadataRules

COINZZ = "coinzz"
GLANCE_SECONDS = 4.0


class Page(Protocol):
    """A page of a provider's sales, as it answered."""

    @property
    def number(self) -> int: ...
    @property
    def last_page(self) -> int | None: ...
    @property
    def total(self) -> int | None: ...
    @property
    def items(self) -> Sequence[Any]: ...
    @property
    def fetched_at(self) -> datetime: ...


class Client(Protocol):
    """A provider's HTTP API, with one user's key. Raises IntegrationError."""

    @property
    def server_time(self) -> datetime | None: ...
    def test_key(self) -> None: ...
    def sales_pages(self, since: datetime | None, *, start_page: int = 1) -> Iterator[Page]: ...
    def fetch_sales(self, since: datetime | None, page: int) -> Page: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *details: object) -> None: ...


class Line(Protocol):
    """A line of a file: an item for the reader, or why there is none."""

    @property
    def number(self) -> int: ...
    @property
    def item(self) -> Any: ...
    @property
    def error(self) -> str: ...


class Column(Protocol):
    @property
    def header(self) -> str: ...
    @property
    def field(self) -> str: ...


class Export(Protocol):
    """A file of orders such as a provider's panel writes."""

    @property
    def columns(self) -> Sequence[Column]: ...
    def lines(self) -> Iterator[Line]: ...
    def told(self, message: str) -> str: ...


class Reader(Protocol):
    """Reads what a provider sends for one integration. Raises PayloadInvalid."""

    def body(self, body: bytes, headers: Mapping[str, str]) -> tuple[str, Payload]: ...
    def order(self, item: Any) -> Order: ...


@dataclass(frozen=True, slots=True)
class CoinzzReader:
    meanings: statuses.RecordingMapper
    word_ids: Mapping[tuple[statuses.Axis, str], UUID]
    owner_emails: frozenset[str]

    def body(self, body: bytes, headers: Mapping[str, str]) -> tuple[str, Payload]:
        self.meanings.heard.clear()
        parsed = payloads.parse_body(
            body,
            content_encoding=headers.get("Content-Encoding", ""),
            meanings=self.meanings,
            owner_emails=self.owner_emails,
        )
        if isinstance(parsed.payload, Order):
            return parsed.kind, self._with_words(parsed.payload)
        return parsed.kind, parsed.payload

    def order(self, item: Any) -> Order:
        self.meanings.heard.clear()
        return self._with_words(
            payloads.parse_order(item, meanings=self.meanings, owner_emails=self.owner_emails)
        )

    def _with_words(self, order: Order) -> Order:
        if not self.meanings.heard:
            return order
        words = frozenset(self.word_ids[key] for key in self.meanings.heard)
        return replace(order, mapped_words=words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    label: str
    signature_header: str
    is_signed: Callable[[bytes, str, Sequence[str]], bool]
    reader: Callable[[Integration], Reader]
    client: Callable[[str, Callable[[], None]], Client]
    """For a run, from the key and what to call before each attempt: patient, with the breaker."""
    probe: Callable[[str], Client]
    """For a person who waits: one attempt, whatever the breaker says."""
    glance: Callable[[str], Client]
    """For a diagnosis: one attempt of GLANCE_SECONDS at most, which the breaker doesn't count."""
    export: Callable[[bytes], Export]
    """Reads a file; raises PayloadInvalid where it holds no orders."""
    metadata: MetadataRules
    personal: Mapping[str, str]
    """The fields of a body that name a person, and what they hold, as `masking.MASKS` has it."""
    open_fields: frozenset[str]
    """Those that all of staff may see; any other may name a person."""
    is_spoken: Callable[[StatusMapping, Mapping[str, Any]], bool]
    """Whether a sale, by its metadata, came last with this word of its orders or parcels."""
    is_same_word: Callable[[str, str], bool]


def _coinzz_export(content: bytes) -> Export:
    return read_export(content, known=known_headers(settings.COINZZ_EXPORT_COLUMNS))


def _coinzz_reader(integration: Integration) -> CoinzzReader:
    mapped = StatusMapping.objects.filter(provider=COINZZ).exclude(meaning="")
    words = {_coinzz_word(row): row for row in mapped}
    return CoinzzReader(
        meanings=statuses.RecordingMapper({key: row.meaning for key, row in words.items()}),
        word_ids={key: row.id for key, row in words.items()},
        owner_emails=frozenset({integration.user.email.lower()}),
    )


def _coinzz_word(word: StatusMapping) -> tuple[statuses.Axis, str]:
    return cast(statuses.Axis, word.axis), statuses.normalise_word(word.word)


def _coinzz_is_spoken(word: StatusMapping, metadata: Mapping[str, Any]) -> bool:
    axis, normalised = _coinzz_word(word)
    return statuses.normalise_word(str(metadata.get(f"{axis}_status", ""))) == normalised


def _coinzz_is_same_word(one: str, other: str) -> bool:
    return statuses.normalise_word(one) == statuses.normalise_word(other)


def _coinzz_client(api_key: str, on_attempt: Callable[[], None]) -> CoinzzClient:
    return CoinzzClient(
        base_url=settings.COINZZ_API_URL,
        api_key=api_key,
        breaker=breaker(COINZZ),
        on_attempt=on_attempt,
        page_size=settings.SYNC_PAGE_SIZE,
    )


def _coinzz_probe(api_key: str) -> CoinzzClient:
    return CoinzzClient(
        base_url=settings.COINZZ_API_URL, api_key=api_key, retries=0, read_timeout=10.0
    )


def _coinzz_glance(api_key: str) -> CoinzzClient:
    return CoinzzClient(
        base_url=settings.COINZZ_API_URL,
        api_key=api_key,
        retries=0,
        connect_timeout=GLANCE_SECONDS / 2,
        read_timeout=GLANCE_SECONDS,
        max_seconds=GLANCE_SECONDS,
    )


def breaker(provider: str) -> CircuitBreaker:
    """The circuit breaker of a provider's API, shared by all processes."""
    return CircuitBreaker(redis.client(), provider)


PROVIDERS: dict[str, Provider] = {
    COINZZ: Provider(
        label="Coinzz",
        signature_header=settings.COINZZ_SIGNATURE_HEADER,
        is_signed=signature.is_valid,
        reader=_coinzz_reader,
        client=_coinzz_client,
        probe=_coinzz_probe,
        glance=_coinzz_glance,
        export=_coinzz_export,
        metadata=MetadataRules(
            impersonal=fields.IMPERSONAL,
            people=fields.PEOPLE,
            sellers_emails=fields.SELLERS_EMAILS,
        ),
        personal=fields.PERSONAL,
        open_fields=fields.OPEN,
        is_spoken=_coinzz_is_spoken,
        is_same_word=_coinzz_is_same_word,
    )
}


def reader(integration: Integration) -> Reader:
    return PROVIDERS[integration.provider].reader(integration)
