"""Caches for values that django-unfold computes repeatedly per page.

Leans on private parts of django-unfold; `tests/flowzz/backoffice/test_unfold_patches.py` fails if
an upgrade changes them.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib.admin.helpers import AdminReadonlyField
from django.contrib.admin.views.main import ChangeList
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold import forms
from unfold.templatetags import unfold_list

from flowzz.backoffice.display import NOTHING

if TYPE_CHECKING:  # unfold has no types

    class UnfoldField(AdminReadonlyField):
        def _resolve_field(self) -> Any: ...

else:
    from unfold.fields import UnfoldAdminReadonlyField as UnfoldField

result_headers = unfold_list.result_headers
LONG = 20_000
"""Characters of HTML that cannot be tags alone; to remove the tags of a body takes 0.1 s."""


def install() -> None:
    unfold_list.result_headers = cached_headers
    forms.UnfoldAdminReadonlyField = CachedReadonlyField


def cached_headers(changes: ChangeList) -> list[dict[str, Any]]:
    """Return a list's headers; unfold computes them per row, a fifth of a list's time."""
    cache = vars(changes)
    if "headers" not in cache:
        cache["headers"] = list(result_headers(changes))
    headers: list[dict[str, Any]] = cache["headers"]
    return headers


class CachedReadonlyField(UnfoldField):
    """A read-only value of a row's page; unfold computes each five times, queries included."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.field["label"] = capfirst(str(self.field["label"]))  # a phone shows it as it is

    @cached_property
    def cached_contents(self) -> SafeString:
        return super().contents()

    def contents(self) -> SafeString:
        return self.cached_contents

    @property
    def is_filled(self) -> bool:
        """Whether there is anything to read."""
        contents = self.contents()
        if len(contents) > LONG:
            return True
        return strip_tags(contents).strip() not in ("", "None", NOTHING)

    def _resolve_field(self) -> Any:
        """Resolve model fields only: unfold needs their type, and would call our methods."""
        names = {field.name for field in self.form.instance._meta.fields}
        return self.field["field"] in names and super()._resolve_field()
