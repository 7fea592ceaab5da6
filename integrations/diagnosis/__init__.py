"""The guided check of one integration: facts → findings, each with a light and a next step."""

from collections.abc import Callable

from integrations.diagnosis import answers, arrivals
from integrations.diagnosis.facts import Facts, Finding

CHECKS: dict[str, tuple[str, Callable[[Facts], Finding]]] = {
    "chave": ("Chave de API", answers.key),
    "api": ("Resposta da API", answers.api),
    "webhooks": ("Webhooks", arrivals.webhook),
    "fila": ("Fila de eventos", arrivals.queue),
    "sincronizacao": ("Última sincronização", arrivals.sync),
    "relogios": ("Relógios", answers.clock),
}
"""By a name for addresses and ids: the title and the check, in the order of the page."""
