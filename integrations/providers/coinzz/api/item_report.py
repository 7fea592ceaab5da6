"""What the items of a listing contain, compared with the fields and words that we know. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Literal

from integrations.providers.coinzz import fields
from integrations.providers.coinzz.payloads import parse_order
from integrations.providers.coinzz.statuses import DEFAULT_MAPPER
from integrations.providers.coinzz.values import is_empty
from integrations.providers.contracts import ProbeCheck
from integrations.providers.errors import PayloadInvalid
from sales.facts import SaleFacts

_KNOWN: Final = frozenset().union(*fields.KNOWN.values(), fields.TOP, {fields.API_STATUS})
_EXPECTED: Final = (
    ("client_name",),
    ("client_documment",),
    ("client_phone",),
    ("client_email",),
    ("order_status", fields.API_STATUS),
    ("shipping_status",),
    ("order_final_price",),
    ("order_quantity",),
    ("product_name",),
    ("method_payment",),
    ("date_order",),
)
"""Fields that clients, sales and figures need, with their other name."""


def describe_items(items: Sequence[Any]) -> Iterator[ProbeCheck]:
    """Yield checks of readable items, order numbers, fields and status words."""
    sales, problems = _parse(items)
    text = "; ".join([f"{len(sales)} de {len(items)} legíveis", *problems[:1]])
    yield ProbeCheck(_level(sales, problems), "Itens", text)
    if sales:
        names = [set(field_names(item)) for item in items]
        yield _order_ids(names)
        yield from _field_checks(set().union(*names))
        yield _words("Status do pedido", "order_status", sales, DEFAULT_MAPPER.sale_status)
        yield _words("Status da entrega", "shipping_status", sales, DEFAULT_MAPPER.shipping_status)


def field_names(item: Any) -> Iterator[str]:
    """Yield the fields of an item that have a value, those of its sections included."""
    for key, value in item.items() if isinstance(item, dict) else ():
        if key in fields.KNOWN and isinstance(value, dict):
            yield from field_names({name.removeprefix(f"{key}."): value[name] for name in value})
        elif not is_empty(value):
            yield key


def _parse(items: Sequence[Any]) -> tuple[list[SaleFacts], list[str]]:
    """Return the sales, and the problems of items without one."""
    sales, problems = [], []
    for item in items:
        try:
            if sale := parse_order(item).sale:
                sales.append(sale)
        except PayloadInvalid as error:
            problems.append(error.message)
    return sales, problems


def _level(sales: Sequence[Any], problems: Sequence[str]) -> Literal["ok", "warning", "error"]:
    if not sales:
        return "error"
    return "warning" if problems else "ok"


def _order_ids(names: Sequence[set[str]]) -> ProbeCheck:
    counts = {key: sum(key in present for present in names) for key in fields.ORDER_IDS}
    text = ", ".join(f"{key} em {count} de {len(names)}" for key, count in counts.items())
    if counts["order_number"]:
        return ProbeCheck("ok", "Números do pedido", text)
    linked = "sem número, ligados aos webhooks por comprador, produto, preço e data"
    return ProbeCheck("warning", "Números do pedido", f"{text}: {linked}")


def _field_checks(names: set[str]) -> Iterator[ProbeCheck]:
    missing = [options[0] for options in _EXPECTED if not names & set(options)]
    unknown = names - _KNOWN
    yield ProbeCheck("ok", "Campos conhecidos", _listed(names & _KNOWN))
    yield ProbeCheck("warning" if missing else "ok", "Campos ausentes", _listed(missing))
    yield ProbeCheck("ok", "Campos desconhecidos", f"{_listed(unknown)} (guardados como vieram)")


def _words(
    subject: str,
    field: str,
    sales: Sequence[SaleFacts],
    find_status: Callable[[str], tuple[str | None, str]],
) -> ProbeCheck:
    words = {str(sale.metadata.get(field) or "") for sale in sales} - {""}
    unknown = {word for word in words if find_status(word)[1]}
    text = f"reconhecidos: {_listed(words - unknown)}; não reconhecidos: {_listed(unknown)}"
    return ProbeCheck("warning" if unknown else "ok", subject, text)


def _listed(names: Sequence[str] | set[str]) -> str:
    return ", ".join(sorted(names)) or "—"
