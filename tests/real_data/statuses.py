"""Missing, refused and new status words, and messages about known sales without a price."""

from typing import Any, Final

from tests import payloads
from tests.real_data.case import Case, Step, file, item, webhook

KIND: Final = "Situações"
MISSING: Final[tuple[Any, ...]] = (None, "", [], {}, False, 0, "-", "null", "\u200b")
ABSENT: Final = object()
SOURCES: Final = (("webhook", webhook), ("item", item))
PRICE: Final = "order.order_final_price"


def order(**changes: Any) -> dict[str, Any]:
    """Return an order; a field that is `ABSENT` is left out."""
    body = payloads.order(**changes)
    body["order"] = {name: value for name, value in body["order"].items() if value is not ABSENT}
    return body


def case(given: str, *steps: Step, **details: Any) -> Case:
    """Return a case of the order `ordzzzzz`; `details` are of `Case`, or values of the sale."""
    known = {name: details.pop(name) for name in ("warned", "refused") if name in details}
    right = {f"ordzzzzz.{name}": value for name, value in details.items()}
    return Case(kind=KIND, given=given, steps=steps, right=right, **known)


def _missing() -> list[Case]:
    delivered = webhook(order(order_status="Aprovado", shipping_status="Entregue"))
    return [
        case(
            f"known sale, then status {'absent' if word is ABSENT else ascii(word)} ({source})",
            delivered,
            step(order(order_status=word, shipping_status=word, product_name="Outro")),
            status="PAID",
            shipping_status="DELIVERED",
            status_word="aprovado",
            product_name="Outro",
            refused_status="",
        )
        for word in (ABSENT, *MISSING)
        for source, step in SOURCES
    ] + [
        case(
            f"new sale, status {'absent' if word is ABSENT else ascii(word)} ({source})",
            step(order(order_status=word, shipping_status=word)),
            status="PENDING",
            shipping_status="PENDING",
            status_word="",
            unknown_status="",
        )
        for word in (ABSENT, *MISSING)
        for source, step in SOURCES
    ]


def _later_reports() -> list[Case]:
    approved = order(order_final_price="100.10", shipping_status="Enviado")
    tripled = order(order_final_price="250.00", order_quantity=3, shipping_status=ABSENT)
    waiting = {"order_status": "Aguardando envio"}
    first = order(**waiting, tracking_code="BR000000001BR")
    second = order(**waiting, shipping_status="A caminho", tracking_code="BR000000002BR")
    return [
        case(
            "price and quantity without a shipping status",
            webhook(approved),
            webhook(tripled),
            total_price="250.00",
            quantity=3,
            unit_price="83.33",
            shipping_status="SHIPPED",
        ),
        case(
            "tracking codes with a refused status",
            webhook(order()),
            webhook(first),
            webhook(second),
            status="PAID",
            refused_status="PENDING",
            shipping_status="SHIPPED",
            tracking_code="BR000000002BR",
        ),
        case(
            "file line without a status",
            webhook(order(shipping_status="Entregue")),
            file("Pedido;Status;Valor;Produto", "ordzzzzz;;100,00;Outro"),
            status="PAID",
            shipping_status="DELIVERED",
            product_name="Outro",
        ),
    ]


def _without_price() -> list[Case]:
    approved = webhook(order(order_final_price="100.10"))
    prices = ((None, ()), ("", ()), (ABSENT, ()), ("grátis", (f"invalid_money:{PRICE}",)))
    return [
        case(
            f"cancelled with price {'absent' if price is ABSENT else price!r} ({source})",
            approved,
            step(order(order_status="Cancelado", order_final_price=price)),
            status="CANCELLED",
            total_price="100.10",
            quantity=1,
            warned=warned,
        )
        for price, warned in prices
        for source, step in SOURCES
    ] + [
        case(
            f"refunded with price {price!r}",
            approved,
            webhook(order(order_status="Reembolsado", order_final_price=price)),
            status="REFUNDED",
            total_price="100.10",
        )
        for price in ("-100.10", -100.1, "-R$ 100,10", 0, "0,00")
    ]


def _refused_lines() -> list[Case]:
    """Return a page and a file with one new sale without a price: it is named, the rest is not."""
    empty = "order.order_final_price: campo obrigatório, veio vazio."
    return [
        Case(
            kind=KIND,
            given="new sale without a price (item)",
            steps=(item(order(order_final_price=None)), webhook(order())),
            right={"sales": 1, "ordzzzzz.total_price": "100.00"},
            refused=(empty,),
        ),
        Case(
            kind=KIND,
            given="new sale without a price (file)",
            steps=(file("Pedido;Valor", "ordaaaaa;", "ordzzzzz;10,00"),),
            right={"sales": 1, "ordzzzzz.total_price": "10.00"},
            refused=(empty.replace("order.order_final_price", "Coluna “Valor”"),),
        ),
    ]


def _words() -> list[Case]:
    order_words = {
        "Aprovado.": "PAID",
        "Aprovado(a)": "PAID",
        "Aprovado/a": "PAID",
        "A\u0301provada": "PAID",
        "APPROVED": "PAID",
        "Aguardando": "PENDING",
        "WAITING_PAYMENT": "PENDING",
        "OUT_FOR_DELIVERY": "SHIPPED",
        "COMPLETED": "DELIVERED",
        "REFUSED": "CANCELLED",
        "CHARGEBACK": "REFUNDED",
    }
    shipping_words = {
        "Agendado(a)": "PENDING",
        "Em separação": "PENDING",
        "Preparando envio": "PENDING",
        "Postada": "SHIPPED",
        "Em rota": "SHIPPED",
        "IN_TRANSIT": "SHIPPED",
        "Completa": "DELIVERED",
        "Não entregue": "FAILED",
        "Frustrada": "FAILED",
        "Em devolução": "RETURNED",
    }
    return [
        case(ascii(word), webhook(order(order_status=word)), status=status, unknown_status="")
        for word, status in order_words.items()
    ] + [
        case(
            f"shipping {word!a}",
            webhook(order(shipping_status=word)),
            shipping_status=status,
            unknown_shipping_status="",
        )
        for word, status in shipping_words.items()
    ]


def _refunds() -> list[Case]:
    outcomes = {
        "Reclamada": "PAID",
        "Contestado": "PAID",
        "Reembolso em andamento": "PAID",
        "Chargeback": "PAID",
        "Reembolsado": "REFUNDED",
        "Estornada": "REFUNDED",
    }
    return [
        case(
            f"{word}, then Aprovado",
            webhook(order(order_status=word)),
            webhook(order(order_status="Aprovado")),
            status=status,
            refused_status="" if status == "PAID" else "PAID",
        )
        for word, status in outcomes.items()
    ] + [
        case(
            "Frustrado, then Entregue",
            webhook(order(order_status="Frustrado")),
            webhook(order(order_status="Entregue")),
            status="DELIVERED",
        ),
        case(
            "Sem sucesso, then Reagendado",
            webhook(order(shipping_status="Sem sucesso")),
            webhook(order(shipping_status="Reagendado")),
            shipping_status="PENDING",
        ),
    ]


CASES: Final = [
    *_missing(),
    *_later_reports(),
    *_without_price(),
    *_refused_lines(),
    *_words(),
    *_refunds(),
]
