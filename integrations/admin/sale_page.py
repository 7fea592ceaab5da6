"""What integrations add to a sale's page: webhooks and sync findings, and rules for masking."""

from typing import Any

from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Coalesce, Concat
from django.urls import reverse
from django.utils.http import urlencode

from clients.contacts import format_raw_phone
from flowzz.backoffice import masking
from flowzz.backoffice.display import badge_tone
from flowzz.backoffice.extensions import extend
from flowzz.core.ids import lowest_uuid7, uuid7_time
from integrations.admin.events.explanations import explain_event
from integrations.admin.order_pages import order_page
from integrations.admin.sync.findings import KIND_COLOURS, describe_difference, mask_differences
from integrations.inbox.failure_reasons import describe_warning
from integrations.models import (
    BulkAction,
    EventState,
    FindingKind,
    SalesImport,
    SyncFinding,
    SyncRun,
    WebhookEvent,
)
from integrations.models.events import NEWEST_FIRST
from integrations.providers.contracts import StatusField
from integrations.providers.registry import get_provider, provider_names
from sales.admin.sale_page.timeline import SOURCE_LIMIT, Entry, SaleExtension, TimelineQuery
from sales.admin.sale_page.timeline_sources import TITLES, staff_actions
from sales.admin.sales import CAMPAIGN_FIELDS
from sales.models import Origin, Sale
from sales.sale_changes import STATUS_COLUMNS
from sales.statuses import SaleStatusField


def mask_metadata(sale: Sale) -> Any | None:
    """Mask the metadata by the provider's field names; None if no provider is the source."""
    if sale.source not in provider_names():
        return None
    provider = get_provider(sale.source)
    shown = provider.public_fields.union(CAMPAIGN_FIELDS)
    return masking.mask_payload(sale.metadata, provider.personal_fields, shown)


def metadata_fields(sale: Sale) -> list[tuple[str, str, object]]:
    """Return the metadata that the provider names, with phones as people write them."""
    if sale.source not in provider_names():
        return []
    provider = get_provider(sale.source)
    values = sale.metadata | {
        name: format_raw_phone(text)
        for name, kind in provider.personal_fields.items()
        if kind == "phone" and isinstance(text := sale.metadata.get(name), str)
    }
    return [(group, label, values.get(name)) for name, group, label in provider.metadata_labels]


def word_url(sale: Sale, field: SaleStatusField) -> str:
    """Return the URL that leads to the mapping of the sale's unknown status word."""
    word = getattr(sale, STATUS_COLUMNS[field].unknown)
    mapped = StatusField.ORDER if field == SaleStatusField.STATUS else StatusField.SHIPPING
    query = urlencode({"plataforma": sale.source, "tipo": mapped, "texto": word})
    return f"{reverse('backoffice:status_word')}?{query}" if word else ""


def _events_of(sale: Sale) -> "QuerySet[WebhookEvent]":
    return WebhookEvent.objects.filter(
        integration__user=sale.user_id, provider=sale.source, external_id__any_of=sale.order_ids
    )


def events(query: TimelineQuery) -> list[Entry]:
    """Return the webhooks about the sale."""
    found = _events_of(query.sale).filter(received_at__lt=query.before)
    return [_event(query, event) for event in found.order_by(*NEWEST_FIRST)[:SOURCE_LIMIT]]


def staff_actions_on_events(query: TimelineQuery) -> list[Entry]:
    return staff_actions(query, _events_of(query.sale))


def _event(query: TimelineQuery, event: WebhookEvent) -> Entry:
    title, icon = TITLES[Origin.EVENT]
    explained = explain_event(event)
    badge = event.get_outcome_display() or event.get_state_display()
    is_in_badge = event.state == EventState.DONE or explained.title == f"{badge}."
    return Entry(
        at=event.received_at,
        title=title,
        icon=icon,
        tone=explained.tone,
        href=query.url_of(WebhookEvent, event.id),
        badge=badge,
        lines=() if is_in_badge else [explained.title],
        cause=(Origin.EVENT, event.id),
    )


def findings(query: TimelineQuery) -> list[Entry]:
    """Return what sync runs found about the sale."""
    rows = SyncFinding.objects.filter(
        run__integration__user=query.sale.user_id,
        run__integration__provider=query.sale.source,
        external_id__any_of=query.sale.order_ids,
        id__lt=lowest_uuid7(query.before),
    )
    newest = rows.select_related("run").order_by("-id")[:SOURCE_LIMIT]
    return [_finding(query, finding) for finding in newest]


def _finding(query: TimelineQuery, finding: SyncFinding) -> Entry:
    if query.is_masked:
        mask_differences(finding)
    title, icon = TITLES[Origin.RUN]
    changes = [
        describe_difference(change)
        for change in finding.fields
        if change["field"] not in SaleStatusField  # status changes are entries of their own
    ]
    return Entry(
        at=uuid7_time(finding.id),
        title=title,
        icon=icon,
        tone=badge_tone(KIND_COLOURS[FindingKind(finding.kind)]),
        href=query.url_of(SyncRun, finding.run_id),
        badge=finding.get_kind_display(),
        lines=[finding.message] if finding.message else changes,
        by=finding.run.get_trigger_display(),
        cause=(Origin.RUN, finding.run_id),
    )


_MAPPED = Concat(
    Value("“"),
    "mapping__word",
    Value("”, por "),
    Coalesce("requested_by__email", Value("(usuário removido)")),
    output_field=TextField(),
)
"""The text that was given a meaning, and the person who gave it."""

extend(
    Sale,
    SaleExtension(
        order_page=order_page,
        metadata_fields=metadata_fields,
        word_url=word_url,
        timeline_sources=[events, findings, staff_actions_on_events],
        origins={
            Origin.EVENT: (WebhookEvent, "provider"),
            Origin.RUN: (SyncRun, "trigger"),
            Origin.IMPORT: (SalesImport, "file_name"),
            Origin.MAPPING: (BulkAction, _MAPPED),
        },
        mask_metadata=mask_metadata,
        describe_warning=describe_warning,
    ),
)
