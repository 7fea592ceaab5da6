"""Read the sales that reports may be about: by number, by hash, or by the order's time."""

import uuid
from collections.abc import Collection, Iterator
from functools import cache

from django.db.models import F, Q

from flowzz.core.db.backend.compiled_queries import CompiledQuery, Given
from sales.facts import SaleFacts
from sales.models import Sale


def read_reported(
    user_id: uuid.UUID, source: str, reports: Collection[SaleFacts]
) -> Iterator[Sale]:
    """Read the sales of reported orders, and those with one id that may be one of them."""
    values = {
        "ids": {id_ for facts in reports for id_ in (facts.external_id, facts.order_hash) if id_},
        "only_hash": {facts.sale_date for facts in reports if facts.has_only_hash} - {None},
        "only_number": {facts.sale_date for facts in reports if not facts.order_hash} - {None},
    }
    query = _reported_by(frozenset(name for name, given in values.items() if given))
    return query.instances(user_id=user_id, source=source, **values)


@cache
def _reported_by(names: frozenset[str]) -> CompiledQuery[Sale]:
    by_ids = Q(external_id__any_of=Given("ids"))
    by_ids |= ~Q(order_hash="") & Q(order_hash__any_of=Given("ids"))
    if "only_hash" in names:
        by_ids |= Q(order_hash="", sale_date__any_of=Given("only_hash"))
    if "only_number" in names:
        by_ids |= Q(external_id=F("order_hash"), sale_date__any_of=Given("only_number"))
    owner = {"user_id": Given("user_id", "uuid"), "source": Given("source")}
    return CompiledQuery(lambda: Sale.objects.filter(by_ids, **owner))
