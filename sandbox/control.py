"""The controls under `/_control/`: what the demo and the tests set going by hand."""

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any, TypeAlias

from sandbox.accounts import Accounts
from sandbox.arguments import ArgumentInvalid, Arguments, arguments_of
from sandbox.clock import stamp
from sandbox.exchange import Answer, Request, json_answer
from sandbox.faults import Faults, Script, is_fault
from sandbox.orders import Order
from sandbox.receivers import Receivers
from sandbox.store import Receiver

MOST_ORDERS = 10_000
"""As many as one control makes, changes or sends."""
PER_PAGE = 200
_FASTEST = 500.0
"""Webhooks a second."""
_MOST = 1_000_000_000

Value: TypeAlias = dict[str, Any]
Action: TypeAlias = Callable[[Arguments], Value]


class Control:
    def __init__(self, accounts: Accounts, receivers: Receivers, faults: Faults) -> None:
        self._accounts = accounts
        self._receivers = receivers
        self._faults = faults
        self._actions: dict[str, dict[str, Action]] = {
            "/_control/key": {"GET": self._key},
            "/_control/stats": {"GET": self._stats},
            "/_control/orders": {"GET": self._orders, "POST": self._create},
            "/_control/change": {"POST": self._change},
            "/_control/burst": {"POST": self._burst},
            "/_control/webhooks": {"POST": self._register, "DELETE": self._unregister},
            "/_control/faults": {
                "GET": self._list_faults,
                "POST": self._add_fault,
                "DELETE": self._clear_faults,
            },
        }

    def answer(self, request: Request) -> Answer:
        actions = self._actions.get(request.path)
        if actions is None:
            return json_answer({"error": "controle desconhecido"}, 404)
        action = actions.get(request.method)
        if action is None:
            allow = (("Allow", ", ".join(actions)),)
            return json_answer({"error": "método não aceito"}, 405, allow)
        try:
            return json_answer(action(arguments_of(request)))
        except ArgumentInvalid as invalid:
            return json_answer({"error": str(invalid)}, 400)

    def _key(self, arguments: Arguments) -> Value:
        account = arguments.account()
        return {"account": account, "apiKey": self._accounts.seller(account).api_key()}

    def _stats(self, arguments: Arguments) -> Value:
        counts = self._accounts.store.accounts()
        return {
            "accounts": {
                account: {"orders": count, **self._receivers.stats(account)}
                for account, count in counts.items()
            }
        }

    def _orders(self, arguments: Arguments) -> Value:
        account = arguments.account()
        number = arguments.integer("page", default=1, least=1, most=_MOST)
        self._accounts.ensure(account)
        total = self._accounts.store.accounts()[account]
        orders = self._accounts.store.listing(account, number, PER_PAGE)
        return {
            "account": account,
            "page": number,
            "lastPage": max(1, -(-total // PER_PAGE)),
            "total": total,
            "orders": [
                {
                    "stage": order.stage,
                    "changedAt": stamp(order.changed),
                    "subscription": order.subscription,
                    "body": order.body,
                }
                for order in orders
            ],
        }

    def _create(self, arguments: Arguments) -> Value:
        account, count, receiver = self._batch(arguments, deliver=False)
        orders = self._accounts.new_orders(account, count)
        return {"account": account, "created": count, **self._told(orders, receiver)}

    def _change(self, arguments: Arguments) -> Value:
        account, count, receiver = self._batch(arguments, deliver=False)
        orders = self._accounts.change(account, count)
        return {"account": account, "changed": len(orders), **self._told(orders, receiver)}

    def _burst(self, arguments: Arguments) -> Value:
        account, count, receiver = self._batch(arguments, deliver=True)
        orders = self._accounts.new_orders(account, count)
        return {"account": account, "created": count, **self._told(orders, receiver)}

    def _batch(self, arguments: Arguments, *, deliver: bool) -> tuple[str, int, Receiver | None]:
        account = arguments.account()
        count = arguments.integer("count", default=1, most=MOST_ORDERS)
        if not arguments.flag("deliver", default=deliver):
            return account, count, None
        receiver = self._receivers.of(account)
        if receiver is None:
            raise ArgumentInvalid(f"account: nenhum webhook cadastrado para {account}")
        return account, count, receiver

    def _told(self, orders: Iterable[Order], receiver: Receiver | None) -> Value:
        if receiver is None:
            return {"queued": 0}
        now = time.time()
        return {"queued": sum(self._receivers.send(receiver, o.webhook(now)) for o in orders)}

    def _register(self, arguments: Arguments) -> Value:
        receiver = Receiver(
            account=arguments.account(),
            url=arguments.url("url"),
            rate=arguments.number("rate", default=1.0, most=_FASTEST),
            secret=arguments.text("secret"),
            subscription=arguments.flag("subscription", default=True),
        )
        self._receivers.register(receiver)
        return {**asdict(receiver), "secret": None, "signed": receiver.secret is not None}

    def _unregister(self, arguments: Arguments) -> Value:
        account = arguments.account()
        self._receivers.remove(account)
        return {"account": account}

    def _list_faults(self, arguments: Arguments) -> Value:
        return {"faults": self._faults.scripts()}

    def _add_fault(self, arguments: Arguments) -> Value:
        fault, path = arguments.text("fault") or "", arguments.text("path")
        if not is_fault(fault):
            raise ArgumentInvalid("fault: desconhecida")
        if path not in (None, "sales", "products"):
            raise ArgumentInvalid("path: sales, products ou null")
        times = arguments.integer("times", default=1, least=1, most=_MOST)
        self._faults.add(
            Script(
                fault=fault,
                account=arguments.account_or_any(),
                path=path,
                times=times if arguments.has("times") else None,
                after=arguments.integer("after", default=0, most=_MOST),
            )
        )
        return self._list_faults(arguments)

    def _clear_faults(self, arguments: Arguments) -> Value:
        self._faults.clear()
        return self._list_faults(arguments)
