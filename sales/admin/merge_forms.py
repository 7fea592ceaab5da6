"""Forms to merge clients and to split one."""

from typing import Any

from django import forms
from django.utils.timezone import localtime
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from clients.customer import Customer
from clients.models import Client
from flowzz.backoffice.confirm_with_reason import ReasonForm
from flowzz.core.formatting import format_reais
from sales.models import Sale

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
        choices = [(str(sale.id), _label(sale)) for sale in newest[:MAX_SALES]]
        self.fields["sales"].choices = choices  # type: ignore[attr-defined]  # typed as a plain Field

    @property
    def customer(self) -> Customer:
        names = ("name", "document", "phone")
        return Customer(**{name: self.cleaned_data[name] for name in names})


def _label(sale: Sale) -> str:
    date = f"{localtime(sale.sale_date):%d/%m/%Y}"
    return f"{sale.external_id} · {date} · {sale.product_name} · {format_reais(sale.total_price)}"
