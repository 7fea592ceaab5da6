"""Narrowing a list of sales."""

from django.db.models import Q, QuerySet
from django_filters import CharFilter, FilterSet, MultipleChoiceFilter, UUIDFilter

from flowzz.periods import DayFilter
from sales.models import Sale
from sales.statuses import SaleStatus, ShippingStatus


class SaleFilter(FilterSet):
    status = MultipleChoiceFilter(choices=SaleStatus, help_text="Pode ser repetido")
    shippingStatus = MultipleChoiceFilter(
        "shipping_status", choices=ShippingStatus, help_text="Pode ser repetido"
    )
    dateFrom = DayFilter("sale_date", "gte", help_text="Primeiro dia da venda")
    dateTo = DayFilter("sale_date", "lte", help_text="Último dia da venda")
    product = CharFilter(
        "product_name", "icontains", max_length=100, help_text="Parte do nome do produto"
    )
    clientId = UUIDFilter("client_id", help_text="Vendas de um cliente")
    search = CharFilter(
        method="search_for", max_length=100, help_text="Número do pedido, produto ou cliente"
    )

    class Meta:
        model = Sale
        fields: tuple[str, ...] = ()

    def search_for(self, sales: QuerySet[Sale], name: str, text: str) -> QuerySet[Sale]:
        return sales.filter(
            Q(external_id__iexact=text)
            | Q(product_name__icontains=text)
            | Q(client__name__icontains=text)
        )
