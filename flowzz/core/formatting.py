"""Money and counts, formatted for Brazil."""

from decimal import Decimal
from typing import Final

_BRAZILIAN: Final = str.maketrans(",.", ".,")


def format_reais(amount: Decimal) -> str:
    """Return `R$ 1.234,56`, with a space that does not break."""
    return f"R$\N{NO-BREAK SPACE}{amount:,.2f}".translate(_BRAZILIAN)


def format_number(number: float) -> str:
    """Return `12.345`, or one decimal place if the number is not an integer: `2,5`."""
    text = f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"
    return text.translate(_BRAZILIAN)


def format_count(number: int, singular: str, plural: str) -> str:
    """Return `1 evento` or `1.234 eventos`."""
    return f"{number:,} {singular if number == 1 else plural}".replace(",", ".")
