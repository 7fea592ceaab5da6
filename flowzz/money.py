"""Amounts as people read them."""

from decimal import Decimal


def reais(amount: Decimal) -> str:
    """`R$ 1.234,56`, in one piece."""
    return f"R$\N{NO-BREAK SPACE}{amount:,.2f}".translate(str.maketrans(",.", ".,"))
