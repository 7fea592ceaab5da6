"""Alerts: those that are open, and those that were resolved."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from flowzz.backoffice.base_admin import ReadOnlyAdmin
from flowzz.backoffice.display import badge, list_url, menu_count, short_datetime, two_line_cell
from flowzz.backoffice.lists.filter_fields import ChoiceFilter, empty_filter
from integrations.admin.owner_column import owner_column
from integrations.models import (
    SEVERITIES,
    Alert,
    AlertKind,
    AlertSeverity,
    EventState,
    Integration,
    SyncRun,
    WebhookEvent,
    WebhookRefusal,
)
from integrations.models.events import UNFINISHED
from integrations.models.monitoring import needs_someone
from integrations.monitoring.alert_recipients import kinds_for_nobody

MAX_SUMMARY = 140
POSTED = ("opening_posted", "resolution_posted")
SEVERITY_COLOURS = {
    AlertSeverity.CRITICAL: "danger",
    AlertSeverity.WARNING: "warning",
    AlertSeverity.NOTICE: "info",
}


STATE = empty_filter("estado", empty="Não resolvidos", filled="Resolvidos")


def open_count(request: HttpRequest) -> str:
    """Return the number beside the menu item; empty for none."""
    return menu_count(Alert.objects.filter(needs_someone()))


class SeverityFilter(ChoiceFilter):
    title = "gravidade"
    parameter_name = "gravidade"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(level.value, str(level.label)) for level in AlertSeverity]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Alert]") -> "QuerySet[Alert]":
        if self.value() not in AlertSeverity.values:
            return queryset
        kinds = [kind for kind, level in SEVERITIES.items() if level == self.value()]
        return queryset.filter(kind__in=kinds)


class WorkFilter(ChoiceFilter):
    """Filters by what is left to do; the first choice is what the first page counts."""

    title = "situação"
    parameter_name = "trabalho"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("abertos", "Abertos"), ("comigo", "Comigo"), ("adiados", "Adiados")]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Alert]") -> "QuerySet[Alert]":
        match self.value():
            case "abertos":
                return queryset.filter(needs_someone())
            case "comigo":
                return queryset.filter(assigned_to=request.user.pk, resolved_at=None)
            case "adiados":
                return queryset.filter(snoozed_until__gt=timezone.now(), resolved_at=None)
        return queryset


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = (
        *("severity_badge", "summary", "owner", "opened_at", "resolved_at"),
        *("work", "next_step"),
    )
    list_filter = (*(WorkFilter, SeverityFilter, "kind"), ("resolved_at", STATE))
    list_select_related = ("integration__user", "assigned_to")
    list_panels = ("integrations/alerts/panel.html",)
    search_fields = ("integration__user__email__iexact",)
    search_help_text = "E-mail do(a) vendedor(a)"
    fields = (
        ("severity_badge", "kind"),
        "message",
        "seller_message",
        "next_step",
        "integration",
        ("opened_at", "resolved_at"),
        ("assigned_to", "acknowledged_at"),
        ("snoozed_until", "comment"),
        ("opening_mailed", "resolution_mailed"),
        POSTED,
    )
    readonly_fields = ("severity_badge", "next_step")
    kinds_for_nobody = staticmethod(kinds_for_nobody)

    owner = owner_column()

    def get_fields(self, request: HttpRequest, obj: Alert | None = None) -> Any:
        """Leave out what was posted to the channel where there is none."""
        fields = super().get_fields(request, obj)
        return [field for field in fields if settings.ALERT_WEBHOOK_URL or field != POSTED]

    @admin.display(description="gravidade")
    def severity_badge(self, alert: Alert) -> str:
        return badge(str(alert.severity.label), SEVERITY_COLOURS[alert.severity])

    @admin.display(description="tipo", ordering="kind")
    def summary(self, alert: Alert) -> SafeString:
        """Return the kind, and the message's beginning: the alert's page has all of it."""
        beginning = Truncator(alert.message).chars(MAX_SUMMARY)
        return two_line_cell(alert.get_kind_display(), beginning)

    @admin.display(description="com quem está")
    def work(self, alert: Alert) -> SafeString:
        """Name who has the alert, and what there is to know about that."""
        notes = [alert.comment]
        if alert.resolved_at is None and alert.snoozed_until:
            notes.insert(0, f"adiado até {short_datetime(alert.snoozed_until)}")
        return two_line_cell(alert.assigned_to or "Ninguém", " · ".join(filter(None, notes)))

    @admin.display(description="o que fazer")
    def next_step(self, alert: Alert) -> SafeString:
        """Link the page where staff resolve the alert."""
        text, url = _next_step(alert)
        return format_html('<a class="bo-link" href="{}">{}</a>', url, text)


def _next_step(alert: Alert) -> tuple[str, str]:
    """Return the text and URL of the link."""
    match AlertKind(alert.kind):
        case AlertKind.QUEUE_LATE:
            url = list_url(WebhookEvent, state__exact=UNFINISHED)
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
