"""Asking staff why, before something that the trail must explain."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from unfold.widgets import UnfoldAdminTextInputWidget

from flowzz.backoffice import audit_log
from flowzz.backoffice.pages import frame


class ReasonForm(forms.Form):
    """Why: for the trail, so without anybody's data."""

    reason = forms.CharField(
        label="Motivo",
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="Por exemplo o número do atendimento. Fica no registro: sem dados da pessoa.",
    )

    def clean_reason(self) -> str:
        return audit_log.clean_reason(self.cleaned_data["reason"])


class OptionalReasonForm(ReasonForm):
    """Why, for what does no harm."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = False
        self.fields["reason"].label = "Motivo (opcional)"


def ask(
    request: HttpRequest,
    form: forms.Form,
    *,
    about: Model | type[Model],
    title: str,
    text: str,
    button: str,
    back: str,
    carried: Sequence[tuple[str, str]] = (),
) -> HttpResponse:
    """The page that asks; its form comes back to the same address, `carried` fields with it.

    What it is `about` is named in the title bar: of a person, pass the row masked.
    """
    asked = {"form": form, "explanation": text, "button": button, "carried": carried}
    context = frame(request, title, about, back=back) | asked
    return render(request, "backoffice/reason.html", context)
