"""Query parameters and response of the dashboard."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from flowzz.core.api.serializers import CamelCaseSerializer
from sales.statuses import SaleStatus, ShippingStatus

MAX_DAYS = 3660
PERIODS = {"today": 1, "7d": 7, "30d": 30}
DEFAULT_PERIOD = "30d"


def money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=18, decimal_places=2, **options)


class RangeSerializer(CamelCaseSerializer):
    """Query parameters: a period that ends today, or a first and a last day."""

    period = serializers.ChoiceField(
        list(PERIODS), required=False, help_text="Termina hoje; 30d se nada for dito"
    )
    date_from = serializers.DateField(required=False, help_text="Primeiro dia (São Paulo)")
    date_to = serializers.DateField(required=False, help_text="Último dia; hoje se não for dito")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = self._days(attrs)
        if first > last:
            raise serializers.ValidationError({"dateFrom": "Deve ser antes de dateTo."})
        if (last - first).days >= MAX_DAYS:
            raise serializers.ValidationError(
                {"dateFrom": f"O intervalo pode ter no máximo {MAX_DAYS} dias."}
            )
        return {"first": first, "last": last}

    def _days(self, query: dict[str, Any]) -> tuple[date, date]:
        if "period" in query and len(query) > 1:
            raise serializers.ValidationError(
                {"period": "Use period, ou dateFrom e dateTo; não os dois."}
            )
        today = timezone.localdate()
        if "date_from" in query:
            return query["date_from"], query.get("date_to", today)
        if "date_to" in query:
            raise serializers.ValidationError({"dateFrom": "Informe também o primeiro dia."})
        days = PERIODS[query.get("period", DEFAULT_PERIOD)]
        return today - timedelta(days=days - 1), today


class CountSerializer(serializers.Serializer[Any]):
    sales = serializers.IntegerField()
    value = money()


class StatusCountSerializer(CountSerializer):
    status = serializers.ChoiceField(SaleStatus.choices, source="name")


class ShippingCountSerializer(CamelCaseSerializer, CountSerializer):
    shipping_status = serializers.ChoiceField(ShippingStatus.choices, source="name")


class BuyersSerializer(serializers.Serializer[Any]):
    new = serializers.IntegerField(source="new_clients", help_text="Compraram pela primeira vez")
    returning = serializers.IntegerField(
        source="returning_clients", help_text="Já tinham comprado antes do período"
    )


class ProductFigureSerializer(CamelCaseSerializer):
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


class MetricsSerializer(CamelCaseSerializer):
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
