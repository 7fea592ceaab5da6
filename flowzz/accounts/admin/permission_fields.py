"""The choice of permissions in words: a row for each kind of thing, `Clientes: ver, alterar`."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.forms.models import ModelChoiceIterator
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

VERBS = {"view": "ver", "add": "incluir", "change": "alterar", "delete": "excluir"}
UNUSED_SCHEDULES = ("clockedschedule", "periodictasks", "solarschedule")
"""Models of django-celery-beat without a page."""
VERB_ORDER = {words: number for number, words in enumerate(VERBS.values())}


class PermissionsWidget(UnfoldAdminCheckboxSelectMultipleWidget):  # type: ignore[misc]  # untyped
    template_name = "accounts/permissions.html"


class PermissionsByModel(ModelChoiceIterator[Permission]):
    """The choices, grouped by the model that they are about."""

    def __iter__(self) -> Iterator[Any]:
        described = ((permission, *describe(permission)) for permission in self.queryset)
        for title, group in groupby(described, key=lambda row: row[1]):
            ordered = sorted(group, key=lambda row: VERB_ORDER.get(row[2], len(VERB_ORDER)))
            yield title, [(self.field.prepare_value(row[0]), row[2]) for row in ordered]


class PermissionsField(forms.ModelMultipleChoiceField[Permission]):
    """The permissions of the models that the back-office shows, in one statement."""

    iterator = PermissionsByModel

    def __init__(self, **options: Any) -> None:
        labels = {"core", *(model._meta.app_label for model in admin.site._registry)}
        permissions = Permission.objects.filter(content_type__app_label__in=labels).exclude(
            content_type__app_label="django_celery_beat", content_type__model__in=UNUSED_SCHEDULES
        )
        super().__init__(
            permissions.select_related("content_type").order_by(
                "content_type__app_label", "content_type__model", "codename"
            ),
            widget=PermissionsWidget,
            required=False,
            **options,
        )

    def label_from_instance(self, permission: Any) -> str:
        return ": ".join(filter(None, describe(permission)))


def describe(permission: Permission) -> tuple[str, str]:
    """Return what a permission is about, and what it allows."""
    verb, _, model_name = permission.codename.partition("_")
    try:
        model = apps.get_model(permission.content_type.app_label, permission.content_type.model)
    except LookupError:  # of a model that no longer exists
        return "", str(permission.name)
    title = str(model._meta.verbose_name_plural)
    words = VERBS.get(verb) if model_name == model._meta.model_name else None
    allowed = words or permission.name.removeprefix("Pode ")
    return f"{title[:1].upper()}{title[1:]}", allowed
