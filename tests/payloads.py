"""Webhook bodies of Coinzz: recorded ones, and small orders and subscriptions for tests."""

import json
from pathlib import Path
from typing import Any

from sandbox.orders import people

FOLDER = Path(__file__).parent / "fixtures" / "coinzz"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def raw(name: str) -> bytes:
    """Return a recorded body, byte for byte."""
    return (FOLDER / f"{name}.json").read_bytes()


def cpf(number: int) -> str:
    """Return the valid CPF whose first nine digits are `number`."""
    return people.append_check_digits(f"{number:09}", people.CPF_WEIGHTS)


def order(
    number: str = "ordzzzzz",
    *,
    client: dict[str, Any] | None = None,
    utms: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Return an order of a new client. `changes` are fields of its section `order`."""
    return {
        "client": {"client_name": f"Pessoa {number}", **(client or {})},
        "order": {
            "order_number": number,
            "order_status": "Aprovado",
            "shipping_status": "A enviar",
            "order_final_price": "100.00",
            "order_quantity": 1,
            "product_name": "Creme Exemplo",
            "date_order": "2025-10-02 22:41:07",
            **changes,
        },
        "utms": utms or {},
    }


def subscription(
    code: str = "ass000001", *, sent: str = "", with_order: str = "", **changes: Any
) -> dict[str, Any]:
    """Return a subscription, with an order if its number is given."""
    body: dict[str, Any] = {
        "subscription": {"subscription_hash": code, "status": "ativa", "cycle": "1", **changes},
        "client": {"client_name": "Íris Assinante"},
        "general_info": {"date_sent": sent},
    }
    if with_order:
        body["order"] = order(with_order)["order"]
    return body


def encode(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
