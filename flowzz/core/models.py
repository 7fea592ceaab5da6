"""Models of the mechanisms in this package: settings, data versions, idempotent calls."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Setting(models.Model):
    """The value of a runtime setting, saved by staff. It replaces the environment's value."""

    name = models.CharField("nome", max_length=50, primary_key=True)
    value = models.TextField("valor", blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name="mudada por",
    )
    changed_at = models.DateTimeField("mudada em", auto_now=True)

    class Meta:
        verbose_name = "configuração"
        verbose_name_plural = "configurações"
        default_permissions = ("change",)

    def __str__(self) -> str:
        return self.name


class DataVersion(models.Model):
    """A counter per user, raised by triggers whenever the user's data changes.

    It is raised in the transaction of the change, so reading the version before the data never
    pairs old data with a new version. There is no foreign key, because the deletion of a user
    raises the version, too.
    """

    user_id = models.UUIDField(primary_key=True)
    version = models.BigIntegerField()

    class Meta:
        verbose_name = "versão dos dados"
        verbose_name_plural = "versões dos dados"


class IdempotentCall(models.Model):
    """An API call with an `Idempotency-Key`: in progress until its response is stored.

    Written by `flowzz.core.api.idempotency.calls` alone. The row holds keyed hashes of the key
    and the request, never the values themselves.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key_hash = models.BinaryField(max_length=32)
    request_hash = models.BinaryField(max_length=32)
    claim_id = models.UUIDField()
    claimed_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    encrypted_response = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "chamada com chave"
        verbose_name_plural = "chamadas com chave"
        default_permissions = ()  # not registered in the admin
        constraints = [
            models.UniqueConstraint(fields=["user", "key_hash"], name="idempotent_call_unique")
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotent_call_age")]
