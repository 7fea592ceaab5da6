"""Admin pages of rows with personal data: masked, and revealed one row at a time with a reason."""

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.decorators import action

from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.base_admin import ReadOnlyAdmin
from flowzz.backoffice.confirm_with_reason import ReasonForm, render_confirmation
from flowzz.backoffice.display import change_url
from flowzz.core.rate_limits import RateLimit, RateLimitExceeded

if TYPE_CHECKING:  # unfold has no types
    from django.contrib.admin.views.main import ChangeList
else:
    from unfold.views import ChangeList

TEXT = (
    "Os dados pessoais deste registro aparecem para você por 10 minutos. "
    "Quem revelou, quando e por quê fica no registro de ações."
)
SEARCHED = "Buscou por dado pessoal"
TOO_MANY = "Buscas demais por dado pessoal. Espere um pouco, ou busque pelo número do pedido."
SEARCHES = RateLimit("personal_search", lambda: "60/hour")
"""Per person, of staff who see personal data masked."""


def record_search(request: HttpRequest) -> bool:
    """Count and log a search by personal data, without its text; return False for one too many.

    A page that searches twice counts once.
    """
    known: bool | None = vars(request).get("_personal_search")
    if known is None:
        known = vars(request)["_personal_search"] = _count_search(request)
    return known


def _count_search(request: HttpRequest) -> bool:
    try:
        SEARCHES.hit(str(request.user.pk))
    except RateLimitExceeded:
        messages.error(request, TOO_MANY)
        return False
    audit_log.record(request, SEARCHED, None, details={"página": request.path})
    return True


class SortableChangeList(ChangeList):
    """A list that `o=` sorts by its sortable columns only: Django merely hides other links."""

    def get_ordering_field(self, field_name: Any) -> Any:
        is_sortable = field_name in (self.sortable_by or ())
        return super().get_ordering_field(field_name) if is_sortable else None


class MaskedAdmin(ReadOnlyAdmin):
    """An admin page that masks the fields of `masks`, by paths such as `client__name`."""

    masks: ClassVar[Mapping[str, masking.Mask]] = {}
    exact_search_help_text = ""
    """What staff who see masked data search by, in place of `search_help_text`."""
    actions_detail: tuple[str, ...] = ("reveal",)

    def mask_details(self, row: Any) -> None:
        """Mask what only the row's own page shows."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SortableChangeList

    def get_sortable_by(self, request: HttpRequest) -> Any:
        """Exclude masked columns: between two known values an order shows a third one."""
        columns = [str(column) for column in super().get_sortable_by(request)]
        if masking.can_see_personal_data(request):
            return columns
        return [column for column in columns if not self._is_masked(column)]

    def _is_masked(self, column: str) -> bool:
        name = getattr(getattr(self, column, None), "admin_order_field", column)
        return any(path == name or path.startswith(f"{name}__") for path in self.masks)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        changes = super().get_changelist_instance(request)
        if not masking.can_see_personal_data(request):
            changes.search_help_text = self.exact_search_help_text or changes.search_help_text
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
