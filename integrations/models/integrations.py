"""A user's connection to a provider, and the tokens of its webhook URLs."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import localtime

from flowzz.core.ids import uuid7


class IntegrationStatus(models.TextChoices):
    PENDING = "PENDING", "pendente"
    CONNECTED = "CONNECTED", "conectado"
    ERROR = "ERROR", "erro"
    DISCONNECTED = "DISCONNECTED", "desconectado"


class IntegrationMode(models.TextChoices):
    """How sales arrive. `integrations.modes` has the mode in effect."""

    API = "api", "API e webhooks"
    WEBHOOK = "webhook", "Só webhooks"


class Integration(models.Model):
    """The integration of a user with a provider. `integrations.secrets` encrypts its secrets."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="integrations",
        verbose_name="vendedor(a)",
    )
    provider = models.CharField("plataforma", max_length=32)
    status = models.CharField(
        "status", max_length=12, choices=IntegrationStatus, default=IntegrationStatus.PENDING
    )
    mode = models.CharField(
        "modo", max_length=7, choices=IntegrationMode, default=IntegrationMode.API
    )
    mode_changed_at = models.DateTimeField("neste modo desde", null=True, editable=False)
    api_key = models.TextField("chave de API (cifrada)", blank=True, editable=False)
    api_key_hint = models.CharField("chave de API", max_length=32, blank=True, editable=False)
    api_key_set_at = models.DateTimeField("chave informada em", null=True, editable=False)
    signing_secret = models.TextField("segredo (cifrado)", blank=True, editable=False)
    previous_signing_secret = models.TextField(
        "segredo anterior (cifrado)", blank=True, editable=False
    )
    signing_observed_since = models.DateTimeField(
        "assinatura em observação desde",
        null=True,
        blank=True,
        editable=False,
        help_text="Em observação, o que a assinatura recusaria é aceito e contado.",
    )
    custom_webhook_url = models.CharField(
        "endereço informado por quem vende",
        max_length=500,
        blank=True,
        help_text="Anotação de quem vende (um proxy na frente, por exemplo); nunca é chamado.",
    )
    owner_email = models.EmailField(
        "e-mail do(a) vendedor(a) na plataforma",
        blank=True,
        help_text="Decide qual comissão da venda é do(a) vendedor(a). Vazio: o e-mail de login.",
    )
    sync_cursor = models.DateTimeField("sincronizado até", null=True, blank=True)
    next_sync_at = models.DateTimeField("próxima sincronização", null=True, blank=True)
    last_sync_at = models.DateTimeField("última sincronização", null=True, blank=True)
    last_sync_status = models.CharField(
        "resultado", max_length=7, blank=True, choices=[("success", "sucesso"), ("error", "erro")]
    )
    last_sync_error = models.TextField("erro", blank=True)
    last_webhook_at = models.DateTimeField("último webhook", null=True, blank=True)
    sales_synced = models.PositiveBigIntegerField("vendas recebidas", default=0)
    connected_at = models.DateTimeField("conectada em", null=True, blank=True)
    paused_at = models.DateTimeField(
        "pausada em",
        null=True,
        blank=True,
        help_text="Enquanto pausada, os webhooks esperam e nada é sincronizado.",
    )
    created_at = models.DateTimeField("criada em", auto_now_add=True)
    updated_at = models.DateTimeField("atualizada em", auto_now=True)

    class Meta:
        verbose_name = "integração"
        verbose_name_plural = "integrações"
        constraints = [
            models.UniqueConstraint(fields=["user", "provider"], name="integration_one_per_user")
        ]
        indexes = [
            models.Index(
                fields=["next_sync_at"],
                condition=Q(next_sync_at__isnull=False),
                name="integration_due",
            )
        ]

    def __str__(self) -> str:
        """Include the user: use `select_related` for lists."""
        return f"{self.user} · {self.provider.capitalize()}"

    @property
    def effective_owner_email(self) -> str:
        """The user's e-mail at the provider, in lower case."""
        return (self.owner_email or self.user.email).lower()

    @property
    def is_connected(self) -> bool:
        return self.status == IntegrationStatus.CONNECTED

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None


class WebhookToken(models.Model):
    """The token of a webhook URL, found by its hash and stored encrypted to be shown again.

    The current token has no `expires_at`; earlier tokens are valid until then.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    integration = models.ForeignKey(
        Integration, models.CASCADE, related_name="webhook_tokens", verbose_name="integração"
    )
    token_hash = models.CharField("hash", max_length=64, unique=True, editable=False)
    token = models.TextField("token (cifrado)", editable=False)
    expires_at = models.DateTimeField("vale até", null=True, blank=True)
    created_at = models.DateTimeField("criado em", auto_now_add=True)

    class Meta:
        verbose_name = "endereço de webhook"
        verbose_name_plural = "endereços de webhook"
        constraints = [
            models.UniqueConstraint(
                fields=["integration"],
                condition=Q(expires_at__isnull=True),
                name="one_current_webhook_token",
            )
        ]

    def __str__(self) -> str:
        return f"Endereço de {localtime(self.created_at):%d/%m/%Y}"
