"""A user's sales, clients, subscriptions and affiliation requests; other users' rows are 404."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils.decorators import method_decorator
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clients.models import Client
from flowzz.core.api.errors import ApiError, NotFound
from flowzz.core.api.etags import ConditionalListMixin, never_stored, unless_current
from flowzz.core.api.pagination import CursorPagination
from flowzz.core.api.schema.openapi import ETAG_PARAMETER, listing, operation
from flowzz.core.api.views import FIELDS_PARAMETER, ListViewSet, RowT, current_user_id, success
from sales.api.filters import AffiliationRequestFilter, BuyerFilter, SaleFilter, SubscriptionFilter
from sales.api.serializers import (
    AffiliationRequestSerializer,
    BuyerSerializer,
    BuyerTotalsSerializer,
    FilterValuesSerializer,
    HistorySerializer,
    SaleSerializer,
    SubscriptionDetailSerializer,
    SubscriptionSerializer,
    SubscriptionTotalsSerializer,
    TotalsSerializer,
)
from sales.models import AffiliationRequest, Sale, SaleMerge, Subscription, SubscriptionCycle
from sales.stats.client_totals import with_totals
from sales.stats.filter_values import newest_values
from sales.stats.list_totals import calculate_totals

MAX_CHANGES = 500
HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])


class TooManySales(ApiError):
    status_code = 422
    code = "TOO_MANY_SALES"
    message = "São vendas demais para somar de uma vez. Use um período menor ou outro filtro."


def _totals_of(
    tag: str, summary: str, data: type[TotalsSerializer]
) -> Callable[[HandlerT], HandlerT]:
    """Describe a call that adds up a filtered list."""
    parameters = [ETAG_PARAMETER]
    return operation(tag, summary, data, TooManySales, filters=True, parameters=parameters)


class OwnRowsViewSet(ConditionalListMixin, ListViewSet[RowT]):
    """Lists the rows of the current user."""

    def get_queryset(self) -> QuerySet[RowT]:
        return super().get_queryset().filter(user_id=current_user_id(self.request))

    def _rows(self) -> QuerySet[RowT]:
        """Return the rows of the filtered list."""
        return self.filter_queryset(self.get_queryset()).order_by()

    def _own_sales(self) -> QuerySet[Sale]:
        """Return the sales of the current user that count."""
        return Sale.objects.counted().filter(user_id=current_user_id(self.request))


class SalePagination(CursorPagination):
    default_field = "sale_date"


class SaleViewSet(OwnRowsViewSet[Sale]):
    queryset = Sale.objects.associated().select_related("client")
    serializer_class = SaleSerializer
    pagination_class = SalePagination
    filterset_class = SaleFilter

    @listing("Vendas", "Listar as vendas, da mais nova à mais antiga", SaleSerializer)
    def list(self, request: Request) -> Response:
        return super().list(request)

    def get_object(self) -> Sale:
        """Return a sale, also by the id of one that was merged into it."""
        try:
            return super().get_object()
        except Http404:
            kept_id = _kept_sale_id(self.kwargs["pk"])
            if kept_id is None:
                raise
            self.kwargs["pk"] = kept_id
            return super().get_object()

    @operation("Vendas", "Ver uma venda", SaleSerializer, NotFound, parameters=[FIELDS_PARAMETER])
    @method_decorator(never_stored)
    def retrieve(self, request: Request, pk: str) -> Response:
        return success(self.get_serializer(self.get_object()).data)

    @operation("Vendas", "Ver o histórico de uma venda", HistorySerializer, NotFound)
    @method_decorator(never_stored)
    @action(detail=True)
    def history(self, request: Request, pk: str) -> Response:
        changes = self.get_object().status_changes.order_by("-changed_at", "-id")
        data = {"changes": list(changes[:MAX_CHANGES])[::-1]}
        return success(HistorySerializer(data).data)

    @_totals_of("Vendas", "Somar as vendas de uma lista filtrada", TotalsSerializer)
    @action(detail=False)
    def totals(self, request: Request) -> Response:
        return unless_current(request, self._totals)

    def _totals(self) -> Response:
        """Leave out deleted sales unless they are asked for: a sum does not mark them."""
        sales = self._rows()
        is_asked = self.request.query_params.get("deleted")
        return _totals(sales if is_asked else sales.filter(deleted_at=None), TotalsSerializer)

    @operation(
        "Vendas",
        "Ver os valores para filtrar: produtos, formas de pagamento, campanhas, estados",
        FilterValuesSerializer,
        parameters=[ETAG_PARAMETER],
    )
    @action(detail=False)
    def values(self, request: Request) -> Response:
        return unless_current(request, self._values)

    def _values(self) -> Response:
        values = newest_values(self.get_queryset().filter(deleted_at=None))
        return success(FilterValuesSerializer(values).data)


class ClientViewSet(OwnRowsViewSet[Client]):
    """Clients with the totals of their sales, which the package `clients` cannot read."""

    queryset = Client.objects.unmerged()
    serializer_class = BuyerSerializer
    filterset_class = BuyerFilter

    def get_queryset(self) -> QuerySet[Client]:
        return with_totals(super().get_queryset())

    @listing("Clientes", "Listar os clientes, do mais novo ao mais antigo", BuyerSerializer)
    def list(self, request: Request) -> Response:
        return super().list(request)

    @operation(
        "Clientes", "Ver um cliente", BuyerSerializer, NotFound, parameters=[FIELDS_PARAMETER]
    )
    @method_decorator(never_stored)
    def retrieve(self, request: Request, pk: str) -> Response:
        return success(self.get_serializer(self.get_object()).data)

    @_totals_of(
        "Clientes",
        "Contar os clientes de uma lista filtrada, e somar as vendas deles",
        BuyerTotalsSerializer,
    )
    @action(detail=False)
    def totals(self, request: Request) -> Response:
        return unless_current(request, self._totals)

    def _totals(self) -> Response:
        clients = self._rows()
        sales = self._own_sales().filter(client__in=clients.values("id"))
        return _totals(sales, BuyerTotalsSerializer, clients)


class SubscriptionViewSet(OwnRowsViewSet[Subscription]):
    queryset = Subscription.objects.select_related("client")
    serializer_class = SubscriptionSerializer
    filterset_class = SubscriptionFilter

    @listing("Assinaturas", "Listar as assinaturas, da mais nova à mais antiga", serializer_class)
    def list(self, request: Request) -> Response:
        return super().list(request)

    @operation(
        "Assinaturas", "Ver uma assinatura e suas cobranças", SubscriptionDetailSerializer, NotFound
    )
    @method_decorator(never_stored)
    def retrieve(self, request: Request, pk: str) -> Response:
        return success(SubscriptionDetailSerializer(self.get_object()).data)

    @_totals_of(
        "Assinaturas",
        "Contar as assinaturas de uma lista filtrada, e somar as vendas delas",
        SubscriptionTotalsSerializer,
    )
    @action(detail=False)
    def totals(self, request: Request) -> Response:
        return unless_current(request, self._totals)

    def _totals(self) -> Response:
        subscriptions = self._rows()
        charges = SubscriptionCycle.objects.filter(subscription__in=subscriptions.values("id"))
        sales = self._own_sales().filter(id__in=charges.values("sale_id"))
        return _totals(sales, SubscriptionTotalsSerializer, subscriptions)


class AffiliationRequestViewSet(OwnRowsViewSet[AffiliationRequest]):
    queryset = AffiliationRequest.objects.all()
    serializer_class = AffiliationRequestSerializer
    filterset_class = AffiliationRequestFilter

    @listing("Afiliações", "Listar os pedidos de afiliação", serializer_class)
    def list(self, request: Request) -> Response:
        return super().list(request)


def _totals(
    sales: QuerySet[Sale], serializer: type[TotalsSerializer], owners: QuerySet[Any] | None = None
) -> Response:
    """Raises TooManySales."""
    totals = calculate_totals(sales, owners=owners)
    if totals is None:
        raise TooManySales
    return success(serializer(totals).data)


def _kept_sale_id(pk: str) -> UUID | None:
    with suppress(ValueError):
        return SaleMerge.objects.kept_sale_id(UUID(pk))
    return None
