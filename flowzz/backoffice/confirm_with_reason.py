"""Forms that ask staff for the reason of an action, and the page that shows such a form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Required, TypedDict, Unpack

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from unfold import widgets

from flowzz.accounts.models import StaffAction, User
from flowzz.backoffice import audit_log
from flowzz.backoffice.display import change_url, page_context

_WIDGETS: dict[type[forms.Widget], Any] = {
    forms.TextInput: widgets.UnfoldAdminTextInputWidget,
    forms.Textarea: widgets.UnfoldAdminTextareaWidget,
    forms.EmailInput: widgets.UnfoldAdminEmailInputWidget,
    forms.PasswordInput: widgets.UnfoldAdminPasswordWidget,
    forms.DateTimeInput: widgets.UnfoldAdminTextInputWidget,
    forms.Select: widgets.UnfoldAdminSelectWidget,
    forms.RadioSelect: widgets.UnfoldAdminRadioSelectWidget,
    forms.CheckboxSelectMultiple: widgets.UnfoldAdminCheckboxSelectMultipleWidget,
    forms.CheckboxInput: widgets.UnfoldBooleanWidget,
    forms.ClearableFileInput: widgets.UnfoldAdminFileFieldWidget,
}


class StaffForm(forms.Form):
    """A form with unfold's widgets in place of Django's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            plain = field.widget
            field.widget = _WIDGETS[type(plain)](attrs=plain.attrs)
            field.widget.is_required = plain.is_required
            if isinstance(field, forms.ChoiceField):
                field.widget.choices = field.choices


class UserField(forms.EmailField):
    """The e-mail of a user; cleaned, the user."""

    def clean(self, value: Any) -> User:
        """Raises ValidationError."""
        user = User.objects.filter(email__iexact=super().clean(value)).first()
        if user is None:
            raise ValidationError("Não há usuário com este e-mail.")
        return user


class ReasonForm(StaffForm):
    """A reason for the audit log, without personal data."""

    reason = forms.CharField(
        label="Motivo",
        max_length=200,
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


class NoteForm(ReasonForm):
    """A note about a row."""

    reason = forms.CharField(
        label="Nota",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Fica para sempre, com o seu nome: sem documento, telefone ou e-mail de ninguém.",
    )


class Texts(TypedDict, total=False):
    """What the page says about an action."""

    title: Required[str]
    button: Required[str]
    text: str
    consequences: Sequence[str]
    is_destructive: bool
    preview_url: str
    """What would change; the page loads it once it is shown."""
    hidden_fields: Sequence[tuple[str, str]]
    """Names and values that are posted with the form."""


@dataclass(frozen=True, slots=True)
class Done:
    """An action that was carried out: its entry in the audit log, and what staff read."""

    log_text: str
    message: str
    target: Model
    details: dict[str, Any] | None = None
    page: Model | None = None
    """Whose page is shown then, if not the target's."""
    on_logged: Callable[[StaffAction], object] | None = None
    """Called with the entry, to store which one it is."""


def confirm(
    request: HttpRequest,
    form: ReasonForm,
    act: Callable[[], Done],
    *,
    about: Model,
    refusals: tuple[type[Exception], ...] = (),
    **texts: Unpack[Texts],
) -> HttpResponse:
    """Ask for the form's values; once they are valid, act, log that and return to the row's page.

    `refusals` are the errors of `act` whose text the form shows.
    """
    if form.is_valid():
        try:
            done = act()
        except refusals as refusal:
            form.add_error(None, str(refusal))
        else:
            reason = form.cleaned_data["reason"]
            action = audit_log.record(
                request, done.log_text, done.target, reason=reason, details=done.details
            )
            if done.on_logged:
                done.on_logged(action)
            messages.success(request, done.message)
            return redirect(change_url(done.page or done.target))
    return render_confirmation(request, form, about=about, back=change_url(about), **texts)


def render_confirmation(
    request: HttpRequest,
    form: forms.Form,
    *,
    about: Model | type[Model],
    back: str,
    **texts: Unpack[Texts],
) -> HttpResponse:
    """Render the page that explains an action and asks for the form's values.

    The form is posted to the current URL. The title bar names `about`: pass a person's row masked.
    """
    context = page_context(request, texts["title"], about, back=back) | {"form": form, **texts}
    return render(request, "backoffice/confirmation.html", context)


def take_note(request: HttpRequest, row: Model) -> HttpResponse:
    """Ask for a note about a row, an entry of the audit log that the row's page shows."""
    return confirm(
        request,
        NoteForm(request.POST or None),
        lambda: Done(audit_log.NOTE, "Nota guardada.", row),
        about=row,
        title="Anotar",
        text="A equipe lê a nota nesta página. Ninguém pode mudá-la nem apagá-la.",
        button="Guardar a nota",
    )
