"""A seller's clients: the people and companies who buy."""

import uuid
from collections.abc import Collection
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.utils.timezone import localtime

from clients.contacts import format_cep
from clients.unaccent import Unaccent
from flowzz.core.db.backend.compiled_queries import Given
from flowzz.core.db.bulk_upsert import BulkRow
from flowzz.core.ids import uuid7

MAX_OF_PHONE = 20
"""Number of clients of one phone that are read: some shops give theirs for everybody."""
# An array, not IN: PostgreSQL then finds the rows by their primary key.
_HAS_PHONE = """
    "clients_client"."id" = ANY(ARRAY(
        SELECT oldest.id FROM unnest(%s::text[]) AS wanted (phone), LATERAL (
            SELECT id FROM clients_client AS client
            WHERE client.phone = wanted.phone AND client.user_id = %s AND client.phone <> ''
            ORDER BY id LIMIT %s
        ) AS oldest
    ))
"""


class ClientStatus(models.TextChoices):
    ACTIVE = "ACTIVE", "Ativo"
    INACTIVE = "INACTIVE", "Inativo"
    BLOCKED = "BLOCKED", "Bloqueado"


class ClientQuerySet(models.QuerySet["Client"]):
    def owned_by(self, user_id: uuid.UUID | Given) -> "ClientQuerySet":
        return self.filter(user_id=user_id)

    def unmerged(self) -> "ClientQuerySet":
        """Exclude clients that were merged into another."""
        return self.filter(merged_into=None)

    def candidates(
        self,
        user_id: uuid.UUID | Given,
        *,
        ids: Collection[uuid.UUID] | Given = (),
        documents: Collection[str] | Given = (),
        phones: Collection[str] | Given = (),
    ) -> "ClientQuerySet":
        """Return the user's clients that an order could belong to, oldest first.

        Of one phone at most MAX_OF_PHONE are read. The conditions repeat those of the partial
        indexes; otherwise PostgreSQL ignores them.
        """
        found = Q()
        if ids:
            found |= Q(id__any_of=ids)
        if documents:
            found |= Q(document_identifies=True, cpf__any_of=documents)
        if phones:
            wanted = phones if isinstance(phones, Given) else list(phones)
            parameters = [wanted, user_id, MAX_OF_PHONE]
            found |= Q(RawSQL(_HAS_PHONE, parameters, output_field=models.BooleanField()))  # noqa: S611 - a constant
        clients = self.owned_by(user_id).filter(found) if found else self.none()
        return clients.order_by("created_at", "id")


class Client(BulkRow):
    """A buyer, identified within one user by document or phone, never by e-mail."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="clients",
        db_index=False,
        verbose_name="vendedor(a)",
    )
    name = models.CharField("nome", max_length=500, blank=True)
    email = models.CharField("e-mail", max_length=254, null=True, blank=True)  # noqa: DJ001 - the API says null
    phone = models.CharField("telefone", max_length=32, blank=True, help_text="E.164")
    phone_raw = models.CharField(
        "telefone como enviado",
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Onde não pôde ser lido: sem DDD, por exemplo",
    )
    cpf = models.CharField("CPF/CNPJ", max_length=32, blank=True)
    document_valid = models.BooleanField("dígitos do documento conferem", default=False)
    document_identifies = models.BooleanField("documento identifica", default=False)
    address = models.CharField("endereço", max_length=500, blank=True)
    address_number = models.CharField("número", max_length=64, blank=True)
    district = models.CharField("bairro", max_length=200, blank=True)
    complement = models.CharField("complemento", max_length=500, blank=True)
    city = models.CharField("cidade", max_length=200, blank=True)
    state = models.CharField("estado", max_length=100, blank=True)
    cep = models.CharField("CEP", max_length=8, blank=True)
    country = models.CharField("país", max_length=100, blank=True)
    status = models.CharField(
        "status", max_length=8, choices=ClientStatus, default=ClientStatus.ACTIVE
    )
    merged_into = models.ForeignKey(
        "self",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="merged_clients",
        db_index=False,
        verbose_name="unido a",
        help_text="Os pedidos com o documento ou o telefone deste cliente são do outro.",
    )
    erased_at = models.DateTimeField("dados pessoais apagados em", null=True, blank=True)
    created_at = models.DateTimeField("criado em", auto_now_add=True)
    updated_at = models.DateTimeField("atualizado em", auto_now=True)

    objects: ClassVar = ClientQuerySet.as_manager()

    class Meta:
        verbose_name = "cliente"
        permissions: ClassVar = [("merge_client", "Pode unir e separar clientes")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "cpf"],
                condition=Q(document_identifies=True),
                name="client_document_unique_per_user",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "created_at", "id"], name="client_user_created"),
            models.Index(fields=["user", "updated_at", "id"], name="client_user_updated"),
            # Staff search these over all users; `candidates` uses the phone index as well.
            models.Index(fields=["cpf"], condition=~Q(cpf=""), name="client_search_document"),
            models.Index(
                fields=["phone", "user", "id"], condition=~Q(phone=""), name="client_search_phone"
            ),
            models.Index(
                OpClass("email", "varchar_pattern_ops"),
                condition=Q(email__isnull=False),
                name="client_search_email",
            ),
            GinIndex(
                OpClass("cpf", "gin_trgm_ops"),
                OpClass("phone", "gin_trgm_ops"),
                name="client_search_parts",
            ),
            GinIndex(OpClass(Unaccent("name"), "gin_trgm_ops"), name="client_search_name"),
            models.Index(
                fields=["status", "id"], condition=~Q(status="ACTIVE"), name="client_other"
            ),
            models.Index(
                fields=["merged_into"], condition=Q(merged_into__isnull=False), name="client_merged"
            ),
        ]

    def __str__(self) -> str:
        return self.name or "(sem nome)"

    @property
    def postal_address(self) -> str:
        """The address on one line, as people write it; empty where nothing is known."""
        street = ", ".join(filter(None, (self.address, self.address_number, self.complement)))
        place = "/".join(filter(None, (self.city, self.state)))
        cep = f"CEP {format_cep(self.cep)}" if self.cep else ""
        return ", ".join(filter(None, (street, self.district, place, cep)))


class MergeRefused(Exception):
    """A merge, a split or its undoing is refused; the message says why, in Portuguese."""


class UndoableChange(models.Model):
    """A merge or a split: who made it and who undid it. No person if a message caused it."""

    created_at = models.DateTimeField("feita em", auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name="feita por",
    )
    undone_at = models.DateTimeField("desfeita em", null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name="desfeita por",
    )

    class Meta:
        abstract = True
        ordering: ClassVar = ["-created_at", "-id"]


class ClientMerge(UndoableChange):
    """Sales that staff moved to another client, with all that undoing it needs.

    A merge moves everything from `source` to `target`; a split moves some sales to a new `target`.
    """

    class Kind(models.TextChoices):
        MERGE = "merge", "União"
        SPLIT = "split", "Separação"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField("tipo", max_length=5, choices=Kind)
    source = models.ForeignKey(Client, models.CASCADE, related_name="+", verbose_name="de")
    target = models.ForeignKey(
        Client, models.SET_NULL, null=True, related_name="+", verbose_name="para"
    )
    sale_ids = ArrayField(models.UUIDField(), default=list, verbose_name="vendas")
    subscription_ids = ArrayField(models.UUIDField(), default=list, verbose_name="assinaturas")
    merged_client_ids = ArrayField(models.UUIDField(), default=list, verbose_name="unidos antes")
    filled_fields = models.JSONField("campos completados", default=dict)
    previous_documents = models.JSONField("documentos de antes", default=dict)

    class Meta(UndoableChange.Meta):
        verbose_name = "união ou separação"
        verbose_name_plural = "uniões e separações"
        indexes: ClassVar = [GinIndex(fields=["sale_ids"], name="merge_sales")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} de {localtime(self.created_at):%d/%m/%Y}"


class MergeSuggestionQuerySet(models.QuerySet["MergeSuggestion"]):
    def pending(self) -> "MergeSuggestionQuerySet":
        """Return the suggestions that staff can still decide about."""
        return self.filter(
            dismissed_at=None,
            **{f"{name}__merged_into": None for name in ("first", "second")},
            **{f"{name}__erased_at": None for name in ("first", "second")},
        )


class MergeSuggestion(models.Model):
    """Two clients of one phone that are perhaps one person: only their names differ."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    first = models.ForeignKey(Client, models.CASCADE, related_name="+", verbose_name="cliente")
    second = models.ForeignKey(Client, models.CASCADE, related_name="+", verbose_name="e este")
    created_at = models.DateTimeField("sugerida em", auto_now_add=True)
    dismissed_at = models.DateTimeField("dispensada em", null=True, blank=True)

    objects: ClassVar = MergeSuggestionQuerySet.as_manager()

    class Meta:
        verbose_name = "possível duplicado"
        verbose_name_plural = "possíveis duplicados"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["first", "second"], name="merge_suggestion_unique")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["-created_at", "-id"],
                condition=Q(dismissed_at=None),
                name="merge_suggestion_pending",
            )
        ]

    def __str__(self) -> str:
        return f"Sugestão de {localtime(self.created_at):%d/%m/%Y}"
