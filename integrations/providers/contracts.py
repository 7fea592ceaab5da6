"""What the product asks of a sales platform: orders, pages, an HTTP client and a reader.

A provider's folder implements these; everything else in the product uses only these.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from threading import Event
from typing import Any, ClassVar, Literal, Protocol, Self, TypeAlias
from uuid import UUID

from django.db.models import TextChoices

from clients.customer import Customer
from integrations.providers.errors import PayloadInvalid
from sales.facts import AffiliationFacts, MetadataRules, SaleFacts, SubscriptionFacts, ValueWarning
from sales.money import Earnings


class StatusField(TextChoices):
    """The three statuses that a provider reports with words of its own."""

    ORDER = "order", "Pedido"
    SHIPPING = "shipping", "Entrega"
    SUBSCRIPTION = "subscription", "Assinatura"


@dataclass(slots=True, kw_only=True)
class Order:
    """An order, the subscription it belongs to, or both: at least one is present."""

    customer: Customer
    sale: SaleFacts | None = None
    subscription: SubscriptionFacts | None = None
    used_mappings: frozenset[UUID] = frozenset()
    """The staff's status mappings that decided a status of this order: `MappedWord.id`."""
    warnings: tuple[ValueWarning, ...] = ()
    """The values that could not be read; the rest of the order is applied."""

    @property
    def external_id(self) -> str:
        """The order's number, or the subscription's hash where there is no order."""
        if self.sale:
            return self.sale.external_id
        return self.subscription.subscription_hash if self.subscription else ""


Payload: TypeAlias = Order | AffiliationFacts
Step: TypeAlias = Callable[[], None]
"""Called several times a second by what reads for longer; it may raise to end the work."""


@dataclass(slots=True)
class ParsedWebhook:
    kind: Literal["order", "subscription", "affiliation"]
    payload: Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedWord:
    """A status word that staff have mapped to one of our statuses."""

    id: UUID
    field: StatusField
    word: str
    status: str
    mapped_at: datetime | None = None
    """Part of an item's fingerprint, which no longer fits once a word is mapped again."""


class Reader(Protocol):
    """Parses what a provider sends for one integration; a parser raises PayloadInvalid."""

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> ParsedWebhook: ...
    def parse_order(self, item: Any) -> Order:
        """Parse an item of a page or of a file."""

    def order_ids(self, item: Any) -> Collection[str]:
        """Return the ids of an item's order without parsing it; none if that is not easy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a provider's sales, the first being 1; `items` are for `Reader.parse_order`."""

    number: int
    last_page: int | None
    total: int | None
    items: list[Any]
    has_next: bool
    fetched_at: datetime
    """Aware, from before the request: the page's data were true then or later."""
    body_size: int = 0
    """In bytes."""

    @property
    def digest(self) -> UUID:
        """A hash by which the next page is recognised if it only repeats this one."""
        ends = repr((len(self.items), self.items[:1], self.items[-1:]))
        return UUID(bytes=blake2b(ends.encode(errors="surrogatepass"), digest_size=16).digest())


class ApiClient(Protocol):
    """A provider's HTTP API with one user's key, used in a `with`. Raises IntegrationError."""

    @property
    def server_time(self) -> datetime | None:
        """The provider's clock at its last response; aware."""

    def test_key(self) -> None: ...
    def sales_pages(
        self, since: datetime | None, *, start_page: int, previous: UUID | None, total: int | None
    ) -> Iterator[Page]:
        """Yield the pages of the sales changed `since` (aware; None: ever), some of them again.

        The page before `start_page` had the digest `previous` and reported `total` sales.
        """

    def fetch_sales(self, since: datetime | None, page: int) -> Page: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *details: object) -> None: ...


class Breaker(Protocol):
    """A circuit breaker, asked before each request and informed of the result."""

    def before_call(self) -> None:
        """Raise CircuitOpen where no request may be made now."""

    def succeeded(self) -> None: ...
    def failed(self) -> None: ...
    def ignored(self) -> None:
        """Ignore a response that concerned one account alone: it counts for no other."""


@dataclass(frozen=True, slots=True)
class FileColumn:
    header: str
    field: str
    """The provider's field, with its section; empty for an unknown column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedColumn:
    """A column that a file may have."""

    field: str
    headers: tuple[str, ...]
    """The names that the column may have, the best one first."""
    examples: tuple[str, str]
    """Invented values, for the two lines of the template."""
    note: str = ""
    """Portuguese, for sellers and staff."""
    is_required: bool = False
    is_in_template: bool = True

    @property
    def example(self) -> str:
        return self.examples[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """A line of a file, counted from 1: an item for `Reader.parse_order`, or an order."""

    number: int
    item: dict[str, Any] | None = None
    order: Order | None = None
    """An order of our own export, which needs no reader."""
    owner_email: str = ""
    """Whose order it is, where the file says so."""
    problems: tuple[str, ...] = ()
    """Why the line is refused."""


class OrderFile(Protocol):
    """A file of orders, as a panel exports it. Counting too many lines raises PayloadInvalid."""

    @property
    def content(self) -> bytes:
        """The file in a form that `Provider.read_file` reads fast."""

    @property
    def columns(self) -> Sequence[FileColumn]: ...
    @property
    def is_own_export(self) -> bool:
        """Whether the file is an export of ours, which is never newer than the stored sales."""

    def count_lines(self, step: Step | None = None) -> int: ...
    def lines(self) -> Iterator[FileLine]: ...
    def with_headers(self, message: str) -> str:
        """Return a reader's message with the file's headers in place of field names."""


@dataclass(frozen=True, slots=True)
class ProbeCheck:
    """What one check of the API showed. With an `error`, a sync would not work."""

    level: Literal["ok", "warning", "error"]
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReport:
    """The result of a read-only test of an account's API, in Portuguese."""

    checks: Sequence[ProbeCheck]
    settings: Mapping[str, str]
    """Settings to change, by the names of their environment variables."""
    examples: Sequence[Any]
    """Items as received: with personal data."""


class Provider(ABC):
    """A sales platform. Built by the registry from an instance of `settings_class`."""

    name: ClassVar[str]
    """In URLs, rows, names of settings and error codes: lower-case letters and digits."""
    label: ClassVar[str]
    settings_class: ClassVar[type[Any]]
    """A dataclass; its field `api_url` is read from the setting `<NAME>_API_URL`.

    With a field `api_enabled`, staff can switch all syncs with the platform off.
    """
    signature_header: str = ""

    metadata_rules: ClassVar[MetadataRules] = MetadataRules()
    personal_fields: ClassVar[Mapping[str, str]] = {}
    """Fields of a body that describe a person, and their kind (a key of `masking.MASKS`)."""
    public_fields: ClassVar[frozenset[str]] = frozenset()
    """Fields of a body that all staff may read; any other field may describe a person."""
    metadata_labels: ClassVar[Sequence[tuple[str, str, str]]] = ()
    """Fields of a sale's metadata that staff see by name: field, group and label, by group."""
    earnings_fields: ClassVar[frozenset[str]] = frozenset()
    """The fields of a sale's metadata that `earnings` reads."""

    @abstractmethod
    def __init__(self, settings: Any) -> None: ...

    @abstractmethod
    def reader(self, mapped_words: Collection[MappedWord]) -> Reader: ...

    @abstractmethod
    def client(self, api_key: str, *, breaker: Breaker, stop: Event, page_size: int) -> ApiClient:
        """Return a client for a sync run, used by a thread without a database.

        It retries, and raises FetchStopped instead of a request or a wait once `stop` is set.
        """

    @abstractmethod
    def interactive_client(self, api_key: str) -> ApiClient:
        """Return a client for a waiting person: one attempt, without a breaker."""

    @abstractmethod
    def diagnostic_client(self, api_key: str) -> ApiClient:
        """Return a client for a diagnosis: one attempt of 4 s at most, without a breaker."""

    def probe(self, api_key: str) -> ProbeReport:
        """Test which settings an account's API matches. Optional: only a command asks for it."""
        raise NotImplementedError

    @abstractmethod
    def status_word(self, metadata: Mapping[str, Any], field: StatusField) -> str:
        """Return the word that the provider last reported for a sale; empty if unknown."""

    def order_url(self, order_hash: str) -> str:
        """Return the order's page at the provider; empty if there is none."""
        return ""

    def earnings(self, metadata: Mapping[str, Any], owner_email: str) -> Earnings:
        """Return what a sale's metadata report of its commissions and fees.

        `owner_email` is the user's at the provider: it decides which commission is the user's.
        """
        return Earnings()

    def normalize_word(self, word: str) -> str:
        """Return the form in which two status words are compared."""
        return " ".join(word.casefold().split())

    def sign(self, body: bytes, secret: str) -> str:
        """Return the value of `signature_header` for a body signed with `secret`."""
        return ""

    def is_signed(self, body: bytes, header: str, secrets: Sequence[str]) -> bool:
        """Return whether one of `secrets` signed `body`."""
        return False

    def accepted_columns(self) -> Sequence[AcceptedColumn]:
        """Return the columns that `read_file` knows."""
        return ()

    def read_file(self, content: bytes, step: Step | None = None) -> OrderFile:
        """Read a file of orders. Raises PayloadInvalid if the file contains none."""
        raise PayloadInvalid("not_csv", f"O Flowzz não importa arquivos do {self.label}.")
