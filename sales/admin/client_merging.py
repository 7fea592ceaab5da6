"""Forms and views that merge two clients, split one, and undo either."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import capfirst
from django.utils.timezone import localtime

from clients.admin import CLIENT_MASKS, ClientAdmin
from clients.contacts import normalise_phone
from clients.customer import Customer
from clients.documents import normalise_document
from clients.identity import documents_differ
from clients.models import Client, ClientMerge, MergeRefused
from clients.search import ClientLookupError, find_client
from flowzz.accounts.models import request_user
from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.confirm_with_reason import Done, ReasonForm, confirm, render_confirmation
from flowzz.backoffice.display import breakable, change_url, page_context
from flowzz.backoffice.extensions import page_view, row_action
from flowzz.core.formatting import format_count, format_reais
from sales import client_merging
from sales.models import Sale

MERGE_CLIENTS = "clients.merge_client"
"""The permission to merge, split and undo."""
MAX_SALES = 100


class MergeForm(ReasonForm):
    other = forms.CharField(
        label="Outro cliente",
        max_length=254,
        help_text="Id, CPF ou CNPJ, telefone ou e-mail de um cliente da mesma conta.",
    )
    field_order = ("other", "reason")


class SplitForm(ReasonForm):
    sales = forms.MultipleChoiceField(
        label="Vendas", widget=forms.CheckboxSelectMultiple, help_text="As 100 mais novas."
    )
    name = forms.CharField(label="Nome", max_length=500)
    document = forms.CharField(
        label="CPF ou CNPJ",
        max_length=32,
        required=False,
        help_text="Sem documento nem telefone, os próximos pedidos não chegam a este cliente.",
    )
    phone = forms.CharField(label="Telefone", max_length=64, required=False)
    field_order = ("sales", "name", "document", "phone", "reason")

    def __init__(self, *args: Any, client: Client, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = Sale.objects.filter(client=client).order_by("-sale_date").defer("metadata")
        choices = [(str(sale.id), _sale_label(sale)) for sale in newest[:MAX_SALES]]
        self.fields["sales"].choices = choices  # type: ignore[attr-defined]  # typed as a plain Field

    def clean_document(self) -> str:
        document: str = self.cleaned_data["document"]
        if document and not normalise_document(document).identifies:
            raise forms.ValidationError("Não é um CPF ou CNPJ: confira os números.")
        return document

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"]
        if phone and not normalise_phone(phone):
            raise forms.ValidationError("Não é um telefone: confira os números e o DDD.")
        return phone

    @property
    def customer(self) -> Customer:
        names = ("name", "document", "phone")
        return Customer(**{name: self.cleaned_data[name] for name in names})


@row_action(ClientAdmin, "Unir", path="unir", icon="merge", permission=MERGE_CLIENTS)
def merge(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Ask for the other client, show what changes, then merge it into this one."""
    client = get_object_or_404(Client.objects.select_related("user"), id=object_id)
    form = MergeForm(request.POST or None)
    if not form.is_valid():
        return _ask_other(request, form, client)
    try:
        other = find_client(form.cleaned_data["other"], client.user.email, excluding=client)
        client_merging.check_can_merge(client, other)
        if "confirm" not in request.POST:
            return preview_merge(request, client, other, back=change_url(client), form=form)
        done = client_merging.merge(client.id, other.id, by=request_user(request))
    except (ClientLookupError, MergeRefused) as refusal:
        form.add_error("other", str(refusal))
        return _ask_other(request, form, client)
    moved = log_merge(request, done, reason=form.cleaned_data["reason"])
    messages.success(request, f"Clientes unidos: {moved} para este.")
    return redirect(change_url(client))


def log_merge(request: HttpRequest, done: ClientMerge, *, reason: str) -> str:
    """Record a merge in the audit log; return how many sales it moved, in words."""
    count = len(done.sale_ids)
    details = {"cliente unido": audit_log.reference(done.source), "vendas": count}
    audit_log.record(request, "Uniu clientes", done.target, reason=reason, details=details)
    return format_count(count, "venda passou", "vendas passaram")


@row_action(ClientAdmin, "Separar", path="separar", icon="call_split", permission=MERGE_CLIENTS)
def split(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Ask for sales and move them to a new client."""
    client = get_object_or_404(Client, id=object_id)
    form = SplitForm(request.POST or None, client=client)

    def act() -> Done:
        sales, by = form.cleaned_data["sales"], request_user(request)
        done = client_merging.split(client.id, sales, form.customer, by=by)
        assert done.target
        new = audit_log.reference(done.target)
        details = {"cliente novo": new, "vendas": len(done.sale_ids)}
        moved = format_count(len(done.sale_ids), "venda é", "vendas são")
        text = f"{moved} agora de outro cliente."
        return Done("Separou vendas", text, client, details, page=done.target)

    return confirm(
        request,
        form,
        act,
        about=_masked(request, client),
        refusals=(MergeRefused,),
        title="Separar vendas",
        text="As vendas escolhidas passam para um cliente novo. Pode ser desfeito.",
        button="Separar",
    )


@page_view(ClientAdmin, "movimentos/<uuid:merge_id>/desfazer", permission=MERGE_CLIENTS)
def undo(request: HttpRequest, merge_id: uuid.UUID) -> HttpResponse:
    """Ask for a reason and undo a merge or a split."""
    found = get_object_or_404(ClientMerge.objects.select_related("source"), id=merge_id)

    def act() -> Done:
        client_merging.undo(found.id, by=request_user(request))
        log_text = f"Desfez {found.get_kind_display().lower()}"
        return Done(log_text, "Desfeita: as vendas voltaram.", found.source)

    return confirm(
        request,
        ReasonForm(request.POST or None),
        act,
        about=_masked(request, found.source),
        refusals=(MergeRefused,),
        title=f"Desfazer: {found}",
        text="As vendas movidas voltam; o que chegou depois fica com quem está.",
        button="Desfazer",
    )


def _ask_other(request: HttpRequest, form: MergeForm, client: Client) -> HttpResponse:
    return render_confirmation(
        request,
        form,
        about=_masked(request, client),
        title="Unir a outro cliente",
        text="As vendas do outro passam para este. Antes de unir, você vê o que muda.",
        button="Ver o que muda",
        back=change_url(client),
    )


def preview_merge(
    request: HttpRequest,
    client: Client,
    other: Client,
    *,
    back: str,
    form: MergeForm | None = None,
    dismiss_url: str = "",
) -> HttpResponse:
    """Show the client as the merge would leave it; the page posts the form again to confirm."""
    sales = format_count(other.sales.count(), "venda", "vendas")
    subscriptions = format_count(other.subscriptions.count(), "assinatura", "assinaturas")
    differ = documents_differ(client, other)  # before they are masked
    fields = client_merging.preview(_masked(request, client), _masked(request, other))
    context = {
        **page_context(request, "Unir: o que muda", client, back=back),
        "headers": ("Campo", "Este", "O outro", "Depois"),
        "rows": [
            (capfirst(f.label), *map(breakable, (f.kept, f.absorbed, f.result))) for f in fields
        ],
        "form": form,
        "dismiss_url": dismiss_url,
        "moved": f"{sales} e {subscriptions}",
        "documents_differ": differ,
    }
    return render(request, "sales/merge_preview.html", context)


def _masked(request: HttpRequest, client: Client) -> Client:
    if not masking.is_visible(request, client):
        masking.mask_row(client, CLIENT_MASKS)
    return client


def _sale_label(sale: Sale) -> str:
    date = f"{localtime(sale.sale_date):%d/%m/%Y}"
    parts = (sale.external_id, date, sale.product_name, format_reais(sale.total_price))
    return " · ".join(filter(None, parts))
