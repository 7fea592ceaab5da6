"""The choice of permissions in words: `Clientes: ver`."""

from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

VERBS = {"view": "ver", "add": "incluir", "change": "alterar", "delete": "excluir"}


class PermissionsField(forms.ModelMultipleChoiceField[Permission]):
    """The permissions of the models that the back-office shows, in one statement."""

    def __init__(self, **options: Any) -> None:
        labels = {"core", *(model._meta.app_label for model in admin.site._registry)}
        permissions = Permission.objects.filter(content_type__app_label__in=labels)
        super().__init__(
            permissions.select_related("content_type").order_by(
                "content_type__app_label", "content_type__model", "codename"
            ),
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            required=False,
            **options,
        )

    def label_from_instance(self, permission: Any) -> str:
        verb, _, model_name = permission.codename.partition("_")
        try:
            model = apps.get_model(permission.content_type.app_label, permission.content_type.model)
        except LookupError:  # of a model that no longer exists
            return str(permission.name)
        title = str(model._meta.verbose_name_plural)
        words = VERBS.get(verb) if model_name == model._meta.model_name else None
        return f"{title[:1].upper()}{title[1:]}: {words or permission.name.removeprefix('Pode ')}"
