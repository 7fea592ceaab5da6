"""The timeline's sources in this app: changes of the sale, client merges, subscriptions, staff."""

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Model, QuerySet, TextField
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clients.models import Client, ClientMerge
from flowzz.accounts.models import StaffAction
from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.display import short_datetime
from sales.admin.sale_page.timeline import (
    SOURCE_LIMIT,
    Cause,
    Entry,
    Origins,
    SaleExtension,
    TimelineQuery,
)
from sales.admin.statuses import describe_change, value_label
from sales.models import Origin, Sale, SaleMerge, SaleStatusChange, Subscription, SubscriptionCycle
from sales.statuses import HistoryField

TITLES = {
    Origin.EVENT: ("Webhook", "webhook"),
    Origin.RUN: ("Sincronização", "sync"),
    Origin.IMPORT: ("Importação", "upload_file"),
    Origin.PERSON: ("Mudança feita pela equipe", "person"),
    Origin.MAPPING: ("Significado de um texto recebido", "translate"),
}
"""The title and icon of each cause of a change."""
MAX_MERGES = 50


def collect(query: TimelineQuery, extensions: Sequence[SaleExtension]) -> list[Sequence[Entry]]:
    """Return the entries of each source of this app and of the extensions."""
    origins: dict[str, tuple[type[Model], str | Combinable]] = {
        Origin.PERSON: (StaffAction, F("actor__email"))
    }
    for extension in extensions:
        origins |= extension.origins
    sources = [source for extension in extensions for source in extension.timeline_sources]
    return [
        _with_causes(query, _status_changes(query), origins),
        _client_merges(query),
        _sale_merges(query),
        _subscription_cycles(query),
        staff_actions(query, Sale.objects.filter(id=query.sale.id)),
        *(source(query) for source in sources),
    ]


def staff_actions(query: TimelineQuery, rows: "QuerySet[Any]") -> list[Entry]:
    """Return what staff did to the rows; empty for readers who may not view the audit log."""
    if not query.request.user.has_perm("accounts.view_staffaction"):
        return []
    actions = StaffAction.objects.filter(
        content_type=ContentType.objects.get_for_model(rows.model),
        target_id__in=rows.order_by().values_list(Cast("pk", TextField())),
        created_at__lt=query.before,
    )
    newest = actions.select_related("actor").defer("details").order_by("-created_at", "-id")
    return [_staff_action(query, action) for action in newest[:SOURCE_LIMIT]]


def _staff_action(query: TimelineQuery, action: StaffAction) -> Entry:
    is_note = action.action == audit_log.NOTE
    reason = action.reason if is_note else f"Motivo: {action.reason}"
    return Entry(
        at=action.created_at,
        title="Nota da equipe" if is_note else action.action,
        icon="sticky_note_2" if is_note else "history_edu",
        href=query.url_of(StaffAction, action.id),
        lines=[reason] if action.reason else (),
        by=str(action.actor or ""),
        cause=(Origin.PERSON, action.id),
    )


def _status_changes(query: TimelineQuery) -> list[Entry]:
    """Return the changes of the sale's history, as effects of what caused them."""
    changes = query.sale.status_changes.filter(changed_at__lt=query.before)
    rows = list(changes.order_by("-changed_at", "-id")[:SOURCE_LIMIT])
    moves = [row for row in rows if row.field == HistoryField.CLIENT]
    ids = {client_id for row in moves for client_id in (row.from_status, row.to_status)}
    clients = {str(id_): client for id_, client in Client.objects.in_bulk(ids).items()}
    return [_status_change(query, row, clients) for row in rows]


def _status_change(
    query: TimelineQuery, row: SaleStatusChange, clients: Mapping[str, Client]
) -> Entry:
    title, icon = TITLES[Origin(row.origin)]
    if row.field == HistoryField.CLIENT:
        before, after = (
            _client_link(query, clients.get(id_)) for id_ in (row.from_status, row.to_status)
        )
    else:
        before, after = value_label(row, row.from_status), value_label(row, row.to_status)
    change = format_html("{} → {}", before, after) if row.from_status else after
    return Entry(
        at=row.changed_at,
        title=title,
        icon=icon,
        lines=[format_html("{}: {}", row.get_field_display(), change)],
        cause=(row.origin, row.origin_id),
        is_effect=True,
    )


def _with_causes(query: TimelineQuery, changes: Sequence[Entry], origins: Origins) -> list[Entry]:
    """Add to each change the page and the name of the row that caused it."""
    causes: dict[Cause | None, tuple[str, str]] = {}
    for origin, (model, name) in origins.items():
        ids = {entry.cause[1] for entry in changes if entry.cause and entry.cause[0] == origin}
        for row_id, text in _names(model, name, ids - {None}):
            causes[origin, row_id] = (query.url_of(model, row_id), text)
    found = ((entry, causes.get(entry.cause, ("", ""))) for entry in changes)
    return [replace(entry, href=href, by=text) for entry, (href, text) in found]


def _names(
    model: type[Model], name: str | Combinable, ids: Collection[Any]
) -> list[tuple[uuid.UUID, str]]:
    if not ids:
        return []
    field = model._meta.get_field(name) if isinstance(name, str) else None
    labels: dict[Any, str] = dict(getattr(field, "flatchoices", ()))
    rows = model._default_manager.filter(pk__in=ids).values_list("pk", name)
    return [(pk, str(labels.get(value, value))) for pk, value in rows]


def _client_merges(query: TimelineQuery) -> list[Entry]:
    """Return merges and splits that moved the sale to another client, and their undoing."""
    merges = ClientMerge.objects.filter(sale_ids__contains=[query.sale.id])
    rows = merges.select_related("source", "target", "created_by", "undone_by")[:MAX_MERGES]
    entries = [entry for row in rows for entry in _merge_entries(query, row)]
    before = [entry for entry in entries if entry.at < query.before]
    return sorted(before, key=lambda entry: entry.at, reverse=True)[:SOURCE_LIMIT]


def _sale_merges(query: TimelineQuery) -> list[Entry]:
    """Return merges of other sales into this one, and their undoing.

    What staff did is an effect of the logged action, which has the reason.
    """
    rows = SaleMerge.objects.filter(sale=query.sale).select_related("created_by", "undone_by")
    entries = [entry for row in rows[:MAX_MERGES] for entry in _sale_merge_entries(query, row)]
    before = [entry for entry in entries if entry.at < query.before]
    return sorted(before, key=lambda entry: entry.at, reverse=True)[:SOURCE_LIMIT]


def _sale_merge_entries(query: TimelineQuery, merge: SaleMerge) -> Iterator[Entry]:
    number = merge.absorbed.get("external_id")
    other = f"A venda {number}" if number else "Outra venda"
    if merge.undone_at:
        by = str(merge.undone_by or "")
        yield Entry(
            at=merge.undone_at,
            title="União de vendas desfeita",
            icon="undo",
            lines=[f"{other} voltou"],
            by=by,
            **_of_action(merge.undo_action_id),
        )
    lines: list[str] = [f"{other} é o mesmo pedido", *_merged_values(merge)]
    if not merge.undone_at and query.request.user.has_perm("sales.merge_sale"):
        page = reverse("admin:sales_sale_undo", args=[merge.id])
        lines.append(format_html('<a class="bo-link" href="{}">Desfazer</a>', page))
    by = str(merge.created_by or "uma mensagem com o número e o hash")
    yield Entry(
        at=merge.created_at,
        title="União de vendas",
        icon="merge",
        lines=lines,
        by=by,
        **_of_action(merge.action_id),
    )


def _of_action(action_id: uuid.UUID | None) -> dict[str, Any]:
    """Return the fields of an entry that is an effect of a logged action, if it is."""
    return {"cause": (Origin.PERSON, action_id), "is_effect": True} if action_id else {}


def _merged_values(merge: SaleMerge) -> Iterator[str]:
    """Yield the statuses, price and product that the merge changed."""
    for field in HistoryField:
        before, after = merge.changes.get(field.value, ("", ""))
        if before != after and field != HistoryField.CLIENT:
            change = SaleStatusChange(
                field=field, from_status=str(before or ""), to_status=str(after or "")
            )
            yield f"{field.label}: {describe_change(change)}"


def _merge_entries(query: TimelineQuery, merge: ClientMerge) -> Iterator[Entry]:
    title = f"{merge.get_kind_display()} de clientes"
    source, target = (_client_link(query, client) for client in (merge.source, merge.target))
    if merge.undone_at:
        line = format_html("De {} de volta para {}", target, source)
        by = str(merge.undone_by or "")
        yield Entry(at=merge.undone_at, title=f"{title} desfeita", icon="undo", lines=[line], by=by)
    lines = [format_html("De {} para {}", source, target)]
    if not merge.undone_at and query.request.user.has_perm("clients.merge_client"):
        page = reverse("admin:clients_client_undo", args=[merge.id])
        lines.append(format_html('<a class="bo-link" href="{}">Desfazer</a>', page))
    icon = "merge" if merge.kind == ClientMerge.Kind.MERGE else "call_split"
    yield Entry(
        at=merge.created_at, title=title, icon=icon, lines=lines, by=str(merge.created_by or "")
    )


def _client_link(query: TimelineQuery, client: Client | None) -> SafeString | str:
    if client is None:
        return "cliente removido"
    name = masking.mask_name(str(client)) if query.is_masked else str(client)
    page = query.url_of(Client, client.id)
    return format_html('<a class="bo-link" href="{}">{}</a>', page, name) if page else name


def _subscription_cycles(query: TimelineQuery) -> list[Entry]:
    """Return the subscription charges that the sale was created by."""
    cycles = SubscriptionCycle.objects.filter(sale=query.sale, observed_at__lt=query.before)
    rows = cycles.select_related("subscription").order_by("-observed_at", "-id")[:SOURCE_LIMIT]
    return [
        Entry(
            at=row.observed_at,
            title=f"Ciclo {row.cycle} da assinatura {row.subscription}",
            icon="autorenew",
            href=query.url_of(Subscription, row.subscription_id),
            lines=[f"Próxima cobrança: {short_datetime(row.next_charge_date)}"]
            if row.next_charge_date
            else (),
        )
        for row in rows
    ]
