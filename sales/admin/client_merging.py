"""Forms and views that merge two clients, split one, and undo either."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import capfirst
from django.utils.timezone import localtime
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from clients.admin import CLIENT_MASKS
from clients.customer import Customer
from clients.models import Client, ClientMerge
from clients.search import ClientLookupError, find_client
from flowzz.accounts.models import request_user
from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.confirm_with_reason import ReasonForm, render_confirmation
from flowzz.backoffice.display import change_url, page_context
from flowzz.core.formatting import format_count, format_reais
from sales import merging
from sales.models import Sale

MERGE_CLIENTS = "clients.merge_client"
"""The permission to merge, split and undo."""
MAX_SALES = 100


class MergeForm(ReasonForm):
    other = forms.CharField(
        label="Outro cliente",
        max_length=254,
        widget=UnfoldAdminTextInputWidget,
        help_text="Id, CPF ou CNPJ, telefone ou e-mail de um cliente do mesmo usuário.",
    )
    field_order = ("other", "reason")


class SplitForm(ReasonForm):
    sales = forms.MultipleChoiceField(
        label="Vendas",
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="As 100 mais novas.",
    )
    name = forms.CharField(label="Nome", max_length=500, widget=UnfoldAdminTextInputWidget)
    document = forms.CharField(
        label="CPF ou CNPJ",
        max_length=32,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Sem documento nem telefone, os próximos pedidos não chegam a este cliente.",
    )
    phone = forms.CharField(
        label="Telefone", max_length=64, required=False, widget=UnfoldAdminTextInputWidget
    )
    field_order = ("sales", "name", "document", "phone", "reason")

    def __init__(self, *args: Any, client: Client, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = Sale.objects.filter(client=client).order_by("-sale_date").defer("metadata")
        choices = [(str(sale.id), _sale_label(sale)) for sale in newest[:MAX_SALES]]
        self.fields["sales"].choices = choices  # type: ignore[attr-defined]  # typed as a plain Field

    @property
    def customer(self) -> Customer:
        names = ("name", "document", "phone")
        return Customer(**{name: self.cleaned_data[name] for name in names})


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
        done = merging.merge(client.id, other.id, by=request_user(request))
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
    form, by = SplitForm(request.POST or None, client=client), request_user(request)

    def change() -> ClientMerge:
        return merging.split(client.id, form.cleaned_data["sales"], form.customer, by=by)

    if done := _attempt(form, change):
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
    if _attempt(form, lambda: merging.undo(done.id, by=request_user(request))):
        action = f"Desfez {done.get_kind_display().lower()}"
        audit_log.record(request, action, done.source, reason=form.cleaned_data["reason"])
        messages.success(request, "Desfeita: as vendas voltaram.")
        return redirect(change_url(done.source))
    text = "As vendas movidas voltam; o que chegou depois fica com quem está."
    title = f"Desfazer: {done}"
    return _ask(request, form, done.source, title=title, text=text, button="Desfazer")


def _attempt(form: forms.Form, change: Callable[[], ClientMerge]) -> ClientMerge | None:
    """Return the change's result; None, with the reason in the form, if it is refused."""
    if not form.is_valid():
        return None
    try:
        return change()
    except merging.MergeRefused as refusal:
        form.add_error(None, str(refusal))
        return None


def _ask_other(request: HttpRequest, form: MergeForm, client: Client) -> HttpResponse:
    title = "Unir a outro cliente"
    text = "As vendas do outro passam para este. Antes de unir, você vê o que muda."
    return _ask(request, form, client, title=title, text=text, button="Ver o que muda")


def _ask(
    request: HttpRequest, form: forms.Form, client: Client, *, title: str, text: str, button: str
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


def _sale_label(sale: Sale) -> str:
    date = f"{localtime(sale.sale_date):%d/%m/%Y}"
    return f"{sale.external_id} · {date} · {sale.product_name} · {format_reais(sale.total_price)}"
