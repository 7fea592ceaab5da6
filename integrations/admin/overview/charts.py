"""The charts of a period."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flowzz.backoffice.charts import Chart, Series, Slot, line_chart, stacked_bar_chart
from flowzz.core.db.jobs import JobState
from integrations.admin.overview.formatting import duration, percent, whole
from integrations.admin.overview.periods import DAY, Sums
from integrations.admin.overview.urls import between, list_of
from integrations.inbox.failure_reasons import explain
from integrations.inbox.hourly_counts import HOUR
from integrations.models import Circuit
from integrations.monitoring.hourly_stats import percentile

EVENTS, RUNS, SALES = "integrations.webhookevent", "integrations.syncrun", "sales.sale"

OUTCOMES: tuple[tuple[str, str, tuple[str, ...], dict[str, str]], ...] = (
    ("Criou", "good", ("created",), {"outcome__exact": "created"}),
    ("Atualizou", "info", ("updated",), {"outcome__exact": "updated"}),
    ("Nada mudou", "neutral", ("unchanged",), {"outcome__exact": "unchanged"}),
    (
        "Ignorados",
        "faint",
        ("duplicate", "stale", "disconnected", "discarded"),
        {"state__exact": "IGNORED"},
    ),
    ("Esperam", "warning", ("PENDING", "RETRY"), {"state__in": "PENDING,RETRY"}),
    ("Quarentena", "bad", ("QUARANTINED",), {"state__exact": "QUARANTINED"}),
)
"""Name, colour, the keys of `HourlyStats.events` and the list's filters."""
LATENCY_TICKS = (0.01, 0.1, 1, 10, 60, 600, 3600, 36_000, 360_000)
PERCENTILES = (("p50", 0.5, "good"), ("p95", 0.95, "warning"), ("p99", 0.99, "bad"))


def webhooks(slots: Sequence[Sums]) -> Chart:
    series = []
    for name, tone, keys, filters in OUTCOMES:
        values = [sum(slot.events[key] for key in keys) for slot in slots]
        href = list_of(EVENTS, **filters, **_whole_period("received_at", slots))
        series.append(Series(name, tone, values, href, whole(sum(values))))
    return stacked_bar_chart(
        "Webhooks recebidos",
        f"Eventos {each(slots)}, pelo que veio deles.",
        _along(slots, EVENTS, "received_at"),
        series,
        format_number=whole,
    )


def success(slots: Sequence[Sums]) -> Chart:
    good = [slot.runs[JobState.SUCCEEDED] for slot in slots]
    ended = [slot.runs.total() for slot in slots]
    went_well = [100 * part / of if of else None for part, of in zip(good, ended, strict=True)]
    did_not = [None if share is None else 100 - share for share in went_well]
    total = f"{percent(100 * sum(good) / sum(ended))} de {whole(sum(ended))}" if sum(ended) else ""
    period = _whole_period("finished_at", slots)
    succeeded = list_of(RUNS, state__exact=JobState.SUCCEEDED, **period)
    others = list_of(RUNS, state__in=f"{JobState.FAILED},{JobState.CANCELLED}", **period)
    return stacked_bar_chart(
        "Taxa de sucesso das sincronizações",
        f"Das que terminaram {each(slots)}, quantas deram certo (%).",
        _along(slots, RUNS, "finished_at"),
        [
            Series("Deram certo", "good", went_well, succeeded, total),
            Series("Falharam ou foram canceladas", "bad", did_not, others),
        ],
        format_number=percent,
        maximum=100,
    )


def latency(slots: Sequence[Sums]) -> Chart:
    every: Counter[str] = sum((slot.latencies for slot in slots), Counter())
    series = []
    for name, share, tone in PERCENTILES:
        values = [percentile(slot.latencies, share) for slot in slots]
        overall = percentile(every, share)
        series.append(
            Series(name, tone, values, total="" if overall is None else duration(overall))
        )
    return line_chart(
        "Tempo de processamento",
        f"Da chegada até estar aplicado, {each(slots)}; p95: 95 % levaram no máximo isso.",
        _along(slots, EVENTS, "received_at"),
        series,
        format_number=duration,
        ticks=LATENCY_TICKS,
    )


def sales(slots: Sequence[Sums]) -> Chart:
    created = [slot.sales_created for slot in slots]
    updated = [slot.sales_updated for slot in slots]
    made = list_of(SALES, **_whole_period("created_at", slots))
    changed = list_of(EVENTS, outcome__exact="updated", **_whole_period("received_at", slots))
    return stacked_bar_chart(
        f"Vendas criadas e atualizadas, {len(slots)} dias",
        "Por dia, por webhooks e sincronizações juntos.",
        _along(slots, SALES, "created_at"),
        [
            Series("Criadas", "good", created, made, whole(sum(created))),
            Series("Atualizadas", "info", updated, changed, whole(sum(updated))),
        ],
        format_number=whole,
    )


def oldest(slots: Sequence[Sums]) -> Chart:
    return stacked_bar_chart(
        "Maior espera na fila",
        f"O evento que mais esperou para ser processado, em minutos, {each(slots)}.",
        _along(slots, EVENTS, "received_at"),
        [Series("Espera (min)", "warning", [slot.longest_wait_seconds / 60 for slot in slots])],
        format_number=whole,
        maximum=max(5.0, *(slot.longest_wait_seconds / 60 for slot in slots)),
    )


@dataclass(frozen=True, slots=True)
class Error:
    """A kind of error: how many, their share of the most frequent one, and their list."""

    title: str
    count: str
    share: str
    href: str


def errors(slots: Sequence[Sums]) -> list[Error]:
    """What failed, the most frequent first."""
    reasons: Counter[str] = sum((slot.quarantine_reasons for slot in slots), Counter())
    failed: Counter[str] = sum((slot.run_errors for slot in slots), Counter())
    received, finished = _whole_period("received_at", slots), _whole_period("finished_at", slots)
    found = [
        (
            count,
            explain(reason).title,
            list_of(EVENTS, state__exact="QUARANTINED", reason__exact=reason, **received),
        )
        for reason, count in reasons.items()
    ] + [
        (
            count,
            f"Sincronização: {RUN_ERRORS.get(code, 'falha interna')}",
            list_of(RUNS, state__exact="FAILED", error_code__exact=code, **finished),
        )
        for code, count in failed.items()
    ]
    most = max((count for count, _, _ in found), default=1)
    ordered = sorted(found, key=lambda one: -one[0])
    return [
        Error(name, whole(count), f"{100 * count / most:.1f}%", href)
        for count, name, href in ordered[:MOST_ERRORS]
    ]


MOST_ERRORS = 8
FEW = 7
RUN_ERRORS = {
    "KEY_REFUSED": "chave de API recusada",
    "PROVIDER_UNAVAILABLE": "a plataforma não respondeu",
    "UNEXPECTED_RESPONSE": "o endereço não é o da API",
    "CIRCUIT_OPEN": "circuito aberto",
    "PAYLOAD_INVALID": "resposta que não se pode ler",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """The circuit in a slot."""

    x: str
    width: str
    tone: str
    label: str
    href: str
    middle: str
    tick: str


def circuit(slots: Sequence[Sums]) -> list[Moment]:
    return [
        Moment(
            f"{100 * at / len(slots):.3f}%",
            f"{100 / len(slots):.3f}%",
            CIRCUIT_TONES[slot.circuit],
            f"{slot.label}: {Circuit(slot.circuit).label if slot.circuit else 'sem medição'}",
            list_of(RUNS, **between("finished_at", slot.start, slot.end)),
            f"{100 * (at + 0.5) / len(slots):.3f}%",
            _tick(at, slot, len(slots)),
        )
        for at, slot in enumerate(slots)
    ]


CIRCUIT_TONES = {"": "faint", Circuit.CLOSED: "good", Circuit.HALF_OPEN: "warning", "open": "bad"}


def _along(slots: Sequence[Sums], model: str, field: str) -> list[Slot]:
    return [
        Slot(
            slot.label,
            _tick(at, slot, len(slots)),
            list_of(model, **between(field, slot.start, slot.end)),
        )
        for at, slot in enumerate(slots)
    ]


def _tick(at: int, slot: Sums, count: int) -> str:
    """Few enough for a phone: every six hours, every day of a week, every five days."""
    hours = (slot.end - slot.start) // HOUR
    if hours == 1:
        return f"{slot.start:%H h}" if slot.start.hour % 6 == 0 else ""
    if hours < DAY:
        return f"{slot.start:%d/%m}" if slot.start.hour == 0 else ""
    return f"{slot.start:%d/%m}" if count <= FEW or at % 5 == 2 else ""


def each(slots: Sequence[Sums]) -> str:
    hours = (slots[0].end - slots[0].start) // HOUR
    return {1: "por hora", DAY: "por dia"}.get(hours, f"a cada {hours} horas")


def _whole_period(field: str, slots: Sequence[Sums]) -> dict[str, str]:
    return between(field, slots[0].start, slots[-1].end)
