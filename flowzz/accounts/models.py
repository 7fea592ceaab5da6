"""People who log in: sellers and staff, by e-mail."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


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
    """A seller, or with `is_staff` one of Flowzz's own people."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField("e-mail", unique=True)
    name = models.CharField("nome", max_length=150, blank=True)
    is_active = models.BooleanField("ativo", default=True)
    is_staff = models.BooleanField("equipe", default=False)
    date_joined = models.DateTimeField("cadastrado em", default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = "usuário"
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="user_email_any_case_unique")
        ]
        # What staff may do; what they may see or change is in the permissions of each model.
        permissions: ClassVar = [
            ("replay_events", "Pode reprocessar eventos"),
            ("settle_events", "Pode descartar e atribuir eventos"),
            ("run_syncs", "Pode iniciar e cancelar sincronizações"),
            ("manage_connections", "Pode desconectar integrações e trocar endereços e segredos"),
            ("reveal_webhook_urls", "Pode ver endereços de webhook"),
            ("view_personal_data", "Pode ver dados pessoais sem máscara"),
            ("erase_people", "Pode exportar e apagar os dados de uma pessoa"),
            ("grant_staff_access", "Pode dar acesso e grupos à equipe"),
        ]

    def __str__(self) -> str:
        return self.email
