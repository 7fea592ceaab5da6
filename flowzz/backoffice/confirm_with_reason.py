"""Forms that ask staff for the reason of an action, and the page that shows such a form."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from unfold.widgets import UnfoldAdminTextInputWidget

from flowzz.backoffice import audit_log
from flowzz.backoffice.display import page_context


class ReasonForm(forms.Form):
    """A reason for the audit log, without personal data."""

    reason = forms.CharField(
        label="Motivo",
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="Por exemplo o número do atendimento. Fica no registro: sem dados da pessoa.",
    )

    def clean_reason(self) -> str:
        return audit_log.validate_reason(self.cleaned_data["reason"])


class OptionalReasonForm(ReasonForm):
    """A reason that may be empty, for actions that can be undone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = False
        self.fields["reason"].label = "Motivo (opcional)"


def render_confirmation(
    request: HttpRequest,
    form: forms.Form,
    *,
    about: Model | type[Model],
    title: str,
    button: str,
    back: str,
    text: str = "",
    consequences: Sequence[str] = (),
    is_destructive: bool = False,
    hidden_fields: Sequence[tuple[str, str]] = (),
) -> HttpResponse:
    """Render the page that explains an action and asks for the form's values.

    The form is posted to the current URL, with `hidden_fields`. The title bar names `about`:
    pass a person's row masked.
    """
    context = page_context(request, title, about, back=back) | {
        "form": form,
        "text": text,
        "consequences": consequences,
        "button": button,
        "is_destructive": is_destructive,
        "hidden_fields": hidden_fields,
    }
    return render(request, "backoffice/confirmation.html", context)
