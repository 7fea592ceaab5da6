"""The errors of a provider's connection, under the provider's name."""

from flowzz.core.api.errors import ApiError
from integrations.providers.coinzz import COINZZ, CoinzzProvider

_CODE = COINZZ.upper()
_LABEL = CoinzzProvider.label


class ConnectionFailed(ApiError):
    """The provider refused the key, or could not be reached; the message says which."""

    status_code = 400
    code = f"{_CODE}_CONNECTION_FAILED"
    message = f"API key inválida. Verifique nas configurações do {_LABEL}."


class NotConnected(ApiError):
    status_code = 400
    code = f"{_CODE}_NOT_CONNECTED"
    message = f"Integração {_LABEL} não está conectada"


class IntegrationNotFound(ApiError):
    status_code = 404
    code = f"{_CODE}_NOT_FOUND"
    message = f"Integração {_LABEL} não encontrada"


class SyncInProgress(ApiError):
    status_code = 409
    code = "SYNC_IN_PROGRESS"
    message = "Já há uma sincronização em andamento. Aguarde o fim dela."
