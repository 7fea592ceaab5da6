"""What staff fill in to merge clients or to split one, and how it is told afterwards."""

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from clients.customer import Customer
from clients.models import Client, ClientMerge
from flowzz.backoffice.confirm_with_reason import ReasonForm
from flowzz.core.formatting import counted, reais
from sales.models import Sale

OFFERED = 100


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
        choices = [(str(sale.id), _label(sale)) for sale in newest[:OFFERED]]
        self.fields["sales"].choices = choices  # type: ignore[attr-defined]  # it has some

    @property
    def customer(self) -> Customer:
        given = {name: self.cleaned_data[name] for name in ("name", "document", "phone")}
        return Customer(**given)


def _label(sale: Sale) -> str:
    date = f"{localtime(sale.sale_date):%d/%m/%Y}"
    return f"{sale.external_id} · {date} · {sale.product_name} · {reais(sale.total_price)}"


def told(move: ClientMerge, *, may_undo: bool) -> SafeString | str:
    """A line about a merge or a split, for those who may with the way to undo it."""
    line = (
        f"{move.get_kind_display()} de {counted(len(move.sales), 'venda', 'vendas')} em "
        f"{localtime(move.made_at):%d/%m/%Y %H:%M}, por {move.made_by or 'alguém'}"
    )
    if move.undone_at:
        return f"{line} (desfeita)"
    if not may_undo:
        return line
    page = reverse("admin:clients_client_undo", args=[move.id])
    return format_html('{} · <a class="bo-link" href="{}">Desfazer</a>', line, page)
