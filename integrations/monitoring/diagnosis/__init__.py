"""The diagnosis of one integration: `collect` the inputs, then run the checks on them.

A check returns a result: a severity, a message and a next step. In webhook mode, imports are
checked instead of the key, the API and the syncs.
"""

from collections.abc import Callable

from integrations.monitoring.diagnosis import api_checks, inbound_checks
from integrations.monitoring.diagnosis.check_types import CheckResult, DiagnosisInputs

CHECKS: dict[str, tuple[str, Callable[[DiagnosisInputs], CheckResult]]] = {
    "chave": ("Chave de API", api_checks.key),
    "api": ("Resposta da API", api_checks.api),
    "webhooks": ("Webhooks", inbound_checks.webhook),
    "recusados": ("Webhooks recusados", inbound_checks.refused),
    "fila": ("Fila de eventos", inbound_checks.queue),
    "importacoes": ("Importações", inbound_checks.imports),
    "sincronizacao": ("Última sincronização", inbound_checks.sync),
    "relogios": ("Relógios", api_checks.clock),
}
"""Title and check by the name used in HTML ids and the audit log, in the order of the page."""
_NOT_IN_API_MODE, _NOT_IN_WEBHOOK_MODE = {"importacoes"}, {"chave", "api", "sincronizacao"}


def run_checks(inputs: DiagnosisInputs) -> list[tuple[str, str, CheckResult]]:
    """Return name, title and result of each check of the integration's mode."""
    left_out = _NOT_IN_API_MODE if inputs.uses_api else _NOT_IN_WEBHOOK_MODE
    return [
        (name, title, check(inputs))
        for name, (title, check) in CHECKS.items()
        if name not in left_out
    ]
