"""Narrowing a list of sales."""

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django_filters import (
    BooleanFilter,
    CharFilter,
    FilterSet,
    MultipleChoiceFilter,
    UUIDFilter,
)

from clients.api.filters import ClientFilter
from clients.models import Client
from clients.search import search_clients
from clients.unaccent import Unaccent, unaccent
from flowzz.core.api.date_filters import DayFilter
from sales.models import AffiliationRequest, Sale, Subscription
from sales.statuses import SaleStatus, ShippingStatus, SubscriptionStatus


class YesOrNoField(forms.NullBooleanField):
    """Django's takes what it doesn't understand for no answer, and the list would be whole."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> bool | None:  # type: ignore[override] # as Django's
        """Raises ValidationError."""
        answer = super().to_python(value)
        if answer is None and value:
            raise forms.ValidationError("Use true ou false.")
        return answer


class YesOrNoFilter(BooleanFilter):
    field_class = YesOrNoField


class PartFilter(CharFilter):
    """A part of a text, without case and accents."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        return _with_part(qs, self.field_name, value)


class SaleFilter(FilterSet):
    status = MultipleChoiceFilter(choices=SaleStatus, help_text="Pode ser repetido")
    shippingStatus = MultipleChoiceFilter(
        "shipping_status", choices=ShippingStatus, help_text="Pode ser repetido"
    )
    dateFrom = DayFilter("sale_date", "gte", help_text="Primeiro dia da venda")
    dateTo = DayFilter("sale_date", "lte", help_text="Último dia da venda")
    product = PartFilter("product_name", max_length=100, help_text="Parte do nome do produto")
    paymentMethod = CharFilter(
        "payment_method", "iexact", max_length=64, help_text="Forma de pagamento, como enviada"
    )
    source = CharFilter("source", max_length=32, help_text="Plataforma")
    utmSource = CharFilter("metadata__utms__source", max_length=200)
    utmMedium = CharFilter("metadata__utms__medium", max_length=200)
    utmCampaign = CharFilter("metadata__utms__campaign", max_length=200)
    clientId = UUIDFilter("client_id", help_text="Vendas de um cliente")
    search = CharFilter(
        method="search_for",
        max_length=100,
        help_text="Número do pedido, produto, ou nome, documento, telefone ou e-mail do cliente",
    )

    class Meta:
        model = Sale
        fields: tuple[str, ...] = ()

    def search_for(self, sales: QuerySet[Sale], name: str, text: str) -> QuerySet[Sale]:
        return _found(sales, text, Q(external_id__iexact=text))


class BuyerFilter(ClientFilter):
    product = CharFilter(
        method="who_bought", max_length=100, help_text="Compraram um produto com isto no nome"
    )

    def who_bought(self, clients: QuerySet[Client], name: str, text: str) -> QuerySet[Client]:
        sales = Sale.objects.filter(client=OuterRef("pk"), deleted_at=None)
        return clients.filter(Exists(_with_part(sales, "product_name", text)))


class SubscriptionFilter(FilterSet):
    status = MultipleChoiceFilter(choices=SubscriptionStatus, help_text="Pode ser repetido")
    overdue = YesOrNoFilter(method="be_overdue", help_text="Ativa, com a cobrança atrasada")
    renewed = YesOrNoFilter(method="be_renewed", help_text="Cobrada mais de uma vez")
    dateFrom = DayFilter("next_charge_date", "gte", help_text="Primeiro dia da próxima cobrança")
    dateTo = DayFilter("next_charge_date", "lte", help_text="Último dia da próxima cobrança")
    product = PartFilter("product_name", max_length=100)
    clientId = UUIDFilter("client_id", help_text="Assinaturas de um cliente")
    search = CharFilter(
        method="search_for",
        max_length=100,
        help_text="Código, produto, ou nome, documento, telefone ou e-mail do cliente",
    )

    class Meta:
        model = Subscription
        fields: tuple[str, ...] = ()

    def be_overdue(
        self, rows: QuerySet[Subscription], name: str, wanted: bool
    ) -> QuerySet[Subscription]:
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        overdue = Q(status=SubscriptionStatus.ACTIVE, next_charge_date__lt=today)
        return rows.filter(overdue) if wanted else rows.exclude(overdue)

    def be_renewed(
        self, rows: QuerySet[Subscription], name: str, wanted: bool
    ) -> QuerySet[Subscription]:
        renewed = Q(cycle__gt=1)
        return rows.filter(renewed) if wanted else rows.exclude(renewed)

    def search_for(
        self, rows: QuerySet[Subscription], name: str, text: str
    ) -> QuerySet[Subscription]:
        return _found(rows, text, Q(subscription_hash__iexact=text))


class AffiliationRequestFilter(FilterSet):
    status = CharFilter("status", "iexact", max_length=100, help_text="Como a plataforma o diz")
    dateFrom = DayFilter("requested_at", "gte", help_text="Primeiro dia do pedido")
    dateTo = DayFilter("requested_at", "lte", help_text="Último dia do pedido")
    product = PartFilter("product_name", max_length=100)
    search = CharFilter(method="search_for", max_length=100, help_text="Nome ou e-mail")

    class Meta:
        model = AffiliationRequest
        fields: tuple[str, ...] = ()

    def search_for(
        self, rows: QuerySet[AffiliationRequest], name: str, text: str
    ) -> QuerySet[AffiliationRequest]:
        named = Q(unaccented_name__contains=unaccent(text))
        annotated = rows.alias(unaccented_name=Unaccent("affiliate_name"))
        return annotated.filter(named | Q(affiliate_email__iexact=text))


def _with_part(rows: QuerySet[Any], field: str, text: str) -> QuerySet[Any]:
    annotated: QuerySet[Any] = rows.alias(unaccented_part=Unaccent(field))
    return annotated.filter(unaccented_part__contains=unaccent(text))


def _found(rows: QuerySet[Any], text: str, numbered: Q) -> QuerySet[Any]:
    """Rows with this number, or with this part in the name of product or client, or a client's."""
    part = unaccent(text)
    found = numbered | Q(unaccented_product__contains=part) | Q(unaccented_client__contains=part)
    if any(character.isdecimal() or character == "@" for character in text):
        found |= Q(client__in=search_clients(text))
    names = {
        "unaccented_product": Unaccent("product_name"),
        "unaccented_client": Unaccent("client__name"),
    }
    annotated: QuerySet[Any] = rows.alias(**names)
    return annotated.filter(found)
