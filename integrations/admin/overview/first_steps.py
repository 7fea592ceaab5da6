"""What a new installation still needs, shown on the first page until all of it is there."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from flowzz.accounts.models import User, request_user
from flowzz.backoffice.display import list_url
from integrations.admin.integrations.actions import MANAGE
from integrations.admin.overview.current_state import CurrentState
from integrations.models import Integration


@dataclass(frozen=True, slots=True)
class Step:
    title: str
    is_done: bool
    href: str = ""
    """Where to do it; empty for staff who may not."""


def first_steps(request: HttpRequest, current: CurrentState) -> list[Step]:
    """Return the steps in their order, or none if all are done; two statements at most."""
    if current.is_connected and current.has_received and current.has_recipients:
        return []
    user, users = request_user(request), User.objects.filter(is_active=True)
    steps = {
        "Administrador(a)": (
            user.is_superuser or users.filter(is_superuser=True).exists(),
            list_url(User, is_staff__exact=1),
            ("accounts.view_user",),
        ),
        "Criar vendedor(a)": (
            current.is_connected or users.filter(is_staff=False).exists(),
            reverse("admin:accounts_user_create_seller"),
            ("accounts.add_user", f"accounts.{MANAGE}"),
        ),
        "Conectar, com ou sem chave": (
            current.is_connected,
            reverse("admin:integrations_integration_connect"),
            (f"accounts.{MANAGE}",),
        ),
        "Primeiro webhook": (current.has_received, list_url(Integration), ()),
        "Quem recebe os alertas": (
            current.has_recipients,
            reverse("admin:integrations_alert_recipients"),
            ("core.change_setting",),
        ),
    }
    return [
        Step(title, is_done, url if user.has_perms(permissions) else "")
        for title, (is_done, url, permissions) in steps.items()
    ]
