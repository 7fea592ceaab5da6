"""What happened to a user's integrations: events, with their replay, sync runs and alerts."""

from uuid import UUID

from django.db.models import QuerySet
from django_filters import CharFilter
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from flowzz.core.api.choice_filters import ChoicesFilter, StrictBooleanFilter, UpperChoicesFilter
from flowzz.core.api.date_filters import DayFilter, RangeFilterSet
from flowzz.core.api.errors import ApiError, NotFound
from flowzz.core.api.idempotency import idempotent
from flowzz.core.api.pagination import CursorPagination
from flowzz.core.api.schema.openapi import listing, operation
from flowzz.core.api.views import ListViewSet, RowT, current_user_id, success
from integrations.api.activity_serializers import AlertSerializer, EventSerializer, RunRowSerializer
from integrations.api.errors import IntegrationNotFound
from integrations.api.provider_views import TAG, ProviderViewSet
from integrations.inbox import replay
from integrations.models import Alert, EventKind, EventOutcome, EventState, SyncRun, WebhookEvent


class EventNotReplayable(ApiError):
    status_code = 409
    code = "EVENT_NOT_REPLAYABLE"
    message = (
        "Só um evento em quarentena, cujo conteúdo ainda está guardado, pode ser reprocessado."
    )


class EventFilter(RangeFilterSet):
    state = ChoicesFilter(choices=EventState)
    outcome = UpperChoicesFilter(choices=EventOutcome)
    kind = UpperChoicesFilter(choices=EventKind)
    externalId = CharFilter(
        "external_id", max_length=128, help_text="O número do pedido ou da assinatura"
    )
    dateFrom = DayFilter("received_at", "gte", help_text="Primeiro dia da chegada")
    dateTo = DayFilter("received_at", "lte", help_text="Último dia da chegada")


class AlertFilter(RangeFilterSet):
    open = StrictBooleanFilter("resolved_at", "isnull", help_text="Ainda abertos")


class EventPagination(CursorPagination):
    default_field = "received_at"
    fields = ()


class RunPagination(CursorPagination):
    fields = ()


class AlertPagination(CursorPagination):
    default_field = "opened_at"
    fields = ()


class ActivityViewSet(ListViewSet[RowT], ProviderViewSet):
    """Lists rows of the user's integration with the provider in the path."""

    def get_queryset(self) -> QuerySet[RowT]:
        return super().get_queryset().filter(integration=self.integration())


class EventViewSet(ActivityViewSet[WebhookEvent]):
    queryset = WebhookEvent.objects.all()
    serializer_class = EventSerializer
    filterset_class = EventFilter
    pagination_class = EventPagination

    @listing(
        TAG,
        "Listar os webhooks recebidos, com o resultado de cada um",
        EventSerializer,
        IntegrationNotFound,
        has_etag=False,
    )
    def list(self, request: Request, provider: str) -> Response:
        return super().list(request)

    @operation(
        TAG,
        "Reprocessar um webhook em quarentena",
        EventSerializer,
        NotFound,
        IntegrationNotFound,
        EventNotReplayable,
        request=None,
        parameters=[OpenApiParameter("id", UUID, OpenApiParameter.PATH)],
    )
    @action(detail=True, methods=["post"])
    @idempotent()
    def replay(self, request: Request, provider: str, pk: str) -> Response:
        event = self.get_object()
        rows = WebhookEvent.objects.filter(id=event.id, state=EventState.QUARANTINED)
        if not replay.replay(rows):
            raise EventNotReplayable
        event.refresh_from_db()
        return success(EventSerializer(event).data, "Evento na fila para ser reprocessado")


class RunViewSet(ActivityViewSet[SyncRun]):
    queryset = SyncRun.objects.all()
    serializer_class = RunRowSerializer
    pagination_class = RunPagination

    @listing(TAG, "Listar as sincronizações", RunRowSerializer, IntegrationNotFound, has_etag=False)
    def list(self, request: Request, provider: str) -> Response:
        return super().list(request)


class AlertViewSet(ListViewSet[Alert]):
    queryset = Alert.objects.select_related("integration").exclude(seller_message="")
    serializer_class = AlertSerializer
    filterset_class = AlertFilter
    pagination_class = AlertPagination

    def get_queryset(self) -> QuerySet[Alert]:
        alerts = super().get_queryset()
        return alerts.filter(integration__user_id=current_user_id(self.request))

    @listing(TAG, "Listar os alertas, abertos e resolvidos", AlertSerializer, has_etag=False)
    def list(self, request: Request) -> Response:
        return super().list(request)
