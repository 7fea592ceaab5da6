"""The page where the group Administração changes settings without a restart."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from unfold.widgets import UnfoldAdminTextInputWidget

from flowzz.backoffice import audit_log
from flowzz.core.models import Setting
from flowzz.core.runtime_settings.cache import SAVED_VALUES
from flowzz.core.runtime_settings.definitions import RuntimeSetting
from flowzz.core.runtime_settings.groups import setting_groups, settings_by_name


class ValueForm(forms.Form):
    """The value of one setting; cleaned, it has the format in which it is saved."""

    value = forms.CharField(
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self, setting: RuntimeSetting[Any], data: Any = None, *, saved: Setting | None = None
    ) -> None:
        self.setting, self.saved = setting, saved
        self.default = setting.format(setting.default)
        value = saved.value if saved else self.default
        super().__init__(data, initial={"value": value}, auto_id=f"{setting.name}_%s")
        self.fields["value"].label = setting.label
        self.fields["value"].help_text = setting.hint

    def clean_value(self) -> str:
        try:
            return self.setting.format(self.setting.parse(self.cleaned_data["value"]))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


def edit_settings(request: HttpRequest) -> HttpResponse:
    """Show all settings; a POST saves one of them, or restores its default."""
    if not request.user.has_perm("core.change_setting"):
        raise PermissionDenied
    if request.method != "POST":
        return _render(request)
    setting = settings_by_name().get(request.POST.get("name", ""))
    if setting is None:
        raise Http404
    form = ValueForm(setting, request.POST)
    if "default" in request.POST:
        restore_default(request, setting)
    elif form.is_valid():
        save(request, setting, form.cleaned_data["value"])
    else:
        return _render(request, invalid=setting)
    messages.success(request, f"{setting.label}: vale em alguns segundos, sem reiniciar.")
    return redirect("backoffice:configuration")


def save(request: HttpRequest, setting: RuntimeSetting[Any], value: str) -> None:
    """Save a value, and log it with the one before."""
    with transaction.atomic():
        row = Setting.objects.select_for_update().filter(name=setting.name).first()
        before = row.value if row else setting.format(setting.default)
        values = {"value": value, "changed_by": request.user}
        row, _ = Setting.objects.update_or_create(name=setting.name, defaults=values)
        _log(request, "Alterou configuração", row, before=before, after=value)
    SAVED_VALUES.expire()


def restore_default(request: HttpRequest, setting: RuntimeSetting[Any]) -> None:
    """Delete the saved value: the default is that of the environment."""
    with transaction.atomic():
        row = Setting.objects.select_for_update().filter(name=setting.name).first()
        if row is None:
            return
        default = setting.format(setting.default)
        _log(request, "Voltou configuração ao valor padrão", row, before=row.value, after=default)
        row.delete()
    SAVED_VALUES.expire()


def _log(request: HttpRequest, action: str, row: Setting, *, before: str, after: str) -> None:
    audit_log.record(request, action, row, details={"before": before, "after": after})


def _render(request: HttpRequest, invalid: RuntimeSetting[Any] | None = None) -> HttpResponse:
    saved = {row.name: row for row in Setting.objects.select_related("changed_by")}

    def form_for(setting: RuntimeSetting[Any]) -> ValueForm:
        data = request.POST if setting is invalid else None
        return ValueForm(setting, data, saved=saved.get(setting.name))

    groups = {title: map(form_for, group) for title, group in setting_groups().items()}
    context = {"title": "Configurações", "groups": groups}
    return render(
        request, "backoffice/configuration.html", admin.site.each_context(request) | context
    )
