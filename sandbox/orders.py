"""An order as Coinzz shows it, and how a stage of its life changes it."""

import json
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from sandbox.clock import local, stamp
from sandbox.stages import STAGES

Json: TypeAlias = dict[str, Any]

POSTBACK_NAME = "Assinaturas"
_MISTAKES: tuple[Json, ...] = ({"order_number": None}, {"order_final_price": "a combinar"})
_COURIERS = ("Rafael Quintela", "Joana Falcão", "Logística Andorinha")


@dataclass(slots=True, kw_only=True)
class Order:
    """One order of an account; `body` is `{client, order, utms}`, as webhooks and API give it."""

    sequence: int
    """Its place in the account, counted from 0."""
    stage: str
    changed: float
    """When it last changed, in seconds since the epoch."""
    body: Json
    subscription: Json | None = None

    def move(self, stage: str, at: float, dice: Random) -> None:
        """Enter `stage` at `at` (seconds since the epoch)."""
        words = STAGES[stage]
        section = self.body["order"]
        section["order_status"] = words.order_status
        section["shipping_status"] = words.shipping_status
        if words.shipping_status == "Enviado" and not section["tracking_code"]:
            section["tracking_code"] = tracking_code(dice)
        if words.shipping_status in ("Recebido", "Entregue"):
            section["courier_name"] = dice.choice(_COURIERS)
            section["delivery_time"] = f"{local(at):%H:%M:%S}"
        if self.subscription:
            self.subscription["status"] = words.subscription_status
        self.stage, self.changed = stage, at

    def correct(self, at: float, dice: Random) -> None:
        """Change something though the life is over: the parcel gets another tracking code."""
        self.body["order"]["tracking_code"] = tracking_code(dice)
        self.changed = at

    def text(self) -> str:
        """The item of `GET /api/sales`."""
        return compact(self.body)

    def webhook(self, at: float) -> bytes:
        """The body of the webhook sent at `at` (seconds since the epoch)."""
        if self.subscription is None:
            return self.text().encode()
        sent = {"date_sent": stamp(at), "name_sent": POSTBACK_NAME}
        return compact(
            {"subscription": self.subscription, **self.body, "general_info": sent}
        ).encode()

    def mistaken(self, dice: Random) -> bytes:
        """The body of a webhook that can't be read: no number, or a price that is none."""
        section = self.body["order"] | dice.choice(_MISTAKES)
        return compact(self.body | {"order": section}).encode()


def compact(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"))


def tracking_code(dice: Random) -> str:
    """Make up a postal code, at times padded with spaces as Coinzz's are."""
    code = f"BR{dice.randrange(10**9):09d}BR"
    return dice.choice((code, code, code, f" {code} "))
