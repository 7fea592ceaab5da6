"""Integrations and their webhook tokens. Only the hint of an API key is shown, no secret."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters
from unfold.decorators import action

from flowzz.backoffice import audit_log
from flowzz.backoffice.base_admin import ReadOnlyAdmin, staff_permission
from flowzz.backoffice.confirm_with_reason import render_confirmation
from flowzz.backoffice.display import (
    badge,
    breakable_email,
    change_url,
    list_url,
    platform_column,
    section,
    two_line_cell,
)
from flowzz.backoffice.lists.filter_fields import empty_filter
from flowzz.core.formatting import format_number
from integrations import modes
from integrations.admin.integrations.actions import ACTIONS, IntegrationAction
from integrations.admin.integrations.filters import HealthFilter, ModeFilter
from integrations.admin.integrations.forms import ConnectForm, record_connection
from integrations.admin.integrations.summary import summarize
from integrations.admin.owner_column import owner_column
from integrations.models import Integration, IntegrationMode, IntegrationStatus, WebhookToken
from integrations.providers.errors import IntegrationError

STATUS_COLOURS = {
    IntegrationStatus.PENDING: "warning",
    IntegrationStatus.CONNECTED: "success",
    IntegrationStatus.ERROR: "danger",
    IntegrationStatus.DISCONNECTED: "info",
}
MODE_COLOURS = {IntegrationMode.API: "", IntegrationMode.WEBHOOK: "info"}
RESULT_COLOURS = {"success": "success", "error": "danger"}
SYNC_SECTION = "Sincronização"


@admin.register(Integration)
class IntegrationAdmin(ReadOnlyAdmin):
    change_form_outer_before_template = "integrations/integration/summary.html"
    list_display = (
        "seller",
        "status_badge",
        "mode_badge",
        "api_key_hint",
        "last_sync_badge",
        "last_sync_at",
        "last_webhook_at",
        "sales",
    )
    list_filter = (HealthFilter, ModeFilter, "status", "last_sync_status")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
    search_help_text = "E-mail ou nome do(a) vendedor(a)"
    fieldsets = (
        section(
            None,
            ("user", "platform"),
            "owner_at_provider",
            ("status_badge", "connected_at"),
            ("mode_badge", "mode_changed_at"),
            "paused_at",
        ),
        section("Chave de API", ("api_key_hint", "api_key_set_at")),
        section(
            SYNC_SECTION,
            ("last_sync_at", "last_sync_status"),
            "last_sync_error",
            ("sync_cursor", "next_sync_at"),
        ),
        section("Webhooks", ("last_webhook_at", "requires_signature"), "own_url"),
        section("Datas", ("created_at", "updated_at"), "sales_synced"),
    )
    readonly_fields = (
        "platform",
        "owner_at_provider",
        "own_url",
        "requires_signature",
        "status_badge",
        "mode_badge",
    )
    actions = ("start_sync", "start_full_sync", "cancel_sync")
    actions_list = ("connect",)
    platform = platform_column("provider", "plataforma")
    has_sync_permission = staff_permission("run_syncs")
    has_connect_permission = staff_permission("manage_connections")

    @admin.display(description="vendedor(a)", ordering="user__email")
    def seller(self, integration: Integration) -> SafeString:
        return two_line_cell(breakable_email(integration.user), integration.provider.capitalize())

    @admin.display(description="vendas", ordering="sales_synced")
    def sales(self, integration: Integration) -> str:
        return format_number(integration.sales_synced)

    @admin.display(description="status", ordering="status")
    def status_badge(self, integration: Integration) -> str:
        status = modes.effective_status(integration)
        if integration.is_paused and status != IntegrationStatus.DISCONNECTED:
            return badge(f"{status.label}, pausada", "warning")
        return badge(str(status.label), STATUS_COLOURS[status])

    @admin.display(description="modo", ordering="mode")
    def mode_badge(self, integration: Integration) -> str:
        mode = modes.effective_mode(integration)
        return badge(str(mode.label), MODE_COLOURS[mode])

    @admin.display(description="resultado", ordering="last_sync_status")
    def last_sync_badge(self, integration: Integration) -> str:
        if not modes.uses_api(integration):
            return badge("", "")
        colour = RESULT_COLOURS.get(integration.last_sync_status, "")
        return badge(integration.get_last_sync_status_display(), colour)

    def get_fieldsets(self, request: HttpRequest, obj: Integration | None = None) -> Any:
        """Leave the results of syncs out in webhook mode."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or modes.uses_api(obj):
            return fieldsets
        return [(title, fields) for title, fields in fieldsets if title != SYNC_SECTION]

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Conectar um(a) vendedor(a)",
        url_path="conectar",
        icon="add_link",
        permissions=["connect"],
    )
    @method_decorator(sensitive_post_parameters("api_key"))
    def connect(self, request: HttpRequest) -> HttpResponse:
        """Connect a user to a provider on their behalf."""
        initial = {"email": request.GET.get("conta", "")}
        form = ConnectForm(request.POST or None, initial=initial)
        if form.is_valid() and (row := form.connect(form.cleaned_data["email"])):
            record_connection(request, row, form)
            done = "Integração conectada. Revele o endereço de webhook e passe-o a quem vende."
            self.message_user(request, done, messages.SUCCESS)
            return redirect(change_url(row))
        return render_confirmation(
            request,
            form,
            about=Integration,
            title="Conectar um(a) vendedor(a)",
            text="A pessoa já precisa ter um usuário. O que ela já recebeu fica.",
            button="Conectar",
            back=list_url(Integration),
        )

    def detail_context(self, request: HttpRequest, row: Integration) -> dict[str, Any]:
        return {
            "summary": summarize(row),
            "actions": [
                (name, action)
                for name, action in ACTIONS.items()
                if request.user.has_perm(f"accounts.{action.permission}")
                and action.is_available(row)
            ],
        }

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Integration]":
        return super().get_queryset(request).select_related("user")

    @admin.display(description="e-mail do(a) vendedor(a) na plataforma")
    def owner_at_provider(self, integration: Integration) -> str:
        return integration.effective_owner_email

    @admin.display(description="endereço informado por quem vende")
    def own_url(self, integration: Integration) -> str:
        """Show the server alone: the rest may contain the token of the webhook URL."""
        url = urlsplit(integration.custom_webhook_url)
        return f"{url.scheme}://{url.netloc.rpartition('@')[2]}/…" if url.netloc else ""

    @admin.display(description="exige assinatura", boolean=True)
    def requires_signature(self, integration: Integration) -> bool:
        return bool(integration.signing_secret)

    @admin.action(description="Sincronizar agora", permissions=["sync"])
    def start_sync(self, request: HttpRequest, integrations: "QuerySet[Integration]") -> None:
        self._run_on_each(request, integrations, ACTIONS["sincronizar"])

    @admin.action(description="Sincronizar tudo desde o início", permissions=["sync"])
    def start_full_sync(self, request: HttpRequest, integrations: "QuerySet[Integration]") -> None:
        self._run_on_each(request, integrations, ACTIONS["sincronizar-tudo"])

    @admin.action(description="Cancelar a sincronização em andamento", permissions=["sync"])
    def cancel_sync(self, request: HttpRequest, integrations: "QuerySet[Integration]") -> None:
        self._run_on_each(request, integrations, ACTIONS["cancelar-sincronizacao"])

    def _run_on_each(
        self, request: HttpRequest, integrations: "QuerySet[Integration]", action: IntegrationAction
    ) -> None:
        for integration in integrations.select_related("user"):
            try:
                action.run(integration, {})
            except IntegrationError as error:
                self.message_user(request, f"{integration.user}: {error.message}", messages.ERROR)
                continue
            audit_log.record(request, action.log_text, integration)
            self.message_user(request, f"{integration.user}: {action.log_text}.", messages.SUCCESS)


@admin.register(WebhookToken)
class WebhookTokenAdmin(ReadOnlyAdmin):
    list_display = ("owner", "created_at", "expires_at")
    list_filter = (("expires_at", empty_filter("validade", empty="O atual", filled="Já trocado")),)
    list_select_related = ("integration__user",)
    search_fields = ("integration__user__email__iexact",)
    search_help_text = "E-mail do(a) vendedor(a)"
    fields = ("integration", "created_at", "expires_at")

    owner = owner_column()
