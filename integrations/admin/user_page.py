"""What integrations add to a user's page: a seller's integration, sales and health; deletion."""

import uuid
from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst

from flowzz.accounts.admin.users import UserAdmin
from flowzz.accounts.models import User
from flowzz.backoffice.confirm_with_reason import Done, ReasonForm, confirm
from flowzz.backoffice.display import (
    NOTHING,
    Figure,
    NamedValue,
    Notice,
    RowSummary,
    ValueGroup,
    change_url,
    list_url,
    short_datetime,
)
from flowzz.backoffice.extensions import PageExtension, extend, row_action
from flowzz.backoffice.filters import SellerFilter
from flowzz.core.formatting import format_number
from integrations import modes, seller_erasure
from integrations.admin.integrations.actions import MANAGE
from integrations.admin.integrations.filters import LEVEL_TONES, level_of
from integrations.models import Integration, IntegrationStatus
from integrations.monitoring.health import Health, assess_integration
from sales.models import Sale

VIEW = ("integrations.view_integration", "sales.view_sale")
MAX_COUNTED = 10_000

CONSEQUENCES = (
    "Agora: ninguém mais entra nesta conta, a chave de API é apagada, e os webhooks dela são "
    "recusados.",
    "Em seguida, em segundo plano: vendas, clientes, assinaturas, webhooks, sincronizações, "
    "importações e o próprio usuário são apagados.",
    "Fica o registro de ações da equipe, que só tem identificadores.",
)


def connect_url(user: User) -> str:
    """Return the URL of the form that connects a user."""
    page = reverse("admin:integrations_integration_connect")
    return f"{page}?{urlencode({'conta': user.email})}"


def _summarize(request: HttpRequest, user: User) -> RowSummary:
    """Return a seller's integrations with their health, and what is sold."""
    found = user.integrations.order_by("provider") if request.user.has_perms(VIEW) else None
    integrations = [(row, assess_integration(row)) for row in found or ()]
    if found is None or (user.is_staff and not integrations):
        return RowSummary()
    may_connect = user.is_active and request.user.has_perm(f"accounts.{MANAGE}")
    connect = connect_url(user) if may_connect else ""
    notices = [_not_connected(connect)] if not integrations else []
    for integration, health in integrations:
        notices += _problems(integration, health, connect)
    return RowSummary(
        notices=notices,
        figures=[*_sales_figures(user), *(_health_figure(*pair) for pair in integrations)],
        value_groups=[_integration_values(integration) for integration, _ in integrations],
    )


def _not_connected(connect: str) -> Notice:
    text = "Sem integração: nenhuma venda chega até alguém conectar."
    return Notice(text, "warning", connect, "Conectar por esta pessoa")


def _problems(integration: Integration, health: Health, connect: str) -> Iterator[Notice]:
    """Yield the reasons of the integration's health, each with the next step."""
    is_open = integration.status in (IntegrationStatus.PENDING, IntegrationStatus.DISCONNECTED)
    diagnosis = reverse("admin:integrations_integration_diagnosis", args=[integration.id])
    step = (connect, "Conectar por esta pessoa") if is_open else (diagnosis, "Diagnóstico")
    for reason in health.reasons:
        yield Notice(reason, LEVEL_TONES[level_of(health)], *step)


def _health_figure(integration: Integration, health: Health) -> Figure:
    tone, platform = LEVEL_TONES[level_of(health)], integration.provider.capitalize()
    return Figure("Saúde", f"{health.score} de 100", tone, platform)


def _sales_figures(user: User) -> Iterator[Figure]:
    sales = Sale.objects.counted().filter(user=user)
    count = sales.order_by()[: MAX_COUNTED + 1].count()
    more = "mais de " if count > MAX_COUNTED else ""
    newest = sales.order_by("-sale_date", "-id").values_list("sale_date", flat=True).first()
    yield Figure("Vendas", f"{more}{format_number(min(count, MAX_COUNTED))}")
    yield Figure("Última venda", short_datetime(newest) if newest else NOTHING)


def _integration_values(integration: Integration) -> ValueGroup:
    status = capfirst(modes.effective_status(integration).label)
    state = f"{status}, pausada" if integration.is_paused else status
    url, at_provider = change_url(integration), integration.effective_owner_email
    times = {
        "Conectada em": integration.connected_at,
        "Último webhook": integration.last_webhook_at,
        "Última sincronização": integration.last_sync_at,
    }
    return ValueGroup(
        integration.provider.capitalize(),
        "hub",
        [
            NamedValue("Integração", state, url),
            NamedValue("Modo", modes.effective_mode(integration).label),
            *(NamedValue(label, short_datetime(at) if at else "") for label, at in times.items()),
            NamedValue("E-mail na plataforma", at_provider if integration.owner_email else ""),
            NamedValue(
                "Vendas",
                "Ver a lista",
                list_url(Sale, **{SellerFilter.parameter_name: integration.user.email}),
            ),
        ],
    )


extend(User, PageExtension(summarize=_summarize))


class SellerErasureForm(ReasonForm):
    email = forms.EmailField(label="E-mail do(a) vendedor(a), para confirmar")
    field_order = ("email", "reason")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email.strip().lower() != self.user.email:
            raise forms.ValidationError("Não é o e-mail desta conta.")
        return email


@row_action(
    UserAdmin,
    "Excluir com todos os dados",
    path="excluir",
    icon="delete_forever",
    permission="accounts.erase_people",
)
def erase_seller(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    user = get_object_or_404(User, id=object_id)

    def act() -> Done:
        seller_erasure.close_account(user)
        message = "Conta encerrada. Os dados são apagados nos próximos minutos."
        return Done("Excluiu um(a) vendedor(a) com todos os dados", message, user)

    return confirm(
        request,
        SellerErasureForm(request.POST or None, user=user),
        act,
        about=user,
        refusals=(seller_erasure.NotASeller,),
        title="Excluir o(a) vendedor(a) e todos os dados",
        text="Não pode ser desfeito.",
        consequences=CONSEQUENCES,
        is_destructive=True,
        button="Excluir definitivamente",
    )
