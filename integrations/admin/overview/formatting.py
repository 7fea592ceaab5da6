"""Numbers and times as people read them."""

from datetime import datetime

from django.utils import timezone

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def whole(number: float) -> str:
    """`12.345`; what is not whole keeps a digit."""
    text = f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"
    return text.translate(str.maketrans(",.", ".,"))


def percent(share: float) -> str:
    """`97,5 %` of a share in hundredths."""
    digits = 0 if float(share).is_integer() else 1
    return f"{share:.{digits}f} %".replace(".", ",")


def duration(seconds: float) -> str:
    """`120 ms`, `1,5 s`, `12 min`, `3 h`, `2 d`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    for unit, size in (("s", 1), ("min", _MINUTE), ("h", _HOUR), ("d", _DAY)):
        if unit == "d" or seconds < size * (48 if unit == "h" else 120):
            amount = seconds / size
            shown = f"{amount:.1f}" if amount < 10 and not amount.is_integer() else f"{amount:.0f}"
            return f"{shown} {unit}".replace(".", ",")
    raise AssertionError


def ago(moment: datetime | None) -> str:
    """How long ago a moment was: `há 12 min`."""
    if moment is None:
        return "nunca"
    return f"há {duration(max(0.0, (timezone.now() - moment).total_seconds()))}"
