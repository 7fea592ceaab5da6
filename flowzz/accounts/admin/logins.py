"""The list of logins and of attempts to log in."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from flowzz.accounts.admin import logged_rows
from flowzz.accounts.models import LoginAttempt, LoginOutcome
from flowzz.backoffice.base_admin import MAX_SEARCH_LENGTH, ReadOnlyAdmin
from flowzz.backoffice.display import badge_column, row_link, short_datetime

OUTCOME_COLOURS = dict.fromkeys(LoginOutcome, "warning") | {
    LoginOutcome.SUCCESS: "success",
    LoginOutcome.TOO_MANY: "danger",
}


@admin.register(LoginAttempt)
class LoginAttemptAdmin(ReadOnlyAdmin):
    list_display = ("at", "account", "way", "outcome_badge", "network", "count")
    list_display_links = ("at",)
    list_filter = ("outcome", "way")
    list_select_related = ("user",)
    linked_lookups = ("user__id__exact",)
    ordering = ("-minute", "-id")
    search_fields = ("user__email", "user__name")
    search_help_text = "E-mail ou nome da conta"
    fields = (("at", "account"), ("way", "outcome_badge"), ("network", "count"))
    readonly_fields = ("at", "account", "outcome_badge")

    outcome_badge = badge_column("outcome", "resultado", OUTCOME_COLOURS)

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[LoginAttempt]", search_term: str
    ) -> tuple["QuerySet[LoginAttempt]", bool]:
        if text := search_term.strip()[:MAX_SEARCH_LENGTH]:
            queryset = queryset.filter(user__in=logged_rows.find_people(text))
        return queryset, False

    @admin.display(description="quando", ordering="minute")
    def at(self, attempt: LoginAttempt) -> str:
        return short_datetime(attempt.minute)

    @admin.display(description="conta")
    def account(self, attempt: LoginAttempt) -> SafeString | str:
        return row_link(attempt.user) or "E-mails sem conta"
