"""Calls of the API that carried an `Idempotency-Key`."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class IdempotentCall(models.Model):
    """One key of a user's: in flight until its lease ends or its answer is kept.

    Written by `calls` alone. Neither key nor request is in it, only keyed hashes of them.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key_hash = models.BinaryField(max_length=32)
    request_hash = models.BinaryField(max_length=32)
    holder = models.UUIDField()
    lease_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "chamada com chave"
        verbose_name_plural = "chamadas com chave"
        default_permissions = ()  # nobody looks at them
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key_hash"], name="idempotent_call_unique")
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="idempotent_call_age")]

    def __str__(self) -> str:
        return str(self.pk)
