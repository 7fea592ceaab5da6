"""An event told to staff: what became of it, and what to do now. Pure."""

from dataclasses import dataclass

from integrations.inbox.failure_reasons import Explanation, explain
from integrations.models import EventOutcome, EventState, WebhookEvent

_NOTHING = "Nada a fazer."
_OUTCOMES = {
    EventOutcome.CREATED: Explanation("Aplicado: criou um registro novo.", _NOTHING),
    EventOutcome.UPDATED: Explanation("Aplicado: atualizou o que já existia.", _NOTHING),
    EventOutcome.UNCHANGED: Explanation(
        "Aplicado: já estava tudo como o evento diz, nada mudou.", _NOTHING
    ),
    EventOutcome.DUPLICATE: Explanation(
        "Repetido: o mesmo conteúdo já tinha vindo e sido aplicado.",
        "Nada a fazer. Para aplicar mesmo assim, reprocesse.",
    ),
    EventOutcome.STALE: Explanation(
        "Fora de ordem: a venda já estava mais adiante; só completou campos vazios.",
        "Nada a fazer. Se a venda está errada, sincronize a integração: ela diz o que vale agora.",
    ),
    EventOutcome.DISCONNECTED: Explanation(
        "Não aplicado: a integração estava desconectada quando chegou.",
        "Se o cliente quer este pedido, reprocesse.",
    ),
    EventOutcome.DISCARDED: Explanation(
        "Descartado pela equipe.", "Nada a fazer. Se foi engano, reprocesse."
    ),
}
_STATES = {
    EventState.PENDING: Explanation(
        "Na fila para ser aplicado.",
        "Espere alguns segundos e atualize a página. Se continuar, veja se a integração está "
        "pausada e como vai a fila na visão geral.",
    ),
    EventState.RETRY: Explanation(
        "Falhou por um motivo passageiro; uma nova tentativa está agendada.",
        "Espere a próxima tentativa, ou reprocesse agora.",
    ),
}


@dataclass(frozen=True, slots=True)
class Told:
    title: str
    next_step: str
    tone: str


def tell(event: WebhookEvent) -> Told:
    """The event's state in plain words."""
    state = EventState(event.state)
    if state == EventState.QUARANTINED:
        return _told(explain(event.cause or event.reason), "bad")
    if state in _STATES:
        return _told(_STATES[state], "warning" if state == EventState.RETRY else "info")
    outcome = _OUTCOMES.get(EventOutcome(event.outcome)) if event.outcome else None
    return _told(outcome or Explanation(state.label, _NOTHING), _tone(state))


def _tone(state: EventState) -> str:
    return "good" if state == EventState.DONE else "neutral"


def _told(explanation: Explanation, tone: str) -> Told:
    return Told(explanation.title, explanation.next_step, tone)
