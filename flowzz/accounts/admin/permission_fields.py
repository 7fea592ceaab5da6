"""The choice of permissions in words: a row for each kind of thing, `Clientes: ver, alterar`."""

from collections.abc import Iterator
from functools import reduce
from itertools import groupby
from operator import or_
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import Model, Q
from django.forms.models import ModelChoiceIterator
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from flowzz.accounts.models import User
from flowzz.core.models import Setting

VERBS = {"view": "ver", "add": "incluir", "change": "alterar", "delete": "excluir"}
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
    """The permissions that the pages of the back-office ask for, in one statement."""

    iterator = PermissionsByModel

    def __init__(self, **options: Any) -> None:
        permissions = Permission.objects.filter(reduce(or_, _used_permissions()))
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


def _used_permissions() -> Iterator[Q]:
    """Yield conditions for the permissions that allow something, model by model."""
    yield _permissions(Setting)  # has a page of our own
    everyone = HttpRequest()
    everyone.user = User(is_superuser=True)
    for model, page in admin.site._registry.items():
        allowed = page.get_model_perms(everyone)
        asked_for = getattr(page, "action_verbs", ())
        unused = (verb for verb in VERBS if not allowed[verb] and verb not in asked_for)
        yield _permissions(model, *unused)


def _permissions(model: type[Model], *unused: str) -> Q:
    """Return the condition for the permissions of a model, without those of unused verbs."""
    app_label, name = model._meta.app_label, model._meta.model_name
    of_model = Q(content_type__app_label=app_label, content_type__model=name)
    return of_model & ~Q(codename__in=[f"{verb}_{name}" for verb in unused])


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
