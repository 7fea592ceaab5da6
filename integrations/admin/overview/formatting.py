"""Percentages and durations, formatted for Brazil."""

from datetime import datetime

from django.utils import timezone

_UNITS = (("s", 1, 120), ("min", 60, 120 * 60), ("h", 3600, 48 * 3600))
"""Each unit in seconds, and the duration up to which it is used."""
_DAY = 86_400


def format_percent(percentage: float) -> str:
    """Return `97,5 %` for 97.5."""
    digits = 0 if float(percentage).is_integer() else 1
    return f"{percentage:.{digits}f} %".replace(".", ",")


def format_duration(seconds: float) -> str:
    """Return `120 ms`, `1,5 s`, `12 min`, `3 h` or `2 d`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    unit, size = next(
        ((name, size) for name, size, limit in _UNITS if seconds < limit), ("d", _DAY)
    )
    amount = seconds / size
    digits = 1 if amount < 10 and not amount.is_integer() else 0
    return f"{amount:.{digits}f} {unit}".replace(".", ",")


def format_time_since(time: datetime) -> str:
    """Return `há 12 min`."""
    return f"há {format_duration(max(0.0, (timezone.now() - time).total_seconds()))}"
