"""The filters that a list's URL sets, in words: each can be removed alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Model
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest, QueryDict
from django.utils.dateparse import parse_datetime

from flowzz.backoffice.display import short_datetime
from flowzz.backoffice.lists.filter_fields import options_of

if TYPE_CHECKING:
    from flowzz.backoffice.base_admin import BaseAdmin

NOT_FILTERS = {"q", "o", "p", "e", "all", "_facets", "_popup", "_to_field"}
"""Parameters of a list that leave its rows unfiltered, or filter by the search field."""
BOUNDS = {"from": "desde {}", "gte": "desde {}", "to": "até {}", "lt": "antes de {}"}


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    label: str
    value: str
    removal: str
    """The list's URL without this value."""


def active_filters(changes: ChangeList, request: HttpRequest) -> list[ActiveFilter]:
    """Return an entry for each value; costs a statement for each related row named by id."""
    query, page = request.GET, cast("BaseAdmin[Any]", changes.model_admin)
    return [
        ActiveFilter(*words, _without(query, name, value))
        for name, values in query.lists()
        if name not in NOT_FILTERS
        for value in values
        if value
        for words in [page.describe_lookup(request, name, value) or _words(changes, name, value)]
    ]


def filter_names(changes: ChangeList, request: HttpRequest) -> list[str]:
    """Return the names of the filters without their values, which may be personal data."""
    names = {active.label for active in active_filters(changes, request)}
    return sorted(names | {"busca"} if changes.query else names)


def filters_only(query: QueryDict) -> QueryDict:
    """Return the parameters without page, search text and empty fields."""
    kept = QueryDict(mutable=True)
    for name, values in query.lists():
        if (filled := list(filter(None, values))) and (name == "o" or name not in NOT_FILTERS):
            kept.setlist(name, filled)
    return kept


def _without(query: QueryDict, name: str, value: str) -> str:
    rest = query.copy()
    rest.pop("p", None)
    rest.setlist(name, [other for other in query.getlist(name) if other != value])
    return f"?{rest.urlencode()}"


def _words(changes: ChangeList, name: str, value: str) -> tuple[str, str]:
    spec = next((spec for spec in changes.filter_specs if name in spec.expected_parameters()), None)
    bound = BOUNDS.get(name.rpartition("_")[2], "{}")
    if spec:
        return str(spec.title), bound.format(options_of(spec, changes)(value))
    label, related = _linked_field(changes.model, name)
    return label, bound.format(_related_label(related, value) if related else _time(value))


def _linked_field(model: type[Model], name: str) -> tuple[str, type[Model] | None]:
    """Return the name of a lookup's field, and the model whose row it names by its id."""
    path = name.rpartition(LOOKUP_SEP)[0] or name
    try:
        fields: list[Any] = get_fields_from_path(model, path)
    except FieldDoesNotExist:
        return name, None
    *_, relation = [field for field in fields if field.is_relation] or [None]
    if relation is not None and (fields[-1] is relation or fields[-1].primary_key):
        return str(relation.verbose_name), relation.related_model
    return str(getattr(fields[-1], "verbose_name", name)), None


def _related_label(model: type[Model], value: str) -> str:
    try:
        return str(model._default_manager.filter(pk=value).first() or value)
    except (ValidationError, ValueError):
        return value


def _time(value: str) -> str:
    try:
        time = parse_datetime(value)
    except ValueError:
        return value
    return short_datetime(time) if time and time.tzinfo else value
