"""What staff do with sales that are one order: merge two, undo that, count one on its own."""

import uuid
from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from unfold.widgets import UnfoldAdminTextInputWidget

from flowzz.accounts.models import request_user
from flowzz.backoffice import audit_log
from flowzz.backoffice.confirm_with_reason import ReasonForm, render_confirmation
from flowzz.backoffice.display import change_url, short_datetime
from flowzz.backoffice.extensions import DetailAction, ExtraView, PageExtension, extend
from flowzz.core.formatting import format_reais
from sales.merging import MergeRefused
from sales.models import Sale, SaleMerge
from sales.order_ids import merges

MERGE_SALES = "sales.merge_sale"
"""The permission to merge and associate sales, and to undo a merge."""


class MergeForm(ReasonForm):
    other = forms.CharField(
        label="Outra venda",
        max_length=128,
        widget=UnfoldAdminTextInputWidget,
        help_text="Número ou hash de um pedido do mesmo usuário e da mesma origem.",
    )
    field_order = ("other", "reason")


def merge(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Ask for the other sale, show both, then merge them."""
    sale = get_object_or_404(Sale.objects.select_related("client"), id=object_id)
    form = MergeForm(request.POST or None)
    other = _find_other(form, sale) if form.is_valid() else None
    if other is None:
        text = "As duas viram uma. A mais antiga fica; o endereço da outra leva a ela."
        return _ask(
            request, form, sale, title="Unir a outra venda", text=text, button="Ver as duas"
        )
    if request.POST.get("confirmed") != str(other.id):
        return _confirm(request, form, sale, other)
    done = _attempt(form, lambda: merges.merge(sale.id, other.id, by=request_user(request)))
    if done is None:
        return _confirm(request, form, sale, other)
    details = {"unida": str(done.absorbed_id)}
    reason = form.cleaned_data["reason"]
    audit_log.record(request, "Uniu vendas", done.sale, reason=reason, details=details)
    messages.success(request, "Vendas unidas.")
    return redirect(change_url(done.sale))


def associate(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Ask for a reason and count an unassociated sale as an order of its own."""
    sale = get_object_or_404(Sale, id=object_id)
    form = ReasonForm(request.POST or None)
    if not form.is_valid():
        text = "A venda não é de outro pedido: passa a entrar em todos os números."
        return _ask(request, form, sale, title="Contar esta venda", text=text, button="Contar")
    if merges.associate([sale.id]):
        audit_log.record(request, "Associou venda", sale, reason=form.cleaned_data["reason"])
    messages.success(request, "A venda entra em todos os números.")
    return redirect(change_url(sale))


def undo(request: HttpRequest, merge_id: uuid.UUID) -> HttpResponse:
    """Ask for a reason and separate two sales again."""
    if not request.user.has_perm(MERGE_SALES):
        raise PermissionDenied
    found = get_object_or_404(SaleMerge.objects.select_related("sale"), id=merge_id)
    form = ReasonForm(request.POST or None)
    if _attempt(form, lambda: merges.undo(found.id, by=request_user(request))):
        audit_log.record(
            request, "Separou vendas unidas", found.sale, reason=form.cleaned_data["reason"]
        )
        messages.success(request, "Separadas: as duas vendas voltaram, e só a equipe as une.")
        return redirect(change_url(found.sale))
    text = "As duas vendas voltam ao que eram; o que chegou depois fica com a que ficou."
    title = f"Desfazer: {found}"
    return _ask(request, form, found.sale, title=title, text=text, button="Desfazer")


def _find_other(form: MergeForm, sale: Sale) -> Sale | None:
    sales = Sale.objects.owned_by(sale.user_id).exclude(id=sale.id).select_related("client")
    number = form.cleaned_data["other"].strip()
    other: Sale | None = sales.with_order_ids(sale.source, [number]).first()
    if other is None:
        form.add_error("other", "Nenhuma outra venda deste usuário tem este número ou hash.")
        return None
    try:
        merges.check(sale, other)
    except MergeRefused as refusal:
        form.add_error("other", str(refusal))
        return None
    return other


def _attempt(form: forms.Form, change: Callable[[], SaleMerge]) -> SaleMerge | None:
    """Return the change's result; None, with the reason in the form, if it is refused."""
    if not form.is_valid():
        return None
    try:
        return change()
    except MergeRefused as refusal:
        form.add_error(None, str(refusal))
        return None


def _confirm(request: HttpRequest, form: MergeForm, sale: Sale, other: Sale) -> HttpResponse:
    return render_confirmation(
        request,
        form,
        about=sale,
        title="Unir estas duas vendas?",
        consequences=[_describe(sale), _describe(other)],
        button="Unir",
        back=change_url(sale),
        hidden_fields=[("confirmed", str(other.id))],
    )


def _ask(
    request: HttpRequest, form: forms.Form, sale: Sale, *, title: str, text: str, button: str
) -> HttpResponse:
    back = change_url(sale)
    return render_confirmation(
        request, form, about=sale, title=title, text=text, button=button, back=back
    )


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


extend(
    Sale,
    PageExtension(
        actions=[
            DetailAction(
                name="merge",
                label="Unir",
                path="unir",
                icon="merge",
                permission=MERGE_SALES,
                view=merge,
            ),
            DetailAction(
                name="associate",
                label="Contar",
                path="contar",
                icon="add_task",
                permission=MERGE_SALES,
                view=associate,
            ),
        ],
        views=[ExtraView(name="undo", path="unioes/<uuid:merge_id>/desfazer", view=undo)],
    ),
)
