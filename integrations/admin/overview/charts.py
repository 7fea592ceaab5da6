"""The charts and the most frequent errors of a period."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from flowzz.backoffice.charts import PREVIOUS, Chart, Series, Slot, line_chart, stacked_bar_chart
from flowzz.backoffice.display import list_url
from flowzz.core.db.jobs import JobState
from flowzz.core.formatting import format_number
from integrations.admin.overview.formatting import format_duration, format_percent
from integrations.admin.overview.periods import HOURS_PER_DAY, SlotTotals, time_filters
from integrations.inbox.failure_reasons import explain
from integrations.models import Circuit, SyncRun, WebhookEvent, WebhookRefusal
from integrations.models.events import UNFINISHED
from integrations.monitoring.hourly_stats import percentile
from sales.models import Sale

Slots = Sequence[SlotTotals]
OUTCOMES: tuple[tuple[str, str, tuple[str, ...], dict[str, Any]], ...] = (
    ("Venda criada", "good", ("created",), {"outcome__exact": "created"}),
    ("Venda atualizada", "info", ("updated",), {"outcome__exact": "updated"}),
    ("Nada mudou", "neutral", ("unchanged",), {"outcome__exact": "unchanged"}),
    (
        "Ignorados",
        "faint",
        ("duplicate", "stale", "disconnected", "discarded", "test"),
        {"state__exact": "IGNORED"},
    ),
    ("Esperam", "warning", ("PENDING", "RETRY"), {"state__exact": UNFINISHED}),
    ("Quarentena", "bad", ("QUARANTINED",), {"state__exact": "QUARANTINED"}),
)
"""Name, tone, the keys of `HourlyStats.events`, and the filters of the list of events."""
LATENCY_TICKS = (0.01, 0.1, 1, 10, 60, 600, 3600, 36_000, 360_000)
PERCENTILES = (("p50", 0.5, "good"), ("p95", 0.95, "warning"), ("p99", 0.99, "bad"))
MIN_WAIT_AXIS_SECONDS = 10.0
MAX_WAIT_IN_SECONDS = 120
"""Longer waits are shown in minutes."""
MAX_DAILY_TICKS = 7
MAX_ERRORS = 8
RUN_ERRORS = {
    "KEY_REFUSED": "chave de API recusada",
    "PROVIDER_UNAVAILABLE": "a plataforma não respondeu",
    "UNEXPECTED_RESPONSE": "o endereço não é o da API",
    "ENDPOINT_MISSING": "a API não tem a lista de vendas",
    "CIRCUIT_OPEN": "API fora do ar",
    "PAYLOAD_INVALID": "resposta que não se pode ler",
}
CIRCUIT_STATES = {
    Circuit.CLOSED: ("No ar", "good"),
    Circuit.HALF_OPEN: ("Testando", "warning"),
    Circuit.OPEN: ("Fora do ar", "bad"),
    "": ("Sem medição", "faint"),
}
"""The label and tone of each state of a circuit breaker; empty where none was measured."""
CIRCUIT_HEIGHT = 28


def webhooks_chart(slots: Slots, previous: Slots) -> Chart:
    series = []
    for name, tone, keys, filters in OUTCOMES:
        values = [sum(slot.events[key] for key in keys) for slot in slots]
        url = list_url(WebhookEvent, **filters, **time_filters(slots, "received_at"))
        series.append(Series(name, tone, values, url, format_number(sum(values))))
    refused = [slot.events["refused"] for slot in slots]
    url = list_url(WebhookRefusal, **time_filters(slots, "minute"))
    series.append(Series("Recusados", "refused", refused, url, format_number(sum(refused))))
    return stacked_bar_chart(
        "Webhooks recebidos",
        f"Eventos {_slot_length(slots)}, pelo que veio deles. Os recusados não foram guardados.",
        _axis(slots, WebhookEvent, "received_at"),
        series,
        format_number=format_number,
        unit="eventos",
        has_total=True,
        previous=_previous([slot.events.total() for slot in previous]),
    )


def sync_success_chart(slots: Slots, previous: Slots) -> Chart:
    succeeded = [slot.runs[JobState.SUCCEEDED] for slot in slots]
    ended = [slot.runs.total() for slot in slots]
    success_rates = [_success_rate(slot) for slot in slots]
    failure_rates = [None if rate is None else 100 - rate for rate in success_rates]
    total = ""
    if all_ended := sum(ended):
        overall_rate = format_percent(100 * sum(succeeded) / all_ended)
        total = f"{overall_rate} de {format_number(all_ended)}"
    period = time_filters(slots, "finished_at")
    succeeded_url = list_url(SyncRun, state__exact=JobState.SUCCEEDED, **period)
    failed_url = list_url(SyncRun, state__exact=JobState.FAILED, **period)
    return stacked_bar_chart(
        "Taxa de sucesso das sincronizações",
        f"Das que terminaram {_slot_length(slots)}, quantas deram certo (%).",
        _axis(slots, SyncRun, "finished_at"),
        [
            Series("Deram certo", "good", success_rates, succeeded_url, total),
            Series("Falharam", "bad", failure_rates, failed_url),
        ],
        format_number=format_percent,
        maximum=100,
        previous=Series(PREVIOUS, "previous", [_success_rate(slot) for slot in previous]),
    )


def _success_rate(slot: SlotTotals) -> float | None:
    """Return the percentage of the ended runs that succeeded."""
    ended = slot.runs.total()
    return 100 * slot.runs[JobState.SUCCEEDED] / ended if ended else None


def latency_chart(slots: Slots, previous: Slots) -> Chart:
    all_latencies: Counter[str] = sum((slot.latencies for slot in slots), Counter())
    series = []
    for name, share, tone in PERCENTILES:
        values = [percentile(slot.latencies, share) for slot in slots]
        overall = percentile(all_latencies, share)
        total = "" if overall is None else format_duration(overall)
        series.append(Series(name, tone, values, total=total))
    return line_chart(
        "Tempo de processamento",
        f"Da chegada até estar aplicado, {_slot_length(slots)}; p95: 95 % levaram no máximo isso.",
        _axis(slots, WebhookEvent, "received_at"),
        series,
        format_number=format_duration,
        ticks=LATENCY_TICKS,
        previous=Series(
            f"p95, {PREVIOUS.lower()}",
            "previous",
            [percentile(slot.latencies, 0.95) for slot in previous],
        ),
    )


def sales_chart(days: Slots, previous: Slots) -> Chart:
    created = [day.sales_created for day in days]
    updated = [day.sales_updated for day in days]
    created_url = list_url(Sale, **time_filters(days, "created_at"))
    events_url = list_url(
        WebhookEvent, outcome__exact="updated", **time_filters(days, "received_at")
    )
    return stacked_bar_chart(
        f"Vendas criadas e atualizadas, {len(days)} dias",
        "Por dia, por webhooks e sincronizações juntos.",
        _axis(days, Sale, "created_at"),
        [
            Series("Criadas", "good", created, created_url, format_number(sum(created))),
            Series("Atualizadas", "info", updated, events_url, format_number(sum(updated))),
        ],
        format_number=format_number,
        unit="vendas",
        has_total=True,
        previous=_previous([day.sales_created + day.sales_updated for day in previous]),
    )


def longest_wait_chart(slots: Slots, previous: Slots) -> Chart:
    """Return the waits in seconds, or in minutes if one is long."""
    longest = max(slot.longest_wait_seconds for slot in (*slots, *previous))
    size, unit = (1, "s") if longest <= MAX_WAIT_IN_SECONDS else (60, "min")
    return stacked_bar_chart(
        "Maior espera na fila",
        f"O evento que mais esperou para ser processado, {_slot_length(slots)}.",
        _axis(slots, WebhookEvent, "received_at"),
        [Series("Espera", "warning", [slot.longest_wait_seconds / size for slot in slots])],
        format_number=lambda value: f"{format_number(value)} {unit}",
        maximum=max(MIN_WAIT_AXIS_SECONDS, longest) / size,
        previous=Series(
            PREVIOUS, "previous", [slot.longest_wait_seconds / size for slot in previous]
        ),
    )


def circuit_chart(slots: Slots) -> Chart:
    """Return a strip in the colour of each slot's worst state."""
    return stacked_bar_chart(
        "API da plataforma",
        f"O pior estado {_slot_length(slots)}. Fora do ar: não responde, e as sincronizações "
        "esperam.",
        _axis(slots, SyncRun, "finished_at"),
        [
            Series(label, tone, [1 if slot.circuit == state else None for slot in slots])
            for state, (label, tone) in CIRCUIT_STATES.items()
        ],
        format_number=lambda _: "",
        maximum=1,
        height=CIRCUIT_HEIGHT,
    )


def _previous(values: Sequence[int]) -> Series:
    return Series(PREVIOUS, "previous", values, total=format_number(sum(values)))


def _slot_length(slots: Slots) -> str:
    """Return `por hora`, `por dia` or `a cada 6 horas`."""
    hours = slots[0].hours
    return {1: "por hora", HOURS_PER_DAY: "por dia"}.get(hours, f"a cada {hours} horas")


def _axis(slots: Slots, model: type[Model], field: str) -> list[Slot]:
    return [
        Slot(
            slot.label,
            _tick(index, slot, len(slots)),
            list_url(model, **time_filters([slot], field)),
        )
        for index, slot in enumerate(slots)
    ]


def _tick(index: int, slot: SlotTotals, count: int) -> str:
    """Label only as many slots as fit on a phone: every 6 hours, every day or every 5 days."""
    if slot.hours == 1:
        return f"{slot.start:%H h}" if slot.start.hour % 6 == 0 else ""
    if slot.hours < HOURS_PER_DAY:
        return f"{slot.start:%d/%m}" if slot.start.hour == 0 else ""
    return f"{slot.start:%d/%m}" if count <= MAX_DAILY_TICKS or index % 5 == 2 else ""


@dataclass(frozen=True, slots=True)
class ErrorBar:
    """A kind of error; `share` is relative to the most frequent kind, in percent."""

    title: str
    count: str
    share: str
    href: str


def most_frequent_errors(slots: Slots) -> list[ErrorBar]:
    errors = sorted(
        [*_quarantine_errors(slots), *_run_errors(slots)], key=lambda error: error[0], reverse=True
    )
    return [
        ErrorBar(title, format_number(count), f"{100 * count / errors[0][0]:.1f}%", url)
        for count, title, url in errors[:MAX_ERRORS]
    ]


def _quarantine_errors(slots: Slots) -> list[tuple[int, str, str]]:
    reasons: Counter[str] = sum((slot.quarantine_reasons for slot in slots), Counter())
    filters = {"state__exact": "QUARANTINED", **time_filters(slots, "received_at")}
    return [
        (count, explain(reason).title, list_url(WebhookEvent, reason__exact=reason, **filters))
        for reason, count in reasons.items()
    ]


def _run_errors(slots: Slots) -> list[tuple[int, str, str]]:
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
