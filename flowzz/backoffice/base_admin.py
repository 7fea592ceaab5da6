"""Base classes of all admin pages: fast lists, read-only rows, the audit log, extensions."""

import uuid
from collections.abc import Callable, Mapping
from functools import wraps
from itertools import accumulate
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.db.models.expressions import Combinable
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from unfold.enums import ActionVariant
from unfold.paginator import InfinitePaginator

from flowzz.backoffice import audit_log, unfold_patches
from flowzz.backoffice.display import (
    JOB_STATE_COLOURS,
    NOTHING,
    RowSummary,
    badge_column,
    page_context,
)
from flowzz.backoffice.extensions import PageExtension
from flowzz.backoffice.filters import parameters_of
from flowzz.backoffice.forms.shown_values import RowForm
from flowzz.backoffice.lists.active_filters import active_filters
from flowzz.backoffice.lists.filter_fields import form_filter
from flowzz.backoffice.lists.saved_views import saved_views

if TYPE_CHECKING:  # unfold has no types, and its classes are used as Django's own
    from django.contrib.admin import ModelAdmin, TabularInline
else:
    from unfold.admin import ModelAdmin, TabularInline

__all__ = ["BaseAdmin", "JobAdmin", "ReadOnlyAdmin", "ReadOnlyInline", "staff_permission"]


_Row = TypeVar("_Row", bound=Model)
MAX_SEARCH_LENGTH, MAX_SEARCH_WORDS = 500, 10
MORE, BUTTONS_LENGTH = "Mais ações", 40
"""How many letters the buttons at the top of a row's page have together."""

READ_ONLY_TEMPLATE = "backoffice/row_page.html"
"""The page of a row that this person may not change: without a form."""

unfold_patches.install()

REFRESH_SECONDS = "2"


class BaseAdmin(ModelAdmin[_Row]):
    """An admin page that logs to the audit log and that other apps can extend."""

    form = RowForm
    empty_value_display = NOTHING
    list_sections = ()  # read for each row by the list's template; unfold defines no default
    list_before_template = "backoffice/list_panels.html"
    change_form_outer_before_template = "backoffice/above_fields.html"
    list_filter_submit = True
    list_panels: tuple[str, ...] = ()
    """Templates shown above the list."""
    filter_actions: tuple[str, ...] = ()
    """Templates shown below the filters; what they submit has the filters that are chosen."""
    routes: Mapping[str, str] = {}
    """More views of the page: the name of the method, which ends that of the URL, and its path."""
    action_verbs: tuple[str, ...] = ()
    """Verbs of permissions that only the page's actions ask for, such as `change`."""
    linked_lookups: tuple[str, ...] = ()
    """Lookups that links to the list use, beside the parameters of its filters."""
    extensions: tuple[PageExtension, ...] = ()
    """Set by `extensions.extend`."""

    def get_urls(self) -> list[URLPattern]:
        """Return the URLs of the page, its actions and routes; a malformed id gives 404."""
        urls = super().get_urls()
        for url in urls:
            url.callback = self._checking_id(url.callback)
        prefix = f"{self.opts.app_label}_{self.opts.model_name}"
        routes = [
            path(route, self.admin_site.admin_view(getattr(self, name)), name=f"{prefix}_{name}")
            for name, route in self.routes.items()
        ]
        return routes + urls

    def _checking_id(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                self.opts.pk.to_python(unquote(str(kwargs.get("object_id", ""))) or None)
            except ValidationError:
                raise Http404 from None
            return view(request, *args, **kwargs)

        return checked

    def get_list_filter(self, request: HttpRequest) -> Any:
        return [form_filter(entry, self.model) for entry in super().get_list_filter(request)]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add what is above the list; an action's response has no list."""
        response = super().changelist_view(request, extra_context)
        context: dict[str, Any] = getattr(response, "context_data", None) or {}
        if changes := context.get("cl"):
            context["active_filters"] = active_filters(changes, request)
            vars(changes)["active_filters"] = context["active_filters"]  # for a list without rows
            context["saved_views"] = saved_views(request, self.model)
        return response

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Run an action on the chosen rows. Raises BadRequest for an id that no row can have."""
        is_of_all = request.POST.get("select_across", "0") != "0"
        try:
            for id_ in () if is_of_all else request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(id_)
        except ValidationError:
            raise BadRequest from None
        return super().response_action(request, *args, **kwargs)

    def describe_lookup(
        self, request: HttpRequest, lookup: str, value: str
    ) -> tuple[str, str] | None:
        """Return the label and the value in words of a lookup that no filter describes."""
        return None

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow no other lookup: by yes or no it would read a hidden field, letter by letter."""
        filters = map(parameters_of, self.get_list_filter(request))
        return lookup in set(self.linked_lookups).union(*filters)

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[_Row]", search_term: str
    ) -> tuple["QuerySet[_Row]", bool]:
        """Search for the first words: each is a condition of the statement."""
        words = search_term[:MAX_SEARCH_LENGTH].split()[:MAX_SEARCH_WORDS]
        return super().get_search_results(request, queryset, " ".join(words))

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        row = super().get_object(request, *args, **kwargs)
        for extension in self.extensions:
            if row is not None and extension.prepare_row:
                extension.prepare_row(request, row)
        return row

    def _get_obj_does_not_exist_redirect(self, *_: Any) -> HttpResponse:
        """Give 404: Django leads to the first page, and names the row by its id."""
        raise Http404

    def summarize(self, request: HttpRequest, row: Any) -> RowSummary:
        """Return what is above a row's fields, in addition to what the extensions add."""
        return RowSummary()

    def detail_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return what the page of a row needs in addition to its fields."""
        added = (extra.summarize for extra in self.extensions if extra.summarize)
        parts = [summarize(request, row) for summarize in (*added, self.summarize)]
        return {
            "notices": [notice for part in parts for notice in part.notices],
            "figures": [figure for part in parts for figure in part.figures],
            "value_groups": [group for part in parts for group in part.value_groups],
        }

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if context["original"] is not None:
            context |= self.detail_context(request, context["original"])
            context["actions_detail"] = _fold(context.get("actions_detail", []))
        response = super().render_change_form(request, context, *args, **kwargs)
        if context["original"] is not None and not context["has_change_permission"]:
            vars(response)["template_name"] = READ_ONLY_TEMPLATE
        return response

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        return audit_log.record(request, "Incluiu", obj)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        return {} if add else audit_log.form_changes(form)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        if isinstance(message, str):
            return audit_log.record(request, message, obj)
        return audit_log.record(request, "Alterou", obj, details=message)

    def log_deletions(self, request: HttpRequest, queryset: "QuerySet[_Row]") -> Any:
        return [audit_log.record(request, "Excluiu", row) for row in queryset]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect to the audit log's entries about the row."""
        return redirect(audit_log.log_url(self.model, object_id))


def _fold(buttons: list[Any]) -> list[Any]:
    """Put the buttons after the first ones into a menu: beside all of them no title has space."""
    lengths = list(accumulate(len(button["title"]) for button in buttons))
    if not buttons or lengths[-1] <= BUTTONS_LENGTH:
        return buttons
    shown = sum(length <= BUTTONS_LENGTH - len(MORE) for length in lengths)
    menu = {"title": MORE, "variant": ActionVariant.DEFAULT, "items": buttons[shown:]}
    return [*buttons[:shown], menu]


class _ReadOnly:
    def has_add_permission(self, *args: Any, **kwargs: Any) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


class ReadOnlyAdmin(_ReadOnly, BaseAdmin[Any]):
    """A page of rows that only the system writes: staff view them, and act through actions.

    Neither lists nor filters count rows: with ten million rows that takes seconds.
    """

    paginator = InfinitePaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    ordering: ClassVar[tuple[str | Combinable, ...]] = ("-id",)

    def get_visible(self, request: HttpRequest, object_id: object) -> Any:
        """Raises PermissionDenied and Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(self.get_queryset(request), pk=object_id)


class JobAdmin(ReadOnlyAdmin):
    """Background jobs, each with a page of its own: `template`, whose form is posted to `act`.

    While the job runs, the page loads `progress_template` again, or itself without one.
    """

    template: str
    progress_template: str = ""
    routes: Mapping[str, str] = {"progress": "<uuid:object_id>/andamento/"}
    state_badge = badge_column("state", "estado", JOB_STATE_COLOURS)

    def job_context(self, request: HttpRequest, job: Any) -> dict[str, Any]:
        """Return what the templates need beside the job and the colour of its state."""
        return {}

    def act(self, request: HttpRequest, job: Any) -> HttpResponse:
        raise PermissionDenied

    def change_view(self, request: HttpRequest, object_id: str, *_: Any, **__: Any) -> HttpResponse:
        job = self.get_visible(request, object_id)
        if request.method == "POST":
            return self.act(request, job)
        context = page_context(request, str(job), type(job), back="")
        response = render(request, self.template, context | self._context(request, job))
        if job.is_under_way and not self.progress_template:
            response.headers["Refresh"] = REFRESH_SECONDS
        return response

    def progress(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        job = self.get_visible(request, object_id)
        return render(request, self.progress_template, self._context(request, job))

    def _context(self, request: HttpRequest, job: Any) -> dict[str, Any]:
        colour = JOB_STATE_COLOURS[job.state]
        return {"job": job, "colour": colour, **self.job_context(request, job)}


class ReadOnlyInline(_ReadOnly, TabularInline[Any, Any]):
    """A paginated, read-only list of related rows on a row's page."""

    extra = 0
    per_page = 20
    empty_value_display = NOTHING
    hide_title = True  # the first column is the row's name


def staff_permission(codename: str) -> Callable[[object, HttpRequest], bool]:
    """Return a page's check of a permission that `accounts.User` defines, for its actions.

    Used as `has_replay_permission = staff_permission("replay_events")`.
    """

    def has_permission(_page: object, request: HttpRequest) -> bool:
        return request.user.has_perm(f"accounts.{codename}")

    return has_permission
