"""Headers in the API description, each defined once and referenced by the responses."""

from typing import Any, Final

from flowzz.core.api.idempotency.handlers import HEADER, REPLAYED_HEADER

IF_NONE_MATCH: Final = "If-None-Match"
REQUEST_ID_EXAMPLE: Final = "82a6b9e521da401fbea49dd05c659e22"

Schema = dict[str, Any]

_DESCRIPTIONS: Final = {
    "200": "Sucesso",
    "202": "Em andamento: acompanhe pelo `id`",
    "204": "Feito",
    "304": "Nada mudou desde o ETag enviado: use o que já tem; não há corpo",
}


def _header(description: str, example: object, **schema: object) -> Schema:
    type_ = "integer" if isinstance(example, int) else "string"
    return {"description": description, "schema": {"type": type_, **schema}, "example": example}


_RATE_LIMIT_HEADERS: Final[Schema] = {
    "RateLimit-Limit": _header("Chamadas permitidas no limite que está mais perto do fim", 1000),
    "RateLimit-Remaining": _header("Quantas restam nele", 987),
    "RateLimit-Reset": _header("Segundos até que parte delas volte", 1800),
    "RateLimit-Policy": _header(
        "Todos os limites desta chamada, e a janela de cada um em segundos",
        "1000;w=3600, 10;w=3600",
    ),
}
_OTHER_HEADERS: Final[Schema] = {
    "X-Request-ID": _header(
        "Identifica a chamada nos registros; informe-o ao suporte", REQUEST_ID_EXAMPLE
    ),
    "Retry-After": _header("Segundos a esperar antes de tentar de novo", 30),
    "ETag": _header(
        "A versão desta resposta, para If-None-Match", 'W/"52eea11927cd35d677d3cfb793cab238"'
    ),
    REPLAYED_HEADER: _header(
        "`true`: a resposta já dada a esta Idempotency-Key; nada foi feito de novo",
        "true",
        enum=["true"],
    ),
}
_NOT_COUNTED: Final = ("401", "406")


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
    if status == "429" or (status == "409" and HEADER in parameters):
        names.append("Retry-After")
    if status in ("200", "202") and HEADER in parameters:
        names.append(REPLAYED_HEADER)
    if status in ("200", "304") and IF_NONE_MATCH in parameters:
        names.append("ETag")
    return names
