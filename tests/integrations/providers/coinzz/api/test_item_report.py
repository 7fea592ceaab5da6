"""What items contain, compared with what the product knows."""

from typing import Any

from integrations.providers.coinzz.api.item_report import describe_items, field_names

CLIENT = {
    "client_name": "Nair Suposta",
    "client_documment": "168.995.350-09",
    "client_phone": "31955550145",
    "client_email": "nair@example.com",
}
ORDER = {
    "order_number": "ordaaaaa",
    "order_status": "Aprovado",
    "shipping_status": "A enviar",
    "order_final_price": "97.00",
    "order_quantity": 1,
    "product_name": "Curso Fictício",
    "method_payment": "pix",
    "date_order": "2026-11-21 09:00:00",
}


def lines(*items: Any) -> list[str]:
    return [f"{check.level} {check.subject}: {check.text}" for check in describe_items(items)]


def test_item_with_all_fields_has_no_warning() -> None:
    assert lines({"client": CLIENT, "order": ORDER}) == [
        "ok Itens: 1 de 1 legíveis",
        "ok Números do pedido: order_number em 1 de 1, order_hash em 0 de 1",
        f"ok Campos conhecidos: {', '.join(sorted(CLIENT | ORDER))}",
        "ok Campos ausentes: —",
        "ok Campos desconhecidos: — (guardados como vieram)",
        "ok Status do pedido: reconhecidos: Aprovado; não reconhecidos: —",
        "ok Status da entrega: reconhecidos: A enviar; não reconhecidos: —",
    ]


def test_flat_item_with_a_hash_names_its_missing_and_unknown_fields() -> None:
    item = {
        "order_hash": "venaaa0001",
        "status": "ON_THE_MOON",
        "order_final_price": 97,
        "product_name": "Curso Fictício",
        "coupon": "NATAL",
        "client": {"client_name": "Nair Suposta", "loyalty": "gold"},
    }
    assert lines(item) == [
        "ok Itens: 1 de 1 legíveis",
        "warning Números do pedido: order_number em 0 de 1, order_hash em 1 de 1: sem número, "
        "ligados aos webhooks por comprador, produto, preço e data",
        "ok Campos conhecidos: client_name, order_final_price, order_hash, product_name, status",
        "warning Campos ausentes: client_documment, client_email, client_phone, date_order, "
        "method_payment, order_quantity, shipping_status",
        "ok Campos desconhecidos: coupon, loyalty (guardados como vieram)",
        "warning Status do pedido: reconhecidos: —; não reconhecidos: ON_THE_MOON",
        "ok Status da entrega: reconhecidos: —; não reconhecidos: —",
    ]


def test_unreadable_items_are_counted_with_the_first_reason() -> None:
    problem = "O JSON não é um objeto com campos: { … }."
    assert lines({"client": CLIENT, "order": ORDER}, "texto", 7)[0] == (
        f"warning Itens: 1 de 3 legíveis; {problem}"
    )
    assert lines("texto") == [f"error Itens: 0 de 1 legíveis; {problem}"]


def test_sections_may_have_dotted_keys_and_empty_fields_do_not_count() -> None:
    item = {"order": {"order.order_number": "ordaaaaa", "tracking_code": None}, "utms": None}
    assert list(field_names(item)) == ["order_number"]
