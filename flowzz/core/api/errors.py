"""What all answers of the API have in common: the envelope, the errors, the body."""

from collections.abc import Mapping
from math import ceil
from typing import IO, Any, ClassVar

import structlog
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, parsers
from rest_framework.response import Response
from rest_framework.utils import json

log = structlog.stdlib.get_logger(__name__)

API_PATH = "/api/"
MAX_BODY_BYTES = 64 * 1024

Detail = dict[str, str | None]


def success(data: Any, message: str = "", *, status: int = 200) -> Response:
    """A success in its envelope."""
    return Response({"success": True, "data": data, "message": message}, status=status)


class ApiError(exceptions.APIException):
    """An error as the API tells it; `message` is Portuguese and safe to show."""

    status_code: int
    code: ClassVar[str]
    message: str

    def __init__(self, message: str = "", *, details: list[Detail] | None = None) -> None:
        self.message = message or self.message
        self.details = details
        super().__init__(self.message)


class ServerError(ApiError):
    """A fault of ours, told without its internals."""

    status_code = 500
    code = "INTERNAL_SERVER_ERROR"
    message = "Erro interno. Tente novamente em alguns minutos."


class ValidationFailed(ApiError):
    status_code = 400
    code = "VALIDATION_ERROR"
    message = "Há dados inválidos na requisição."


class Unauthorized(ApiError):
    status_code = 401
    code = "UNAUTHORIZED"
    message = "Token de acesso ausente, inválido ou expirado."


class Forbidden(ApiError):
    status_code = 403
    code = "FORBIDDEN"
    message = "Você não tem permissão para isto."


class NotFound(ApiError):
    status_code = 404
    code = "NOT_FOUND"
    message = "Não encontrado."


class MethodNotAllowed(ApiError):
    status_code = 405
    code = "METHOD_NOT_ALLOWED"
    message = "Este endereço não aceita este método."


class NotAcceptable(ApiError):
    status_code = 406
    code = "NOT_ACCEPTABLE"
    message = "A API responde somente em JSON."


class BodyTooLarge(ApiError):
    status_code = 413
    code = "PAYLOAD_TOO_LARGE"
    message = f"O corpo passa do limite de {MAX_BODY_BYTES // 1024} KiB."


class UnsupportedMediaType(ApiError):
    status_code = 415
    code = "UNSUPPORTED_MEDIA_TYPE"
    message = "Envie o corpo em JSON (Content-Type: application/json)."


class RateLimited(ApiError):
    status_code = 429
    code = "RATE_LIMITED"
    message = "Muitas requisições em pouco tempo. Aguarde e tente novamente."


_BY_STATUS: dict[int, type[ApiError]] = {
    error.status_code: error
    for error in (
        ValidationFailed,
        Unauthorized,
        Forbidden,
        NotFound,
        MethodNotAllowed,
        NotAcceptable,
        UnsupportedMediaType,
        RateLimited,
    )
}


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> JsonResponse:
    """Tell any exception as an error of the API; what nobody expected is logged.

    In JSON whatever the view itself answers, such as YAML or a page.
    """
    error = _as_api_error(exc)
    if isinstance(error, ServerError):
        log.error("api_fault", exc_info=exc)
    return _json(error, _headers(exc, error))


@csrf_exempt
def not_found(request: HttpRequest) -> HttpResponse:
    """The view of all addresses that the API doesn't have."""
    return _json(NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500, for what fails outside of the API's views."""
    return _json(ServerError()) if _is_api(request) else defaults.server_error(request)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return _json(NotFound()) if _is_api(request) else defaults.page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400, for what it refuses before any view, such as another host's name."""
    if _is_api(request):
        return _json(ValidationFailed("A requisição não pôde ser lida. Confira endereço e corpo."))
    return defaults.bad_request(request, exception)


def _is_api(request: HttpRequest) -> bool:
    return f"{request.path}/".startswith(API_PATH)


def _json(error: ApiError, headers: Mapping[str, str] | None = None) -> JsonResponse:
    return JsonResponse(
        _body(error),
        status=error.status_code,
        headers=dict(headers or {}),
        json_dumps_params={"ensure_ascii": False},
    )


def _body(error: ApiError) -> dict[str, Any]:
    return {"error": error.code, "message": error.message, "details": error.details}


def _as_api_error(exc: Exception) -> ApiError:
    match exc:
        case ApiError():
            return exc
        case exceptions.ValidationError():
            return ValidationFailed(details=_details(exc.detail))
        case exceptions.ParseError():
            return ValidationFailed("O corpo não é um JSON válido.")
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return Unauthorized()
        case Http404():
            return NotFound()
        case PermissionDenied():
            return Forbidden()
        case exceptions.APIException():
            return _BY_STATUS.get(exc.status_code, ServerError)()
        case _:
            return ServerError()


def _headers(exc: Exception, error: ApiError) -> dict[str, str]:
    if isinstance(error, Unauthorized):
        return {"WWW-Authenticate": 'Bearer realm="api"'}
    wait = getattr(exc, "wait", None)
    return {"Retry-After": str(max(1, ceil(wait)))} if wait else {}


def _details(detail: Any, field: str | None = None) -> list[Detail]:
    """Flatten what a serializer says; a nested field is written `outer.inner`."""
    if isinstance(detail, dict):
        return [
            told
            for name, inner in detail.items()
            for told in _details(inner, _joined(field, str(name)))
        ]
    if isinstance(detail, list):
        return [told for inner in detail for told in _details(inner, field)]
    return [{"field": field, "reason": str(detail)}]


def _joined(outer: str | None, name: str) -> str | None:
    if name == "non_field_errors":
        return outer
    return f"{outer}.{name}" if outer else name


class JSONParser(parsers.BaseParser):
    """A JSON object of a bounded size and depth."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        if _announced(parser_context) > MAX_BODY_BYTES:  # what is far too long isn't even read
            raise BodyTooLarge
        body = stream.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
        try:
            data = json.loads(body.decode())
        except (ValueError, RecursionError):
            raise exceptions.ParseError from None
        if not isinstance(data, dict):
            reason = "O corpo deve ser um objeto JSON, como {}."
            raise ValidationFailed(details=[{"field": None, "reason": reason}])
        return data


def _announced(parser_context: Mapping[str, Any] | None) -> int:
    """How long a request says its body is."""
    request = (parser_context or {}).get("request")
    return int(request.META.get("CONTENT_LENGTH") or 0) if request else 0
