"""The page where the group Administração changes settings without a restart."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from unfold.widgets import UnfoldAdminTextInputWidget

from flowzz.backoffice import audit_log
from flowzz.core.formatting import format_count
from flowzz.core.models import Setting
from flowzz.core.runtime_settings.cache import SAVED_VALUES
from flowzz.core.runtime_settings.definitions import RuntimeSetting
from flowzz.core.runtime_settings.groups import setting_groups, settings_by_name

INVALID = "Nada foi salvo: corrija os campos marcados. O que você digitou continua aqui."


class SettingsForm(forms.Form):
    """All settings; cleaned, each value has the format in which it is saved.

    Each field knows the value that the page has shown: only what the person changed is saved, and
    never what a colleague has changed meanwhile.
    """

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.saved = {row.name: row for row in Setting.objects.select_related("changed_by")}
        for name, setting in settings_by_name().items():
            saved, default = self.saved.get(name), setting.format(setting.default)
            self.fields[name] = forms.CharField(
                label=setting.label,
                help_text=setting.hint,
                required=False,
                max_length=2000,
                initial=saved.value if saved else default,
                show_hidden_initial=True,
                widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
            )

    def clean(self) -> dict[str, Any]:
        for name in self.changed_data:
            setting = settings_by_name()[name]
            try:
                text = self.cleaned_data.get(name, "")
                self.cleaned_data[name] = setting.format(setting.parse(text))
            except ValueError as error:
                self.add_error(name, str(error))
        return self.cleaned_data

    def groups(self) -> dict[str, list[dict[str, Any]]]:
        """Return the fields with their saved rows and defaults, by the title of their group."""
        return {title: [*map(self._shown, group)] for title, group in setting_groups().items()}

    def _shown(self, setting: RuntimeSetting[Any]) -> dict[str, Any]:
        return {
            "field": self[setting.name],
            "saved": self.saved.get(setting.name),
            "default": setting.format(setting.default),
        }


def edit_settings(request: HttpRequest) -> HttpResponse:
    """Show all settings; a POST saves those that were changed, or none if one is invalid."""
    if not request.user.has_perm("core.change_setting"):
        raise PermissionDenied
    form = SettingsForm(request.POST if request.method == "POST" else None)
    if setting := settings_by_name().get(request.POST.get("default", "")):
        return _restore(request, setting)
    if form.is_valid():
        return _save(request, form)
    if form.is_bound:
        messages.error(request, INVALID)
    return _render(request, form)


def _render(request: HttpRequest, form: SettingsForm) -> HttpResponse:
    context = admin.site.each_context(request) | {"title": "Configurações", "form": form}
    return render(request, "backoffice/configuration.html", context)


def _save(request: HttpRequest, form: SettingsForm) -> HttpResponse:
    with transaction.atomic():
        for name in form.changed_data:
            save(request, settings_by_name()[name], form.cleaned_data[name])
    if count := len(form.changed_data):
        changed = format_count(count, "configuração mudada", "configurações mudadas")
        messages.success(request, f"{changed}: em uso dentro de alguns segundos, sem reiniciar.")
    else:
        messages.info(request, "Nada mudou.")
    return redirect("backoffice:configuration")


def _restore(request: HttpRequest, setting: RuntimeSetting[Any]) -> HttpResponse:
    """Restore a default, and show the other fields as they were typed."""
    _restore_default(request, setting)
    messages.success(request, f"{setting.label}: de volta ao valor padrão.")
    data, default = request.POST.copy(), setting.format(setting.default)
    data[setting.name] = data[f"initial-{setting.name}"] = default
    return _render(request, SettingsForm(data))


def save(request: HttpRequest, setting: RuntimeSetting[Any], value: str) -> None:
    """Save a value, and log it with the one before."""
    with transaction.atomic():
        row = Setting.objects.select_for_update().filter(name=setting.name).first()
        before = row.value if row else setting.format(setting.default)
        values = {"value": value, "changed_by": request.user}
        row, _ = Setting.objects.update_or_create(name=setting.name, defaults=values)
        details = {setting.label: audit_log.change(before, value)}
        audit_log.record(request, "Alterou configuração", row, details=details)
    SAVED_VALUES.expire()


def _restore_default(request: HttpRequest, setting: RuntimeSetting[Any]) -> None:
    """Delete the saved value: the default is that of the environment."""
    with transaction.atomic():
        row = Setting.objects.select_for_update().filter(name=setting.name).first()
        if row is None:
            return
        default = setting.format(setting.default)
        text, change = "Voltou configuração ao valor padrão", audit_log.change(row.value, default)
        audit_log.record(request, text, row, details={setting.label: change})
        row.delete()
    SAVED_VALUES.expire()
