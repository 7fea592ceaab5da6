"""Requests of people who want to sell a user's products."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models

from clients.unaccent import Unaccent
from flowzz.core.ids import uuid7


class AffiliationRequest(models.Model):
    """A request by somebody who wants to sell this user's product, identified by its content."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="affiliation_requests",
        verbose_name="vendedor(a)",
    )
    source = models.CharField("origem", max_length=32)
    fingerprint = models.CharField("impressão do conteúdo", max_length=64)
    affiliate_name = models.CharField("afiliado", max_length=500, blank=True)
    affiliate_email = models.CharField("e-mail", max_length=254, blank=True)
    affiliate_phone = models.CharField("telefone", max_length=64, blank=True)
    product_name = models.CharField("produto", max_length=500, blank=True)
    status = models.CharField("status", max_length=100, blank=True)
    requested_at = models.DateTimeField("pedido em", null=True, blank=True)
    observed_at = models.DateTimeField("visto em")
    created_at = models.DateTimeField("criado em", auto_now_add=True)
    updated_at = models.DateTimeField("atualizado em", auto_now=True)

    class Meta:
        verbose_name = "pedido de afiliação"
        verbose_name_plural = "pedidos de afiliação"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "source", "fingerprint"], name="affiliation_unique_by_content"
            )
        ]
        indexes = [
            GinIndex(
                OpClass(Unaccent("affiliate_name"), "gin_trgm_ops"),
                OpClass(Unaccent("affiliate_email"), "gin_trgm_ops"),
                name="affiliation_search",
            )
        ]

    def __str__(self) -> str:
        return self.affiliate_name or "(sem nome)"
