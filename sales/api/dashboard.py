"""The dashboard's figures: cached by the version of the user's data, and so never outdated."""

from datetime import date, timedelta
from typing import Any

import orjson
import structlog
from django.utils import timezone
from redis import RedisError
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flowzz.core import redis
from flowzz.core.api.current_user import current_user_id
from flowzz.core.api.envelope import success
from flowzz.core.api.errors import ValidationFailed
from flowzz.core.api.etags import not_modified, tagged, version_tag
from flowzz.core.api.schema.openapi import IF_NONE_MATCH, operation
from flowzz.core.api.serializers import CamelCase
from flowzz.core.db.data_versions import current_version
from sales.stats.dashboard_stats import dashboard_stats
from sales.statuses import SaleStatus, ShippingStatus

CACHE_SECONDS = 300
LONGEST_DAYS = 3660
PERIODS = {"today": 1, "7d": 7, "30d": 30}
DEFAULT_PERIOD = "30d"

log = structlog.stdlib.get_logger(__name__)


def money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=18, decimal_places=2, **options)


class RangeSerializer(CamelCase):
    """What the figures are asked for: a period that ends today, or the days named."""

    period = serializers.ChoiceField(
        list(PERIODS), required=False, help_text="Termina hoje; 30d se nada for dito"
    )
    date_from = serializers.DateField(required=False, help_text="Primeiro dia (São Paulo)")
    date_to = serializers.DateField(required=False, help_text="Último dia; hoje se não for dito")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = self._range(attrs)
        if first > last:
            raise serializers.ValidationError({"dateFrom": "Deve ser antes de dateTo."})
        if (last - first).days >= LONGEST_DAYS:
            raise serializers.ValidationError(
                {"dateFrom": f"O intervalo pode ter no máximo {LONGEST_DAYS} dias."}
            )
        return {"first": first, "last": last}

    def _range(self, sent: dict[str, Any]) -> tuple[date, date]:
        if "period" in sent and len(sent) > 1:
            raise serializers.ValidationError(
                {"period": "Use period, ou dateFrom e dateTo; não os dois."}
            )
        today = timezone.localdate()
        if "date_from" in sent:
            return sent["date_from"], sent.get("date_to", today)
        if "date_to" in sent:
            raise serializers.ValidationError({"dateFrom": "Informe também o primeiro dia."})
        days = PERIODS[sent.get("period", DEFAULT_PERIOD)]
        return today - timedelta(days=days - 1), today


class CountSerializer(serializers.Serializer[Any]):
    sales = serializers.IntegerField()
    value = money()


class StatusCountSerializer(CountSerializer):
    status = serializers.ChoiceField(SaleStatus.choices, source="name")


class ShippingCountSerializer(CamelCase, CountSerializer):
    shipping_status = serializers.ChoiceField(ShippingStatus.choices, source="name")


class BuyersSerializer(serializers.Serializer[Any]):
    new = serializers.IntegerField(source="new_clients", help_text="Compraram pela primeira vez")
    returning = serializers.IntegerField(
        source="returning_clients", help_text="Já tinham comprado antes do período"
    )


class ProductFigureSerializer(CamelCase):
    product_name = serializers.CharField(source="name", allow_blank=True)
    sales = serializers.IntegerField()
    quantity = serializers.IntegerField()
    revenue = money(source="value")


class CampaignFigureSerializer(serializers.Serializer[Any]):
    campaign = serializers.CharField(source="name")
    sales = serializers.IntegerField()
    revenue = money(source="value")


class DayRevenueSerializer(serializers.Serializer[Any]):
    day = serializers.DateField()
    sales = serializers.IntegerField(help_text="Vendas pagas, enviadas ou entregues")
    revenue = money()


class MetricsSerializer(CamelCase):
    date_from = serializers.DateField(source="first")
    date_to = serializers.DateField(source="last")
    revenue = money(help_text="Vendas pagas, enviadas ou entregues")
    sales = serializers.IntegerField(help_text="Todas as vendas, menos as excluídas")
    paid_sales = serializers.IntegerField(help_text="Pagas, enviadas ou entregues")
    average_ticket = money(help_text="Receita por venda paga")
    by_status = StatusCountSerializer(many=True)
    by_shipping_status = ShippingCountSerializer(many=True)
    refunds = CountSerializer()
    cash_on_delivery_scheduled = CountSerializer(
        source="scheduled", help_text="Pós-pagas ainda não entregues"
    )
    clients = BuyersSerializer(source="*")
    top_products = ProductFigureSerializer(many=True)
    top_campaigns = CampaignFigureSerializer(many=True)
    revenue_by_day = DayRevenueSerializer(many=True)


class MetricsView(APIView):
    @operation(
        "Painel",
        "Ver os números do painel",
        MetricsSerializer,
        ValidationFailed,
        parameters=[RangeSerializer, IF_NONE_MATCH],
    )
    def get(self, request: Request) -> Response:
        asked = RangeSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        first, last = asked.validated_data["first"], asked.validated_data["last"]
        user_id = current_user_id(request)
        version = current_version(
            user_id
        )  # before the figures, which may then be newer, never older
        tag = version_tag(version, request.get_full_path(), str(last))
        if not_modified(request, tag):
            return tagged(Response(status=304), tag)
        key = f"flowzz:metrics:{user_id}:{version}:{first}:{last}"
        data = _cached(key)
        if data is None:
            data = MetricsSerializer(dashboard_stats(user_id, first, last)).data
            _cache(key, data)
        return tagged(success(data), tag)


def _cached(key: str) -> Any:
    try:
        kept = redis.client().get(key)
    except RedisError as error:
        log.warning("metrics_not_cached", cause=type(error).__name__)
        return None
    return orjson.loads(kept) if kept else None


def _cache(key: str, data: Any) -> None:
    try:
        redis.client().set(key, orjson.dumps(data), ex=CACHE_SECONDS)
    except RedisError as error:
        log.warning("metrics_not_cached", cause=type(error).__name__)
