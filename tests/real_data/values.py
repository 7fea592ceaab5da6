"""Values of other types and forms than Coinzz's documents say."""

import json
from typing import Any, Final
from unicodedata import normalize

from tests import payloads
from tests.real_data.case import Case, item, webhook

KIND: Final = "Valores"

NBSP, ZWSP, BOM, LRO, PDF = "\u00a0", "\u200b", "\ufeff", "\u202d", "\u202c"


def value(given: str, right: Any, field: str, **order: Any) -> list[Case]:
    """Return a webhook and an item with the order, after which the sale's `field` is right."""
    return [
        Case(
            kind=KIND,
            given=f"{given} ({source})",
            steps=(step(payloads.order(**order)),),
            right={f"ordzzzzz.{field}": right, "ordzzzzz.value_warnings": []},
        )
        for source, step in (("webhook", webhook), ("item", item))
    ]


def warning(given: str, cause: str, right: dict[str, Any], body: dict[str, Any]) -> list[Case]:
    """Return a webhook and an item whose unreadable value is a warning."""
    return [
        Case(
            kind=KIND,
            given=f"{given} ({source})",
            steps=(step(body),),
            right={f"ordzzzzz.{path}": value for path, value in right.items()},
            warned=(cause,),
        )
        for source, step in (("webhook", webhook), ("item", item))
    ]


def _statuses() -> list[Case]:
    words = ("Aprovado" + ZWSP, BOM + "Aprovado", f"{LRO}Aprovado{PDF}", f"{NBSP}Aprovado ")
    return [
        case for word in words for case in value(ascii(word), "PAID", "status", order_status=word)
    ]


PRICES: Final = {
    "R$ 1.234,56": "1234.56",
    f"R${NBSP}1.234,56": "1234.56",
    "R$1234,5": "1234.50",
    "1.234,56": "1234.56",
    "1234.56": "1234.56",
    "1,234.56": "1234.56",
    "1.234.567,89": "1234567.89",
    "1.234.567": "1234567.00",
    "'397.00": "397.00",
    "１２３,４５": "123.45",
    "Total: R$ 10": "10.00",
    "R$: 12,50": "12.50",
    "12,50 R$": "12.50",
    "R$ 12,50.": "12.50",
    '"12,50"': "12.50",
    ".50": "0.50",
    ",50": "0.50",
    "10,": "10.00",
}


def _prices() -> list[Case]:
    cases = [
        case
        for text, price in PRICES.items()
        for case in value(ascii(text), price, "total_price", order_final_price=text)
    ]
    number = json.dumps(payloads.order(order_final_price="?")).replace('"?"', "1.234")
    return [
        *cases,
        Case(
            kind=KIND,
            given="JSON number 1.234",
            steps=(webhook(number.encode()),),
            right={"ordzzzzz.total_price": "1.23"},
        ),
        *(
            Case(
                kind=KIND,
                given=f"new sale, price {price!r}",
                steps=(webhook(payloads.order(order_final_price=price)),),
                right={"sales": 0},
                refused=(reason,),
            )
            for price, reason in (
                ("1.234", "ambiguous_money"),
                ("R$ 1.234", "ambiguous_money"),
                ("1,234", "ambiguous_money"),
                ("grátis", "invalid_money"),
                (None, "missing_money"),
                (False, "missing_money"),
            )
        ),
    ]


def _dates() -> list[Case]:
    dates = (
        *("2026-03-01 00:10", "2026-03-01T03:10:00Z", "2026-03-01T00:10:00.000-03:00"),
        *("01/03/2026 00:10:00", "01/03/2026 00:10", 1772334600, "1772334600", 1772334600000),
        f"{BOM}2026-03-01{NBSP}00:10:00",
        *("01-03-2026 00:10", "01.03.2026 00h10", "2026/03/01 0:10", "01/03/2026, 12:10:00 AM"),
        *("2026-03-01 12:10:00 AM", "2026-03-01 às 00:10", "2026-03-01t00:10:00-03:00"),
    )
    return [
        case
        for date in dates
        for case in value(ascii(date), "2026-03-01 00:10", "sale_date", date_order=date)
    ]


def _empty_values() -> list[Case]:
    empty: tuple[Any, ...] = ([], {}, False, 0, "0", "-", "null", "")
    cases = []
    for nothing in empty:
        cases += value(f"tracking_code {nothing!r}", "", "tracking_code", tracking_code=nothing)
        cases += value(f"deleted_at {nothing!r}", None, "deleted_at", deleted_at=nothing)
        client = {"client_address_comp": nothing}
        cases += value(f"complement {nothing!r}", "", "client.complement", client=client)
    return cases


def _unreadable_values() -> list[Case]:
    address = {"street": "Rua A", "number": 1}
    utms = "utm_source=google&utm_campaign=x"
    return [
        *warning(
            "client_address as an object",
            "not_a_text:client.client_address",
            {"total_price": "100.00", "metadata.extra.client.client_address": address},
            payloads.order(client={"client_address": address}),
        ),
        *warning(
            "client as a text",
            "invalid_section:client",
            {"total_price": "100.00", "metadata.extra.client": "Rita Lima"},
            {**payloads.order(), "client": "Rita Lima"},
        ),
        *warning(
            "producer_commission 'a combinar'",
            "invalid_money:order.producer_commission",
            {"commission": None, "metadata.extra.order.producer_commission": "a combinar"},
            payloads.order(producer_commission="a combinar"),
        ),
        *warning(
            "order_status as an object",
            "not_a_text:order.order_status",
            {"status": "PENDING", "total_price": "100.00"},
            payloads.order(order_status={"name": "Aprovado"}),
        ),
        *warning(
            "utms as a query string",
            "invalid_section:utms",
            {"total_price": "100.00", "metadata.extra.utms": utms},
            {**payloads.order(), "utms": utms},
        ),
    ]


def _unreadable_fields() -> list[Case]:
    return [
        *warning(
            "order_quantity 1.5",
            "invalid_number:order.order_quantity",
            {"quantity": 1, "metadata.extra.order.order_quantity": "1.5"},
            payloads.order(order_quantity=1.5),
        ),
        *warning(
            "date_order 'ontem'",
            "invalid_date:order.date_order",
            {"total_price": "100.00", "metadata.extra.order.date_order": "ontem"},
            payloads.order(date_order="ontem"),
        ),
        *warning(
            "deleted_at 'ontem'",
            "invalid_date:order.deleted_at",
            {"deleted_at": None, "metadata.extra.order.deleted_at": "ontem"},
            payloads.order(deleted_at="ontem"),
        ),
    ]


def _several_messages() -> list[Case]:
    return [
        Case(
            kind=KIND,
            given="date_sent 'ontem' of a subscription",
            steps=(webhook(payloads.subscription(sent="ontem", with_order="ordzzzzz")),),
            right={"sales": 1, "subscriptions": 1},
            warned=("invalid_date:general_info.date_sent",),
        ),
        Case(
            kind=KIND,
            given="a readable quantity after an unreadable one",
            steps=(
                webhook(payloads.order(order_quantity="dois")),
                webhook(payloads.order(order_quantity="2,00")),
            ),
            right={"ordzzzzz.quantity": 2, "ordzzzzz.metadata.extra": None},
        ),
        Case(
            kind=KIND,
            given="an unreadable quantity after a readable one",
            steps=(
                webhook(payloads.order(order_quantity=3)),
                webhook(payloads.order(order_quantity="1.000")),
            ),
            right={"ordzzzzz.quantity": 3},
            warned=("ambiguous_number:order.order_quantity",),
        ),
    ]


def _numbers() -> list[Case]:
    zip_code = {"client_zip_code": 1310100.0, "client_address_number": 120.0}
    numbers = ((2.0, 2), ("2", 2), ("2,00", 2), ("2.0", 2), ("３", 3), (f"2{ZWSP}", 2))
    return [
        *(
            case
            for raw, count in numbers
            for case in value(f"quantity {raw!a}", count, "quantity", order_quantity=raw)
        ),
        *value("CEP as a float", "01310100", "client.cep", client=zip_code),
        *value("number as a float", "120", "client.address_number", client=zip_code),
        *value("product code as a float", "123", "product_sku", product_code=123.0),
        *value("commission as text", "30.00", "commission", producer_commission="R$ 30,00"),
        *value("flag in Portuguese", True, "metadata.first_order", first_order="sim"),
        Case(
            kind=KIND,
            given="one order number as text, number and float",
            steps=tuple(webhook(payloads.order(order_number=n)) for n in ("123", 123, 123.0)),
            right={"sales": 1, "123.total_price": "100.00"},
        ),
        Case(
            kind=KIND,
            given="one order number with invisible characters",
            steps=tuple(
                webhook(payloads.order(number))
                for number in ("ordzzzzz", f"{BOM}ordzz{ZWSP}zzz", f"{NBSP}ordzzzzz\n")
            ),
            right={"sales": 1},
        ),
    ]


def _deletions() -> list[Case]:
    unchanged: tuple[Any, ...] = (False, "-", "", "null", 0, [], {}, "0000-00-00 00:00:00")
    deleted = payloads.order(deleted_at="2026-03-01 10:00:00")
    kept = {"ordzzzzz.deleted_at": "2026-03-01 10:00"}
    return [
        Case(
            kind=KIND,
            given="deleted_at null after a deletion",
            steps=(webhook(deleted), webhook(payloads.order(deleted_at=None))),
            right={"ordzzzzz.deleted_at": None},
        ),
        *(
            Case(
                kind=KIND,
                given=f"deleted_at {nothing!r} after a deletion",
                steps=(webhook(deleted), webhook(payloads.order(deleted_at=nothing))),
                right=kept,
            )
            for nothing in unchanged
        ),
        Case(
            kind=KIND,
            given="deleted_at 'ontem' after a deletion",
            steps=(webhook(deleted), webhook(payloads.order(deleted_at="ontem"))),
            right=kept,
            warned=("invalid_date:order.deleted_at",),
        ),
    ]


def _other_kinds() -> list[Case]:
    request = {"affiliate_request": "Pendente", "affiliate_name": "Rita Lima"}
    no_hash = payloads.subscription(subscription_hash=None, with_order="ordzzzzz")
    return [
        Case(
            kind=KIND,
            given="affiliation request with a date 'ontem'",
            steps=(webhook({**request, "date": "ontem"}),),
            right={"affiliations": 1},
        ),
        Case(
            kind=KIND,
            given="affiliation request with an object as the name",
            steps=(webhook({**request, "affiliate_name": {"pt": "Rita"}}),),
            right={"affiliations": 1},
        ),
        Case(
            kind=KIND,
            given="subscription with an order and without a hash",
            steps=(webhook(no_hash),),
            right={"sales": 1, "subscriptions": 0},
            warned=("missing_identity:subscription.subscription_hash",),
        ),
        Case(
            kind=KIND,
            given="subscription with a text as the order",
            steps=(webhook({**payloads.subscription(), "order": "ordzzzzz"}),),
            right={"sales": 0, "subscriptions": 1},
        ),
        *(
            Case(
                kind=KIND,
                given=f"order {order!r}",
                steps=(webhook({"order": order}),),
                right={"sales": 0},
                refused=(reason,),
            )
            for order, reason in (
                ("ordzzzzz", "invalid_section"),
                (["ordzzzzz"], "invalid_section"),
                ({"order_number": None}, "missing_identity"),
                ({"order_number": True}, "invalid_identity"),
                ([], "missing_identity"),
            )
        ),
    ]


def _encodings() -> list[Case]:
    body = payloads.order(product_name="Poção à moda")
    return [
        Case(
            kind=KIND,
            given=f"body in {encoding}",
            steps=(
                webhook(
                    json.dumps(body, ensure_ascii=False).encode(encoding),
                    content_type=f"application/json; charset={encoding}",
                ),
            ),
            right={"ordzzzzz.product_name": "Poção à moda", "ordzzzzz.value_warnings": []},
        )
        for encoding in ("iso-8859-1", "windows-1252", "utf-8", "utf-16", "utf-8-sig")
    ]


def _wrapped() -> list[Case]:
    """Bodies and sections as relays send them."""
    body = payloads.order(client={"client_name": "Ana"})
    texts = {**body, "order": json.dumps(body["order"]), "client": json.dumps(body["client"])}
    return [
        Case(
            kind=KIND,
            given=given,
            steps=(webhook(json.dumps(wrapped).encode() + end),),
            right={"ordzzzzz.total_price": "100.00", "ordzzzzz.client.name": "Ana"},
        )
        for given, wrapped, end in (
            ("a list of one order", [body], b""),
            ("an order in a text", json.dumps(body), b""),
            ("sections in texts", texts, b""),
            ("sections in lists of one", {name: [value] for name, value in body.items()}, b""),
            ("a null byte after the body", body, b"\0"),
        )
    ]


def _normal_forms() -> list[Case]:
    product, payment = "Poção à moda", "Venda pós-paga"
    return [
        *value("product in NFD", product, "product_name", product_name=normalize("NFD", product)),
        *value(
            "cash on delivery in NFD",
            "CASH_ON_DELIVERY",
            "payment_code",
            method_payment=normalize("NFD", payment),
        ),
    ]


CASES: Final = [
    *_statuses(),
    *_prices(),
    *_dates(),
    *_empty_values(),
    *_unreadable_values(),
    *_unreadable_fields(),
    *_several_messages(),
    *_numbers(),
    *_deletions(),
    *_other_kinds(),
    *_encodings(),
    *_normal_forms(),
    *_wrapped(),
]
