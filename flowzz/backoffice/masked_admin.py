"""Admin pages of rows with personal data: masked, and revealed one row at a time with a reason."""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.views.main import ChangeList
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.decorators import action

from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.base_admin import ReadOnlyAdmin
from flowzz.backoffice.confirm_with_reason import ReasonForm, render_confirmation
from flowzz.backoffice.display import change_url

TEXT = (
    "Os dados pessoais deste registro aparecem para você por 10 minutos. "
    "Quem revelou, quando e por quê fica no registro de ações."
)


class MaskedAdmin(ReadOnlyAdmin):
    """An admin page that masks the fields of `masks`, by paths such as `client__name`."""

    masks: ClassVar[Mapping[str, masking.Mask]] = {}
    actions_detail: tuple[str, ...] = ("reveal",)

    def mask_details(self, row: Any) -> None:
        """Mask what only the row's own page shows."""

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        changes = super().get_changelist_instance(request)
        if not masking.can_see_personal_data(request):
            for row in changes.result_list:
                masking.mask_row(row, self.masks)
        return changes

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        row = super().get_object(request, *args, **kwargs)
        if row is not None and not masking.is_visible(request, row):
            masking.mask_row(row, self.masks)
            self.mask_details(row)
        return row

    def has_reveal_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return masking.can_reveal(request) and self.has_view_permission(request)

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Revelar dados pessoais",
        url_path="revelar",
        icon="visibility",
        permissions=["reveal"],
    )
    def reveal(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        """Ask for a reason, then show the row's personal data for ten minutes."""
        row = self.get_object(request, str(object_id))
        if row is None:
            raise Http404
        back = change_url(row)
        form = ReasonForm(request.POST or None)
        if not form.is_valid():
            title = "Revelar dados pessoais"
            return render_confirmation(
                request, form, about=row, title=title, text=TEXT, button="Revelar", back=back
            )
        audit_log.record(request, "Revelou dados pessoais", row, reason=form.cleaned_data["reason"])
        masking.reveal(request, row)
        messages.success(request, "Dados pessoais visíveis por 10 minutos.")
        return redirect(back)
