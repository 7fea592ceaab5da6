"""Filters by closed sets of values, and booleans."""

from typing import Any, Final

from django import forms
from django_filters import BooleanFilter, MultipleChoiceFilter

_SEVERAL: Final = "Um ou mais valores, separados por vírgula ou em parâmetros repetidos"


class _CommaSeparated(forms.SelectMultiple):
    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        values: list[str] = super().value_from_datadict(data, files, name) or []
        return [part for value in values for part in value.split(",")]


class ChoicesFilter(MultipleChoiceFilter):  # type: ignore[misc]  # untyped, and seen as Any here
    """Accepts `?status=PAID,PENDING` and `?status=PAID&status=PENDING`."""

    def __init__(self, *arguments: Any, choices: Any, **options: Any) -> None:
        options = {"help_text": _SEVERAL, "widget": _CommaSeparated, **options}
        # A list: the API's description has no values of what it would have to call.
        super().__init__(*arguments, choices=getattr(choices, "choices", choices), **options)


class UpperChoicesFilter(ChoicesFilter):
    """Accepts codes in capitals, which are in small letters in the database."""

    def __init__(self, *, choices: Any) -> None:
        super().__init__(choices=[(value.upper(), label) for value, label in choices.choices])

    def filter(self, qs: Any, value: list[str]) -> Any:
        return super().filter(qs, [code.lower() for code in value])


class _StrictBooleanField(forms.NullBooleanField):
    """A boolean that refuses other words, which Django ignores: the list would be unfiltered."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> bool | None:  # type: ignore[override] # as Django's
        """Raises ValidationError."""
        boolean = super().to_python(value)
        if boolean is None and value:
            raise forms.ValidationError("Use true ou false.")
        return boolean


class StrictBooleanFilter(BooleanFilter):  # type: ignore[misc]  # untyped, and seen as Any here
    field_class = _StrictBooleanField
