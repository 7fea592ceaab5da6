"""What staff do with sales that are one order: merge two, undo that, count one on its own."""

import uuid

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from clients.models import MergeRefused
from flowzz.accounts.models import request_user
from flowzz.backoffice import audit_log
from flowzz.backoffice.confirm_with_reason import Done, ReasonForm, confirm, render_confirmation
from flowzz.backoffice.display import change_url, short_datetime
from flowzz.backoffice.extensions import page_view, row_action
from flowzz.core.formatting import format_reais
from sales.admin.sales import SaleAdmin
from sales.models import Sale, SaleMerge
from sales.order_ids import merges

MERGE_SALES = "sales.merge_sale"
"""The permission to merge and associate sales, and to undo a merge."""


class MergeForm(ReasonForm):
    other = forms.CharField(
        label="Outra venda",
        max_length=128,
        help_text="Número ou hash de um pedido da mesma conta e da mesma origem.",
    )
    field_order = ("other", "reason")


@row_action(SaleAdmin, "Unir", path="unir", icon="merge", permission=MERGE_SALES)
def merge(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Ask for the other sale, show both, then merge them."""
    sale = get_object_or_404(Sale.objects.select_related("client"), id=object_id)
    form = MergeForm(request.POST or None)
    other = _find_other(form, sale) if form.is_valid() else None
    if other is None:
        return render_confirmation(
            request,
            form,
            about=sale,
            title="Unir a outra venda",
            text="As duas viram uma. A mais antiga fica; o endereço da outra leva a ela.",
            button="Ver as duas",
            back=change_url(sale),
        )
    if request.POST.get("confirmed") != str(other.id):
        form = MergeForm(initial=form.cleaned_data)

    kept = min(sale, other, key=lambda row: row.id)
    is_final = merges.is_erased(kept.client)
    undoing = "Os dados do comprador foram apagados, por isso não pode" if is_final else "Pode"

    def act() -> Done:
        done = merges.merge(sale.id, other.id, by=request_user(request))
        absorbed = other if done.absorbed_id == other.id else sale
        details = {"venda unida": audit_log.reference(absorbed)}
        return Done("Uniu vendas", "Vendas unidas.", done.sale, details, on_logged=done.set_action)

    return confirm(
        request,
        form,
        act,
        about=sale,
        refusals=(MergeRefused,),
        title="Unir estas duas vendas?",
        text=f"A mais antiga fica, com o que foi informado por último. {undoing} ser desfeito.",
        consequences=[_describe(sale), _describe(other)],
        button="Unir",
        hidden_fields=[("confirmed", str(other.id))],
    )


def _may_count(request: HttpRequest, sale_id: uuid.UUID | None = None) -> bool:
    """Show the button on sales that count nowhere yet."""
    may = request.user.has_perm(MERGE_SALES)
    return may and not (sale_id and Sale.objects.associated().filter(id=sale_id).exists())


@row_action(SaleAdmin, "Contar", path="contar", icon="add_task", permission=_may_count)
def associate(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Ask for a reason and count an unassociated sale as an order of its own."""
    sale = get_object_or_404(Sale, id=object_id)

    def act() -> Done:
        if not merges.associate([sale.id]):
            raise MergeRefused("A venda já entra em todos os números.")
        return Done("Associou venda", "A venda entra em todos os números.", sale)

    return confirm(
        request,
        ReasonForm(request.POST or None),
        act,
        about=sale,
        refusals=(MergeRefused,),
        title="Contar esta venda",
        text="A venda não é de outro pedido: passa a entrar em todos os números.",
        button="Contar",
    )


@page_view(SaleAdmin, "unioes/<uuid:merge_id>/desfazer", permission=MERGE_SALES)
def undo(request: HttpRequest, merge_id: uuid.UUID) -> HttpResponse:
    """Ask for a reason and separate two sales again."""
    found = get_object_or_404(SaleMerge.objects.select_related("sale"), id=merge_id)

    def act() -> Done:
        done = merges.undo(found.id, by=request_user(request))
        text = "Separadas: as duas vendas voltaram, e só a equipe as une."
        return Done("Separou vendas unidas", text, found.sale, on_logged=done.set_undo_action)

    return confirm(
        request,
        ReasonForm(request.POST or None),
        act,
        about=found.sale,
        refusals=(MergeRefused,),
        title=f"Desfazer: {found}",
        text="As duas vendas voltam ao que eram; o que chegou depois fica com a que ficou.",
        button="Desfazer",
    )


def _find_other(form: MergeForm, sale: Sale) -> Sale | None:
    sales = Sale.objects.owned_by(sale.user_id).exclude(id=sale.id).select_related("client")
    number = form.cleaned_data["other"].strip()
    other: Sale | None = sales.with_order_ids(sale.source, [number]).first()
    if other is None:
        form.add_error("other", "Nenhuma outra venda desta conta tem este número ou hash.")
        return None
    try:
        merges.check(sale, other)
    except MergeRefused as refusal:
        form.add_error("other", str(refusal))
        return None
    return other


def _describe(sale: Sale) -> str:
    """Describe a sale without its buyer."""
    parts = (
        " / ".join(sale.order_ids),
        sale.product_name,
        format_reais(sale.total_price),
        short_datetime(sale.sale_date),
        sale.get_status_display(),
        sale.get_shipping_status_display(),
    )
    return " · ".join(filter(None, parts))
