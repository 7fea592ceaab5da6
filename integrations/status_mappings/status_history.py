"""The statuses that the stored events of an order or a subscription reported."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from integrations.models import BulkAction, EventOutcome, Integration, StatusMapping, WebhookEvent
from integrations.models.events import APPLIED, ARRIVAL
from integrations.providers.contracts import Order, StatusField
from integrations.providers.errors import PayloadInvalid
from integrations.providers.readers import reader_for
from integrations.providers.registry import get_provider
from integrations.status_mappings.usages import SALE_COLUMNS
from sales.facts import SaleFacts, SubscriptionFacts
from sales.models import ChangeSource, Origin


@dataclass(slots=True)
class ReportedStatus:
    """Whether a word is the last one that the events reported, and what they reported before."""

    since: datetime | None = None
    """When the word was first reported without another word after it; None if another was."""
    previous_status: str = ""
    is_refund_open: bool = False
    """Whether `previous_status` is a refund that may still be reversed."""
    other_events: set[UUID] = field(default_factory=set)
    """The events that reported other words."""


def applied_events(
    integration: Integration, external_ids: Collection[str]
) -> "QuerySet[WebhookEvent]":
    """Return the applied events of orders and subscriptions that still have a body."""
    return WebhookEvent.objects.filter(
        APPLIED, integration=integration, external_id__any_of=external_ids, payload__isnull=False
    ).select_related("payload")


def reported_statuses(
    mapping: StatusMapping, integration: Integration, external_ids: Mapping[str, str]
) -> dict[str, ReportedStatus]:
    """Return by external id what the events reported; without an event that can be parsed, none.

    `external_ids` maps the ids in events to those of the result: an order may have two.
    """
    status_field = StatusField(mapping.field)
    status_column, unknown_column = SALE_COLUMNS.get(status_field, SALE_COLUMNS[StatusField.ORDER])
    normalize = get_provider(mapping.provider).normalize_word
    reported: dict[str, ReportedStatus] = defaultdict(ReportedStatus)
    # Without the events that arrived too late to count.
    events = applied_events(integration, external_ids).exclude(outcome=EventOutcome.STALE)
    in_order = events.order_by(*ARRIVAL).iterator()
    for event, order in parse_orders(integration, in_order):
        facts = order.subscription if status_field == StatusField.SUBSCRIPTION else order.sale
        if facts is None or getattr(facts, status_column) is None:
            continue
        id_ = _external_id(facts)
        status, unknown_word = reported[external_ids.get(id_, id_)], getattr(facts, unknown_column)
        is_same_word = unknown_word and normalize(unknown_word) == normalize(mapping.word)
        if mapping.id in order.used_mappings or is_same_word:
            status.since = status.since or event.received_at
        else:
            status.since = None
            status.other_events.add(event.id)
            if not unknown_word:
                status.previous_status = getattr(facts, status_column)
                status.is_refund_open = getattr(facts, "is_refund_open", False)
    return dict(reported)


def mapping_source(action: BulkAction, observed_at: datetime) -> ChangeSource:
    """Return the source of a change by a mapping: made now, about what was reported then."""
    return ChangeSource(
        observed_at=observed_at,
        origin=Origin.MAPPING,
        origin_id=action.id,
        is_snapshot=True,
        made_at=timezone.now(),
    )


def parse_orders(
    integration: Integration, events: Iterable[WebhookEvent]
) -> Iterator[tuple[WebhookEvent, Order]]:
    """Yield the events that contain an order, with the order as parsed now."""
    reader = reader_for(integration)
    for event in events:
        try:
            payload = reader.parse_webhook(event.body or b"", event.headers).payload
        except PayloadInvalid:
            continue
        if isinstance(payload, Order):
            yield event, payload


def _external_id(facts: SaleFacts | SubscriptionFacts) -> str:
    return facts.external_id if isinstance(facts, SaleFacts) else facts.subscription_hash
