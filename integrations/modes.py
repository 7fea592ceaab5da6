"""The mode in effect: synced by the provider's API as well, or webhooks and files only.

Staff can switch a provider's API off for everybody: the mode is then computed, and no row changes.
"""

from django.db.models import Case, F, Q, Value, When

from integrations.models import Integration, IntegrationMode, IntegrationStatus
from integrations.runtime_settings import API_ENABLED

NOTE = (
    "As vendas chegam pelos webhooks: cole o endereço de webhook desta página em cada postback do "
    "{label}. As vendas de antes disso entram por um arquivo exportado do painel do {label}, em "
    "Importar vendas."
)
"""What webhook mode means, for the seller."""


def is_api_enabled(provider: str) -> bool:
    setting = API_ENABLED.get(provider)
    return setting is None or setting.value()


def uses_api(integration: Integration) -> bool:
    """Return whether the integration's sales are synced by the provider's API."""
    return effective_mode(integration) == IntegrationMode.API


def is_synced(integration: Integration) -> bool:
    """Return whether the integration's sales are synced now: it is connected and not paused."""
    return integration.is_connected and not integration.is_paused and uses_api(integration)


def effective_mode(integration: Integration) -> IntegrationMode:
    if not is_api_enabled(integration.provider):
        return IntegrationMode.WEBHOOK
    return IntegrationMode(integration.mode)


def effective_status(integration: Integration) -> IntegrationStatus:
    """Return the status to show: a refused key is no error in webhook mode."""
    status = IntegrationStatus(integration.status)
    if status == IntegrationStatus.ERROR and not uses_api(integration):
        return IntegrationStatus.CONNECTED
    return status


def inactive_note(integration: Integration) -> str:
    """Say that nothing comes in, or that it waits: `desconectada`, `pausada`, or an empty text."""
    if integration.status == IntegrationStatus.DISCONNECTED:
        return "desconectada"
    return "pausada" if integration.is_paused else ""


def in_api_mode() -> Q:
    """Match the integrations for which `uses_api` is true."""
    return Q(mode=IntegrationMode.API) & ~switched_off()


def switched_off() -> Q:
    """Match the integrations with a provider whose API is switched off for everybody."""
    return Q(provider__in=[name for name in API_ENABLED if not is_api_enabled(name)])


def effective_status_field() -> Case:
    """Return `effective_status` as an expression."""
    shown_as_connected = ~in_api_mode() & Q(status=IntegrationStatus.ERROR)
    return Case(
        When(shown_as_connected, then=Value(IntegrationStatus.CONNECTED)), default=F("status")
    )
