"""Headers in the API description, each defined once and referenced by the responses."""

from typing import Any, Final

from flowzz.core.api.errors import NotAcceptable, RateLimited, Unauthorized
from flowzz.core.api.idempotency.errors import CallInProgress
from flowzz.core.api.idempotency.handlers import REPLAYED_HEADER
from flowzz.core.api.idempotency.request_keys import HEADER

IF_NONE_MATCH: Final = "If-None-Match"

Schema = dict[str, Any]

_DESCRIPTIONS: Final = {
    "200": "Sucesso",
    "202": "Em andamento: acompanhe pelo `id`",
    "204": "Feito",
    "304": "Nada mudou desde o ETag enviado: use o que já tem; não há corpo",
}
_RATE_LIMIT_HEADERS: Final[Schema] = {
    "RateLimit-Limit": {
        "description": "Chamadas permitidas no limite que está mais perto do fim",
        "schema": {"type": "integer"},
        "example": 1000,
    },
    "RateLimit-Remaining": {
        "description": "Quantas restam nele",
        "schema": {"type": "integer"},
        "example": 987,
    },
    "RateLimit-Reset": {
        "description": "Segundos até que parte delas volte",
        "schema": {"type": "integer"},
        "example": 1800,
    },
    "RateLimit-Policy": {
        "description": "Todos os limites desta chamada, e a janela de cada um em segundos",
        "schema": {"type": "string"},
        "example": "1000;w=3600, 10;w=3600",
    },
}
_OTHER_HEADERS: Final[Schema] = {
    "X-Request-ID": {
        "description": "Identifica a chamada nos registros; informe-o ao suporte",
        "schema": {"type": "string"},
        "example": "82a6b9e521da401fbea49dd05c659e22",
    },
    "Retry-After": {
        "description": "Segundos a esperar antes de tentar de novo",
        "schema": {"type": "integer"},
        "example": 30,
    },
    "ETag": {
        "description": "A versão desta resposta, para If-None-Match",
        "schema": {"type": "string"},
        "example": 'W/"52eea11927cd35d677d3cfb793cab238"',
    },
    REPLAYED_HEADER: {
        "description": "`true`: a resposta já dada a esta Idempotency-Key; nada foi feito de novo",
        "schema": {"type": "string", "enum": ["true"]},
        "example": "true",
    },
}
_WITH_REPLAYS: Final = {"200", "202"}
_WITH_ETAG: Final = {"200", "304"}
_RATE_LIMITED: Final = str(RateLimited.status_code)
_IN_PROGRESS: Final = str(CallInProgress.status_code)
_NOT_COUNTED: Final = {str(error.status_code) for error in (Unauthorized, NotAcceptable)}


def add_headers(result: Schema, **_: Any) -> Schema:
    """Add the headers of every response (postprocessing hook)."""
    result["components"]["headers"] = _OTHER_HEADERS | _RATE_LIMIT_HEADERS
    operations = [operation for path in result["paths"].values() for operation in path.values()]
    for operation in operations:
        parameters = {parameter["name"] for parameter in operation.get("parameters", ())}
        if IF_NONE_MATCH in parameters:
            operation["responses"]["304"] = {"description": ""}
        for status, response in operation["responses"].items():
            response["description"] = response["description"] or _DESCRIPTIONS.get(status, "")
            names = _header_names(status, parameters)
            references = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
            response["headers"] = response.get("headers", {}) | references
    return result


def _header_names(status: str, parameters: set[str]) -> list[str]:
    """Return the headers of a response with a status to a call with such parameters."""
    names = ["X-Request-ID"]
    if status not in _NOT_COUNTED:
        names += _RATE_LIMIT_HEADERS
    if status == _RATE_LIMITED or (status == _IN_PROGRESS and HEADER in parameters):
        names.append("Retry-After")
    if status in _WITH_REPLAYS and HEADER in parameters:
        names.append(REPLAYED_HEADER)
    if status in _WITH_ETAG and IF_NONE_MATCH in parameters:
        names.append("ETag")
    return names
