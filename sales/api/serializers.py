"""Sales, clients with totals, subscriptions and affiliation requests in API responses."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clients.api.serializers import ClientNameSerializer, ClientSerializer
from flowzz.core.api.serializers import CamelCaseSerializer, UpperChoiceField
from sales.api.dashboard_serializers import CountSerializer, money
from sales.models import (
    AffiliationRequest,
    Origin,
    Sale,
    SaleStatusChange,
    Subscription,
    SubscriptionCycle,
)
from sales.money import PaymentCode
from sales.statuses import HistoryField

MAX_CYCLES = 500


class SaleSerializer(CamelCaseSerializer, serializers.ModelSerializer[Sale]):
    """`externalId` is the order's number, or its hash if the source reports no number."""

    client = ClientNameSerializer(allow_null=True)
    payment_code = serializers.ChoiceField(
        [*PaymentCode.choices, ("", "Não informado")], help_text="Meio de pagamento"
    )

    fees = money(allow_null=True, help_text="Taxas de pagamento, antifraude e frete, se sabidas")
    net = money(
        allow_null=True,
        help_text="A sua comissão; sem ela, o valor menos taxas e comissões de parceiros; "
        "null se não se sabe",
    )

    class Meta:
        model = Sale
        fields = (
            *("id", "external_id", "order_hash", "source", "client"),
            *("product_name", "product_sku", "quantity", "unit_price", "total_price"),
            *("commission", "fees", "net"),
            *("status", "shipping_status", "payment_method", "payment_code"),
            *("sale_date", "paid_at", "shipped_at", "delivered_at", "cancelled_at", "deleted_at"),
            *("tracking_code", "metadata", "created_at", "updated_at"),
        )
        read_only_fields = fields


class BuyerSerializer(ClientSerializer):
    """A client with the totals that `ClientViewSet` annotates."""

    sales_count = serializers.IntegerField()
    total_spent = serializers.DecimalField(max_digits=14, decimal_places=2)
    last_sale_at = serializers.DateTimeField(allow_null=True)

    class Meta(ClientSerializer.Meta):
        fields = (*ClientSerializer.Meta.fields, "sales_count", "total_spent", "last_sale_at")
        read_only_fields = fields


class SubscriptionSerializer(CamelCaseSerializer, serializers.ModelSerializer[Subscription]):
    client = ClientNameSerializer(allow_null=True)

    class Meta:
        model = Subscription
        fields: tuple[str, ...] = (
            *("id", "source", "subscription_hash", "client", "product_name"),
            *("status", "frequency", "cycle", "next_charge_date", "created_at", "updated_at"),
        )
        read_only_fields = fields


class CycleSerializer(CamelCaseSerializer, serializers.ModelSerializer[SubscriptionCycle]):
    class Meta:
        model = SubscriptionCycle
        fields = ("cycle", "sale_id", "next_charge_date", "observed_at")
        read_only_fields = fields
        extra_kwargs = {
            "cycle": {"help_text": "O número da cobrança, a partir de 1"},
            "sale_id": {"help_text": "A venda que ela gerou, se já chegou"},
            "observed_at": {"help_text": "Quando o Flowzz soube dela"},
        }


class SubscriptionDetailSerializer(SubscriptionSerializer):
    cycles = serializers.SerializerMethodField(
        help_text=f"Da primeira à última; as {MAX_CYCLES} últimas"
    )

    class Meta(SubscriptionSerializer.Meta):
        fields = (*SubscriptionSerializer.Meta.fields, "cycles")
        read_only_fields = fields

    @extend_schema_field(CycleSerializer(many=True))
    def get_cycles(self, subscription: Subscription) -> Any:
        newest = subscription.cycles.order_by("-cycle")[:MAX_CYCLES]
        return CycleSerializer(list(newest)[::-1], many=True).data


class ChangeSerializer(CamelCaseSerializer, serializers.ModelSerializer[SaleStatusChange]):
    field = UpperChoiceField(HistoryField.choices)
    before = serializers.CharField(
        source="from_status", allow_blank=True, help_text="Vazio na primeira situação"
    )
    after = serializers.CharField(source="to_status", help_text="De CLIENT_ID, o id do cliente")
    origin = UpperChoiceField(
        Origin.choices,
        help_text="O que mudou a venda: webhook, sincronização, arquivo ou a equipe do Flowzz",
    )

    class Meta:
        model = SaleStatusChange
        fields = ("field", "before", "after", "changed_at", "origin")
        read_only_fields = fields


class HistorySerializer(serializers.Serializer[Any]):
    changes = ChangeSerializer(many=True, help_text="Da primeira à última; as 500 mais novas")


class TotalsSerializer(CamelCaseSerializer):
    sales = serializers.IntegerField(help_text="Todas as da lista, ou das linhas dela")
    paid_sales = serializers.IntegerField(help_text="Pagas, enviadas ou entregues")
    revenue = money(help_text="Soma das pagas, enviadas ou entregues")
    net = CountSerializer(help_text="Líquido das pagas em que se conhece, e quantas são")


class BuyerTotalsSerializer(TotalsSerializer):
    clients = serializers.IntegerField(source="owners", help_text="Os da lista")


class SubscriptionTotalsSerializer(TotalsSerializer):
    subscriptions = serializers.IntegerField(source="owners", help_text="As da lista")


class FilterValuesSerializer(CamelCaseSerializer):
    """The values of the 20,000 newest sales, at most 500 of each kind."""

    products = serializers.ListField(child=serializers.CharField())
    payment_methods = serializers.ListField(
        child=serializers.CharField(), help_text="Para o filtro `paymentMethod`"
    )
    campaigns = serializers.ListField(
        child=serializers.CharField(), help_text="Para o filtro `utmCampaign`"
    )
    states = serializers.ListField(child=serializers.CharField(), help_text="Dos clientes")


class AffiliationRequestSerializer(
    CamelCaseSerializer, serializers.ModelSerializer[AffiliationRequest]
):
    class Meta:
        model = AffiliationRequest
        fields = (
            *("id", "source", "affiliate_name", "affiliate_email", "affiliate_phone"),
            *("product_name", "status", "requested_at", "created_at", "updated_at"),
        )
        read_only_fields = fields
