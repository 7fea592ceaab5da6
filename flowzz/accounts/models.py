"""Users, what they log in with, and the audit log and saved views of staff."""

import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Lower, Upper
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils import timezone
from django.utils.timezone import localtime

from flowzz.core.api.event_stream import end_at_commit
from flowzz.core.ids import uuid7

login_email_changed = Signal()
"""Sent with the `user` whose login has another e-mail."""


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A seller, or with `is_staff` a member of staff. E-mail is the login."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField("e-mail", unique=True)
    name = models.CharField("nome", max_length=150, blank=True)
    phone = models.CharField("telefone", max_length=40, blank=True)
    is_active = models.BooleanField("ativo", default=True)
    is_staff = models.BooleanField("equipe", default=False)
    date_joined = models.DateTimeField("cadastrado em", default=timezone.now)
    invited_at = models.DateTimeField("convite enviado em", null=True, editable=False)
    """When the user was last mailed a link to choose a first password."""
    erasure_requested_at = models.DateTimeField("exclusão pedida em", null=True, editable=False)
    """From then on the account is closed, and its data are deleted in the background."""

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = "usuário"
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="user_email_any_case_unique")
        ]
        # Actions of staff; each model has its own permissions to view and change rows.
        permissions: ClassVar = [
            ("replay_events", "Pode reprocessar eventos"),
            ("settle_events", "Pode descartar e atribuir eventos"),
            ("run_syncs", "Pode iniciar e cancelar sincronizações"),
            ("manage_connections", "Pode desconectar integrações e trocar endereços e segredos"),
            ("reveal_webhook_urls", "Pode ver endereços de webhook"),
            ("view_personal_data", "Pode ver dados pessoais sem máscara"),
            ("reveal_personal_data", "Pode revelar os dados pessoais de um registro, com motivo"),
            ("erase_people", "Pode exportar e apagar os dados de uma pessoa"),
            ("grant_staff_access", "Pode dar acesso e grupos à equipe"),
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        """Return the name, which the back-office shows above the e-mail in its menu."""
        return self.name

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Save, and end the open responses of a user who may not log in as before."""
        is_new = self._state.adding
        super().save(update_fields=update_fields, **options)
        changed = {"password", "is_active"}
        if not is_new and (update_fields is None or changed.intersection(update_fields)):
            end_at_commit(self.id)


def request_user(request: HttpRequest) -> User:
    """Return the user of a request that is known to be logged in."""
    assert isinstance(request.user, User)
    return request.user


class StaffAction(models.Model):
    """An entry of the audit log: who did what to which row, when and why.

    Written by `flowzz.backoffice.audit_log.record` alone. A trigger refuses to change or delete
    entries. They contain no personal data of buyers.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField("quando", auto_now_add=True)
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="actions", verbose_name="quem"
    )
    action = models.CharField("ação", max_length=100)
    content_type = models.ForeignKey(
        ContentType, models.PROTECT, null=True, related_name="+", verbose_name="tipo"
    )
    target_id = models.CharField("id", max_length=64, blank=True)
    target_label = models.CharField("sobre", max_length=200, blank=True)
    reason = models.TextField("motivo", blank=True)
    details = models.JSONField("detalhes", default=dict, encoder=DjangoJSONEncoder)
    ip_address = models.CharField("endereço IP", max_length=64, blank=True)

    class Meta:
        verbose_name = "ação registrada"
        verbose_name_plural = "registro de ações"
        indexes: ClassVar = [
            models.Index(fields=["-created_at", "-id"], name="staff_action_recent"),
            models.Index(fields=["actor", "-created_at", "-id"], name="staff_action_of_actor"),
            models.Index(fields=["action", "-created_at", "-id"], name="staff_action_of_kind"),
            models.Index(
                fields=["content_type", "target_id", "-created_at"], name="staff_action_on_target"
            ),
            GinIndex(
                OpClass(Upper("target_label"), "gin_trgm_ops"),
                OpClass(Upper("reason"), "gin_trgm_ops"),
                name="staff_action_search",
            ),
        ]

    def __str__(self) -> str:
        return self.action


class LoginWay(models.TextChoices):
    BACK_OFFICE = "back_office", "Administração"
    API = "api", "API"


class LoginOutcome(models.TextChoices):
    SUCCESS = "success", "Entrou"
    REFUSED = "refused", "Senha errada, ou sem acesso"
    WRONG_CODE = "wrong_code", "Código de verificação errado"
    TOO_MANY = "too_many", "Recusado: tentativas demais"


class LoginAttempt(models.Model):
    """The attempts to log in to one account in one minute, written by `login_attempts.record`.

    Those for e-mails that have no account are counted together.
    """

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        User,
        models.CASCADE,
        null=True,
        db_index=False,
        related_name="login_attempts",
        verbose_name="conta",
    )
    minute = models.DateTimeField("quando")
    way = models.CharField("onde", max_length=11, choices=LoginWay)
    outcome = models.CharField("resultado", max_length=10, choices=LoginOutcome)
    network = models.CharField("rede", max_length=43, blank=True)
    """The IP address without its end, such as `192.0.2.x` or `2001:db8::/48`."""
    count = models.PositiveIntegerField("tentativas")

    class Meta:
        verbose_name = "tentativa de entrar"
        verbose_name_plural = "entradas e tentativas de entrar"
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "minute", "way", "outcome", "network"],
                name="login_attempts_per_minute",
                nulls_distinct=False,
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["-minute", "-id"], name="login_attempt_recent"),
            models.Index(fields=["outcome", "-minute", "-id"], name="login_attempt_outcome"),
        ]

    def __str__(self) -> str:
        return f"{localtime(self.minute):%d/%m %H:%M} · {self.get_outcome_display()}"


class LoginSession(models.Model):
    """A login by e-mail and password, written by `flowzz.accounts.sessions` alone.

    Only its newest refresh token is valid, and for 30 seconds the one before. Without the row no
    token of the login is.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="login_sessions")
    token_id = models.CharField("id do token de renovação", max_length=32)
    issued_at = models.DateTimeField("emissão do token")
    previous_token_id = models.CharField("id do token anterior", max_length=32, blank=True)
    password_digest = models.CharField("resumo da senha", max_length=128)
    started_at = models.DateTimeField("início", auto_now_add=True)
    expires_at = models.DateTimeField("validade", db_index=True)

    class Meta:
        verbose_name = "acesso pela API"
        verbose_name_plural = "acessos pela API"

    def __str__(self) -> str:
        return str(self.id)


class KeyScope(models.TextChoices):
    READ = "READ", "Só ler"
    ALL = "ALL", "Ler e mudar"


class ApiKey(models.Model):
    """A key with which a script calls the API for a user; `accounts.api_keys.keys` writes them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys", verbose_name="usuário")
    name = models.CharField("nome", max_length=100)
    scope = models.CharField("permissão", max_length=4, choices=KeyScope, default=KeyScope.READ)
    hourly_limit = models.PositiveIntegerField(
        "chamadas por hora",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Vazio: o limite de um usuário.",
    )
    key_hash = models.BinaryField("hash", max_length=32, unique=True)
    hint = models.CharField("fim da chave", max_length=16)
    created_at = models.DateTimeField("criada em", auto_now_add=True)
    last_used_at = models.DateTimeField("último uso", null=True)
    revoked_at = models.DateTimeField("revogada em", null=True)

    class Meta:
        verbose_name = "chave de API"
        verbose_name_plural = "chaves de API"

    def __str__(self) -> str:
        return f"{self.name} ({self.hint})"

    @property
    def limit_key(self) -> str:
        """What calls are counted by: a script does not spend the limit of its user's frontend."""
        return f"key:{self.id}"

    @property
    def rate(self) -> str:
        """The limit of calls, or an empty text: that of a user."""
        return f"{self.hourly_limit}/hour" if self.hourly_limit else ""


class StaffSession(AbstractBaseSession):
    """A session of the back-office, written by `staff_sessions.engine` alone."""

    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    started_at = models.DateTimeField("desde", null=True)
    ip_address = models.CharField("endereço IP", max_length=64, blank=True)
    user_agent = models.CharField("navegador", max_length=200, blank=True)

    class Meta(AbstractBaseSession.Meta):
        verbose_name = "sessão da equipe"
        verbose_name_plural = "sessões da equipe"


class SavedView(models.Model):
    """A filtered list of the back-office under a staff member's own name."""

    MAX_NAME, MAX_QUERY = 60, 2000

    owner = models.ForeignKey(User, models.CASCADE, related_name="saved_views")
    page = models.CharField("lista", max_length=100)
    name = models.CharField("nome", max_length=MAX_NAME)
    query = models.CharField("filtros", max_length=MAX_QUERY)
    is_open = False
    """Set on the page that shows this view."""

    class Meta:
        verbose_name = "visão salva"
        verbose_name_plural = "visões salvas"
        default_permissions = ()
        ordering = ("name",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "page", "name"], name="saved_view_name")
        ]

    def __str__(self) -> str:
        return self.name
