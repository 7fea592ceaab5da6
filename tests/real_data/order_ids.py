"""Orders told by their number, their hash or both, and items as the API may write them."""

from typing import Any, Final

from tests import payloads
from tests.real_data.case import Case, Step, item, webhook

KIND: Final = "Dois ids de um pedido"
BUYER: Final = {
    "client_name": "Ana Souza",
    "client_phone": "11987650401",
    "client_documment": "73410714197",
}
FLAT: Final[dict[str, Any]] = {
    "order_hash": "ven1",
    "status": "APPROVED",
    "order_final_price": "100.00",
    "product_name": "Creme Exemplo",
}


def case(given: str, *steps: Step, **right: Any) -> Case:
    """Return a case; `right` has `sales`, and values of `ordzzzzz` as `number__…`, of `ven1`."""
    paths = {
        name.replace("number__", "ordzzzzz.").replace("hash__", "ven1."): value
        for name, value in right.items()
    }
    return Case(kind=KIND, given=given, steps=steps, right=paths)


def order(
    *, number: Any = None, order_hash: Any = None, client: dict[str, Any] = BUYER, **changes: Any
) -> dict[str, Any]:
    body = payloads.order(client=client, date_order="2026-03-01 00:10:00", **changes)
    body["order"] |= {"order_number": number, "order_hash": order_hash}
    return body


def _two_ids() -> list[Case]:
    number, order_hash = order(number="ordzzzzz"), order(order_hash="ven1")
    both = order(number="ordzzzzz", order_hash="ven1")
    shipped = order(order_hash=" ven1\u200b", order_status="Enviado")
    return [
        case(
            "number, then both", webhook(number), webhook(both), sales=1, number__order_hash="ven1"
        ),
        case(
            "both, then the hash", webhook(both), item(shipped), sales=1, number__status="SHIPPED"
        ),
        case(
            "hash, then both", item(order_hash), webhook(both), sales=1, number__order_hash="ven1"
        ),
        case("number, then the hash", webhook(number), item(order_hash), sales=1),
        case(
            "hash of another price, number, then both",
            item(order(order_hash="ven1", order_final_price=99)),
            webhook(number),
            webhook(both),
            sales=1,
            number__order_hash="ven1",
        ),
        case(
            "hash of another price",
            webhook(number),
            item(order(order_hash="ven1", order_final_price=99)),
            sales=2,
            hash__is_associated=False,
        ),
        case(
            "hash that two orders may have",
            webhook(number),
            webhook(order(number="ordyyyyy")),
            item(order_hash),
            sales=3,
            hash__is_associated=False,
        ),
        case("hash without webhooks", item(order_hash), sales=1, hash__is_associated=True),
        case("number false", item(order(number=False, order_hash="ven1")), sales=1),
        case("hash []", webhook(order(number="ordzzzzz", order_hash=[])), number__order_hash=""),
    ]


def _flat_items() -> list[Case]:
    statuses: dict[str | None, str] = {
        **dict.fromkeys(("APPROVED", "PAID", "Aprovado"), "PAID"),
        **dict.fromkeys(("PENDING", "WAITING_PAYMENT", "OVERDUE", ""), "PENDING"),
        None: "PENDING",
        **dict.fromkeys(("SHIPPED", "IN_TRANSIT", "OUT_FOR_DELIVERY"), "SHIPPED"),
        **dict.fromkeys(("DELIVERED", "COMPLETED"), "DELIVERED"),
        **dict.fromkeys(("CANCELED", "REFUSED", "EXPIRED"), "CANCELLED"),
        **dict.fromkeys(("REFUNDED", "CHARGEBACK", "CHARGE_BACK"), "REFUNDED"),
    }
    changes: tuple[dict[str, Any], ...] = (
        *({"order": {}}, {"order": None}, {"order_number": ""}, {"client": [BUYER]}, BUYER),
        *({"pix": {"code": "0002"}, "bank_slip": []}, {"status": "", "order_status": "Pago"}),
    )
    return [
        *(
            case(f"flat item, status {word!r}", item(FLAT | {"status": word}), hash__status=status)
            for word, status in statuses.items()
        ),
        *(
            case(
                f"flat item with {change}",
                item(FLAT | change),
                hash__status="PAID",
                hash__total_price="100.00",
            )
            for change in changes
        ),
    ]


CASES: Final = [*_two_ids(), *_flat_items()]
