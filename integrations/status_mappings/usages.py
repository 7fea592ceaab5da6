"""Who came with a status word: what waits for its meaning, and what was noted once it had one."""

import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from integrations.models import StatusMapping, StatusMappingUsage
from integrations.providers.contracts import StatusField
from sales.models import Sale, Subscription

BATCH = 200
SALE_FIELDS = {
    StatusField.ORDER: ("status", "unknown_status"),
    StatusField.SHIPPING: ("shipping_status", "unknown_shipping_status"),
}

Position = tuple[uuid.UUID | None, str]
"""User and number behind which to go on; None at the beginning."""
START: Position = (None, "")


@dataclass(frozen=True, slots=True)
class Batch:
    """Orders or subscriptions of one seller."""

    user_id: uuid.UUID
    numbers: Sequence[str]


def count(word: StatusMapping) -> int:
    """How many orders or subscriptions are known to have come with a word."""
    noted = word.sightings.filter(
        user_id=OuterRef("user_id"), external_id=OuterRef(_number_of(word))
    )
    return word.sightings.count() + _waiting(word).exclude(Exists(noted)).count()


def is_given(word: StatusMapping) -> bool:
    """Whether there is a meaning to take back, or something left that one was applied to."""
    return bool(word.meaning) or word.sightings.exists()


def counts(words: Collection[StatusMapping]) -> "Counter[uuid.UUID]":
    """How many orders or subscriptions wait for each word's meaning; a query for each axis."""
    found: Counter[uuid.UUID] = Counter()
    for axis in StatusField:
        of_axis = {(word.provider, word.word): word.id for word in words if word.axis == axis}
        if of_axis:
            model = Subscription if axis == StatusField.SUBSCRIPTION else Sale
            unknown = SALE_FIELDS.get(axis, ("", "unknown_status"))[1]
            rows = model._default_manager.filter(
                ~Q(**{unknown: ""}), **{f"{unknown}__in": [word for _, word in of_axis]}
            )
            for *key, count_ in (
                rows.order_by().values_list("source", unknown).annotate(Count("id"))
            ):
                if word_id := of_axis.get(tuple(key)):
                    found[word_id] = count_
    return found


def examples(word: StatusMapping, limit: int) -> "QuerySet[Sale] | QuerySet[Subscription]":
    """Some of those that wait for a meaning, newest first."""
    return _waiting(word).select_related("user").order_by("-id")[:limit]


def next_batch(word: StatusMapping, position: Position) -> Batch | None:
    """Those behind the position to look at again, now that the meaning is another; or None."""
    if position == START and word.meaning:
        _sight(word)
    rows = list(_after(word, position)[:BATCH])
    if not rows:
        if position == START:
            return None
        # What another worker read with the meaning of before may have come in meanwhile.
        is_more = _sight(word) if word.meaning else True
        return next_batch(word, START) if is_more else None
    user_id = rows[0].user_id
    return Batch(user_id, [row.external_id for row in rows if row.user_id == user_id])


def forget(word: StatusMapping, batch: Batch) -> None:
    """A word without a meaning has nothing to look at again but what waits for it."""
    word.sightings.filter(user_id=batch.user_id, external_id__any_of=batch.numbers).delete()


def _number_of(word: StatusMapping) -> str:
    return "subscription_hash" if word.axis == StatusField.SUBSCRIPTION else "external_id"


def _waiting(word: StatusMapping) -> "QuerySet[Sale] | QuerySet[Subscription]":
    if word.axis == StatusField.SUBSCRIPTION:
        return Subscription.objects.filter(source=word.provider, unknown_status=word.word)
    unknown = SALE_FIELDS[StatusField(word.axis)][1]
    # The second condition is the partial index's.
    of_word = {"source": word.provider, unknown: word.word}
    sales: QuerySet[Sale] = Sale.objects.filter(~Q(**{unknown: ""}), **of_word)
    return sales


def _sight(word: StatusMapping) -> int:
    """Note all that wait for a word's meaning; return how many were not noted yet."""
    waiting = _waiting(word).order_by().values("user_id", _number_of(word))
    select, parameters = waiting.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integrations_statusmappingusage (word_id, user_id, external_id) "  # noqa: S608 - the ORM's own SQL
            f"SELECT %s, waiting.* FROM ({select}) AS waiting ON CONFLICT DO NOTHING",
            [word.id, *parameters],
        )
        return int(cursor.rowcount)


def _after(word: StatusMapping, position: Position) -> "QuerySet[StatusMappingUsage]":
    user_id, number = position
    rows = StatusMappingUsage.objects.filter(word=word).order_by("user_id", "external_id")
    if user_id:
        rows = rows.filter(
            Q(user_id__gt=user_id) | Q(user_id=user_id, external_id__gt=number),
            user_id__gte=user_id,
        )
    return rows
