"""Keyset pagination: each batch of rows starts behind the last row of the one before."""

from collections.abc import Sequence

from django.db.models import Q


def behind(order: Sequence[str], values: Sequence[object], *, is_descending: bool = False) -> Q:
    """Match the rows behind one with these values, in an order by one field or two."""
    lookup = "lt" if is_descending else "gt"
    (first, *second), (value, *others) = order, values
    is_behind = Q(**{f"{first}__{lookup}": value})
    for name, other in zip(second, others, strict=True):
        is_behind |= Q(**{first: value, f"{name}__{lookup}": other})
    # Redundant: lets PostgreSQL start in the index.
    return Q(**{f"{first}__{lookup}e": value}) & is_behind
