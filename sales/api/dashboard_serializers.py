"""Query parameters of the dashboard, and the description of the response that `render` makes."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from flowzz.core.api.date_filters import DayField
from flowzz.core.api.serializers import CamelCaseSerializer, UpperChoiceField
from sales.money import PaymentCode
from sales.stats.funnel import Stage
from sales.statuses import SaleStatus, ShippingStatus

MAX_DAYS = 3660
PERIODS = {"today": 1, "7d": 7, "30d": 30}
DEFAULT_PERIOD = "30d"
APPROVAL = "Pagas ÷ todas menos as pendentes, de 0 a 1"


def money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=18, decimal_places=2, **options)


def rate(**options: Any) -> serializers.DecimalField:
    """Return a field for a share between 0 and 1, or null if nothing was counted."""
    return serializers.DecimalField(max_digits=5, decimal_places=4, allow_null=True, **options)


class RangeSerializer(CamelCaseSerializer):
    """Query parameters: a period that ends today, or a first and a last day."""

    period = serializers.ChoiceField(
        list(PERIODS), required=False, help_text="Termina hoje; 30d se nada for dito"
    )
    date_from = DayField(required=False, help_text="Primeiro dia (São Paulo)")
    date_to = DayField(required=False, help_text="Último dia; hoje se não for dito")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = self._days(attrs)
        if first > last:
            reversed_ = ErrorDetail("Deve ser antes de dateTo.", "range_reversed")
            raise serializers.ValidationError({"dateFrom": reversed_})
        if (last - first).days >= MAX_DAYS:
            too_long = ErrorDetail(f"O intervalo pode ter no máximo {MAX_DAYS} dias.", "too_long")
            raise serializers.ValidationError({"dateFrom": too_long})
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
    status = serializers.ChoiceField(SaleStatus.choices)


class ShippingCountSerializer(CamelCaseSerializer, CountSerializer):
    shipping_status = serializers.ChoiceField(ShippingStatus.choices)


class PaymentFigureSerializer(CamelCaseSerializer):
    payment_code = serializers.ChoiceField([*PaymentCode.choices, ("", "Não informado")])
    sales = serializers.IntegerField()
    value = money()
    paid_sales = serializers.IntegerField()
    revenue = money()
    approval_rate = rate(help_text=APPROVAL)


class StageCountSerializer(serializers.Serializer[Any]):
    stage = UpperChoiceField(Stage.choices)
    sales = serializers.IntegerField()
    value = money()


class FunnelSerializer(CamelCaseSerializer):
    """Each cash-on-delivery sale of the period is counted in the stage where it stands now."""

    sales = serializers.IntegerField()
    value = money()
    stages = StageCountSerializer(many=True)
    success_rate = rate(help_text="Entregues ÷ entregues, devolvidas e canceladas")
    deliveries = serializers.IntegerField(help_text="Entregas cuja data se conhece")
    average_days = serializers.DecimalField(
        max_digits=8, decimal_places=1, allow_null=True, help_text="Dias da venda à entrega"
    )


class NamedFunnelSerializer(CamelCaseSerializer):
    name = serializers.CharField(allow_blank=True, help_text="Produto, estado ou campanha")
    funnel = FunnelSerializer()


class CashOnDeliverySerializer(CamelCaseSerializer):
    by_product = NamedFunnelSerializer(many=True)
    by_state = NamedFunnelSerializer(many=True)
    by_campaign = NamedFunnelSerializer(many=True)


class BuyersSerializer(serializers.Serializer[Any]):
    new = serializers.IntegerField(help_text="Compraram pela primeira vez")
    returning = serializers.IntegerField(help_text="Já tinham comprado antes do período")


class ProductFigureSerializer(CamelCaseSerializer):
    product_name = serializers.CharField(allow_blank=True)
    sales = serializers.IntegerField()
    quantity = serializers.IntegerField()
    revenue = money()


class CampaignFigureSerializer(serializers.Serializer[Any]):
    campaign = serializers.CharField()
    sales = serializers.IntegerField()
    revenue = money()


class DayRevenueSerializer(serializers.Serializer[Any]):
    day = serializers.DateField()
    sales = serializers.IntegerField(help_text="Vendas pagas, enviadas ou entregues")
    revenue = money()
    net = money(help_text="Das vendas cujo líquido se conhece")


class FiguresSerializer(CamelCaseSerializer):
    date_from = serializers.DateField()
    date_to = serializers.DateField()
    revenue = money(help_text="Vendas pagas, enviadas ou entregues")
    sales = serializers.IntegerField(help_text="Todas as vendas, menos as excluídas")
    paid_sales = serializers.IntegerField(help_text="Pagas, enviadas ou entregues")
    average_ticket = money(help_text="Receita por venda paga")
    approval_rate = rate(help_text=APPROVAL)
    net = CountSerializer(help_text="Líquido das vendas pagas em que se conhece, e quantas são")
    fees = CountSerializer(help_text="Taxas das vendas pagas em que se conhecem, e quantas são")
    own_commission = CountSerializer(help_text="A sua comissão nas vendas pagas, e em quantas")
    by_status = StatusCountSerializer(many=True)
    by_shipping_status = ShippingCountSerializer(many=True)
    by_payment_code = PaymentFigureSerializer(many=True)
    refunds = CountSerializer()
    cash_on_delivery_scheduled = CountSerializer(help_text="Pós-pagas ainda não entregues")
    cash_on_delivery = FunnelSerializer(help_text="As pós-pagas, por onde estão agora")
    clients = BuyersSerializer()


class MetricsSerializer(FiguresSerializer):
    """The figures of the period, the lists that only it has, and the figures of the one before."""

    previous = FiguresSerializer(help_text="O período de igual duração antes deste")
    cash_on_delivery_by = CashOnDeliverySerializer()
    top_products = ProductFigureSerializer(many=True)
    top_campaigns = CampaignFigureSerializer(many=True)
    revenue_by_day = DayRevenueSerializer(many=True)
