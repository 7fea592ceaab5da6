"""The diagnosis of one integration: `collect` its facts, then run each of `CHECKS` on them.

A check returns a finding: a severity, a message and a next step.
"""

from collections.abc import Callable

from integrations.monitoring.diagnosis import api_checks, inbound_checks
from integrations.monitoring.diagnosis.facts import DiagnosisFacts, Finding

CHECKS: dict[str, tuple[str, Callable[[DiagnosisFacts], Finding]]] = {
    "chave": ("Chave de API", api_checks.key),
    "api": ("Resposta da API", api_checks.api),
    "webhooks": ("Webhooks", inbound_checks.webhook),
    "fila": ("Fila de eventos", inbound_checks.queue),
    "sincronizacao": ("Última sincronização", inbound_checks.sync),
    "relogios": ("Relógios", api_checks.clock),
}
"""Title and check by the name used in HTML ids and the audit log, in the order of the page."""
