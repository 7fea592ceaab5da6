"""Views that merge two clients, split one, and undo either."""

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import capfirst

from clients.admin import CLIENT_MASKS
from clients.models import Client, ClientMerge
from clients.search import ClientLookupError, find_client
from flowzz.accounts.models import User
from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.confirm_with_reason import ReasonForm, render_confirmation
from flowzz.backoffice.display import change_url, page_context
from flowzz.core.formatting import format_count
from sales import merging
from sales.admin.merge_forms import MergeForm, SplitForm

MERGE_CLIENTS = "clients.merge_client"
"""The permission to merge, split and undo."""


def merge(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Ask for the other client, show what changes, then merge it into this one."""
    client = get_object_or_404(Client.objects.select_related("user"), id=object_id)
    form = MergeForm(request.POST or None)
    if not form.is_valid():
        return _ask_other(request, form, client)
    try:
        other = find_client(form.cleaned_data["other"], client.user.email, excluding=client)
        if "confirm" not in request.POST:
            return _preview(request, form, client, other)
        done = merging.merge(client.id, other.id, by=_staff(request))
    except (ClientLookupError, merging.MergeRefused) as refusal:
        form.add_error("other", str(refusal))
        return _ask_other(request, form, client)
    details = {"outro": str(other.id), "vendas": len(done.sale_ids)}
    reason = form.cleaned_data["reason"]
    audit_log.record(request, "Uniu clientes", client, reason=reason, details=details)
    moved = format_count(len(done.sale_ids), "venda passou", "vendas passaram")
    messages.success(request, f"Clientes unidos: {moved} para este.")
    return redirect(change_url(client))


def split(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Ask for sales and move them to a new client."""
    client = get_object_or_404(Client, id=object_id)
    form = SplitForm(request.POST or None, client=client)
    if form.is_valid():
        try:
            done = merging.split(
                client.id, form.cleaned_data["sales"], form.customer, by=_staff(request)
            )
        except merging.MergeRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            details = {"novo": str(done.target_id), "vendas": len(done.sale_ids)}
            reason = form.cleaned_data["reason"]
            audit_log.record(request, "Separou vendas", client, reason=reason, details=details)
            moved = format_count(len(done.sale_ids), "venda é", "vendas são")
            messages.success(request, f"{moved} agora de outro cliente.")
            return redirect(change_url(done.target or client))
    text = "As vendas escolhidas passam para um cliente novo. Pode ser desfeito."
    return _ask(request, form, client, title="Separar vendas", text=text, button="Separar")


def undo(request: HttpRequest, merge_id: uuid.UUID) -> HttpResponse:
    """Ask for a reason and undo a merge or a split."""
    if not request.user.has_perm(MERGE_CLIENTS):
        raise PermissionDenied
    done = get_object_or_404(ClientMerge.objects.select_related("source"), id=merge_id)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            merging.undo(done.id, by=_staff(request))
        except merging.MergeRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            action = f"Desfez {done.get_kind_display().lower()}"
            reason = form.cleaned_data["reason"]
            audit_log.record(request, action, done.source, reason=reason)
            messages.success(request, "Desfeita: as vendas voltaram.")
            return redirect(change_url(done.source))
    text = "As vendas movidas voltam; o que chegou depois fica com quem está."
    title = f"Desfazer: {done}"
    return _ask(request, form, done.source, title=title, text=text, button="Desfazer")


def _ask_other(request: HttpRequest, form: MergeForm, client: Client) -> HttpResponse:
    title = "Unir a outro cliente"
    text = "As vendas do outro passam para este. Antes de unir, você vê o que muda."
    return _ask(request, form, client, title=title, text=text, button="Ver o que muda")


def _ask(
    request: HttpRequest, form: Form, client: Client, *, title: str, text: str, button: str
) -> HttpResponse:
    _mask(request, client)
    back = change_url(client)
    return render_confirmation(
        request, form, about=client, title=title, text=text, button=button, back=back
    )


def _preview(request: HttpRequest, form: MergeForm, client: Client, other: Client) -> HttpResponse:
    """Show the client as the merge would leave it."""
    counts = {"sales": other.sales.count(), "subscriptions": other.subscriptions.count()}
    _mask(request, client, other)
    fields = merging.preview(client, other)
    context = {
        **page_context(request, "Unir: o que muda", client, back=change_url(client)),
        "headers": ("Campo", "Este", "O outro", "Depois"),
        "rows": [(capfirst(f.label), f.kept, f.absorbed, f.result) for f in fields],
        "form": form,
        **counts,
    }
    return render(request, "sales/merge_preview.html", context)


def _mask(request: HttpRequest, *clients: Client) -> None:
    for client in clients:
        if not masking.is_visible(request, client):
            masking.mask_row(client, CLIENT_MASKS)


def _staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
