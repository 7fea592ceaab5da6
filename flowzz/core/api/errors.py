"""The errors of the API."""

from typing import Final, Self

from rest_framework import exceptions

from flowzz.core.formatting import format_wait

MAX_BODY_BYTES = 64 * 1024
SOME_TIME = "alguns instantes"

Detail = dict[str, str | None]
"""`field`, `code` and `reason` of one problem."""

DETAIL_CODES: Final = {
    "BLANK": "O texto está vazio",
    "FILE_REFUSED": "O arquivo não pode ser lido; `reason` diz por quê",
    "INVALID": "O valor não tem a forma certa, ou não vale aqui",
    "INVALID_CHOICE": "O valor não é um dos possíveis",
    "INVALID_CURSOR": "O cursor está danificado, ou é de outra lista ou ordem",
    "NULL": "O valor não pode ser null",
    "PASSWORD_REFUSED": "A senha nova é fraca",
    "RANGE_REVERSED": "O começo vem depois do fim",
    "REPEATED": "O parâmetro ou campo veio mais de uma vez, e só um valor vale",
    "REQUIRED": "Falta um valor obrigatório",
    "TOO_LONG": "O texto, ou o intervalo, é longo demais",
    "TOO_SHORT": "O texto é curto demais",
    "UNKNOWN_FIELD": "A chamada não conhece este campo do corpo",
    "UNKNOWN_PARAMETER": "A chamada não conhece este parâmetro",
    "WRONG_PASSWORD": "A senha atual não é esta",
}
"""The codes of details, with what they say."""


def make_detail(field: str | None, code: str, reason: str) -> Detail:
    """`code` is one of DETAIL_CODES."""
    return {"field": field and _encodable(field), "code": code, "reason": _encodable(reason)}


def _encodable(text: str) -> str:
    """Return a text as UTF-8 can carry it: JSON may contain lone surrogates."""
    return text.encode(errors="replace").decode()


class ApiError(exceptions.APIException):
    """An error response of the API. `message` is Portuguese and contains no internals."""

    status_code: int
    code: str
    message: str

    def __init__(self, message: str = "", *, details: list[Detail] | None = None) -> None:
        self.message = message or self.message
        self.details = details
        super().__init__(self.message)


class ServerError(ApiError):
    """An unexpected error in our code."""

    status_code = 500
    code = "INTERNAL_SERVER_ERROR"
    message = "Erro interno. Tente novamente em alguns minutos."


class Unavailable(ApiError):
    """The database is down, locked or read-only."""

    status_code = 503
    code = "UNAVAILABLE"
    message = "Serviço indisponível por instantes. Aguarde e tente novamente."
    wait = 5
    """Seconds, for Retry-After."""


class ValidationFailed(ApiError):
    status_code = 400
    code = "VALIDATION_ERROR"
    message = "Há dados inválidos na requisição."

    @classmethod
    def of(cls, field: str | None, *reasons: str, code: str = "INVALID") -> Self:
        return cls(details=[make_detail(field, code, reason) for reason in reasons])


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
    template = "Muitas requisições em pouco tempo. Aguarde {} e tente novamente."
    message = template.format(SOME_TIME)

    def __init__(self, wait: float | None = None) -> None:
        """`wait` is in seconds, for the message and for Retry-After."""
        super().__init__(self.template.format(format_wait(wait)) if wait else "")
        self.wait = wait


class KeyReused(ApiError):
    status_code = 422
    code = "IDEMPOTENCY_KEY_REUSED"
    message = (
        "Esta Idempotency-Key já foi usada em outra requisição. "
        "Gere uma chave nova para cada ação do usuário."
    )


class CallInProgress(ApiError):
    """The first call with the key has no response yet."""

    status_code = 409
    code = "IDEMPOTENCY_IN_PROGRESS"
    message = (
        "A primeira chamada com esta Idempotency-Key ainda está em andamento. "
        "Aguarde e repita com a mesma chave."
    )
    wait = 2
    """Seconds, for Retry-After."""
