"""The API description: operations with their envelopes, errors and examples."""

import json
import re
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, Final, TypeVar, cast

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers

from flowzz.core.api.errors import (
    DETAIL_CODES,
    ApiError,
    BodyTooLarge,
    CallInProgress,
    Forbidden,
    KeyReused,
    NotAcceptable,
    RateLimited,
    ServerError,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
    ValidationFailed,
    make_detail,
)
from flowzz.core.api.idempotency.handlers import HEADER
from flowzz.core.api.known_inputs import Body, filters_of, list_parameters, refuse_unknown
from flowzz.core.api.schema.headers import IF_NONE_MATCH, REQUEST_ID_EXAMPLE
from flowzz.core.api.views import FIELDS_PARAMETER

ETAG_PARAMETER = OpenApiParameter(
    IF_NONE_MATCH, str, "header", description="O ETag que já tem; sem mudança, 304 sem corpo"
)
IDEMPOTENCY_PARAMETER = OpenApiParameter(
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    "header",
    description="Um UUID novo para cada ação do usuário, o mesmo em cada nova tentativa dela: a "
    "ação é feita uma vez, e a resposta é repetida por 24 horas",
)

F = TypeVar("F", bound=Callable[..., Any] | type)
Endpoint = tuple[str, str, str, Any]


class Schema(AutoSchema):
    """Omits docstrings, which are in English and for readers of the code."""

    def get_description(self) -> str:  # type: ignore[override]  # as the generator calls it
        return ""

    def get_operation_id(self) -> str:
        """Return the path and what is done: `sales_list`, `sales_import_confirm`, `me_get`."""
        path = re.sub(r"\{\w+\}", "", self.path.removeprefix("/api/v1/")).replace("-", "_")
        action = getattr(self.view, "action", "")
        suffix = _SUFFIXES.get(action) or _SUFFIX_BY_METHOD.get(self.method, "")
        return "_".join([*filter(None, path.split("/")), *([suffix] if suffix else [])])


_SUFFIXES: Final = {"list": "list", "retrieve": "get", "create": "create", "destroy": "delete"}
_SUFFIX_BY_METHOD: Final = {"GET": "get", "PATCH": "update", "DELETE": "delete"}


class ErrorDetailSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(allow_null=True, help_text="null: a requisição como um todo")
    code = serializers.ChoiceField(list(DETAIL_CODES), help_text="Estável, para programas")
    reason = serializers.CharField(help_text="Para pessoas, em português")


class ErrorAnswerSerializer(serializers.Serializer[Any]):
    error = serializers.CharField(help_text="Código estável, para programas")
    message = serializers.CharField(help_text="Para pessoas, em português")
    details = ErrorDetailSerializer(many=True, allow_null=True)
    requestId = serializers.CharField(help_text="Como em X-Request-ID; informe-o ao suporte")


def operation(
    tag: str,
    summary: str,
    data: type[serializers.BaseSerializer[Any]],
    *errors: type[ApiError],
    accepted: type[serializers.BaseSerializer[Any]] | None = None,
    **more: Any,
) -> Callable[[F], F]:
    """Describe an operation: its data in the envelope, and its errors beside the common ones.

    `accepted` is the data of a 202 response; with `filters=True` the view's filters apply.
    Parameters and fields without a description are refused.
    """
    responses: dict[int, Any] = {200: _envelope(data)}
    if accepted:
        responses[202] = _envelope(accepted)
    if isinstance(more.get("request"), type):
        errors += (BodyTooLarge, UnsupportedMediaType)

    def describe(handler: F) -> F:
        all_errors, parameters = errors, list(more.pop("parameters", ()))
        query = set(_query_names(parameters))
        if hasattr(handler, "is_idempotent"):
            all_errors += (CallInProgress, KeyReused, Forbidden)
            parameters.append(IDEMPOTENCY_PARAMETER)
        schema = extend_schema(
            tags=[tag],
            summary=summary,
            responses=responses | error_responses(*all_errors),
            parameters=parameters,
            **more,
        )
        has_filters = more.get("filters", False)
        strict = refuse_unknown(
            lambda view: query.union(filters_of(view) if has_filters else ()),
            _body(more.get("request")),
        )
        return cast("F", schema(strict(handler)))

    return describe


def listing(
    tag: str,
    summary: str,
    item: type[serializers.BaseSerializer[Any]],
    *errors: type[ApiError],
    has_etag: bool = True,
) -> Callable[[F], F]:
    """Describe an operation that returns pages."""
    schema = extend_schema(
        tags=[tag],
        summary=summary,
        responses={200: item(many=True)} | error_responses(*errors),
        parameters=[FIELDS_PARAMETER, *([ETAG_PARAMETER] if has_etag else [])],
    )
    strict = refuse_unknown(lambda view: {FIELDS_PARAMETER.name, *list_parameters(view)})

    def describe(handler: F) -> F:
        return cast("F", schema(strict(handler)))

    return describe


def _query_names(parameters: list[Any]) -> Iterator[str]:
    """Yield the names of query parameters, given singly or as a serializer's fields."""
    for parameter in parameters:
        if not isinstance(parameter, OpenApiParameter):
            yield from parameter().fields
        elif parameter.location == OpenApiParameter.QUERY:
            yield parameter.name


def _body(request: Body | dict[str, Body] | None) -> Body | None:
    """Return the serializer of a request: given as such, or by media type."""
    return next(iter(request.values())) if isinstance(request, dict) else request


def error_responses(*errors: type[ApiError]) -> dict[int, Any]:
    """Return the responses of errors by status, those of all operations included."""
    common_errors = (
        ValidationFailed,
        Unauthorized,
        NotAcceptable,
        RateLimited,
        ServerError,
        Unavailable,
    )
    all_errors: set[type[ApiError]] = {*errors, *common_errors}
    by_status: dict[int, list[type[ApiError]]] = {}
    for error in sorted(all_errors, key=attrgetter("status_code", "code")):
        by_status.setdefault(error.status_code, []).append(error)
    return {
        status: OpenApiResponse(
            ErrorAnswerSerializer,
            description=" · ".join(error.code for error in group),
            examples=[_example(error) for error in group],
        )
        for status, group in by_status.items()
    }


def shorten_enum_names(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Name closed sets of values by what they are of, without `Enum` (postprocessing hook)."""
    schemas = result["components"]["schemas"]
    names = {name: name.removesuffix("Enum") for name in schemas if name.endswith("Enum")}
    names |= {name: f"{new}Code" for name, new in names.items() if new in schemas}
    text = json.dumps(result)
    for old, new in names.items():
        text = text.replace(f'schemas/{old}"', f'schemas/{new}"')
    renamed: dict[str, Any] = json.loads(text)
    components = renamed["components"]
    components["schemas"] = {
        names.get(name, name): schema for name, schema in components["schemas"].items()
    }
    return renamed


def strip_trailing_slashes(endpoints: list[Endpoint], **_: Any) -> list[Endpoint]:
    """Describe URLs without their optional trailing slash (preprocessing hook)."""
    return [(path.rstrip("/"), *rest) for path, *rest in endpoints]


def remove_docstrings(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Remove the docstrings of serializers (postprocessing hook)."""
    for schema in result["components"]["schemas"].values():
        if schema.get("type") == "object":
            schema.pop("description", None)
    return result


_envelopes: dict[str, serializers.Serializer[Any]] = {}
"""One class per name: the generator reports two classes with the same name as a conflict."""


def _envelope(data: type[serializers.BaseSerializer[Any]]) -> serializers.Serializer[Any]:
    name = data.__name__.removesuffix("Serializer") + "Answer"
    if name not in _envelopes:
        fields = {
            "success": serializers.BooleanField(),
            "data": data(),
            "message": serializers.CharField(allow_blank=True),
        }
        _envelopes[name] = inline_serializer(name, fields)
    return _envelopes[name]


def _example(error: type[ApiError]) -> OpenApiExample:
    details = None
    if error is ValidationFailed:
        details = [make_detail("campo", "REQUIRED", "Este campo é obrigatório.")]
    return OpenApiExample(
        error.code,
        value={
            "error": error.code,
            "message": error.message,
            "details": details,
            "requestId": REQUEST_ID_EXAMPLE,
        },
        response_only=True,
        status_codes=[str(error.status_code)],
    )
