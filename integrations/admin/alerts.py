"""Alerts: those that are open, and those that were resolved."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from flowzz.backoffice.base_admin import ReadOnlyAdmin
from flowzz.backoffice.display import list_url, related_column
from integrations.models import (
    Alert,
    AlertKind,
    EventState,
    Integration,
    SyncRun,
    WebhookEvent,
    WebhookRefusal,
)


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("kind", "message", "owner", "opened_at", "resolved_at", "next_step")
    list_filter = ("kind", ("resolved_at", admin.EmptyFieldListFilter))
    list_select_related = ("integration__user",)
    search_fields = ("integration__user__email__iexact",)
    search_help_text = "E-mail do vendedor"
    fields = (
        "kind",
        "message",
        "seller_message",
        "next_step",
        "integration",
        ("opened_at", "resolved_at"),
        ("opening_mailed", "resolution_mailed"),
    )
    readonly_fields = ("next_step",)

    owner = related_column("integration__user", "vendedor(a)")

    @admin.display(description="o que fazer")
    def next_step(self, alert: Alert) -> SafeString:
        """Link the page where staff resolve the alert."""
        text, url = _next_step(alert)
        return format_html('<a class="bo-link" href="{}">{}</a>', url, text)


def _next_step(alert: Alert) -> tuple[str, str]:
    """Return the text and URL of the link."""
    match AlertKind(alert.kind):
        case AlertKind.QUEUE_LATE:
            url = list_url(WebhookEvent, state__in="PENDING,RETRY")
            return "Ver os eventos que esperam", url
        case AlertKind.CIRCUIT_OPEN:
            return "Ver as sincronizações", list_url(SyncRun)
        case AlertKind.DEAD_LETTERS if alert.integration_id is None:
            return "Ver a quarentena", reverse("backoffice:quarantine")
        case AlertKind.DEAD_LETTERS:
            filters = {"integration__id__exact": alert.integration_id}
            url = list_url(WebhookEvent, state__exact=EventState.QUARANTINED, **filters)
            return "Ver os eventos em quarentena", url
        case AlertKind.WEBHOOKS_REFUSED if alert.integration_id:
            url = list_url(WebhookRefusal, integration__id__exact=alert.integration_id)
            return "Ver os webhooks recusados", url
        case _ if alert.integration_id is None:
            return "Ver as integrações", list_url(Integration)
        case _:
            name = "admin:integrations_integration_diagnosis"
            return "Fazer o diagnóstico", reverse(name, args=[alert.integration_id])
