"""Integrations and their webhook addresses. No secret is shown, a key's hint at most."""

from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from flowzz.backoffice import trail
from flowzz.backoffice.pages import ReadOnlyInline, ReadOnlyPage, badge, column
from flowzz.backoffice.permissions import permission
from integrations import connection, sync
from integrations.admin.overview.filters import HealthFilter
from integrations.errors import IntegrationError
from integrations.models import Integration, IntegrationStatus, SyncRun, Trigger, WebhookToken

log = structlog.stdlib.get_logger(__name__)

COLOURS = {
    IntegrationStatus.PENDING: "warning",
    IntegrationStatus.CONNECTED: "success",
    IntegrationStatus.ERROR: "danger",
    IntegrationStatus.DISCONNECTED: "info",
}


class TokenInline(ReadOnlyInline):
    model = WebhookToken
    fields = readonly_fields = ("created_at", "expires_at")
    ordering = ("-created_at",)


class RunInline(ReadOnlyInline):
    model = SyncRun
    fields = readonly_fields = (
        "created_at",
        "trigger",
        "is_full",
        "state",
        "processed",
        "created",
        "updated",
        "errors",
        "finished_at",
    )
    ordering = ("-id",)
    show_change_link = True


@admin.register(Integration)
class IntegrationPage(ReadOnlyPage):
    inlines = (RunInline, TokenInline)
    list_display = (
        "user",
        "provider",
        "status_badge",
        "api_key_hint",
        "last_sync_badge",
        "last_sync_at",
        "last_webhook_at",
        "sales_synced",
    )
    list_filter = (HealthFilter, "status", "last_sync_status")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
    search_help_text = "E-mail ou nome do usuário"
    fieldsets = (
        (None, {"fields": (("user", "provider"), ("status", "connected_at"))}),
        ("Chave de API", {"fields": (("api_key_hint", "api_key_set_at"),)}),
        (
            "Sincronização",
            {
                "fields": (
                    ("last_sync_at", "last_sync_status"),
                    "last_sync_error",
                    ("sync_cursor", "next_sync_at"),
                    "sales_synced",
                )
            },
        ),
        (
            "Webhooks",
            {"fields": (("last_webhook_at", "requires_signature"), "webhook_note")},
        ),
        ("Datas", {"fields": (("created_at", "updated_at"),)}),
    )
    readonly_fields = ("requires_signature",)
    actions = ("start_sync", "start_full_sync", "cancel_sync", "disconnect", "rotate_webhook")
    has_sync_permission = permission("run_syncs")
    has_manage_permission = permission("manage_connections")

    status_badge = badge("status", "situação", COLOURS)
    last_sync_badge = badge(
        "last_sync_status", "resultado", {"success": "success", "error": "danger"}
    )

    @admin.display(description="exige assinatura", boolean=True)
    def requires_signature(self, integration: Integration) -> bool:
        return bool(integration.signing_secret)

    @admin.action(description="Sincronizar agora", permissions=["sync"])
    def start_sync(self, request: HttpRequest, integrations: "QuerySet[Integration]") -> None:
        self._for_each(request, integrations, _start, "Sincronização pedida")

    @admin.action(description="Sincronizar tudo desde o início", permissions=["sync"])
    def start_full_sync(self, request: HttpRequest, integrations: "QuerySet[Integration]") -> None:
        self._for_each(request, integrations, _start_full, "Sincronização completa pedida")

    @admin.action(description="Cancelar a sincronização em andamento", permissions=["sync"])
    def cancel_sync(self, request: HttpRequest, integrations: "QuerySet[Integration]") -> None:
        self._for_each(request, integrations, sync.cancel_runs, "Sincronização cancelada")

    @admin.action(description="Desconectar (esquece a chave de API)", permissions=["manage"])
    def disconnect(self, request: HttpRequest, integrations: "QuerySet[Integration]") -> None:
        self._for_each(request, integrations, connection.disconnect, "Desconectada")

    @admin.action(description="Trocar o endereço de webhook", permissions=["manage"])
    def rotate_webhook(self, request: HttpRequest, integrations: "QuerySet[Integration]") -> None:
        hours = round(settings.WEBHOOK_TOKEN_GRACE.total_seconds() / 3600)
        done = f"Endereço de webhook trocado (o anterior ainda vale por {hours} h)"
        self._for_each(request, integrations, connection.rotate_webhook, done)

    def _for_each(
        self,
        request: HttpRequest,
        integrations: "QuerySet[Integration]",
        act: Callable[[Integration], Any],
        done: str,
    ) -> None:
        """Do it to each, and say of each what came of it."""
        for integration in integrations.select_related("user"):
            try:
                act(integration)
            except IntegrationError as error:
                self.message_user(request, f"{integration.user}: {error.message}", messages.ERROR)
                continue
            trail.record(request, done, integration)
            self.message_user(request, f"{integration.user}: {done}.", messages.SUCCESS)


def _start(integration: Integration) -> None:
    sync.request_run(integration, Trigger.STAFF)


def _start_full(integration: Integration) -> None:
    sync.request_run(integration, Trigger.STAFF, is_full=True)


@admin.register(WebhookToken)
class WebhookTokenPage(ReadOnlyPage):
    list_display = ("owner", "created_at", "expires_at")
    list_filter = (("expires_at", admin.EmptyFieldListFilter),)
    list_select_related = ("integration__user",)
    search_fields = ("integration__user__email__iexact",)
    search_help_text = "E-mail do usuário"
    fields = ("integration", "created_at", "expires_at")

    owner = column("integration__user", "usuário")
