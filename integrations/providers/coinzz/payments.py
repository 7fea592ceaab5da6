"""Coinzz's payment methods, a free text, and our codes for them. Pure."""

import re
from functools import lru_cache
from typing import Final, Literal
from unicodedata import combining, normalize

from sales.money import PaymentCode

_CODES: Final = (
    # First: "Cartão na entrega" is paid at the door.
    (
        PaymentCode.CASH_ON_DELIVERY,
        r"\bpos ?pag|after ?pay|post ?paid|(na|da|contra) entrega|on delivery|\bcod\b",
    ),
    (PaymentCode.PIX, r"\bpix"),
    (PaymentCode.BOLETO, "bolet|bank ?slip|billet"),
    (PaymentCode.CARD, "cartao|cartoes|card|credit|debit"),
)
"""Searched in this order, in the text without case, accents and punctuation."""
_PATTERNS: Final = tuple((code, re.compile(pattern)) for code, pattern in _CODES)
_NOT_LETTERS: Final = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=1024)
def payment_code(method: str) -> PaymentCode | Literal[""]:
    """Return the code for a payment method as sent, or an empty text if none is sent."""
    letters = (letter for letter in normalize("NFKD", method) if letter.isprintable())
    plain = "".join(letter for letter in letters if not combining(letter)).casefold()
    words = _NOT_LETTERS.sub(" ", plain).strip()
    if not words:
        return PaymentCode.OTHER if plain.strip() else ""
    return next((code for code, pattern in _PATTERNS if pattern.search(words)), PaymentCode.OTHER)
