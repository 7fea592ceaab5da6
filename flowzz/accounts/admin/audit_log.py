"""The audit log's list and pages: read-only."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from flowzz.accounts.admin import logged_rows
from flowzz.accounts.models import StaffAction, User
from flowzz.backoffice.base_admin import MAX_SEARCH_LENGTH, ReadOnlyAdmin
from flowzz.backoffice.display import bullet_list, short_datetime, two_line_cell
from flowzz.backoffice.lists.filter_fields import ChoiceFilter

Actions = QuerySet[StaffAction]
Lookups = list[tuple[str, str]]
MAX_SHOWN = 3
"""Details in a line of the list; the entry's page shows all."""
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


def _distinct_actions() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(DISTINCT_ACTIONS)
        return [action for (action,) in cursor.fetchall()]


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
        return [(action, action) for action in _distinct_actions()]


class LastDaysFilter(KnownChoiceFilter):
    title = "período"
    parameter_name = "days"

    def lookups(self, request: HttpRequest, page: ModelAdmin[Any]) -> Lookups:
        return list(PERIODS.items())

    def filter(self, actions: Actions, value: str) -> Actions:
        return actions.filter(created_at__gte=timezone.now() - timedelta(days=int(value)))


@admin.register(StaffAction)
class StaffActionAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "what", "about", "reason")
    list_display_links = ("at",)
    list_filter = (LastDaysFilter, ActorFilter, ActionFilter)
    list_select_related = ("actor", "content_type")
    linked_lookups = ("content_type__id__exact", "target_id__exact")
    ordering = ("-created_at", "-id")
    search_fields = ("target_label", "reason")
    search_help_text = "Pedido, nome ou e-mail, ação, quem fez, ou motivo"
    fields = (("created_at", "actor", "ip_address"), ("action", "about"), "reason", "shown_details")
    readonly_fields = ("about", "shown_details")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changes = super().get_changelist_instance(request)
        self._load_rows(request, changes.result_list)
        return changes

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        action = super().get_object(request, *args, **kwargs)
        self._load_rows(request, [action] if action else [])
        return action

    def describe_lookup(
        self, request: HttpRequest, lookup: str, value: str
    ) -> tuple[str, str] | None:
        """Name the kind of row, and the row, whose entries a link from its page shows."""
        if lookup not in self.linked_lookups:
            return None
        type_id = request.GET.get("content_type__id__exact") or 0
        type_ = ContentType.objects.filter(pk=type_id).first()
        model = type_.model_class() if type_ else None
        if lookup == "content_type__id__exact":
            return "tipo", capfirst(str(model._meta.verbose_name if model else type_))
        row = logged_rows.find_row(request, model, value) if model else None
        return "registro", str(row or value)

    def _load_rows(self, request: HttpRequest, actions: Sequence[StaffAction]) -> None:
        rows = logged_rows.load(request, actions)
        for action in actions:
            vars(action)["rows"] = rows

    def get_search_results(
        self, request: HttpRequest, queryset: Actions, search_term: str
    ) -> tuple[Actions, bool]:
        """Search for what the list shows: the names of rows and of people, actions, reasons."""
        text = search_term.strip()[:MAX_SEARCH_LENGTH]
        if not text:
            return queryset, False
        names = [name for name in _distinct_actions() if text.casefold() in name.casefold()]
        found = Q(target_label__icontains=text) | Q(reason__icontains=text) | Q(action__in=names)
        found |= Q(actor__in=logged_rows.find_people(text))
        return queryset.filter(found | logged_rows.matches(request, text)), False

    @admin.display(description="quando", ordering="created_at")
    def at(self, action: StaffAction) -> str:
        return short_datetime(action.created_at)

    @admin.display(description="ação", ordering="action")
    def what(self, action: StaffAction) -> SafeString:
        details = logged_rows.describe_details(action, vars(action)["rows"])
        more = format_html_join(SafeString(" · "), "{}", ((text,) for text in details[:MAX_SHOWN]))
        return two_line_cell(action.action, more)

    @admin.display(description="sobre")
    def about(self, action: StaffAction) -> SafeString | str:
        row = vars(action)["rows"].get(logged_rows.target_key(action))
        return logged_rows.link(action.target_label, row)

    @admin.display(description="detalhes")
    def shown_details(self, action: StaffAction) -> SafeString:
        return bullet_list(logged_rows.describe_details(action, vars(action)["rows"]))
