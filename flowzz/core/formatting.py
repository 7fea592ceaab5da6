"""Money and numbers as people read them in Brazil."""

from decimal import Decimal


def reais(amount: Decimal) -> str:
    """`R$ 1.234,56`, in one piece."""
    return f"R$\N{NO-BREAK SPACE}{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def counted(number: int, one: str, many: str) -> str:
    """`1 evento`, `1.234 eventos`."""
    return f"{number:,} {one if number == 1 else many}".replace(",", ".")
