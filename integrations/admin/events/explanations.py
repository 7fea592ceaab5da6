"""Explanations of an event's state for staff: what happened, and what to do next."""

from dataclasses import dataclass

from integrations.inbox.failure_reasons import Explanation, explain
from integrations.models import EventOutcome, EventState, WebhookEvent

_NO_STEP = "Nada a fazer."
_OUTCOMES = {
    EventOutcome.CREATED: Explanation("Aplicado: criou um registro novo.", _NO_STEP),
    EventOutcome.UPDATED: Explanation("Aplicado: atualizou o que já existia.", _NO_STEP),
    EventOutcome.UNCHANGED: Explanation(
        "Aplicado: já estava tudo como o evento diz, nada mudou.", _NO_STEP
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
        "Se quem vende quer este pedido, reprocesse.",
    ),
    EventOutcome.TEST: Explanation("Teste enviado pela equipe: chegou e foi lido.", _NO_STEP),
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
_TONES = {
    EventState.QUARANTINED: "bad",
    EventState.RETRY: "warning",
    EventState.PENDING: "info",
    EventState.DONE: "good",
}


@dataclass(frozen=True, slots=True)
class EventExplanation:
    title: str
    next_step: str
    tone: str


def explain_event(event: WebhookEvent) -> EventExplanation:
    state = EventState(event.state)
    explanation = _explanation(event, state)
    tone = _TONES.get(state, "neutral")
    return EventExplanation(explanation.title, explanation.next_step, tone)


def _explanation(event: WebhookEvent, state: EventState) -> Explanation:
    if state == EventState.QUARANTINED:
        return explain(event.cause or event.reason)
    if state in _STATES:
        return _STATES[state]
    if event.outcome:
        return _OUTCOMES[EventOutcome(event.outcome)]
    return Explanation(state.label, _NO_STEP)
