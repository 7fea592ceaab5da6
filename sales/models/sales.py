"""Sales, with the ids by which they are found."""

import uuid
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models import F, Q, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Left

from clients.identity import Match
from clients.models import Client
from flowzz.core.db.bulk_upsert import BulkRow, JsonDecoder
from flowzz.core.ids import uuid7
from sales.money import PaymentCode
from sales.statuses import SaleStatus, ShippingStatus

CAMPAIGN_PATH = "metadata__utms__campaign"
MAX_INDEXED = 200
CAMPAIGN_START = Left(KT(CAMPAIGN_PATH), MAX_INDEXED)
"""The indexed part: buyers' links can have a campaign longer than PostgreSQL's indexes accept."""
STATUS_MISSING = Q(status_word="", overridden_status="")
"""Sales whose source has never reported a status."""
STATUS_REFUSED = ~Q(refused_status="") | ~Q(refused_shipping_status="")
"""Sales whose newest reported status would be a step back, and was not applied."""


def _store(function: str, sales: Iterable["Sale"], name: str) -> None:
    """Write the named field of sales, once each, by a function of the database."""
    if by_id := {sale.id: getattr(sale, name) for sale in sales}:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}", [[*by_id], [*by_id.values()]])


class SaleQuerySet(models.QuerySet["Sale"]):
    def owned_by(self, user_id: uuid.UUID) -> "SaleQuerySet":
        return self.filter(user_id=user_id)

    def with_order_ids(self, source: str, ids: Collection[str]) -> "SaleQuerySet":
        """Return the sales whose number or hash is one of `ids`."""
        return self.filter(
            Q(external_id__any_of=ids) | (~Q(order_hash="") & Q(order_hash__any_of=ids)),
            source=source,
        )

    def save_fingerprints(self, sales: Iterable["Sale"]) -> None:
        """Write the fingerprints alone: the sales do not count as changed."""
        _store("store_report_fingerprints(%s::uuid[], %s::uuid[])", sales, "report_fingerprint")

    def save_observed_times(self, sales: Iterable["Sale"]) -> None:
        """Write the times of the newest reports alone: the sales do not count as changed."""
        _store("store_observed_times(%s::uuid[], %s::timestamptz[])", sales, "observed_at")

    def associated(self) -> "SaleQuerySet":
        """Exclude the sales that may be another sale's order: they count nowhere."""
        return self.filter(is_associated=True)

    def counted(self) -> "SaleQuerySet":
        """Exclude the sales that are in no figure: unassociated and deleted ones."""
        return self.associated().filter(deleted_at=None)


class Sale(BulkRow):
    """One order of one user, as its source last reported it. Money is BRL, times are aware."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="sales",
        db_index=False,
        verbose_name="vendedor(a)",
    )
    client = models.ForeignKey(
        Client,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="sales",
        db_index=False,
        verbose_name="cliente",
    )
    client_match = models.CharField(
        "cliente reconhecido por", max_length=16, choices=Match, blank=True
    )
    source = models.CharField("origem", max_length=32)
    external_id = models.CharField(
        "número do pedido", max_length=128, help_text="Ou o hash, se a origem não informa o número."
    )
    order_hash = models.CharField(
        "hash do pedido", max_length=128, blank=True, default="", db_default=""
    )
    is_associated = models.BooleanField(
        "associada",
        default=True,
        db_default=True,
        help_text="Sem isto, pode ser o pedido de outra venda, e não entra em número nenhum.",
    )
    product_name = models.CharField("produto", max_length=500, blank=True)
    product_sku = models.CharField("código do produto", max_length=128, blank=True)
    quantity = models.PositiveIntegerField("quantidade", default=1)
    unit_price = models.DecimalField("preço unitário", max_digits=12, decimal_places=2)
    total_price = models.DecimalField("valor total", max_digits=12, decimal_places=2)
    commission = models.DecimalField(
        "comissão", max_digits=12, decimal_places=2, null=True, blank=True
    )
    fees = models.DecimalField("taxas", max_digits=12, decimal_places=2, null=True, blank=True)
    partner_shares = models.DecimalField(
        "comissões de parceiros",
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Do afiliado e dos coprodutores, se quem vende é o produtor.",
    )
    status = models.CharField(
        "status", max_length=9, choices=SaleStatus, default=SaleStatus.PENDING
    )
    shipping_status = models.CharField(
        "entrega", max_length=9, choices=ShippingStatus, default=ShippingStatus.PENDING
    )
    unknown_status = models.CharField("status não reconhecido", max_length=100, blank=True)
    unknown_shipping_status = models.CharField(
        "entrega não reconhecida", max_length=100, blank=True
    )
    status_word = models.CharField(
        "status informado", max_length=100, blank=True, default="", db_default=""
    )
    shipping_status_word = models.CharField(
        "entrega informada", max_length=100, blank=True, default="", db_default=""
    )
    refused_status = models.CharField(
        "status recusado", max_length=9, choices=SaleStatus, blank=True, default="", db_default=""
    )
    refused_shipping_status = models.CharField(
        "entrega recusada",
        max_length=9,
        choices=ShippingStatus,
        blank=True,
        default="",
        db_default="",
    )
    overridden_status = models.CharField(
        "status informado antes do manual",
        max_length=9,
        choices=SaleStatus,
        blank=True,
        default="",
        db_default="",
    )
    overridden_shipping_status = models.CharField(
        "entrega informada antes da manual",
        max_length=9,
        choices=ShippingStatus,
        blank=True,
        default="",
        db_default="",
    )
    is_refund_open = models.BooleanField("reembolso em aberto", default=False, db_default=False)
    payment_method = models.CharField("forma de pagamento enviada", max_length=64, blank=True)
    payment_code = models.CharField(
        "meio de pagamento",
        max_length=16,
        choices=PaymentCode,
        blank=True,
        default="",
        db_default="",
    )
    tracking_code = models.CharField("código de rastreio", max_length=128, blank=True)
    sale_date = models.DateTimeField("data da venda")
    paid_at = models.DateTimeField("pago em", null=True, blank=True)
    shipped_at = models.DateTimeField("enviado em", null=True, blank=True)
    delivered_at = models.DateTimeField("entregue em", null=True, blank=True)
    cancelled_at = models.DateTimeField("cancelado em", null=True, blank=True)
    deleted_at = models.DateTimeField("excluído em", null=True, blank=True)
    metadata = models.JSONField(
        "outros dados", default=dict, blank=True, encoder=DjangoJSONEncoder, decoder=JsonDecoder
    )
    value_warnings = models.JSONField(
        "avisos",
        default=list,
        blank=True,
        db_default=Value([], models.JSONField()),
        help_text="Valores que não puderam ser lidos: causa e campo. O resto foi aplicado.",
    )
    report_fingerprint = models.UUIDField(
        "impressão do último relato",
        null=True,
        editable=False,
        help_text="Um relato igual não muda a venda. O banco a apaga quando a venda muda.",
    )
    observed_at = models.DateTimeField(
        "visto em", help_text="Momento da informação mais recente que foi aplicada."
    )
    created_at = models.DateTimeField("criado em", auto_now_add=True)
    updated_at = models.DateTimeField("atualizado em", auto_now=True)

    objects: ClassVar = SaleQuerySet.as_manager()

    class Meta:
        verbose_name = "venda"
        permissions: ClassVar = [
            ("merge_sale", "Pode unir vendas, e contar as não associadas"),
            ("set_sale_status", "Pode definir o status de uma venda"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "source", "external_id"], name="sale_unique_per_user_and_source"
            ),
            models.UniqueConstraint(
                fields=["user", "source", "order_hash"],
                condition=~Q(order_hash=""),
                name="sale_hash_unique_per_user_and_source",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "sale_date", "id"], name="sale_user_date"),
            models.Index(fields=["user", "updated_at", "id"], name="sale_user_updated"),
            models.Index(fields=["client", "sale_date"], name="sale_client_date"),
            models.Index(OpClass("external_id", "varchar_pattern_ops"), name="sale_number"),
            models.Index(
                OpClass("order_hash", "varchar_pattern_ops"),
                condition=~Q(order_hash=""),
                name="sale_hash",
            ),
            models.Index(
                fields=["user", "sale_date"],
                condition=Q(external_id=F("order_hash")),
                name="sale_only_hash",
            ),
            models.Index(
                fields=["sale_date", "id"],
                condition=Q(is_associated=False),
                name="sale_unassociated",
            ),
            models.Index(fields=["created_at"], name="sale_created"),
            models.Index(fields=["sale_date", "id"], name="sale_date"),
            models.Index(fields=["product_name", "sale_date"], name="sale_product"),
            models.Index(
                fields=["status", "shipping_status", "sale_date", "id"], name="sale_states"
            ),
            models.Index(
                CAMPAIGN_START,
                "sale_date",
                condition=Q(metadata__has_key="utms"),
                name="sale_campaign",
            ),
            models.Index(
                fields=["source", "unknown_status"],
                condition=~Q(unknown_status=""),
                name="sale_unknown_status",
            ),
            models.Index(
                fields=["source", "unknown_shipping_status"],
                condition=~Q(unknown_shipping_status=""),
                name="sale_unknown_shipping",
            ),
            models.Index(
                fields=["sale_date", "id"],
                condition=~Q(value_warnings=[]),
                name="sale_with_warnings",
            ),
            models.Index(
                fields=["sale_date", "id"], condition=STATUS_MISSING, name="sale_status_missing"
            ),
            models.Index(
                fields=["sale_date", "id"], condition=STATUS_REFUSED, name="sale_status_refused"
            ),
        ]

    @property
    def net(self) -> Decimal | None:
        """What stays for the user: their commission, or the price less fees and shares; else None.

        `sales.stats.daily_stats` computes the same in SQL.
        """
        if self.commission is not None or self.fees is None or self.partner_shares is None:
            return self.commission
        return self.total_price - self.fees - self.partner_shares

    def __str__(self) -> str:
        return self.external_id

    @property
    def has_only_hash(self) -> bool:
        return self.external_id == self.order_hash

    @property
    def order_ids(self) -> list[str]:
        """The ids by which events and findings name the order."""
        return [id_ for id_ in dict.fromkeys((self.external_id, self.order_hash)) if id_]
