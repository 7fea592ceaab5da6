"""The headers that the API's description tells of, each written once and referred to."""

from typing import Any, Final

from flowzz.core.api.errors import NotAcceptable, RateLimited, Unauthorized
from flowzz.core.api.idempotency.errors import CallInProgress
from flowzz.core.api.idempotency.handlers import REPLAYED_HEADER
from flowzz.core.api.idempotency.request_keys import HEADER

CONDITION: Final = "If-None-Match"

Schema = dict[str, Any]

_MEANINGS: Final = {
    "200": "Sucesso",
    "202": "Em andamento: acompanhe pelo `id`",
    "204": "Feito",
    "304": "Nada mudou desde o ETag enviado: use o que já tem; não há corpo",
}
_LIMITS: Final[Schema] = {
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
_OTHERS: Final[Schema] = {
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
_SUCCESSES: Final = {"200", "202"}
_UNCHANGED: Final = {"200", "304"}
_TOO_MANY: Final = str(RateLimited.status_code)
_CONFLICT: Final = str(CallInProgress.status_code)
_NOT_COUNTED: Final = {str(error.status_code) for error in (Unauthorized, NotAcceptable)}


def with_headers(result: Schema, **_: Any) -> Schema:
    """A postprocessing hook: says of every answer which headers it may have."""
    result["components"]["headers"] = _OTHERS | _LIMITS
    for call in (call for path in result["paths"].values() for call in path.values()):
        taken = {each["name"] for each in call.get("parameters", ())}
        if CONDITION in taken:
            call["responses"]["304"] = {"description": ""}
        for status, response in call["responses"].items():
            response["description"] = response["description"] or _MEANINGS.get(status, "")
            references = {
                name: {"$ref": f"#/components/headers/{name}"} for name in _names(status, taken)
            }
            response["headers"] = response.get("headers", {}) | references
    return result


def _names(status: str, taken: set[str]) -> list[str]:
    """The headers of an answer to a call that takes such parameters."""
    names = ["X-Request-ID"]
    if status not in _NOT_COUNTED:
        names += _LIMITS
    if status == _TOO_MANY or (status == _CONFLICT and HEADER in taken):
        names.append("Retry-After")
    if status in _SUCCESSES and HEADER in taken:
        names.append(REPLAYED_HEADER)
    if status in _UNCHANGED and CONDITION in taken:
        names.append("ETag")
    return names
