"""The controls under `/_control/`, by which the demo and the tests drive the sandbox."""

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from typing import Any, TypeAlias

from sandbox.accounts import Accounts
from sandbox.api.arguments import Arguments, InvalidArgument, parse_arguments
from sandbox.api.faults import Faults, ScriptedFault, is_fault
from sandbox.api.listings import LISTINGS, AccountListings
from sandbox.http.messages import Request, Response, json_response
from sandbox.orders.clock import format_time
from sandbox.orders.order import Order
from sandbox.store import Receiver
from sandbox.webhooks.receivers import Receivers

MAX_ORDERS = 10_000
"""Of one call."""
PER_PAGE = 200
_MAX_RATE = 500.0
"""Webhooks per second."""
_MAX_INTEGER = 1_000_000_000

Value: TypeAlias = dict[str, Any]
Control: TypeAlias = Callable[[Arguments], Value]


class Controls:
    def __init__(
        self, accounts: Accounts, receivers: Receivers, faults: Faults, listings: AccountListings
    ) -> None:
        self._accounts = accounts
        self._receivers = receivers
        self._faults = faults
        self._listings = listings
        self._controls: dict[str, dict[str, Control]] = {
            "/_control/key": {"GET": self._key},
            "/_control/stats": {"GET": self._stats},
            "/_control/orders": {
                "GET": self._list_orders,
                "POST": partial(self._create_orders, deliver=False),
            },
            "/_control/change": {"POST": self._change_orders},
            "/_control/burst": {"POST": partial(self._create_orders, deliver=True)},
            "/_control/webhooks": {"POST": self._register, "DELETE": self._unregister},
            "/_control/listing": {"GET": self._get_listing, "POST": self._select_listing},
            "/_control/faults": {
                "GET": self._list_faults,
                "POST": self._add_fault,
                "DELETE": self._clear_faults,
            },
        }

    def handle(self, request: Request) -> Response:
        methods = self._controls.get(request.path)
        if methods is None:
            return json_response({"error": "controle desconhecido"}, 404)
        control = methods.get(request.method)
        if control is None:
            allow = (("Allow", ", ".join(methods)),)
            return json_response({"error": "método não aceito"}, 405, allow)
        try:
            return json_response(control(parse_arguments(request)))
        except InvalidArgument as error:
            return json_response({"error": str(error)}, 400)

    def _key(self, arguments: Arguments) -> Value:
        account = arguments.account()
        return {"account": account, "apiKey": self._accounts.seller(account).api_key()}

    def _stats(self, arguments: Arguments) -> Value:
        counts = self._accounts.store.order_counts()
        return {
            "accounts": {
                account: {"orders": count, **self._receivers.stats(account)}
                for account, count in counts.items()
            }
        }

    def _list_orders(self, arguments: Arguments) -> Value:
        account = arguments.account()
        number = arguments.integer("page", default=1, minimum=1, maximum=_MAX_INTEGER)
        self._accounts.open(account)
        total = self._accounts.store.order_counts()[account]
        orders = self._accounts.store.orders(account, page=number, per_page=PER_PAGE)
        return {
            "account": account,
            "page": number,
            "lastPage": max(1, -(-total // PER_PAGE)),
            "total": total,
            "orders": [
                {
                    "stage": order.stage,
                    "changedAt": format_time(order.changed_at),
                    "subscription": order.subscription,
                    "body": order.body,
                }
                for order in orders
            ],
        }

    def _create_orders(self, arguments: Arguments, *, deliver: bool) -> Value:
        account, count, receiver = self._parse_batch(arguments, deliver=deliver)
        orders = self._accounts.create_orders(account, count)
        return {"account": account, "created": count, **self._deliver(orders, receiver)}

    def _change_orders(self, arguments: Arguments) -> Value:
        account, count, receiver = self._parse_batch(arguments, deliver=False)
        orders = self._accounts.change_orders(account, count)
        return {"account": account, "changed": len(orders), **self._deliver(orders, receiver)}

    def _parse_batch(
        self, arguments: Arguments, *, deliver: bool
    ) -> tuple[str, int, Receiver | None]:
        """Return the account, the number of orders, and the receiver if webhooks are wanted."""
        account = arguments.account()
        count = arguments.integer("count", default=1, maximum=MAX_ORDERS)
        if not arguments.flag("deliver", default=deliver):
            return account, count, None
        receiver = self._receivers.get(account)
        if receiver is None:
            raise InvalidArgument(f"account: nenhum webhook cadastrado para {account}")
        return account, count, receiver

    def _deliver(self, orders: Iterable[Order], receiver: Receiver | None) -> Value:
        if receiver is None:
            return {"queued": 0}
        now = time.time()
        queued = [self._receivers.send(receiver, order.webhook(now)) for order in orders]
        return {"queued": sum(queued)}

    def _register(self, arguments: Arguments) -> Value:
        receiver = Receiver(
            account=arguments.account(),
            url=arguments.url("url"),
            rate=arguments.number("rate", default=1.0, maximum=_MAX_RATE),
            secret=arguments.text("secret"),
            subscription=arguments.flag("subscription", default=True),
        )
        self._receivers.register(receiver)
        return {**asdict(receiver), "secret": None, "signed": receiver.secret is not None}

    def _unregister(self, arguments: Arguments) -> Value:
        account = arguments.account()
        self._receivers.remove(account)
        return {"account": account}

    def _get_listing(self, arguments: Arguments) -> Value:
        account = arguments.account()
        return {"account": account, "listing": self._listings.name(account)}

    def _select_listing(self, arguments: Arguments) -> Value:
        name = arguments.text("listing") or ""
        if name not in LISTINGS:
            raise InvalidArgument(f"listing: {', '.join(LISTINGS)}")
        self._listings.select(arguments.account(), name)
        return self._get_listing(arguments)

    def _list_faults(self, arguments: Arguments) -> Value:
        return {"faults": self._faults.scripted()}

    def _add_fault(self, arguments: Arguments) -> Value:
        fault, path = arguments.text("fault") or "", arguments.text("path")
        if not is_fault(fault):
            raise InvalidArgument("fault: desconhecida")
        if path not in (None, "sales", "products"):
            raise InvalidArgument("path: sales, products ou null")
        times = arguments.integer("times", default=1, minimum=1, maximum=_MAX_INTEGER)
        self._faults.add(
            ScriptedFault(
                fault=fault,
                account=arguments.optional_account(),
                path=path,
                times=times if arguments.has("times") else None,
                after=arguments.integer("after", default=0, maximum=_MAX_INTEGER),
            )
        )
        return self._list_faults(arguments)

    def _clear_faults(self, arguments: Arguments) -> Value:
        self._faults.clear()
        return self._list_faults(arguments)
