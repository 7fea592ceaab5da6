"""Refuses inputs that a call would ignore: unknown parameters and fields, and repeated ones.

A misspelt filter must not return all rows.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import wraps
from operator import attrgetter
from typing import Any, Final

from django.utils.datastructures import MultiValueDict
from django_filters import MultipleChoiceFilter
from rest_framework import serializers
from rest_framework.request import Request

from flowzz.core.api.errors import ValidationFailed, make_detail

CACHE_BUSTER: Final = "_"
MAX_DETAILS: Final = 20
MAX_NAME: Final = 100
"""Characters of an unknown name that the error repeats."""

Handler = Callable[..., Any]
Body = type[serializers.BaseSerializer[Any]]


def refuse_unknown(
    parameters: Callable[[Any], Iterable[str]], body: Body | None = None
) -> Callable[[Handler], Handler]:
    """Refuse what a handler does not read: `parameters` returns the names that its view knows.

    A body is checked for methods that have one; without `body` it has to be empty.
    """

    def decorate(handler: Handler) -> Handler:
        read: Callable[[Request], Any] = getattr(handler, "read", attrgetter("data"))

        @wraps(handler)
        def strict(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
            known = {*parameters(view), CACHE_BUSTER}
            _check(request.query_params, known, "UNKNOWN_PARAMETER", "Parâmetro desconhecido")
            _check_repeated(request.query_params, {*_multiple_filters(view), CACHE_BUSTER})
            if request.method in ("POST", "PUT", "PATCH"):
                data = read(request)
                _check(data, _field_names(body), "UNKNOWN_FIELD", "Campo desconhecido")
                if isinstance(data, MultiValueDict):
                    _check_repeated(data)
            return handler(view, request, *args, **kwargs)

        return strict

    return decorate


def list_parameters(view: Any) -> set[str]:
    """Return the filters and the page's parameters of a generic view."""
    page = view.paginator.get_schema_operation_parameters(view)
    return {*filters_of(view), *(entry["name"] for entry in page)}


def filters_of(view: Any) -> Mapping[str, Any]:
    """Return the filters of a generic view by name."""
    filters = getattr(view, "filterset_class", None)
    return filters.base_filters if filters else {}


def refuse_repeated(names: Iterable[str]) -> None:
    """Raise ValidationFailed with these names, if there are any."""
    reason = "Veio mais de uma vez. Envie um valor só."
    if details := [make_detail(name[:MAX_NAME], "REPEATED", reason) for name in names]:
        raise ValidationFailed(details=details[:MAX_DETAILS])


def _multiple_filters(view: Any) -> Iterator[str]:
    filters = filters_of(view).items()
    return (name for name, filter_ in filters if isinstance(filter_, MultipleChoiceFilter))


def _field_names(body: Body | None) -> set[str]:
    fields = getattr(body(), "fields", {}) if body else {}
    hidden = serializers.HiddenField
    return {name for name, field in fields.items() if not isinstance(field, hidden)}


def _check(names: Iterable[str], known: Collection[str], code: str, problem: str) -> None:
    """Raises ValidationFailed."""
    unknown = [name[:MAX_NAME] for name in names if name not in known]
    if unknown:
        accepted = ", ".join(sorted(set(known) - {CACHE_BUSTER}))
        reason = f"{problem}. {f'Aceitos: {accepted}' if accepted else 'Nenhum é aceito aqui'}."
        details = [make_detail(name, code, reason) for name in unknown]
        raise ValidationFailed(details=details[:MAX_DETAILS])


def _check_repeated(values: MultiValueDict[str, Any], allowed: Collection[str] = ()) -> None:
    """Raises ValidationFailed."""
    refuse_repeated(
        name for name, several in values.lists() if len(several) > 1 and name not in allowed
    )
