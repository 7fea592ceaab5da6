"""A word's meaning, applied to the sales and subscriptions that came with the word.

Their newest event is run again through the ingest, as staff's word of what is so now: it may undo
what an earlier meaning did. A sale that a sync saw last, or whose event's body is gone, gets the
meaning directly. What has moved on to another word since stays as it is.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Q, QuerySet

from clients.sellers import hold_seller
from integrations import providers
from integrations.errors import PayloadInvalid
from integrations.ingest import Observed, ingest, isolate
from integrations.models import (
    EventOutcome,
    EventState,
    Integration,
    UnknownStatus,
    WebhookEvent,
    WordSighting,
)
from integrations.models.words import WordAxis
from integrations.orders import Order
from sales.facts import SubscriptionFacts
from sales.models import Origin, Sale, Subscription
from sales.recording import Ledger, Observation, facts_of
from sales.statuses import SaleStatus, ShippingStatus, SubscriptionStatus
from sales.subscriptions import Register

BATCH = 200
STATES = {
    WordAxis.ORDER: SaleStatus,
    WordAxis.SHIPPING: ShippingStatus,
    WordAxis.SUBSCRIPTION: SubscriptionStatus,
}
SALE_FIELDS = {
    WordAxis.ORDER: ("status", "unknown_status"),
    WordAxis.SHIPPING: ("shipping_status", "unknown_shipping_status"),
}
_NOT_APPLIED = (EventOutcome.DUPLICATE, EventOutcome.DISCARDED, EventOutcome.DISCONNECTED)

Position = tuple[uuid.UUID | None, str]
"""User and number behind which to go on; None at the beginning."""
START: Position = (None, "")


@dataclass(frozen=True, slots=True)
class Batch:
    """Orders or subscriptions of one seller."""

    user_id: uuid.UUID
    numbers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Reread:
    position: Position
    outcomes: "Counter[str]"


def count(word: UnknownStatus) -> int:
    """How many orders or subscriptions are known to have come with a word."""
    return word.sightings.count() + _waiting(word).count()


def counts(words: Collection[UnknownStatus]) -> "Counter[uuid.UUID]":
    """How many orders or subscriptions wait for each word's meaning; a query for each axis."""
    found: Counter[uuid.UUID] = Counter()
    for axis in WordAxis:
        of_axis = {(word.provider, word.word): word.id for word in words if word.axis == axis}
        if of_axis:
            model = Subscription if axis == WordAxis.SUBSCRIPTION else Sale
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


def examples(word: UnknownStatus, limit: int) -> "QuerySet[Sale] | QuerySet[Subscription]":
    """Some of those that wait for a meaning, newest first."""
    return _waiting(word).select_related("user").order_by("-id")[:limit]


def next_batch(word: UnknownStatus, position: Position) -> Batch | None:
    """Those behind the position to apply a word's meaning to, or None."""
    if not word.meaning:
        return None
    if position == START:
        _sight(word)
    rows = list(_after(word, position)[:BATCH])
    if not rows:
        # What another worker read with the meaning of before may have come in meanwhile.
        return next_batch(word, START) if position != START and _sight(word) else None
    user_id = rows[0].user_id
    return Batch(user_id, [row.external_id for row in rows if row.user_id == user_id])


def reread(word: UnknownStatus, batch: Batch) -> Reread:
    """Apply a word's meaning to a batch. The caller has a transaction open."""
    outcomes = _apply(word, batch.user_id, batch.numbers)
    return Reread((batch.user_id, batch.numbers[-1]), outcomes)


def _waiting(word: UnknownStatus) -> "QuerySet[Sale] | QuerySet[Subscription]":
    if word.axis == WordAxis.SUBSCRIPTION:
        return Subscription.objects.filter(source=word.provider, unknown_status=word.word)
    unknown = SALE_FIELDS[WordAxis(word.axis)][1]
    # The second condition is the partial index's.
    of_word = {"source": word.provider, unknown: word.word}
    sales: QuerySet[Sale] = Sale.objects.filter(~Q(**{unknown: ""}), **of_word)
    return sales


def _sight(word: UnknownStatus) -> int:
    """Note all that wait for a word's meaning; return how many were not noted yet."""
    number = "subscription_hash" if word.axis == WordAxis.SUBSCRIPTION else "external_id"
    select, parameters = _waiting(word).order_by().values("user_id", number).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integrations_wordsighting (word_id, user_id, external_id) "  # noqa: S608 - the ORM's own SQL
            f"SELECT %s, waiting.* FROM ({select}) AS waiting ON CONFLICT DO NOTHING",
            [word.id, *parameters],
        )
        return int(cursor.rowcount)


def _after(word: UnknownStatus, position: Position) -> "QuerySet[WordSighting]":
    user_id, number = position
    rows = WordSighting.objects.filter(word=word).order_by("user_id", "external_id")
    if user_id:
        rows = rows.filter(
            Q(user_id__gt=user_id) | Q(user_id=user_id, external_id__gt=number),
            user_id__gte=user_id,
        )
    return rows


def _apply(word: UnknownStatus, user_id: uuid.UUID, numbers: Collection[str]) -> "Counter[str]":
    integration = (
        Integration.objects.select_related("user")
        .filter(user_id=user_id, provider=word.provider)
        .first()
    )
    if integration is None:
        return Counter(skipped=len(numbers))
    hold_seller(user_id)
    sales = {
        sale.external_id: sale for sale in Sale.objects.of(user_id).numbered(word.provider, numbers)
    }
    events = _newest_events(integration, numbers)
    told = {number for number, event in events.items() if _is_latest(event, sales.get(number))}
    outcomes = _run_again(
        word, integration, [events[number] for number in numbers if number in told]
    )
    rest = [number for number in numbers if number not in told]
    if rest:
        give = _give_subscriptions if word.axis == WordAxis.SUBSCRIPTION else _give_sales
        outcomes += give(word, user_id, rest)
    outcomes["unchanged"] += len(numbers) - outcomes.total()
    return outcomes


def _newest_events(integration: Integration, numbers: Collection[str]) -> dict[str, WebhookEvent]:
    """Of each number, the event that was applied last, where it has its body yet."""
    events = (
        WebhookEvent.objects.filter(
            integration=integration,
            external_id__any_of=numbers,
            body__isnull=False,
            state__in=(EventState.DONE, EventState.IGNORED),
        )
        .exclude(outcome__in=_NOT_APPLIED)
        .order_by("external_id", "-received_at", "-id")
        .distinct("external_id")
    )
    return {event.external_id: event for event in events}


def _is_latest(event: WebhookEvent, sale: Sale | None) -> bool:
    return sale is None or event.received_at >= sale.observed_at


def _run_again(
    word: UnknownStatus, integration: Integration, events: Collection[WebhookEvent]
) -> "Counter[str]":
    reader = providers.reader(integration)
    observed = []
    for event in events:
        try:
            _, payload = reader.body(bytes(event.body or b""), event.headers)
        except PayloadInvalid:
            continue
        if isinstance(payload, Order) and word.id in payload.mapped_words:
            seen = Observation(
                seen_at=event.received_at,
                origin=Origin.EVENT,
                origin_id=event.id,
                is_snapshot=True,
            )
            observed.append(Observed(payload, seen))
    outcomes: Counter[str] = Counter()

    def apply(part: Sequence[Observed]) -> None:
        outcomes.update(str(result.outcome) for result in ingest(integration, part))

    def reject(_: Observed, error: Exception) -> None:
        outcomes["quarantined"] += 1

    isolate(observed, apply, reject)
    return outcomes


def _give_sales(
    word: UnknownStatus, user_id: uuid.UUID, numbers: Collection[str]
) -> "Counter[str]":
    axis, unknown = SALE_FIELDS[WordAxis(word.axis)]
    ledger = Ledger.load(user_id, word.provider, numbers)
    is_spoken = providers.PROVIDERS[word.provider].is_spoken
    outcomes: Counter[str] = Counter()
    for sale in filter(None, map(ledger.get, numbers)):
        if is_spoken(word, sale.metadata):
            facts = facts_of(sale, **{axis: word.meaning, unknown: ""})
            outcomes[ledger.update(sale, facts, _by_staff(word, sale)).outcome] += 1
    ledger.save()
    return outcomes


def _give_subscriptions(
    word: UnknownStatus, user_id: uuid.UUID, hashes: Collection[str]
) -> "Counter[str]":
    register = Register.load(user_id, word.provider, hashes)
    outcomes: Counter[str] = Counter()
    rows = Subscription.objects.filter(
        user_id=user_id, subscription_hash__in=hashes, unknown_status=word.word
    )
    for row in rows:
        facts = SubscriptionFacts(
            subscription_hash=row.subscription_hash, status=SubscriptionStatus(word.meaning)
        )
        outcomes[register.record(facts, None, None, _by_staff(word, row))] += 1
    register.save()
    return outcomes


def _by_staff(word: UnknownStatus, row: Sale | Subscription) -> Observation:
    return Observation(
        seen_at=row.observed_at,
        origin=Origin.PERSON,
        origin_id=word.mapped_by_id or word.id,
        is_snapshot=True,
    )
