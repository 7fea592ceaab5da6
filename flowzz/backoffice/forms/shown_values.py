"""Forms that know which values their page has shown.

Two people may have the same page open. What a person left as it was shown is not written, so that
nobody restores what a colleague, or a webhook, has changed meanwhile.
"""

from typing import Any

from django import forms
from django.core.exceptions import FieldDoesNotExist

_PREFIX = "initial-"
"""The prefix of Django's hidden fields with the values that were shown."""


class ShownValuesForm(forms.BaseForm):
    """A form whose page also has the shown values, hidden: `changed_data` compares with these."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = not self.is_bound or self.has_shown_values

    @property
    def has_shown_values(self) -> bool:
        """Return whether the posted data have them: a script posts the fields alone."""
        return any(name.startswith(_PREFIX) for name in self.data)


class RowForm(ShownValuesForm, forms.ModelForm[Any]):
    """The form of a row: a field that the person left as it was shown keeps its stored value."""

    def clean(self) -> Any:
        if self.has_shown_values and not self.instance._state.adding:
            for name in self.cleaned_data.keys() - set(self.changed_data):
                self._keep_stored(name)
        return super().clean()

    def _keep_stored(self, name: str) -> None:
        try:
            field = self.instance._meta.get_field(name)
        except FieldDoesNotExist:
            return
        stored = getattr(self.instance, name)
        self.cleaned_data[name] = list(stored.all()) if field.many_to_many else stored
