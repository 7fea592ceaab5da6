"""What a sale's timeline tells of this room: states, clients, subscriptions, and staff."""

from collections.abc import Iterator

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet, TextField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from clients.models import Client, ClientMerge
from flowzz.accounts.models import StaffAction
from flowzz.backoffice import masking
from sales.admin.history import state_label
from sales.admin.timeline import READ, Entry, View
from sales.models import Origin, SaleStatusChange, Subscription, SubscriptionCycle

TITLES = {
    Origin.EVENT: ("Webhook", "webhook"),
    Origin.RUN: ("Sincronização", "sync"),
    Origin.IMPORT: ("Importação", "upload_file"),
    Origin.PERSON: ("Mudança feita pela equipe", "person"),
}
"""What made a change: in words, and as an icon."""
MOVES_READ = 50


def changes(view: View) -> list[Entry]:
    """Changes of both states, as effects of what made them."""
    rows = view.sale.status_changes.filter(at__lt=view.before).order_by("-at", "-id")
    return [_change(row) for row in rows[:READ]]


def moves(view: View) -> list[Entry]:
    """Merges and splits that gave the sale to another client, and what undid them."""
    found = ClientMerge.objects.filter(sales__contains=[view.sale.id])
    rows = found.select_related("source", "target", "made_by", "undone_by")[:MOVES_READ]
    told = [entry for row in rows for entry in _told(view, row) if entry.at < view.before]
    return sorted(told, key=lambda entry: entry.at, reverse=True)[:READ]


def cycles(view: View) -> list[Entry]:
    """The charges of subscriptions that this sale is."""
    found = SubscriptionCycle.objects.filter(sale=view.sale, seen_at__lt=view.before)
    rows = found.select_related("subscription").order_by("-seen_at", "-id")[:READ]
    return [
        Entry(
            at=row.seen_at,
            title=f"Ciclo {row.cycle} da assinatura {row.subscription}",
            icon="autorenew",
            href=view.page_of(Subscription, row.subscription_id),
            lines=[f"Próxima cobrança: {_moment(row)}"] if row.next_charge_date else (),
        )
        for row in rows
    ]


def deeds(view: View, rows: "QuerySet[Model]") -> list[Entry]:
    """What staff did to some rows, for those who may read the trail."""
    if not view.request.user.has_perm("accounts.view_staffaction"):
        return []
    found = StaffAction.objects.filter(
        content_type=ContentType.objects.get_for_model(rows.model),
        target_id__in=rows.order_by().values_list(Cast("pk", TextField())),
        at__lt=view.before,
    )
    lines = found.select_related("actor").defer("details").order_by("-at", "-id")[:READ]
    return [
        Entry(
            at=line.at,
            title=line.action,
            icon="history_edu",
            href=view.page_of(StaffAction, line.id),
            lines=[f"Motivo: {line.reason}"] if line.reason else (),
            by=str(line.actor or ""),
        )
        for line in lines
    ]


def _change(row: SaleStatusChange) -> Entry:
    title, icon = TITLES[Origin(row.origin)]
    return Entry(
        at=row.at,
        title=title,
        icon=icon,
        lines=[_moved(row)],
        cause=(row.origin, row.origin_id),
        is_effect=True,
    )


def _moved(change: SaleStatusChange) -> str:
    before = f"{state_label(change, change.from_status)} → " if change.from_status else ""
    return f"{change.get_axis_display()}: {before}{state_label(change, change.to_status)}"


def _told(view: View, move: ClientMerge) -> Iterator[Entry]:
    title = f"{move.get_kind_display()} de clientes"
    source, target = (_named(view, client) for client in (move.source, move.target))
    if move.undone_at:
        back = format_html("De {} de volta para {}", target, source)
        by = str(move.undone_by or "")
        yield Entry(at=move.undone_at, title=f"{title} desfeita", icon="undo", lines=[back], by=by)
    lines = [format_html("De {} para {}", source, target)]
    if not move.undone_at and view.request.user.has_perm("clients.merge_client"):
        page = reverse("admin:clients_client_undo", args=[move.id])
        lines.append(format_html('<a class="bo-link" href="{}">Desfazer</a>', page))
    icon = "merge" if move.kind == ClientMerge.Kind.MERGE else "call_split"
    yield Entry(at=move.made_at, title=title, icon=icon, lines=lines, by=str(move.made_by or ""))


def _named(view: View, client: Client | None) -> SafeString | str:
    if client is None:
        return "cliente removido"
    name = masking.name(str(client)) if view.is_masked else str(client)
    page = view.page_of(Client, client.id)
    return format_html('<a class="bo-link" href="{}">{}</a>', page, name) if page else name


def _moment(cycle: SubscriptionCycle) -> str:
    return date_format(localtime(cycle.next_charge_date), "SHORT_DATETIME_FORMAT")
