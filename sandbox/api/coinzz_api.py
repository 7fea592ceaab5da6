"""Coinzz's API: `/api/products` and a listing of sales, for any valid key."""

from functools import partial

from sandbox.accounts import Accounts, account_of
from sandbox.api.faults import Faults, apply_fault, error_response
from sandbox.api.listings import AccountListings, SalesPage
from sandbox.http.messages import (
    LOGIN_PAGE,
    LOGIN_REDIRECT,
    NOT_FOUND_PAGE,
    Request,
    Response,
    json_response,
)
from sandbox.orders.catalog import CLUB, PRODUCTS

_UNAUTHENTICATED = error_response(401)


class CoinzzApi:
    def __init__(self, accounts: Accounts, faults: Faults, listings: AccountListings) -> None:
        self._accounts = accounts
        self._faults = faults
        self._listings = listings

    def handle(self, request: Request) -> Response:
        account = account_of(request.authorization.removeprefix("Bearer "))
        handlers = {
            "/api/products": ("products", self._products),
            f"/api/{self._listings.of(account).path}": ("sales", self._sales),
        }
        if request.path not in handlers:
            return LOGIN_PAGE if request.path == "/login" else NOT_FOUND_PAGE
        if request.method != "GET":
            return LOGIN_REDIRECT
        if account is None:
            return _UNAUTHENTICATED
        kind, handler = handlers[request.path]
        fault = self._faults.next_fault(account, kind)
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
        listing = self._listings.of(account)
        try:
            query = listing.parse_query(request.query)
        except ValueError as error:
            return json_response({"message": str(error), "errors": {str(error): ["inválido"]}}, 422)
        self._accounts.open(account)
        number = max(1, query.page - 1) if fault == "duplicate_page" else query.page
        found = self._accounts.store.changed_since(
            account, query.since, page=number, per_page=query.per_page
        )
        page = SalesPage(
            query=query,
            bodies=[] if fault == "empty_page" else found.bodies,
            total=found.total,
            is_endless=fault == "loop_next",
        )
        return Response(body=listing.write(request, page))
