"""Read an order's number or hash as a person types it. Pure."""

import re
from typing import Final

_WORDS_BEFORE: Final = re.compile(
    r"^(?:[\s#:]|(?:(?:pedido|venda|order|número|n[ºo])\b|n[°.])\W*+)++", re.IGNORECASE
)


def typed_number(text: str) -> str:
    """Return a number without what people write before it: `Pedido #ordabc`, `nº ordabc`.

    Empty if the text has nothing else.
    """
    return _WORDS_BEFORE.sub("", text).strip()
