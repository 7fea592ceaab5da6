"""The most frequent errors of a period: quarantined events and failed sync runs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flowzz.backoffice.display import list_url
from flowzz.core.formatting import format_number
from integrations.admin.overview.periods import SlotTotals, time_filters
from integrations.inbox.failure_reasons import explain
from integrations.models import SyncRun, WebhookEvent

MAX_ERRORS = 8
RUN_ERRORS = {
    "KEY_REFUSED": "chave de API recusada",
    "PROVIDER_UNAVAILABLE": "a plataforma não respondeu",
    "UNEXPECTED_RESPONSE": "o endereço não é o da API",
    "CIRCUIT_OPEN": "circuito aberto",
    "PAYLOAD_INVALID": "resposta que não se pode ler",
}


@dataclass(frozen=True, slots=True)
class ErrorBar:
    """A kind of error; `share` is relative to the most frequent kind, in percent."""

    title: str
    count: str
    share: str
    href: str


def most_frequent_errors(slots: Sequence[SlotTotals]) -> list[ErrorBar]:
    errors = sorted(
        [*_quarantine_errors(slots), *_run_errors(slots)], key=lambda error: error[0], reverse=True
    )
    return [
        ErrorBar(title, format_number(count), f"{100 * count / errors[0][0]:.1f}%", url)
        for count, title, url in errors[:MAX_ERRORS]
    ]


def _quarantine_errors(slots: Sequence[SlotTotals]) -> list[tuple[int, str, str]]:
    reasons: Counter[str] = sum((slot.quarantine_reasons for slot in slots), Counter())
    filters = {"state__exact": "QUARANTINED", **time_filters(slots, "received_at")}
    return [
        (count, explain(reason).title, list_url(WebhookEvent, reason__exact=reason, **filters))
        for reason, count in reasons.items()
    ]


def _run_errors(slots: Sequence[SlotTotals]) -> list[tuple[int, str, str]]:
    codes: Counter[str] = sum((slot.run_errors for slot in slots), Counter())
    filters = {"state__exact": "FAILED", **time_filters(slots, "finished_at")}
    return [
        (
            count,
            f"Sincronização: {RUN_ERRORS.get(code, 'falha interna')}",
            list_url(SyncRun, error_code__exact=code, **filters),
        )
        for code, count in codes.items()
    ]
