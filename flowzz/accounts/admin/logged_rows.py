"""The rows that entries of the audit log are about: by name, as the reader may see them."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db.models import Model, Q
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from flowzz.accounts.models import StaffAction, User
from flowzz.backoffice import masking
from flowzz.backoffice.audit_log import IMPERSONAL
from flowzz.backoffice.display import NOTHING, change_url
from flowzz.core.formatting import format_number

LoggedRows = Mapping[tuple[str, str], Model]
"""Rows by the label of their model and their id."""
MAX_FOUND = 200


def load(request: HttpRequest, actions: Iterable[StaffAction]) -> LoggedRows:
    """Return the rows that still exist and that the reader may view, one statement per model."""
    ids: dict[type[Model], set[str]] = {}
    for model_label, row_id in _mentioned(actions):
        ids.setdefault(apps.get_model(model_label), set()).add(row_id)
    return {
        (model._meta.label_lower, str(row.pk)): row
        for model, row_ids in ids.items()
        for row in _visible_rows(request, model, row_ids)
    }


def link(label: str, row: Model | None, beside: str = "") -> SafeString | str:
    """Return a link with the row's name; without the row only the label that was logged.

    `beside` is the text before it, which needs not be said twice.
    """
    if row is None:
        return label or NOTHING
    kind = str(row._meta.verbose_name)
    text = str(row) if beside.startswith(kind) else f"{kind} {row}"
    return format_html('<a class="bo-link" href="{}">{}</a>', change_url(row), text)


def find_row(request: HttpRequest, model: type[Model], row_id: str) -> Model | None:
    """Return a row that still exists and that the reader may view."""
    try:
        return next(iter(_visible_rows(request, model, [row_id])), None)
    except (ValidationError, ValueError):
        return None


def target_key(action: StaffAction) -> tuple[str, str]:
    type_ = action.content_type
    return (f"{type_.app_label}.{type_.model}" if type_ else "", action.target_id)


def describe_details(action: StaffAction, rows: LoggedRows) -> list[SafeString | str]:
    """Return each detail as `Nome: antes → depois`, or with a link."""
    return [
        format_html("{}: {}", f"{label[:1].upper()}{label[1:]}", _describe(value, rows, label))
        for label, value in action.details.items()
    ]


def matches(request: HttpRequest, text: str) -> Q:
    """Match entries about the rows that the lists of the back-office find by a text.

    Only of models whose names the log does not contain, because they may be personal data.
    """
    found = Q()
    for model, page in admin.site._registry.items():
        is_named = model._meta.label_lower in IMPERSONAL
        if is_named or not page.search_fields or not page.has_view_permission(request):
            continue
        entries = Q(content_type=ContentType.objects.get_for_model(model))
        if StaffAction.objects.filter(entries).exists():
            rows, _ = page.get_search_results(request, page.get_queryset(request), text)
            ids = rows.order_by().values_list("pk", flat=True)[:MAX_FOUND]
            found |= entries & Q(target_id__in=[str(id_) for id_ in ids])
    return found


def find_people(text: str) -> list[uuid.UUID]:
    """Return the ids of the users with this text in their e-mail or name: a list needs no join."""
    people = User.objects.filter(Q(email__icontains=text) | Q(name__icontains=text))
    return list(people.values_list("pk", flat=True)[:MAX_FOUND])


def _mentioned(actions: Iterable[StaffAction]) -> Iterable[tuple[str, str]]:
    for action in actions:
        if action.content_type and action.content_type.model_class():
            yield target_key(action)
        for value in action.details.values():
            if isinstance(value, dict) and "model" in value:
                yield (value["model"], value["id"])


def _visible_rows(request: HttpRequest, model: type[Model], ids: Iterable[str]) -> list[Model]:
    page: Any = admin.site._registry.get(model)
    if page is None or not page.has_view_permission(request):
        return []
    related = page.list_select_related
    rows = page.get_queryset(request).filter(pk__in=ids)
    rows = list(rows.select_related(*related) if isinstance(related, tuple | list) else rows)
    for row in rows:
        if not masking.is_visible(request, row):
            masking.mask_row(row, getattr(page, "masks", {}))
    return rows


def _describe(value: Any, rows: LoggedRows, label: str = "") -> SafeString | str:
    if isinstance(value, dict) and "model" in value:
        return link(value["label"], rows.get((value["model"], value["id"])), label)
    if isinstance(value, dict) and "after" in value:
        before, after = (_describe(value[key], rows) for key in ("before", "after"))
        return format_html("{} → {}", before, after)
    if isinstance(value, list):
        return ", ".join(map(str, value)) or NOTHING
    if isinstance(value, int) and not isinstance(value, bool):
        return format_number(value)
    return NOTHING if value in (None, "") else str(value)
