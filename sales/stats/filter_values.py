"""The values that a seller's sales have, to choose filters from."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Left

from sales.models import Sale
from sales.models.sales import CAMPAIGN_PATH

NEWEST: Final = 20_000
"""Sales that are read: older ones than these have no values of their own."""
MAX_VALUES: Final = 500
MAX_CAMPAIGN: Final = 200
"""Characters of the longest campaign that the filter takes."""


@dataclass(frozen=True, slots=True)
class FilterValues:
    products: list[str]
    payment_methods: list[str]
    campaigns: list[str]
    states: list[str]


def newest_values(sales: "QuerySet[Sale]") -> FilterValues:
    """Return the values of the newest sales, at most MAX_VALUES of each kind, sorted."""
    newest = sales.order_by("-sale_date", "-id")
    campaign = Left(KT(CAMPAIGN_PATH), MAX_CAMPAIGN + 1)
    rows = newest.values_list("product_name", "payment_method", campaign, "client__state")[:NEWEST]
    products, payment_methods, campaigns, states = zip(*rows, strict=True) if rows else [()] * 4
    short = (campaign for campaign in campaigns if len(campaign or "") <= MAX_CAMPAIGN)
    return FilterValues(
        _choices(products), _choices(payment_methods), _choices(short), _choices(states)
    )


def _choices(values: Iterable[str | None]) -> list[str]:
    different = [value for value in dict.fromkeys(values) if value]
    return sorted(different[:MAX_VALUES], key=str.casefold)
