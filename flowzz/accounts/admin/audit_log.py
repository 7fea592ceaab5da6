"""The audit log's list and pages: read-only."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from flowzz.accounts.models import StaffAction, User
from flowzz.backoffice.base_admin import ReadOnlyAdmin
from flowzz.backoffice.display import change_url, preformatted
from flowzz.backoffice.lists.filter_fields import ChoiceFilter
from flowzz.core.formatting import format_json

Actions = QuerySet[StaffAction]
Lookups = list[tuple[str, str]]
PERIODS = {"1": "Últimas 24 horas", "7": "7 dias", "30": "30 dias", "90": "90 dias"}
# One index step per distinct action, however many entries there are: a loose index scan.
DISTINCT_ACTIONS = """
    WITH RECURSIVE distinct_action AS (
        (SELECT action FROM accounts_staffaction ORDER BY action LIMIT 1)
        UNION ALL
        SELECT (
            SELECT action FROM accounts_staffaction
            WHERE action > distinct_action.action ORDER BY action LIMIT 1
        ) FROM distinct_action WHERE distinct_action.action IS NOT NULL
    )
    SELECT action FROM distinct_action WHERE action IS NOT NULL
"""


class KnownChoiceFilter(ChoiceFilter):
    """Filters by the field of the parameter; a value that is no choice filters nothing."""

    def queryset(self, request: HttpRequest, actions: Actions) -> Actions:
        value = self.value()
        is_choice = any(value == choice for choice, _ in self.lookup_choices)
        return self.filter(actions, str(value)) if is_choice else actions

    def filter(self, actions: Actions, value: str) -> Actions:
        return actions.filter(**{str(self.parameter_name): value})


class ActorFilter(KnownChoiceFilter):
    title = "quem"
    parameter_name = "actor"

    def lookups(self, request: HttpRequest, page: ModelAdmin[Any]) -> Lookups:
        staff = User.objects.filter(is_staff=True).order_by("email")
        return [(str(person.pk), person.email) for person in staff[:200]]


class ActionFilter(KnownChoiceFilter):
    title = "ação"
    parameter_name = "action"

    def lookups(self, request: HttpRequest, page: ModelAdmin[Any]) -> Lookups:
        with connection.cursor() as cursor:
            cursor.execute(DISTINCT_ACTIONS)
            return [(action, action) for (action,) in cursor.fetchall()]


class PeriodFilter(KnownChoiceFilter):
    title = "período"
    parameter_name = "days"

    def lookups(self, request: HttpRequest, page: ModelAdmin[Any]) -> Lookups:
        return list(PERIODS.items())

    def filter(self, actions: Actions, value: str) -> Actions:
        return actions.filter(created_at__gte=timezone.now() - timedelta(days=int(value)))


@admin.register(StaffAction)
class StaffActionAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "actor", "action", "target_label", "reason")
    list_display_links = ("created_at", "action")
    list_filter = (PeriodFilter, ActorFilter, ActionFilter)
    list_select_related = ("actor",)
    linked_lookups = ("content_type__id__exact", "target_id__exact")
    ordering = ("-created_at", "-id")
    search_fields = ("target_id__exact",)
    search_help_text = "Id do registro (venda, cliente, integração…)"
    fields = (
        ("created_at", "actor", "ip_address"),
        ("action", "about"),
        ("content_type", "target_id"),
        "reason",
        "shown_details",
    )
    readonly_fields = ("about", "shown_details")

    def get_queryset(self, request: HttpRequest) -> Actions:
        actions: Actions = super().get_queryset(request)
        return actions.defer("details")

    @admin.display(description="sobre")
    def about(self, action: StaffAction) -> SafeString | str:
        """Link to the row's page, if its model has one."""
        model = action.content_type.model_class() if action.content_type else None
        if model is None or not admin.site.is_registered(model):
            return action.target_label or "—"
        url = change_url(model(pk=action.target_id))
        return format_html('<a class="bo-link" href="{}">{}</a>', url, action.target_label)

    @admin.display(description="detalhes")
    def shown_details(self, action: StaffAction) -> SafeString:
        return preformatted(format_json(action.details))
