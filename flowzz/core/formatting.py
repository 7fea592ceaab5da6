"""Money and counts, formatted for Brazil."""

from decimal import Decimal


def format_reais(amount: Decimal) -> str:
    """Return `R$ 1.234,56`, with a space that does not break."""
    return f"R$\N{NO-BREAK SPACE}{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def format_count(number: int, singular: str, plural: str) -> str:
    """Return `1 evento` or `1.234 eventos`."""
    return f"{number:,} {singular if number == 1 else plural}".replace(",", ".")
