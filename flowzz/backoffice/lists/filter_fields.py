"""List filters as fields of one form: several values of a choice, one of yes or no."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.db.models import BooleanField, Model
from unfold.contrib.filters.admin import (
    BooleanRadioFilter,
    ChoicesCheckboxFilter,
    RelatedCheckboxFilter,
)
from unfold.contrib.filters.forms import RadioForm

from flowzz.backoffice.filters import PeriodFilter

if TYPE_CHECKING:  # unfold has no types
    from django.contrib.admin import SimpleListFilter as ChoiceFilter
else:
    from unfold.contrib.filters.admin import RadioFilter as ChoiceFilter

__all__ = ["ChoiceFilter", "empty_filter", "form_filter"]

ANY = ("", "Todos")


def form_filter(entry: Any, model: type[Model]) -> Any:
    """Return an entry of `list_filter` with a class that shows a field named by its model field."""
    if not isinstance(entry, str):
        return entry
    field: Any = get_fields_from_path(model, entry)[-1]
    if isinstance(field, BooleanField):
        return entry, BooleanRadioFilter
    return entry, RelatedCheckboxFilter if field.is_relation else ChoicesCheckboxFilter


def empty_filter(title: str, *, empty: str, filled: str) -> type[admin.EmptyFieldListFilter]:
    """Return a filter by whether a field has a value, in words: `Abertos`, `Resolvidos`."""
    options = (ANY, ("1", empty), ("0", filled))

    class EmptyFilter(admin.EmptyFieldListFilter):
        template = "unfold/filters/filters_field.html"

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.title = title

        def choices(self, changelist: Any) -> Iterator[Any]:
            name, value = self.lookup_kwarg, self.lookup_val
            label = f"Por {title}"
            yield {
                "form": RadioForm(label=label, name=name, choices=options, data={name: value or ""})
            }

    return EmptyFilter


def options_of(spec: Any, changes: Any) -> Callable[[str], str]:
    """Return a function from a value of a shown filter to the words of its option."""
    if isinstance(spec, PeriodFilter):
        return spec.describe
    choices: list[dict[str, Any]] = list(spec.choices(changes))
    form = choices[0].get("form") if choices else None
    options = {
        str(value): str(label)
        for field in (form.fields.values() if form else ())
        for value, label in getattr(field, "choices", ())
    }
    return lambda value: options.get(value, value)
