"""Coinzz's HTTP API, `/api/products` and `/api/sales`, for whoever shows a key."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

from sandbox.accounts import Accounts, account_of
from sandbox.catalog import CLUB, PRODUCTS
from sandbox.clock import seconds
from sandbox.exchange import (
    LOGIN_PAGE,
    LOGIN_REDIRECT,
    NOT_FOUND_PAGE,
    Answer,
    Request,
    json_answer,
)
from sandbox.faults import Faults, spoil, status_answer

T = TypeVar("T")

DEFAULT_PER_PAGE = 50
MOST_PER_PAGE = 200
_LAST_PAGE = 10**9
_UNAUTHENTICATED = status_answer(401)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A page of sales as asked for. `since` is in seconds since the epoch."""

    since: float
    page: int
    per_page: int


class Api:
    def __init__(self, accounts: Accounts, faults: Faults) -> None:
        self._accounts = accounts
        self._faults = faults
        self._served = {"/api/products": self._products, "/api/sales": self._sales}

    def answer(self, request: Request) -> Answer:
        serve = self._served.get(request.path)
        if serve is None:
            return LOGIN_PAGE if request.path == "/login" else NOT_FOUND_PAGE
        if request.method != "GET":
            return LOGIN_REDIRECT
        account = account_of(request.authorization.removeprefix("Bearer "))
        if account is None:
            return _UNAUTHENTICATED
        fault = self._faults.take(account, request.path.removeprefix("/api/"))
        return spoil(fault, partial(serve, request, account, fault))

    def _products(self, request: Request, account: str, fault: str) -> Answer:
        products = [
            {"id": number, "code": code, "name": name, "price": cents / 100}
            for number, (code, name, cents) in enumerate((*PRODUCTS, CLUB), start=1)
        ]
        return json_answer(
            {
                "success": True,
                "message": "Produtos listados com sucesso.",
                "errors": None,
                "data": [] if fault == "empty_page" else products,
            }
        )

    def _sales(self, request: Request, account: str, fault: str) -> Answer:
        try:
            wanted = _wanted(request.query)
        except ValueError as error:
            return json_answer({"message": str(error), "errors": {str(error): ["inválido"]}}, 422)
        self._accounts.ensure(account)
        number = max(1, wanted.page - 1) if fault == "duplicate_page" else wanted.page
        page = self._accounts.store.page(account, wanted.since, number, wanted.per_page)
        items = [] if fault == "empty_page" else page.items
        frame = _frame(request, wanted, page.total, endless=fault == "loop_next")
        return Answer(body=f'{{"data":[{",".join(items)}],{frame}'.encode())


def _wanted(query: dict[str, str]) -> Wanted:
    """Read the query of `/api/sales`; ValueError names the parameter that can't be."""
    return Wanted(
        since=_read(query, "since", seconds, default=0.0),
        page=_read(query, "page", _positive, default=1),
        per_page=min(_read(query, "per_page", _positive, default=DEFAULT_PER_PAGE), MOST_PER_PAGE),
    )


def _read(query: dict[str, str], name: str, read: Callable[[str], T], *, default: T) -> T:
    try:
        return read(query[name]) if name in query else default
    except ValueError:
        raise ValueError(name) from None


def _positive(text: str) -> int:
    number = int(text)
    if not 1 <= number <= _LAST_PAGE:
        raise ValueError(text)
    return number


def _frame(request: Request, wanted: Wanted, total: int, *, endless: bool) -> str:
    """Write Laravel's `links` and `meta`; where `endless`, no page is ever the last."""
    last = max(1, -(-total // wanted.per_page))
    following = wanted.page + 1 if wanted.page < last else None
    if endless:
        last, following = wanted.page + 1, wanted.page

    def link(page: int | None) -> str | None:
        query = urlencode({**request.query, "page": page})
        return f"http://{request.host}{request.path}?{query}" if page else None

    frame: dict[str, Any] = {
        "links": {
            "first": link(1),
            "last": link(last),
            "prev": link(wanted.page - 1 or None),
            "next": link(following),
        },
        "meta": {
            "current_page": wanted.page,
            "last_page": last,
            "per_page": wanted.per_page,
            "total": total,
        },
    }
    return json.dumps(frame)[1:]
