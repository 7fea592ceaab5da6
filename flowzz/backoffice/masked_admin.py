"""Pages whose rows hold personal data: masked, or revealed one at a time with a reason."""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.decorators import action

from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.confirm_with_reason import ReasonForm, ask
from flowzz.backoffice.pages import ReadOnlyPage, page_of

TEXT = (
    "Os dados pessoais deste registro aparecem para você por 10 minutos. "
    "Quem revelou, quando e por quê fica no registro de ações."
)


class PersonalPage(ReadOnlyPage):
    """Masks what `personal` names, by paths such as `client__name`, in the list and on the page."""

    personal: ClassVar[Mapping[str, masking.Mask]] = {}
    actions_detail: tuple[str, ...] = ("reveal",)

    def hide(self, row: Any) -> None:
        """Mask what only the row's own page shows."""

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        changes = super().get_changelist_instance(request)
        if not masking.may_see(request):
            for row in changes.result_list:
                masking.mask(row, self.personal)
        return changes

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Model | None:
        row: Model | None = super().get_object(request, object_id, from_field)
        if row is not None and not masking.is_shown(request, row):
            masking.mask(row, self.personal)
            self.hide(row)
        return row

    def has_reveal_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return masking.may_reveal(request) and self.has_view_permission(request)

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Revelar dados pessoais",
        url_path="revelar",
        icon="visibility",
        permissions=["reveal"],
    )
    def reveal(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        row = self.get_object(request, str(object_id))
        if row is None:
            raise Http404
        back = page_of(row)
        form = ReasonForm(request.POST or None)
        if not form.is_valid():
            title = "Revelar dados pessoais"
            return ask(
                request, form, about=row, title=title, text=TEXT, button="Revelar", back=back
            )
        audit_log.record(request, "Revelou dados pessoais", row, reason=form.cleaned_data["reason"])
        masking.reveal(request, row)
        messages.success(request, "Dados pessoais visíveis por 10 minutos.")
        return redirect(back)
