"""The total of an order in a file with a column of unit prices, of totals, or of both. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from integrations.providers.coinzz.files.columns import is_price, is_vague_amount
from integrations.providers.coinzz.values import Unreadable, parse_money


@dataclass(frozen=True, slots=True)
class Amount:
    """A cell with an amount, and the header of its column."""

    header: str
    text: str
    is_unit: bool

    @property
    def value(self) -> Decimal | None:
        return read_amount(self.text)


class UnclearPrice(Exception):
    """The columns do not tell the order's total. Has a message in Portuguese."""


def differ(headers: Iterable[str]) -> str:
    names = " e ".join(f"“{header}”" for header in headers)
    return f"As colunas {names} dizem valores diferentes da mesma coisa: deixe só a certa."


def read_amount(text: str) -> Decimal | None:
    """Return an amount in BRL; None if the text is not one."""
    try:
        return parse_money(text)
    except Unreadable:
        return None


def choose_total(amounts: Sequence[Amount], quantity: int | None) -> str:
    """Return the text of the order's total; empty without an amount. Raises UnclearPrice.

    "Preço" and "Valor" mean a unit's price if another column has the total. `quantity` is None
    if it cannot be read.
    """
    totals = [a for a in amounts if not a.is_unit and not is_vague_amount(a.header)]
    vague = [a for a in amounts if not a.is_unit and is_vague_amount(a.header)]
    units = [amount for amount in amounts if amount.is_unit]
    if totals:
        return _agreed([*totals, *(a for a in vague if not _is_unit_of(a, totals[0], quantity))])
    if units and not vague:
        return _multiplied(units, quantity)
    if len(vague) > 1:
        return _larger(vague, quantity)
    return _from_vague(vague[0], units, quantity) if vague else ""


def _is_unit_of(vague: Amount, total: Amount, quantity: int | None) -> bool:
    """Return whether an amount is a unit's price beside the total, which may include a discount."""
    return is_price(vague.header) or _times(vague, quantity) == total.value


def _agreed(amounts: Sequence[Amount]) -> str:
    if len({amount.value if amount.value is not None else amount.text for amount in amounts}) > 1:
        raise UnclearPrice(differ(amount.header for amount in amounts))
    return amounts[0].text


def _multiplied(units: Sequence[Amount], quantity: int | None) -> str:
    text = _agreed(units)
    if quantity in (0, 1):
        return text
    if quantity is None:
        raise UnclearPrice(
            f"Coluna “{units[0].header}”: sem uma quantidade legível não há como calcular o total."
        )
    total = _times(units[0], quantity)
    return text if total is None else str(total)


def _larger(vague: Sequence[Amount], quantity: int | None) -> str:
    """Return the larger of "Preço" and "Valor" if it is the other one times the quantity."""
    small, *_, large = sorted(vague, key=lambda amount: amount.value or 0)
    if _times(small, quantity) == large.value:
        return large.text
    return _agreed(vague)


def _from_vague(vague: Amount, units: Sequence[Amount], quantity: int | None) -> str:
    if quantity in (0, 1):
        return vague.text
    is_repeated = any(unit.value == vague.value for unit in units)
    if is_repeated or (is_price(vague.header) and not units):
        shown = "a quantidade que não se lê" if quantity is None else f"{quantity} unidades"
        raise UnclearPrice(
            f"Coluna “{vague.header}”: valor ambíguo, pode ser de uma unidade ou de {shown}. "
            "Dê à coluna o nome “Preço unitário” ou “Valor total”."
        )
    return vague.text


def _times(amount: Amount, quantity: int | None) -> Decimal | None:
    return None if quantity is None or amount.value is None else amount.value * quantity
