"""What the events of orders and subscriptions say, as far as their bodies are still there."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from integrations.models import (
    EventOutcome,
    Integration,
    StatusMapping,
    WebhookEvent,
)
from integrations.models.events import APPLIED
from integrations.providers.contracts import Order, StatusField
from integrations.providers.errors import PayloadInvalid
from integrations.providers.readers import reader_for
from integrations.providers.registry import get_provider
from integrations.status_mappings.usages import SALE_FIELDS
from sales.facts import SaleFacts, SubscriptionFacts
from sales.models import Origin, Sale, Subscription
from sales.recording import ChangeSource


@dataclass(slots=True)
class ReportedStatus:
    """Whether a word was the last one said, since when, and which state was said before it."""

    since: datetime | None = None
    state_before: str = ""


def applied_events(integration: Integration, numbers: Collection[str]) -> "QuerySet[WebhookEvent]":
    """Those of these orders and subscriptions that were applied and have their body yet."""
    return WebhookEvent.objects.filter(
        APPLIED, integration=integration, external_id__any_of=numbers, payload__isnull=False
    ).select_related("payload")


def reported_statuses(
    word: StatusMapping, integration: Integration, numbers: Collection[str]
) -> dict[str, ReportedStatus]:
    """By the order's number or the subscription's hash; of those whose events can be read."""
    axis, unknown = SALE_FIELDS.get(StatusField(word.axis), ("status", "unknown_status"))
    normalize = get_provider(word.provider).normalize_word
    found: dict[str, ReportedStatus] = defaultdict(ReportedStatus)
    for event, order in _orders(integration, numbers):
        facts = order.subscription if word.axis == StatusField.SUBSCRIPTION else order.sale
        if facts is None:
            continue
        telling, said = found[_number(facts)], getattr(facts, unknown)
        if word.id in order.used_mappings or (said and normalize(said) == normalize(word.word)):
            telling.since = telling.since or event.received_at
        else:
            telling.since = None
            telling.state_before = telling.state_before if said else getattr(facts, axis)
    return dict(found)


def by_staff(word: StatusMapping, row: Sale | Subscription) -> ChangeSource:
    return ChangeSource(
        observed_at=row.observed_at,
        origin=Origin.PERSON,
        origin_id=word.mapped_by_id or word.id,
        is_snapshot=True,
    )


def _orders(
    integration: Integration, numbers: Collection[str]
) -> Iterator[tuple[WebhookEvent, Order]]:
    """In the order of their arrival, without those that came too late to count."""
    reader = reader_for(integration)
    events = applied_events(integration, numbers).exclude(outcome=EventOutcome.STALE)
    for event in events.order_by("received_at", "id").iterator():
        try:
            payload = reader.parse_webhook(event.body or b"", event.headers).payload
        except PayloadInvalid:
            continue
        if isinstance(payload, Order):
            yield event, payload


def _number(facts: SaleFacts | SubscriptionFacts) -> str:
    return facts.external_id if isinstance(facts, SaleFacts) else facts.subscription_hash
