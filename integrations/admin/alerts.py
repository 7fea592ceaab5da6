"""Alerts: what is open, and what was."""

from django.contrib import admin

from flowzz.backoffice.pages import ReadOnlyPage, column
from integrations.models import Alert


@admin.register(Alert)
class AlertPage(ReadOnlyPage):
    list_display = ("kind", "message", "owner", "opened_at", "resolved_at")
    list_filter = ("kind", ("resolved_at", admin.EmptyFieldListFilter))
    list_select_related = ("integration__user",)
    search_fields = ("integration__user__email__iexact",)
    search_help_text = "E-mail do usuário"

    owner = column("integration__user", "usuário")
