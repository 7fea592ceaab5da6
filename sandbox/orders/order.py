"""An order as Coinzz shows it, and what each stage changes in it."""

import json
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from sandbox.orders.clock import format_time, local_time
from sandbox.orders.stages import STAGES

Json: TypeAlias = dict[str, Any]

POSTBACK_NAME = "Assinaturas"
_BROKEN_FIELDS: tuple[Json, ...] = ({"order_number": None}, {"order_final_price": "a combinar"})
_COURIERS = ("Rafael Quintela", "Joana Falcão", "Logística Andorinha")


@dataclass(slots=True, kw_only=True)
class Order:
    """An order of an account. `body` is `{client, order, utms}`, as in webhooks and the API."""

    sequence: int
    """Its number within the account, from 0."""
    stage: str
    changed_at: float
    """Time of the last change, in seconds since the epoch."""
    body: Json
    subscription: Json | None = None

    def enter_stage(self, name: str, at: float, random: Random) -> None:
        """Change the order to a stage at `at` (seconds since the epoch)."""
        stage = STAGES[name]
        section = self.body["order"]
        section["order_status"] = stage.order_status
        section["shipping_status"] = stage.shipping_status
        if stage.shipping_status == "Enviado" and not section["tracking_code"]:
            section["tracking_code"] = tracking_code(random)
        if stage.shipping_status in ("Recebido", "Entregue"):
            section["courier_name"] = random.choice(_COURIERS)
            section["delivery_time"] = f"{local_time(at):%H:%M:%S}"
        if self.subscription:
            self.subscription["status"] = stage.subscription_status
        self.stage, self.changed_at = name, at

    def replace_tracking_code(self, at: float, random: Random) -> None:
        """Change an order that has reached its last stage."""
        self.body["order"]["tracking_code"] = tracking_code(random)
        self.changed_at = at

    def webhook(self, at: float) -> bytes:
        """Return the body of a webhook sent at `at` (seconds since the epoch)."""
        if self.subscription is None:
            return to_json(self.body).encode()
        general_info = {"date_sent": format_time(at), "name_sent": POSTBACK_NAME}
        return to_json(
            {"subscription": self.subscription, **self.body, "general_info": general_info}
        ).encode()

    def broken_webhook(self, random: Random) -> bytes:
        """Return a webhook that cannot be processed: without a number, or with a wrong price."""
        section = self.body["order"] | random.choice(_BROKEN_FIELDS)
        return to_json(self.body | {"order": section}).encode()


def to_json(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"))


def tracking_code(random: Random) -> str:
    """Return a postal code. Some have spaces around them, as at Coinzz."""
    code = f"BR{random.randrange(10**9):09d}BR"
    return random.choice((code, code, code, f" {code} "))
