"""What the pages of the admin have in common: lists that stay fast, rows that nobody edits."""

from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.db.models.expressions import Combinable
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from flowzz.backoffice import audit_log, unfold_patches
from flowzz.backoffice.extensions import PageExtension

if TYPE_CHECKING:  # unfold has no types, and its classes are used as Django's own
    from django.contrib.admin import ModelAdmin
    from django.contrib.admin import TabularInline as Inline
else:
    from unfold.admin import ModelAdmin
    from unfold.admin import TabularInline as Inline

__all__ = [
    "Inline",
    "Page",
    "ReadOnlyInline",
    "ReadOnlyPage",
    "badge",
    "breakable",
    "column",
    "frame",
    "link",
    "page_of",
    "preformatted",
    "tone_of",
    "two_lines",
]


_Row = TypeVar("_Row", bound=Model)

unfold_patches.install()


class Page(ModelAdmin[_Row]):
    """A page of the admin, whose forms leave their lines in the trail instead of Django's log."""

    list_sections = ()  # a list's template looks it up for each row
    list_before_template = "backoffice/list_panels.html"
    list_panels: tuple[str, ...] = ()
    """Templates shown above the list."""
    extensions: tuple[PageExtension, ...] = ()
    """Added by `extensions.extend`."""

    def get_urls(self) -> list[URLPattern]:
        """Return the URLs of the page, its actions and extensions; a malformed id gives 404."""
        urls = super().get_urls()
        for url in urls:
            url.callback = self._for_ids(url.callback)
        return [*self._extension_urls(), *urls]

    def _extension_urls(self) -> list[URLPattern]:
        prefix = f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path(extra.path, self.admin_site.admin_view(extra.view), name=f"{prefix}_{extra.name}")
            for extension in self.extensions
            for extra in extension.views
        ]

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        row = super().get_object(request, object_id, from_field)
        for extension in self.extensions:
            if row is not None and extension.prepare_row:
                extension.prepare_row(request, row)
        return row

    def _for_ids(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                self.opts.pk.to_python(unquote(str(kwargs.get("object_id", ""))) or None)
            except ValidationError:
                raise Http404 from None
            return view(request, *args, **kwargs)

        return checked

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        return audit_log.record(request, "Incluiu", obj)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        if isinstance(message, str):
            return audit_log.record(request, message, obj)
        return audit_log.record(request, "Alterou", obj, details={"changes": message})

    def log_deletions(self, request: HttpRequest, queryset: "QuerySet[_Row]") -> Any:
        return [audit_log.record(request, "Excluiu", row) for row in queryset]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The trail's lines about the row."""
        return redirect(audit_log.url_of(self.model, object_id))


class ReadOnlyPage(Page[Any]):
    """Rows of the system's own: staff look at them, and act through actions.

    Counting ten million rows takes seconds, so neither the lists nor their filters do.
    """

    paginator = InfinitePaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    ordering: ClassVar[tuple[str | Combinable, ...]] = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyInline(Inline[Any, Any]):
    """Rows that belong to the page's own, a page of them at a time."""

    extra = 0
    can_delete = False
    per_page = 20
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def badge(
    field: str, description: str, colours: Mapping[Any, str]
) -> Callable[[object, Model], str]:
    """A column that shows a choice in the colour of its value, in none where it has none."""

    def column(_page: object, row: Model) -> str:
        colour = colours.get(getattr(row, field), "")
        return _label(getattr(row, f"get_{field}_display")(), colour)

    shown: Callable[[object, Model], str] = display(column, description=description, ordering=field)
    return shown


@cache
def _label(text: str, colour: str) -> str:
    """A choice as unfold shows it, made once: a list shows it a hundred times."""
    shown = {"text": text, "type": colour}
    return render_to_string("unfold/helpers/label.html", shown) if text else "-"


def tone_of(colour: str) -> str:
    """The tone of our own parts for the colour of one of unfold's badges."""
    return _TONES.get(colour, colour)


_TONES = {"success": "good", "danger": "bad", "primary": "info"}


def column(path: str, description: str) -> Callable[[object, Model], object]:
    """A column of a related row's, such as `integration__user`, under a name for people."""

    def value(_page: object, row: Model) -> object:
        found: object = row
        for name in path.split("__"):
            found = getattr(found, name, None)
        return found

    shown: Callable[[object, Model], object] = display(
        value, description=description, ordering=path
    )
    return shown


def page_of(row: Model) -> str:
    """The address of a row's own page."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return reverse(name, args=[row.pk])


def link(row: Model | None) -> SafeString | None:
    """A link to a row's own page."""
    if row is None:
        return None
    return format_html('<a class="underline" href="{}">{}</a>', page_of(row), row)


def frame(
    request: HttpRequest, title: str, about: Model | type[Model], *, back: str
) -> dict[str, Any]:
    """What stands around a page of ours about a row or its kind: where it is, and the way back."""
    row = about if isinstance(about, Model) else None
    shown = {"title": title, "opts": about._meta, "object": row, "back": back}
    return admin.site.each_context(request) | shown


def two_lines(first: object, second: object = "") -> SafeString:
    """A cell of a list: what matters, and beneath it what goes with it."""
    cell = '<span class="flex flex-col text-right lg:text-left"><span>{}</span>{}</span>'
    more = format_html('<span class="bo-hint">{}</span>', second) if second else ""
    return format_html(cell, first or "—", more)


def breakable(email: object) -> SafeString:
    """An e-mail that a narrow column breaks before its domain."""
    return format_html_join(SafeString("<wbr>@"), "{}", ((part,) for part in str(email).split("@")))


def preformatted(text: str) -> SafeString:
    """A text as it is, line by line, whatever is in it."""
    return format_html('<pre class="overflow-x-auto text-xs">{}</pre>', text)
