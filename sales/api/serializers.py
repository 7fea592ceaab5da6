"""Sales, clients with totals, subscriptions and affiliation requests in API responses."""

from rest_framework import serializers

from clients.api.serializers import ClientNameSerializer, ClientSerializer
from flowzz.core.api.serializers import CamelCaseSerializer
from sales.api.dashboard_serializers import money
from sales.models import AffiliationRequest, Sale, Subscription
from sales.money import PaymentCode


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
        fields = (
            *("id", "source", "subscription_hash", "client", "product_name"),
            *("status", "frequency", "cycle", "next_charge_date", "created_at", "updated_at"),
        )
        read_only_fields = fields


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
