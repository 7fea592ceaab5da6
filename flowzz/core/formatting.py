"""How pages show money and counts, for Brazil, and texts and JSON of unknown length, cut."""

import json
import math
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils.timesince import timesince

_BRAZILIAN: Final = str.maketrans(",.", ".,")
MAX_TEXT: Final = 2_000
"""Characters of one value that are shown."""
MAX_SHOWN: Final = 100_000
"""Characters of a whole body that are shown."""
MAX_LINES: Final = 5_000
"""Lines of a whole body that are shown: each is an element of the page."""
MAX_DEPTH: Final = 60
"""Levels of JSON that are shown; bodies of webhooks have three."""
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


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


def format_wait(seconds: float) -> str:
    """Return `40 segundos`, `12 minutos` or `3 horas`, rounded up."""
    units = ((120, 1, "segundo"), (7_200, 60, "minuto"), (math.inf, 3_600, "hora"))
    size, name = next((size, name) for below, size, name in units if seconds <= below)
    return format_count(max(1, math.ceil(seconds / size)), name, f"{name}s")


def format_ago(time: datetime, now: datetime) -> str:
    """Return `há 2 horas`, or `há menos de um minuto`."""
    if now - time < timedelta(minutes=1):
        return "há menos de um minuto"
    return f"há {timesince(time, now)}"


def shorten(text: str, limit: int = MAX_TEXT) -> str:
    """Return a text that is too long cut, with the number of characters left out."""
    more = len(text) - limit
    return text if more <= 0 else f"{text[:limit]}… (mais {format_number(more)} caracteres)"


def visible(text: str) -> str:
    """Escape control characters and changes of text direction."""
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def format_json(value: Any) -> str:
    """Format parsed JSON with indentation; leave out what is too long or too deep."""
    lines, size = [], 0
    for line in _lines(value):
        lines.append(visible(line))
        size += len(lines[-1]) + 1
        if size > MAX_SHOWN or len(lines) == MAX_LINES:
            lines.append("… (o resto não é mostrado)")
            break
    return "\n".join(lines)


def format_scalar(value: Any) -> str:
    """Return a text in quotes and any other value as JSON writes it; of a container only `…`."""
    if value and isinstance(value, dict | list):
        return "…"
    if isinstance(value, str):
        value = shorten(value)
    is_json = value is None or isinstance(value, str | int | float)
    return json.dumps(value, ensure_ascii=False) if is_json else shorten(str(value))


def _lines(value: Any, name: str = "", comma: str = "", depth: int = 0) -> Iterator[str]:
    margin = "  " * depth
    if not value or not isinstance(value, dict | list):
        yield f"{margin}{name}{format_scalar(value)}{comma}"
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    if depth == MAX_DEPTH:
        yield f"{margin}{name}{opening}…{closing}{comma}"
        return
    yield f"{margin}{name}{opening}"
    last = len(value) - 1
    for number, item in enumerate(value):
        child = (f"{format_scalar(item)}: ", value[item]) if isinstance(value, dict) else ("", item)
        yield from _lines(child[1], child[0], "," if number < last else "", depth + 1)
    yield f"{margin}{closing}{comma}"
