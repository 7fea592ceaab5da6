"""Alerts: what is open, and what was."""

from collections.abc import Callable

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from flowzz.backoffice.base_admin import ReadOnlyAdmin
from flowzz.backoffice.display import related_column
from integrations.admin.overview.urls import list_of
from integrations.models import Alert, AlertKind, EventState

EVENTS, RUNS = "integrations.webhookevent", "integrations.syncrun"


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("kind", "message", "owner", "opened_at", "resolved_at", "way")
    list_filter = ("kind", ("resolved_at", admin.EmptyFieldListFilter))
    list_select_related = ("integration__user",)
    search_fields = ("integration__user__email__iexact",)
    search_help_text = "E-mail do usuário"
    fields = (
        "kind",
        "message",
        "way",
        "integration",
        ("opened_at", "resolved_at"),
        ("opening_mailed", "resolution_mailed"),
    )
    readonly_fields = ("way",)

    owner = related_column("integration__user", "usuário")

    @admin.display(description="o que fazer")
    def way(self, alert: Alert) -> SafeString:
        """To where the alert is solved: its integration's diagnosis, if no list says it better."""
        text, address = _WAYS.get(AlertKind(alert.kind), _diagnose)(alert)
        return format_html('<a class="bo-link" href="{}">{}</a>', address, text)


Way = tuple[str, str]
"""What a link says, and where it leads."""


def _diagnose(alert: Alert) -> Way:
    if alert.integration_id is None:
        return "Ver as integrações", list_of("integrations.integration")
    name = "admin:integrations_integration_diagnosis"
    return "Fazer o diagnóstico", reverse(name, args=[alert.integration_id])


def _see_dead(alert: Alert) -> Way:
    if alert.integration_id is None:
        return "Ver a quarentena", reverse("backoffice:quarantine")
    dead = {"state__exact": EventState.QUARANTINED, "integration__id__exact": alert.integration_id}
    return "Ver os eventos em quarentena", list_of(EVENTS, **dead)


def _see_waiting(_: Alert) -> Way:
    return "Ver os eventos que esperam", list_of(EVENTS, state__in="PENDING,RETRY")


def _see_runs(_: Alert) -> Way:
    return "Ver as sincronizações", list_of(RUNS)


_WAYS: dict[AlertKind, Callable[[Alert], Way]] = {
    AlertKind.DEAD_LETTERS: _see_dead,
    AlertKind.QUEUE_LATE: _see_waiting,
    AlertKind.CIRCUIT_OPEN: _see_runs,
}
