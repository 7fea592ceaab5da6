"""The lists that figures and bars lead to."""

from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.timezone import localtime


def list_of(model: str, **filters: object) -> str:
    """The list of a model, such as `integrations.webhookevent`, narrowed by its fields."""
    address = reverse(f"admin:{model.replace('.', '_')}_changelist")
    return f"{address}?{urlencode(filters)}" if filters else address


def between(field: str, start: datetime, end: datetime) -> dict[str, str]:
    """The filters of a field from `start` on, before `end`."""
    return {f"{field}__gte": _text(start), f"{field}__lt": _text(end)}


def _text(moment: datetime) -> str:
    return localtime(moment).isoformat(timespec="seconds")
