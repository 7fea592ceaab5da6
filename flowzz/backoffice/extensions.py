"""The extension point of admin pages: buttons and views of a page, and parts of another app's.

Each model is registered once, by its own app. What is here adds to that page, a `BaseAdmin`; the
names of the added URLs are `admin:<app>_<model>_<name>`.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.contrib.auth.decorators import permission_required
from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase
from unfold.decorators import action as unfold_action

from flowzz.backoffice.display import RowSummary, section

ViewT = TypeVar("ViewT", bound=Callable[..., HttpResponseBase])
Check = Callable[[HttpRequest, uuid.UUID | None], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageExtension:
    """The parts that one app adds to the admin page of another app's model."""

    inlines: Sequence[type[InlineModelAdmin[Any, Any]]] = ()
    fieldsets: Sequence[tuple[str, Sequence[str | Callable[[Any], object]]]] = ()
    """Titles with their read-only fields: fields of the model, or functions of a row."""
    summarize: Callable[[HttpRequest, Any], RowSummary] | None = None
    """Returns what is above a row's fields."""
    prepare_row: Callable[[HttpRequest, Any], None] | None = None
    """Called with a row before its page is rendered."""


def extend(model: type[Model], extension: PageExtension) -> None:
    """Add an extension to a model's registered page, which declares fieldsets."""
    page: Any = admin.site.get_model_admin(model)
    page.extensions = (*page.extensions, extension)
    page.inlines = (*page.inlines, *extension.inlines)
    for title, fields in extension.fieldsets:
        page.fieldsets = (*page.fieldsets, section(title, *fields))
        page.readonly_fields = (*page.readonly_fields, *fields)


def row_action(
    page: type[Any], label: str, *, path: str, icon: str, permission: str | Check
) -> Callable[[ViewT], ViewT]:
    """Add a view as a button of a row's page, named after the function.

    Staff who hold `permission` see it, or those for whom it returns true of the row's id.
    """
    return _action(page, "actions_detail", label, path, icon, permission)


def list_action(
    page: type[Any], label: str, *, path: str, icon: str, permission: str | Check
) -> Callable[[ViewT], ViewT]:
    """Add a view as a button of the list, as `row_action` does to a row's page."""
    return _action(page, "actions_list", label, path, icon, permission)


def _action(
    page: type[Any], buttons: str, label: str, path: str, icon: str, permission: str | Check
) -> Callable[[ViewT], ViewT]:
    def has_permission(_: object, request: HttpRequest, id_: uuid.UUID | None = None) -> bool:
        if isinstance(permission, str):
            return request.user.has_perm(permission)
        return permission(request, id_)

    def add(view: ViewT) -> ViewT:
        def run(_page: object, request: HttpRequest, **row: uuid.UUID) -> HttpResponseBase:
            return view(request, **row)

        name = run.__name__ = view.__name__
        describe = unfold_action(description=label, url_path=path, icon=icon, permissions=[name])
        # Not `permissions=[permission]`: unfold's system check would read the database.
        setattr(page, name, describe(run))
        setattr(page, f"has_{name}_permission", has_permission)
        setattr(page, buttons, (*getattr(page, buttons), name))
        return view

    return add


def page_view(
    page: type[Any], path: str, *, permission: str, name: str = ""
) -> Callable[[ViewT], ViewT]:
    """Add a view below the URL of the model's list, for staff who hold `permission`."""

    def add(view: ViewT) -> ViewT:
        key = name or view.__name__
        guarded = permission_required(permission, raise_exception=True)(view)
        setattr(page, key, staticmethod(guarded))
        page.routes = {**page.routes, key: path}
        return view

    return add
