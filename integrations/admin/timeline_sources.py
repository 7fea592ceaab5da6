"""What a sale's timeline tells of this room: webhooks, findings of syncs, and who changed it."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.text import capfirst

from flowzz.accounts.models import User
from flowzz.core.ids import first_since, made_at
from integrations.admin.events.explanations import tell
from integrations.admin.sync import report as sync_report
from integrations.models import (
    EventState,
    FindingKind,
    SalesImport,
    SyncFinding,
    SyncRun,
    WebhookEvent,
)
from sales.admin import timeline_sources
from sales.admin.timeline import READ, Cause, Entry, View
from sales.models import Axis, Origin

_MAKERS: dict[str, tuple[type[Model], str]] = {
    Origin.EVENT: (WebhookEvent, "provider"),
    Origin.RUN: (SyncRun, "trigger"),
    Origin.IMPORT: (SalesImport, "file_name"),
    Origin.PERSON: (User, "email"),
}
"""What changes states, and the field that says more of it."""
FINDING_TONES = {FindingKind.ERROR: "bad", FindingKind.MISSED: "warning"}


def sources_of(view: View) -> list[list[Entry]]:
    """Everything that is known of a sale: a dozen statements at most, however much there is."""
    return [
        _with_makers(view, timeline_sources.changes(view)),
        _events(view),
        _findings(view),
        timeline_sources.moves(view),
        timeline_sources.cycles(view),
        timeline_sources.deeds(view, type(view.sale).objects.filter(id=view.sale.id)),
        timeline_sources.deeds(view, events_of(view)),
    ]


def events_of(view: View) -> "QuerySet[WebhookEvent]":
    return WebhookEvent.objects.filter(
        integration__user=view.sale.user_id,
        provider=view.sale.source,
        external_id=view.sale.external_id,
    )


def _events(view: View) -> list[Entry]:
    found = events_of(view).filter(received_at__lt=view.before).defer("body", "headers")
    return [_event(view, event) for event in found.order_by("-received_at", "-id")[:READ]]


def _event(view: View, event: WebhookEvent) -> Entry:
    title, icon = timeline_sources.TITLES[Origin.EVENT]
    told = tell(event)
    badge = event.get_outcome_display() or event.get_state_display()
    is_said = event.state == EventState.DONE or told.title == f"{badge}."
    return Entry(
        at=event.received_at,
        title=title,
        icon=icon,
        tone=told.tone,
        href=view.page_of(WebhookEvent, event.id),
        badge=badge,
        lines=() if is_said else [told.title],
        cause=(Origin.EVENT, event.id),
    )


def _findings(view: View) -> list[Entry]:
    found = SyncFinding.objects.filter(
        run__integration__user=view.sale.user_id,
        run__integration__provider=view.sale.source,
        external_id=view.sale.external_id,
        id__lt=first_since(view.before),
    )
    rows = found.select_related("run").order_by("-id")[:READ]
    return [_finding(view, finding) for finding in rows]


def _finding(view: View, finding: SyncFinding) -> Entry:
    if view.is_masked:
        sync_report.mask(finding)
    title, icon = timeline_sources.TITLES[Origin.RUN]
    told = [
        capfirst(sync_report.described(each))
        for each in finding.fields
        if each["field"] not in Axis
    ]
    return Entry(
        at=made_at(finding.id),
        title=title,
        icon=icon,
        tone=FINDING_TONES.get(FindingKind(finding.kind), "info"),
        href=view.page_of(SyncRun, finding.run_id),
        badge=finding.get_kind_display(),
        lines=[finding.message] if finding.message else told,
        by=finding.run.get_trigger_display(),
        cause=(Origin.RUN, finding.run_id),
    )


def _with_makers(view: View, changes: Sequence[Entry]) -> list[Entry]:
    """Changes with the page of what made them, and its name or whoever had it made."""
    makers: dict[Cause, tuple[str, str]] = {}
    for origin, (model, field) in _MAKERS.items():
        ids = {made.cause[1] for made in changes if made.cause and made.cause[0] == origin}
        for id_, name in _named(model, field, ids - {None}):
            makers[origin, id_] = (view.page_of(model, id_), name)
    return [_with_maker(made, *makers.get(made.cause, ("", ""))) for made in changes if made.cause]


def _with_maker(change: Entry, href: str, by: str) -> Entry:
    return replace(change, href=href, by=by)


def _named(model: type[Model], field: str, ids: Collection[Any]) -> list[tuple[uuid.UUID, str]]:
    if not ids:
        return []
    labels: dict[Any, str] = dict(getattr(model._meta.get_field(field), "flatchoices", ()))
    found = model._default_manager.filter(pk__in=ids).values_list("pk", field)
    return [(pk, str(labels.get(value, value))) for pk, value in found]
