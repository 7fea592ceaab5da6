"""Forms that know which values their page has shown.

Two people may have the same page open. What a person left as it was shown is not written, so that
nobody restores what a colleague, or a webhook, has changed meanwhile.
"""

from typing import Any

from django import forms

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
