"""The admin of API keys: staff make one for a user, change its limit and revoke it."""

import uuid
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from unfold.widgets import UnfoldAdminEmailInputWidget

from flowzz.accounts.api_keys import keys
from flowzz.accounts.models import ApiKey
from flowzz.backoffice.base_admin import BaseAdmin
from flowzz.backoffice.confirm_with_reason import Done, OptionalReasonForm, UserField, confirm
from flowzz.backoffice.display import Notice, RowSummary, list_url, page_context, short_datetime
from flowzz.backoffice.extensions import row_action
from flowzz.backoffice.forms.shown_values import RowForm
from flowzz.backoffice.lists.filter_fields import empty_filter


class KeyForm(RowForm):
    user = UserField(label="E-mail do usuário", widget=UnfoldAdminEmailInputWidget)


@admin.register(ApiKey)
class ApiKeyAdmin(BaseAdmin[ApiKey]):
    """A key is shown once, on the page after it was made."""

    form = KeyForm
    list_display = ("name", "user", "scope", "hint", "created_at", "last_used_at", "revoked_at")
    list_filter = (
        "scope",
        ("revoked_at", empty_filter("validade", empty="Válidas", filled="Revogadas")),
    )
    list_select_related = ("user",)
    search_fields = ("user__email__iexact", "name")
    search_help_text = "E-mail do usuário, ou nome da chave"
    ordering = ("-id",)
    show_full_result_count = False
    actions_detail = ()

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        new = ("user", "name", "scope", "hourly_limit")
        return (*new, "hint", "created_at", "last_used_at", "revoked_at") if obj else new

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        fields = ("hint", "created_at", "last_used_at", "revoked_at")
        return (*fields, "user", "scope") if obj else fields

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        is_revoked = obj is not None and obj.revoked_at is not None
        return not is_revoked and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def summarize(self, request: HttpRequest, row: ApiKey) -> RowSummary:
        if row.revoked_at is None:
            return RowSummary()
        at = short_datetime(row.revoked_at)
        return RowSummary(
            [Notice(f"Revogada em {at}: o programa que a usa não entra mais.", "bad")]
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Offer one button: the page after it shows the new key."""
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["name", "hourly_limit"])
        else:
            vars(obj)["secret"] = keys.issue(obj)

    def add_view(self, request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponse:
        try:
            return super().add_view(request, *arguments, **options)
        except keys.TooManyKeys:
            text = f"Este usuário já tem {keys.MAX_KEYS} chaves válidas. Revogue uma antes."
            self.message_user(request, text, messages.ERROR)
            return redirect(list_url(ApiKey))

    def response_add(self, request: HttpRequest, obj: ApiKey, *_: Any) -> Any:
        """Show the secret. No page of the back-office is stored by browsers."""
        context = page_context(request, "Chave criada", obj, back=list_url(ApiKey))
        context |= {"secret": vars(obj)["secret"], "key": obj}
        return render(request, "accounts/api_key.html", context)


def _may_revoke(request: HttpRequest, object_id: uuid.UUID | None) -> bool:
    valid = ApiKey.objects.filter(id=object_id or uuid.UUID(int=0), revoked_at=None)
    return request.user.has_perm("accounts.change_apikey") and valid.exists()


@row_action(ApiKeyAdmin, "Revogar", path="revogar", icon="key_off", permission=_may_revoke)
def revoke_key(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    key = get_object_or_404(ApiKey, id=object_id)

    def act() -> Done:
        keys.revoke(key)
        return Done("Revogou chave de API", "Chave revogada.", key)

    return confirm(
        request,
        OptionalReasonForm(request.POST or None),
        act,
        about=key,
        title="Revogar a chave de API",
        text="O programa que a usa não entra mais. Não há como voltar: crie outra.",
        button="Revogar",
        is_destructive=True,
    )
