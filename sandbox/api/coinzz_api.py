"""Coinzz's API: `/api/products` and `/api/sales`, for any valid key."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

from sandbox.accounts import Accounts, account_of
from sandbox.api.faults import Faults, apply_fault, error_response
from sandbox.http.messages import (
    LOGIN_PAGE,
    LOGIN_REDIRECT,
    NOT_FOUND_PAGE,
    Request,
    Response,
    json_response,
)
from sandbox.orders.catalog import CLUB, PRODUCTS
from sandbox.orders.clock import parse_time

T = TypeVar("T")

DEFAULT_PER_PAGE = 50
MAX_PER_PAGE = 200
_MAX_PAGE = 10**9
_UNAUTHENTICATED = error_response(401)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """A requested page of sales. `since` is in seconds since the epoch."""

    since: float
    page: int
    per_page: int


class CoinzzApi:
    def __init__(self, accounts: Accounts, faults: Faults) -> None:
        self._accounts = accounts
        self._faults = faults
        self._handlers = {"/api/products": self._products, "/api/sales": self._sales}

    def handle(self, request: Request) -> Response:
        handler = self._handlers.get(request.path)
        if handler is None:
            return LOGIN_PAGE if request.path == "/login" else NOT_FOUND_PAGE
        if request.method != "GET":
            return LOGIN_REDIRECT
        account = account_of(request.authorization.removeprefix("Bearer "))
        if account is None:
            return _UNAUTHENTICATED
        fault = self._faults.next_fault(account, request.path.removeprefix("/api/"))
        return apply_fault(fault, partial(handler, request, account, fault))

    def _products(self, request: Request, account: str, fault: str) -> Response:
        products = [
            {"id": number, "code": code, "name": name, "price": cents / 100}
            for number, (code, name, cents) in enumerate((*PRODUCTS, CLUB), start=1)
        ]
        return json_response(
            {
                "success": True,
                "message": "Produtos listados com sucesso.",
                "errors": None,
                "data": [] if fault == "empty_page" else products,
            }
        )

    def _sales(self, request: Request, account: str, fault: str) -> Response:
        try:
            query = _parse_query(request.query)
        except ValueError as error:
            return json_response({"message": str(error), "errors": {str(error): ["inválido"]}}, 422)
        self._accounts.open(account)
        number = max(1, query.page - 1) if fault == "duplicate_page" else query.page
        page = self._accounts.store.changed_since(account, query.since, number, query.per_page)
        items = [] if fault == "empty_page" else page.items
        links = _links_and_meta(request, query, page.total, is_endless=fault == "loop_next")
        return Response(body=f'{{"data":[{",".join(items)}],{links}'.encode())


def _parse_query(query: dict[str, str]) -> PageQuery:
    """Parse the query of `/api/sales`. Raises ValueError with the parameter's name."""
    return PageQuery(
        since=_parse(query, "since", parse_time, default=0.0),
        page=_parse(query, "page", _positive, default=1),
        per_page=min(_parse(query, "per_page", _positive, default=DEFAULT_PER_PAGE), MAX_PER_PAGE),
    )


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


def _links_and_meta(request: Request, query: PageQuery, total: int, *, is_endless: bool) -> str:
    """Return Laravel's `links` and `meta` as JSON without its opening brace.

    If `is_endless`, the page links to itself and is never the last one.
    """
    last = max(1, -(-total // query.per_page))
    next_page = query.page + 1 if query.page < last else None
    if is_endless:
        last, next_page = query.page + 1, query.page

    def link(page: int | None) -> str | None:
        parameters = urlencode({**request.query, "page": page})
        return f"http://{request.host}{request.path}?{parameters}" if page else None

    value: dict[str, Any] = {
        "links": {
            "first": link(1),
            "last": link(last),
            "prev": link(query.page - 1 or None),
            "next": link(next_page),
        },
        "meta": {
            "current_page": query.page,
            "last_page": last,
            "per_page": query.per_page,
            "total": total,
        },
    }
    return json.dumps(value)[1:]
