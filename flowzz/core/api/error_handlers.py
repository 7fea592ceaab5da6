"""Handlers that turn exceptions into the API's error responses."""

import sys
from collections.abc import Mapping
from math import ceil
from typing import Any, Final

import structlog
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions

from flowzz.core.api import errors
from flowzz.core.api.errors import (
    ApiError,
    NotFound,
    ServerError,
    Unauthorized,
    Unavailable,
    ValidationFailed,
)
from flowzz.core.db import failures
from flowzz.core.logging import current_request_id

log = structlog.stdlib.get_logger(__name__)

API_PATH = "/api/"

_CODES: Final = {"MIN_LENGTH": "TOO_SHORT", "MAX_LENGTH": "TOO_LONG", "EMPTY": "FILE_REFUSED"}
"""Our codes of details by those of Django, where they differ."""

_BY_STATUS: dict[int, type[ApiError]] = {
    error.status_code: error
    for error in (
        ValidationFailed,
        Unauthorized,
        errors.Forbidden,
        NotFound,
        errors.MethodNotAllowed,
        errors.NotAcceptable,
        errors.UnsupportedMediaType,
        errors.RateLimited,
    )
}


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> JsonResponse:
    """Return the response for any exception of an API view, and log unexpected ones.

    The response is JSON even if the view renders another format, such as YAML.
    """
    if failures.is_unavailable(exc):
        log.error("database_unavailable", cause=type(exc.__cause__ or exc).__name__)
        exc = Unavailable()
    error = _as_api_error(exc)
    if isinstance(error, ServerError):
        log.error("api_call_failed", exc_info=exc)
    return _response(error, _headers(exc, error))


@csrf_exempt
def not_found(request: HttpRequest) -> HttpResponse:
    """Respond to all URLs under `/api/` that don't exist."""
    return _response(NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500, for errors outside the API's views.

    Django calls it while it handles the exception.
    """
    if failures.is_unavailable(sys.exc_info()[1]):
        return unavailable(request)
    return _response(ServerError()) if _is_api(request) else defaults.server_error(request)


def unavailable(request: HttpRequest) -> HttpResponse:
    """Respond with 503 and Retry-After, in JSON or as a page."""
    error = Unavailable()
    headers = _headers(error, error)
    if _is_api(request):
        return _response(error, headers)
    page = loader.get_template("503.html").render()
    return HttpResponse(page, status=error.status_code, headers=headers)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    is_api = _is_api(request)
    return _response(NotFound()) if is_api else defaults.page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400, for requests refused before any view, such as an unknown host name."""
    error = ValidationFailed("A requisição não pôde ser lida. Confira endereço e corpo.")
    return _response(error) if _is_api(request) else defaults.bad_request(request, exception)


def _is_api(request: HttpRequest) -> bool:
    return f"{request.path}/".startswith(API_PATH)


def _response(error: ApiError, headers: Mapping[str, str] | None = None) -> JsonResponse:
    return JsonResponse(
        {
            "error": error.code,
            "message": error.message,
            "details": error.details,
            "requestId": current_request_id(),
        },
        status=error.status_code,
        headers=dict(headers or {}),
        json_dumps_params={"ensure_ascii": False},
    )


def _as_api_error(exc: Exception) -> ApiError:
    match exc:
        case ApiError():
            return exc
        case exceptions.ValidationError():
            return ValidationFailed(details=_flatten(exc.detail))
        case exceptions.ParseError():
            return ValidationFailed("O corpo não é um JSON válido.")
        case exceptions.Throttled():
            return errors.RateLimited(getattr(exc, "wait", None))
        case Http404():
            return NotFound()
        case PermissionDenied():
            return errors.Forbidden()
        case exceptions.APIException():
            return _BY_STATUS.get(exc.status_code, ServerError)()
        case _:
            return ServerError()


def _headers(exc: Exception, error: ApiError) -> dict[str, str]:
    if isinstance(error, Unauthorized):
        return {"WWW-Authenticate": 'Bearer realm="api"'}
    wait = getattr(exc, "wait", None)
    return {"Retry-After": str(max(1, ceil(wait)))} if wait else {}


def _flatten(detail: Any, field: str | None = None) -> list[errors.Detail]:
    """Flatten a serializer's errors; a nested field is named `outer.inner`."""
    if isinstance(detail, dict):
        return [
            flat
            for name, inner in detail.items()
            for flat in _flatten(inner, _qualified_name(field, str(name)))
        ]
    if isinstance(detail, list):
        return [flat for inner in detail for flat in _flatten(inner, field)]
    code = str(getattr(detail, "code", "")).upper()
    known = _CODES.get(code, code if code in errors.DETAIL_CODES else "INVALID")
    return [errors.make_detail(field, known, str(detail))]


def _qualified_name(outer: str | None, name: str) -> str | None:
    if name == "non_field_errors":
        return outer
    return f"{outer}.{name}" if outer else name
