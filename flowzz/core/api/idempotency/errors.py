"""Errors of calls with an `Idempotency-Key`."""

from flowzz.core.api.errors import ApiError


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
