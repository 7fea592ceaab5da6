"""The extension point of admin pages: one app adds parts to the page of another app's model.

Each model is registered once, by its own app; `extend` adds to that page.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MethodType
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from unfold.decorators import action as unfold_action

from flowzz.backoffice.display import section


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailAction:
    """A button on a row's page; staff who hold `permission` see it and may call `view`."""

    name: str
    """The URL's name is `admin:<app>_<model>_<name>`."""
    label: str
    path: str
    icon: str
    permission: str
    view: Callable[[HttpRequest, uuid.UUID], HttpResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraView:
    """A view below the URL of the model's list, for staff; it checks permissions itself."""

    name: str
    """The URL's name is `admin:<app>_<model>_<name>`."""
    path: str
    view: Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageExtension:
    """The parts that one app adds to the admin page of another app's model."""

    list_panels: Sequence[str] = ()
    """Templates shown above the list."""
    inlines: Sequence[type[InlineModelAdmin[Any, Any]]] = ()
    fieldsets: Sequence[tuple[str, Sequence[str | Callable[[Any], object]]]] = ()
    """Titles with their read-only fields: fields of the model, or functions of a row."""
    actions: Sequence[DetailAction] = ()
    views: Sequence[ExtraView] = ()
    prepare_row: Callable[[HttpRequest, Any], None] | None = None
    """Called with a row before its page is rendered."""


def extend(model: type[Model], extension: PageExtension) -> None:
    """Add an extension to a model's registered page, a `BaseAdmin` that declares fieldsets."""
    page: Any = admin.site.get_model_admin(model)
    page.extensions = (*page.extensions, extension)
    page.list_panels = (*page.list_panels, *extension.list_panels)
    page.inlines = (*page.inlines, *extension.inlines)
    for title, fields in extension.fieldsets:
        page.fieldsets = (*page.fieldsets, section(title, *fields))
        page.readonly_fields = (*page.readonly_fields, *fields)
    for action in extension.actions:
        page.actions_detail = (*page.actions_detail, action.name)
        _add_action(page, action)


def _add_action(page: Any, action: DetailAction) -> None:
    """Add the action's method and its permission check, as unfold expects both of a page."""

    def run(_page: object, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        return action.view(request, object_id)

    def has_permission(request: HttpRequest, object_id: uuid.UUID | None = None) -> bool:
        return request.user.has_perm(action.permission)

    run.__name__ = action.name
    method = unfold_action(
        description=action.label, url_path=action.path, icon=action.icon, permissions=[action.name]
    )(run)
    setattr(page, action.name, MethodType(method, page))
    # Not `permissions=[action.permission]`: unfold's system check would read the database.
    setattr(page, f"has_{action.name}_permission", has_permission)
