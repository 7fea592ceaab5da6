"""A user's sales and clients, newest first. What is somebody else's doesn't exist."""

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import mixins, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from clients.models import Client
from flowzz.core.api.current_user import current_user_id
from flowzz.core.api.envelope import success
from flowzz.core.api.errors import NotFound
from flowzz.core.api.etags import ConditionalList
from flowzz.core.api.pagination import CursorPagination
from flowzz.core.api.schema.openapi import listing, operation
from flowzz.core.api.sparse_fields import SparseFields
from sales.api.filters import (
    AffiliationRequestFilter,
    BuyerFilter,
    SaleFilter,
    SubscriptionFilter,
)
from sales.api.serializers import (
    AffiliationRequestSerializer,
    BuyerSerializer,
    SaleSerializer,
    SubscriptionSerializer,
)
from sales.client_annotations import with_totals
from sales.models import AffiliationRequest, Sale, Subscription


class SalePagination(CursorPagination):
    moment = "sale_date"


class SaleViewSet(ConditionalList, SparseFields, viewsets.ReadOnlyModelViewSet[Sale]):
    queryset = Sale.objects.select_related("client")
    serializer_class = SaleSerializer
    pagination_class = SalePagination
    filter_backends = (DjangoFilterBackend,)
    filterset_class = SaleFilter

    def get_queryset(self) -> QuerySet[Sale]:
        return super().get_queryset().filter(user_id=current_user_id(self.request))

    @listing("Vendas", "Listar as vendas, da mais nova à mais antiga", SaleSerializer)
    def list(self, request: Request) -> Response:
        return super().list(request)

    @operation("Vendas", "Ver uma venda", SaleSerializer, NotFound)
    def retrieve(self, request: Request, pk: str) -> Response:
        return success(self.get_serializer(self.get_object()).data)


class ClientViewSet(ConditionalList, SparseFields, viewsets.ReadOnlyModelViewSet[Client]):
    """Here and not in `clients`, because a client's totals are sums of sales."""

    queryset = Client.objects.unmerged()
    serializer_class = BuyerSerializer
    pagination_class = CursorPagination
    filter_backends = (DjangoFilterBackend,)
    filterset_class = BuyerFilter

    def get_queryset(self) -> QuerySet[Client]:
        return with_totals(super().get_queryset().filter(user_id=current_user_id(self.request)))

    @listing("Clientes", "Listar os clientes, do mais novo ao mais antigo", BuyerSerializer)
    def list(self, request: Request) -> Response:
        return super().list(request)

    @operation("Clientes", "Ver um cliente", BuyerSerializer, NotFound)
    def retrieve(self, request: Request, pk: str) -> Response:
        return success(self.get_serializer(self.get_object()).data)


class SubscriptionViewSet(
    ConditionalList, SparseFields, mixins.ListModelMixin, viewsets.GenericViewSet[Subscription]
):
    queryset = Subscription.objects.select_related("client")
    serializer_class = SubscriptionSerializer
    filter_backends = (DjangoFilterBackend,)
    filterset_class = SubscriptionFilter

    def get_queryset(self) -> QuerySet[Subscription]:
        return super().get_queryset().filter(user_id=current_user_id(self.request))

    @listing("Assinaturas", "Listar as assinaturas, da mais nova à mais antiga", serializer_class)
    def list(self, request: Request) -> Response:
        return super().list(request)


class AffiliationRequestViewSet(
    ConditionalList,
    SparseFields,
    mixins.ListModelMixin,
    viewsets.GenericViewSet[AffiliationRequest],
):
    queryset = AffiliationRequest.objects.all()
    serializer_class = AffiliationRequestSerializer
    filter_backends = (DjangoFilterBackend,)
    filterset_class = AffiliationRequestFilter

    def get_queryset(self) -> QuerySet[AffiliationRequest]:
        return super().get_queryset().filter(user_id=current_user_id(self.request))

    @listing("Afiliações", "Listar os pedidos de afiliação", serializer_class)
    def list(self, request: Request) -> Response:
        return super().list(request)
