"""The page on which Administração changes settings while everything runs."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from unfold.widgets import UnfoldAdminTextInputWidget

from flowzz.accounts.models import User
from flowzz.backoffice import audit_log
from flowzz.core.models import Setting
from flowzz.core.runtime_settings.cache import SAVED_VALUES
from flowzz.core.runtime_settings.definitions import RuntimeSetting
from flowzz.core.runtime_settings.groups import setting_groups, settings_by_name


class ValueForm(forms.Form):
    """One setting's value; what it cleans is spelled as it is saved."""

    value = forms.CharField(
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self, adjustable: RuntimeSetting[Any], data: Any = None, *, shown: str = ""
    ) -> None:
        super().__init__(data, initial={"value": shown}, auto_id=f"{adjustable.name}_%s")
        self.adjustable = adjustable
        self.fields["value"].label = adjustable.label
        self.fields["value"].help_text = adjustable.hint

    def clean_value(self) -> str:
        try:
            return self.adjustable.format(self.adjustable.parse(self.cleaned_data["value"]))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Row:
    form: ValueForm
    default: str
    saved: Setting | None


def page(request: HttpRequest) -> HttpResponse:
    """Show all; posting saves one, or gives it its default back."""
    if not request.user.has_perm("core.change_setting"):
        raise PermissionDenied
    if request.method != "POST":
        return _show(request)
    adjustable = settings_by_name().get(request.POST.get("name", ""))
    if adjustable is None:
        raise Http404
    form = ValueForm(adjustable, request.POST)
    if "default" in request.POST:
        restore(request, adjustable)
    elif form.is_valid():
        save(request, adjustable, form.cleaned_data["value"])
    else:
        return _show(request, form)
    messages.success(request, f"{adjustable.label}: vale em alguns segundos, sem reiniciar.")
    return redirect("backoffice:configuration")


def save(request: HttpRequest, adjustable: RuntimeSetting[Any], value: str) -> None:
    """Let the value hold instead of the default; a line in the trail says what was before."""
    assert isinstance(request.user, User)
    with transaction.atomic():
        before = _held(adjustable)
        changed = {"value": value, "changed_by": request.user}
        row, _ = Setting.objects.update_or_create(name=adjustable.name, defaults=changed)
        _trace(request, "Alterou configuração", row, before, value)
    SAVED_VALUES.expire()


def restore(request: HttpRequest, adjustable: RuntimeSetting[Any]) -> None:
    """Let the environment's value hold again."""
    with transaction.atomic():
        row = Setting.objects.select_for_update().filter(name=adjustable.name).first()
        if row is None:
            return
        after = adjustable.format(adjustable.default)
        _trace(request, "Voltou configuração ao padrão", row, row.value, after)
        row.delete()
    SAVED_VALUES.expire()


def _held(adjustable: RuntimeSetting[Any]) -> str:
    row = Setting.objects.select_for_update().filter(name=adjustable.name).first()
    return row.value if row else adjustable.format(adjustable.default)


def _trace(request: HttpRequest, action: str, row: Setting, before: str, after: str) -> None:
    audit_log.record(request, action, row, details={"before": before, "after": after})


def _show(request: HttpRequest, refused: ValueForm | None = None) -> HttpResponse:
    rows = {row.name: row for row in Setting.objects.select_related("changed_by")}

    def row_of(adjustable: RuntimeSetting[Any]) -> Row:
        saved, default = rows.get(adjustable.name), adjustable.format(adjustable.default)
        if refused is not None and refused.adjustable is adjustable:
            return Row(refused, default, saved)
        shown = saved.value if saved else default
        return Row(ValueForm(adjustable, shown=shown), default, saved)

    groups = {title: [row_of(one) for one in group] for title, group in setting_groups().items()}
    context = {"title": "Configurações", "groups": groups}
    return render(
        request, "backoffice/configuration.html", admin.site.each_context(request) | context
    )
