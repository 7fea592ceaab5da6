"""How an account's API lists its sales: nobody knows how Coinzz does it, so there are several ways.

`LISTINGS` has them by name. README.md describes them for users.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import urlencode

from sandbox.http.messages import Request
from sandbox.orders.clock import LOCAL_FORMAT, parse_time

T = TypeVar("T")
Json: TypeAlias = dict[str, Any]

DEFAULT_PER_PAGE = 50
MAX_PER_PAGE = 200
_MAX_PAGE = 10**9
STATUS_CODES: Final = {
    "Aguardando envio": "PENDING",
    "Aguardando pagamento": "WAITING_PAYMENT",
    "Aprovada": "APPROVED",
    "Aprovado": "APPROVED",
    "Cancelado": "CANCELLED",
    "Chargeback": "CHARGEBACK",
    "Em análise": "PROCESSING",
    "Em conferência": "IN_INSPECTION",
    "Entregue": "DELIVERED",
    "Enviada": "SHIPPED",
    "Expirada": "EXPIRED",
    "Frustrada": "CANCELLED",
    "Inadimplente": "OVERDUE",
    "Recusada": "REFUSED",
    "Reembolsado": "REFUNDED",
}
_METHOD_CODES: Final = {
    "venda pós-paga": "afterpay",
    "pix": "pix",
    "boleto": "bank_slip",
    "cartão": "credit_card",
    "credit_card": "credit_card",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """A requested page of sales. `since` is in seconds since the epoch."""

    since: float
    page: int
    per_page: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesPage:
    query: PageQuery
    bodies: Sequence[str]
    """Webhook bodies as JSON."""
    total: int
    is_endless: bool = False
    """Whether the page says that it follows itself and is never the last one."""

    @property
    def last(self) -> int:
        number_of_pages = max(1, -(-self.total // self.query.per_page))
        return self.query.page + 1 if self.is_endless else number_of_pages

    @property
    def next(self) -> int | None:
        if self.is_endless:
            return self.query.page
        return self.query.page + 1 if self.query.page < self.last else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """`path`, names of parameters, and the functions that write a page and an item."""

    path: str | None
    """None: the API has no listing."""
    since: str = "since"
    since_format: str = LOCAL_FORMAT
    page: str = "page"
    per_page: str = "per_page"
    write_page: Callable[[Request, SalesPage, str], str]
    write_item: Callable[[str], str] = str

    def parse_query(self, query: dict[str, str]) -> PageQuery:
        """Parse the query of a page. Raises ValueError with the parameter's name."""
        parse_since = partial(parse_time, time_format=self.since_format)
        per_page = _parse(query, self.per_page, _positive, default=DEFAULT_PER_PAGE)
        return PageQuery(
            since=_parse(query, self.since, parse_since, default=0.0),
            page=_parse(query, self.page, _positive, default=1),
            per_page=min(per_page, MAX_PER_PAGE),
        )

    def write(self, request: Request, page: SalesPage) -> bytes:
        items = ",".join(map(self.write_item, page.bodies))
        return self.write_page(request, page, f"[{items}]").encode()


def order_hash(order_number: str) -> str:
    """Return the order's other number, which only the API reports: `ven` and ten characters."""
    return f"ven{blake2b(order_number.encode(), digest_size=5).hexdigest()}"


def _parse(query: dict[str, str], name: str, parse: Callable[[str], T], *, default: T) -> T:
    try:
        return parse(query[name]) if name in query else default
    except ValueError:
        raise ValueError(name) from None


def _positive(text: str) -> int:
    number = int(text)
    if not 1 <= number <= _MAX_PAGE:
        raise ValueError(text)
    return number


def _laravel_page(request: Request, page: SalesPage, items: str) -> str:
    return f'{{"data":{items},{_links_and_meta(request, page)}'


def _enveloped_page(request: Request, page: SalesPage, items: str) -> str:
    envelope = '"success":true,"message":null,"errors":null'
    return f'{{{envelope},"data":{items},{_links_and_meta(request, page)}'


def _renamed_page(_: Request, page: SalesPage, items: str) -> str:
    pagination = {"current": page.query.page, "last": page.last, "count": page.total}
    return f'{{"orders":{items},"pagination":{json.dumps(pagination)}}}'


def _links_and_meta(request: Request, page: SalesPage) -> str:
    """Return Laravel's `links` and `meta` as JSON without its opening brace."""
    query = page.query

    def link(number: int | None) -> str | None:
        parameters = urlencode({**request.query, "page": number})
        return f"http://{request.host}{request.path}?{parameters}" if number else None

    value: Json = {
        "links": {
            "first": link(1),
            "last": link(page.last),
            "prev": link(query.page - 1 or None),
            "next": link(page.next),
        },
        "meta": {
            "current_page": query.page,
            "last_page": page.last,
            "per_page": query.per_page,
            "total": page.total,
        },
    }
    return json.dumps(value)[1:]


def _hash_item(body: str) -> str:
    """Return the flat item of an API that knows an order by its hash, without its number."""
    value = json.loads(body)
    order, client = value["order"], value["client"]
    item: Json = {
        "order_hash": order_hash(order["order_number"]),
        "status": STATUS_CODES[order["order_status"]],
        "order_final_price": float(order["order_final_price"]),
        "product_name": order["product_name"],
        "method_payment": _METHOD_CODES[order["method_payment"].lower()],
        "date_order": order["date_order"],
        "client": {
            name: client[name] for name in ("client_name", "client_documment", "client_phone")
        },
    }
    if order.get("qrcode_pix"):
        item["pix"] = {"code": order["qrcode_pix"], "qr_code": order["url_pix"]}
    return json.dumps(item, separators=(",", ":"))


DEFAULT_LISTING = "laravel"
LISTINGS: Final = {
    DEFAULT_LISTING: Listing(path="sales", write_page=_laravel_page),
    "none": Listing(path=None, write_page=_laravel_page),
    "renamed": Listing(
        path="orders",
        since="from",
        since_format="%Y-%m-%dT%H:%M:%S",
        page="pagina",
        per_page="limite",
        write_page=_renamed_page,
    ),
    "hashes": Listing(path="sales", write_page=_enveloped_page, write_item=_hash_item),
}
ACCOUNT_LISTINGS: Final = {"4040": "none", "4041": "renamed", "4042": "hashes"}
"""The accounts that always have one of the other listings."""


class AccountListings:
    """The listing of each account: by a control, by the account's number, or the default."""

    def __init__(self, default: str) -> None:
        self._default = default
        self._selected: dict[str, str] = {}

    def name(self, account: str | None) -> str:
        listings = ACCOUNT_LISTINGS | self._selected
        return listings.get(account or "", self._default)

    def of(self, account: str | None) -> Listing:
        return LISTINGS[self.name(account)]

    def select(self, account: str, name: str) -> None:
        self._selected[account] = name
