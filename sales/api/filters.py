"""Query parameters of the lists of sales, clients, subscriptions and affiliation requests."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django_filters import CharFilter, ChoiceFilter, UUIDFilter

from clients.api.filters import ClientFilter
from clients.models import Client
from clients.search import search_clients
from clients.unaccent import Unaccent, unaccent
from flowzz.core.api.choice_filters import ChoicesFilter, StrictBooleanFilter
from flowzz.core.api.date_filters import DayFilter
from flowzz.core.api.incremental import UpdatedFilterSet
from sales.models import AffiliationRequest, Sale, Subscription
from sales.money import PaymentCode
from sales.statuses import SaleStatus, ShippingStatus, SubscriptionStatus


class ContainsFilter(CharFilter):
    """Matches a part of a text, ignoring case and accents."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        return _containing(qs, self.field_name, value)


class SaleFilter(UpdatedFilterSet):
    deleted = ChoiceFilter(
        method="filter_deleted",
        choices=[(name, name) for name in ("false", "true", "any")],
        help_text="true: só as excluídas; any: também as excluídas. Sem isto elas não vêm, a não "
        "ser com updatedFrom",
    )
    status = ChoicesFilter(choices=SaleStatus)
    shippingStatus = ChoicesFilter("shipping_status", choices=ShippingStatus)
    dateFrom = DayFilter("sale_date", "gte", help_text="Primeiro dia da venda")
    dateTo = DayFilter("sale_date", "lte", help_text="Último dia da venda")
    product = ContainsFilter("product_name", max_length=100, help_text="Parte do nome do produto")
    paymentMethod = CharFilter(
        "payment_method", "iexact", max_length=64, help_text="Forma de pagamento, como enviada"
    )
    paymentCode = ChoicesFilter("payment_code", choices=PaymentCode)
    source = CharFilter("source", max_length=32, help_text="Plataforma")
    utmSource = CharFilter("metadata__utms__source", max_length=200)
    utmMedium = CharFilter("metadata__utms__medium", max_length=200)
    utmCampaign = CharFilter("metadata__utms__campaign", max_length=200)
    clientId = UUIDFilter("client_id", help_text="Vendas de um cliente")
    state = CharFilter("client__state", "iexact", max_length=100, help_text="Estado do cliente")
    search = CharFilter(
        method="filter_search",
        max_length=100,
        help_text="Número ou hash do pedido, produto, ou nome, documento, telefone ou e-mail do "
        "cliente",
    )

    def filter_queryset(self, sales: QuerySet[Sale]) -> QuerySet[Sale]:
        query = self.form.cleaned_data
        query["deleted"] = query["deleted"] or ("any" if query["updatedFrom"] else "false")
        filtered: QuerySet[Sale] = super().filter_queryset(sales)
        return filtered

    def filter_deleted(self, sales: QuerySet[Sale], name: str, wanted: str) -> QuerySet[Sale]:
        return sales if wanted == "any" else sales.filter(deleted_at__isnull=wanted == "false")

    def filter_search(self, sales: QuerySet[Sale], name: str, text: str) -> QuerySet[Sale]:
        return _search(sales, text, Q(external_id__iexact=text) | Q(order_hash__iexact=text))


class BuyerFilter(ClientFilter):
    product = CharFilter(
        method="filter_product", max_length=100, help_text="Compraram um produto com isto no nome"
    )

    def filter_product(self, clients: QuerySet[Client], name: str, text: str) -> QuerySet[Client]:
        sales = Sale.objects.counted().filter(client=OuterRef("pk"))
        return clients.filter(Exists(_containing(sales, "product_name", text)))


class SubscriptionFilter(UpdatedFilterSet):
    status = ChoicesFilter(choices=SubscriptionStatus)
    overdue = StrictBooleanFilter(
        method="filter_overdue", help_text="Ativa, com a cobrança atrasada"
    )
    renewed = StrictBooleanFilter(method="filter_renewed", help_text="Cobrada mais de uma vez")
    dateFrom = DayFilter("next_charge_date", "gte", help_text="Primeiro dia da próxima cobrança")
    dateTo = DayFilter("next_charge_date", "lte", help_text="Último dia da próxima cobrança")
    product = ContainsFilter("product_name", max_length=100)
    clientId = UUIDFilter("client_id", help_text="Assinaturas de um cliente")
    search = CharFilter(
        method="filter_search",
        max_length=100,
        help_text="Código, produto, ou nome, documento, telefone ou e-mail do cliente",
    )

    def filter_overdue(
        self, rows: QuerySet[Subscription], name: str, wanted: bool
    ) -> QuerySet[Subscription]:
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        overdue = Q(status=SubscriptionStatus.ACTIVE, next_charge_date__lt=today)
        return rows.filter(overdue) if wanted else rows.exclude(overdue)

    def filter_renewed(
        self, rows: QuerySet[Subscription], name: str, wanted: bool
    ) -> QuerySet[Subscription]:
        renewed = Q(cycle__gt=1)
        return rows.filter(renewed) if wanted else rows.exclude(renewed)

    def filter_search(
        self, rows: QuerySet[Subscription], name: str, text: str
    ) -> QuerySet[Subscription]:
        return _search(rows, text, Q(subscription_hash__iexact=text))


class AffiliationRequestFilter(UpdatedFilterSet):
    status = CharFilter("status", "iexact", max_length=100, help_text="Como a plataforma o diz")
    dateFrom = DayFilter("requested_at", "gte", help_text="Primeiro dia do pedido")
    dateTo = DayFilter("requested_at", "lte", help_text="Último dia do pedido")
    product = ContainsFilter("product_name", max_length=100)
    search = CharFilter(method="filter_search", max_length=100, help_text="Nome ou e-mail")

    def filter_search(
        self, rows: QuerySet[AffiliationRequest], name: str, text: str
    ) -> QuerySet[AffiliationRequest]:
        has_name = Q(unaccented_name__contains=unaccent(text))
        annotated = rows.alias(unaccented_name=Unaccent("affiliate_name"))
        return annotated.filter(has_name | Q(affiliate_email__iexact=text))


def _containing(rows: QuerySet[Any], field: str, text: str) -> QuerySet[Any]:
    annotated: QuerySet[Any] = rows.alias(unaccented_part=Unaccent(field))
    return annotated.filter(unaccented_part__contains=unaccent(text))


def _search(rows: QuerySet[Any], text: str, exact_match: Q) -> QuerySet[Any]:
    """Match the exact code, or a part of the name of the product or client, or the client."""
    part = unaccent(text)
    condition = (
        exact_match | Q(unaccented_product__contains=part) | Q(unaccented_client__contains=part)
    )
    if any(character.isdecimal() or character == "@" for character in text):
        condition |= Q(client__in=search_clients(text))
    annotated: QuerySet[Any] = rows.alias(
        unaccented_product=Unaccent("product_name"), unaccented_client=Unaccent("client__name")
    )
    return annotated.filter(condition)
