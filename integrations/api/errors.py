"""Errors of the API about a provider: their codes and messages contain the provider's name."""

from flowzz.core.api.errors import ApiError
from integrations.providers.contracts import Provider
from integrations.providers.errors import (
    CircuitOpen,
    EndpointMissing,
    KeyRefused,
    ProviderUnavailable,
    UnexpectedResponse,
)

NAME = "PROVIDER"
"""Stands for the provider's name in capitals."""
LABEL = "{label}"

CONNECTION_ERRORS = (
    KeyRefused,
    UnexpectedResponse,
    EndpointMissing,
    ProviderUnavailable,
    CircuitOpen,
)
"""Failures that the seller can act on. Any other failure of a run is an internal error."""


class ProviderError(ApiError):
    """`code` and `message` are templates, which an instance fills in for its provider."""

    def __init__(self, provider: Provider, message: str = "") -> None:
        super().__init__(message or for_provider(self.message, provider))
        self.code = for_provider(self.code, provider)


class ConnectionFailed(ProviderError):
    """The provider refused the key or could not be reached; the message says which."""

    status_code = 400
    code = f"{NAME}_CONNECTION_FAILED"
    message = f"API key inválida. Verifique nas configurações do {LABEL}."


WEBHOOKS_PROPOSED = (
    "Você também pode conectar sem a chave, só por webhooks: as vendas novas chegam na hora, e as "
    "antigas entram por um arquivo."
)
"""Added to the message of a key test that found no API."""


class NotConnected(ProviderError):
    status_code = 400
    code = f"{NAME}_NOT_CONNECTED"
    message = f"Integração {LABEL} não está conectada"


class IntegrationNotFound(ProviderError):
    status_code = 404
    code = f"{NAME}_NOT_FOUND"
    message = f"Integração {LABEL} não encontrada"


class ConnectInProgress(ApiError):
    """Another key of the user is being tested."""

    status_code = 429
    code = "CONNECT_IN_PROGRESS"
    message = "Outra conexão está em teste. Aguarde alguns segundos e tente de novo."
    wait = 15
    """Seconds, for Retry-After."""


class SyncInProgress(ApiError):
    status_code = 409
    code = "SYNC_IN_PROGRESS"
    message = "Já há uma sincronização em andamento. Aguarde o fim dela."


class SyncNotAvailable(ApiError):
    """The integration is in webhook mode."""

    status_code = 409
    code = "SYNC_NOT_AVAILABLE"
    message = (
        "Sua integração recebe as vendas só por webhooks: não há o que sincronizar. "
        "Para trazer vendas antigas, importe um arquivo."
    )


def for_provider(template: str, provider: Provider) -> str:
    """Fill in a provider's name and label."""
    return template.replace(NAME, provider.name.upper()).replace(LABEL, provider.label)
