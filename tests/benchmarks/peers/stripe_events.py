"""Invented events of Stripe, each with an id of its own, signed as Stripe signs them."""

import hmac
import json
import time
from collections.abc import Iterator
from typing import Final
from uuid import uuid4

from tests.benchmarks.orders import bodies
from tests.benchmarks.peers import STRIPE_ACCOUNT, STRIPE_ENDPOINT, STRIPE_SECRET

PATH: Final = f"/stripe/webhook/{STRIPE_ENDPOINT}/"


def signed(count: int) -> Iterator[tuple[str, bytes]]:
    """Yield signatures and events of refunds, as large as an order of Coinzz."""
    created, size = int(time.time()), len(bodies(1)[0])
    event = {
        "object": "event",
        "account": STRIPE_ACCOUNT,
        "api_version": "2024-06-20",
        "created": created,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "refund.created",
    }
    for _ in range(count):
        refund = {
            "id": f"re_{uuid4().hex}",
            "object": "refund",
            "amount": 19790,
            "currency": "brl",
            "created": created,
            "payment_intent": f"pi_{uuid4().hex}",
            "status": "succeeded",
            "metadata": {},
        }
        body = {"id": f"evt_{uuid4().hex}", **event, "data": {"object": refund}}
        refund["metadata"] = {"note": "x" * (size - len(json.dumps(body)))}
        text = json.dumps(body).encode()
        digest = hmac.digest(STRIPE_SECRET.encode(), b"%d.%b" % (created, text), "sha256").hex()
        yield f"t={created},v1={digest}", text
