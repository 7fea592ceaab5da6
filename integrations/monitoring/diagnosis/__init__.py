"""The guided check of one integration: facts → findings, each with a light and a next step."""

from collections.abc import Callable

from integrations.monitoring.diagnosis import api_checks, inbound_checks
from integrations.monitoring.diagnosis.facts import Facts, Finding

CHECKS: dict[str, tuple[str, Callable[[Facts], Finding]]] = {
    "chave": ("Chave de API", api_checks.key),
    "api": ("Resposta da API", api_checks.api),
    "webhooks": ("Webhooks", inbound_checks.webhook),
    "fila": ("Fila de eventos", inbound_checks.queue),
    "sincronizacao": ("Última sincronização", inbound_checks.sync),
    "relogios": ("Relógios", api_checks.clock),
}
"""By a name for addresses and ids: the title and the check, in the order of the page."""
