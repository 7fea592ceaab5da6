"""The periods of the charts, divided into slots, and the totals of each slot."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from integrations.inbox.hourly_counts import HOUR
from integrations.models import Circuit, HourlyStats

HOURS_PER_DAY = 24
_CIRCUIT_SEVERITY = ["", *Circuit.values]


@dataclass(frozen=True, slots=True)
class Period:
    """Slots start at round hours of the local time zone."""

    key: str
    label: str
    hours: int
    hours_per_slot: int

    def slots(self, now: datetime) -> list["SlotTotals"]:
        """Return the period's slots up to the one of `now`."""
        hour = timezone.localtime(now).replace(minute=0, second=0, microsecond=0)
        last = hour - HOUR * (hour.hour % self.hours_per_slot)
        width = HOUR * self.hours_per_slot
        starts = (last - width * index for index in range(self.hours // self.hours_per_slot))
        return [SlotTotals(start, start + width) for start in reversed(list(starts))]


PERIODS = {
    period.key: period
    for period in (
        Period("24h", "24 horas", HOURS_PER_DAY, 1),
        Period("7d", "7 dias", 7 * HOURS_PER_DAY, 6),
        Period("30d", "30 dias", 30 * HOURS_PER_DAY, HOURS_PER_DAY),
    )
}
WEEK = Period("7d", "7 dias", 7 * HOURS_PER_DAY, HOURS_PER_DAY)


@dataclass(slots=True)
class SlotTotals:
    """The totals from `start` until before `end`."""

    start: datetime
    end: datetime
    events: Counter[str] = field(default_factory=Counter)
    quarantine_reasons: Counter[str] = field(default_factory=Counter)
    latencies: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    run_errors: Counter[str] = field(default_factory=Counter)
    sales_created: int = 0
    sales_updated: int = 0
    longest_wait_seconds: float = 0.0
    circuit: str = ""
    """The worst state of the circuit breaker; empty if it was not measured."""

    def add(self, row: HourlyStats) -> None:
        self.events.update(row.events)
        self.quarantine_reasons.update(row.quarantine_reasons)
        self.latencies.update(row.latencies)
        self.runs.update(row.runs)
        self.run_errors.update(row.run_errors)
        self.sales_created += row.sales_created
        self.sales_updated += row.sales_updated
        self.longest_wait_seconds = max(self.longest_wait_seconds, row.longest_wait_seconds)
        self.circuit = max(self.circuit, row.circuit, key=_CIRCUIT_SEVERITY.index)

    @property
    def hours(self) -> int:
        return (self.end - self.start) // HOUR

    @property
    def label(self) -> str:
        """Return `24/11, 14–15 h`, or `24/11` for a whole day."""
        if self.hours >= HOURS_PER_DAY:
            return f"{self.start:%d/%m}"
        return f"{self.start:%d/%m}, {self.start:%H}–{self.start.hour + self.hours:02} h"


def time_filters(slots: Sequence[SlotTotals], field: str) -> dict[str, str]:
    """Return the lookups of an admin list for rows whose `field` is in these slots."""
    start, end = (timezone.localtime(time) for time in (slots[0].start, slots[-1].end))
    return {
        f"{field}__gte": start.isoformat(timespec="seconds"),
        f"{field}__lt": end.isoformat(timespec="seconds"),
    }


def _fill_slots(slots: Sequence[SlotTotals], rows: Iterable[HourlyStats]) -> list[SlotTotals]:
    """Add each hour to its slot; hours outside of the slots are ignored."""
    first, width = slots[0].start, slots[0].end - slots[0].start
    for row in rows:
        position = (row.hour - first) // width
        if 0 <= position < len(slots):
            slots[position].add(row)
    return list(slots)


def with_previous(
    period: Period, now: datetime, rows: Sequence[HourlyStats]
) -> tuple[list[SlotTotals], list[SlotTotals]]:
    """Return the totals of a period up to now, and of the period of equal length before."""
    current = _fill_slots(period.slots(now), rows)
    return current, _fill_slots(period.slots(now - timedelta(hours=period.hours)), rows)


def read_hours(now: datetime, period: Period) -> list[HourlyStats]:
    """Read the hours of a period or of a week, and those of the one before, in one statement."""
    longest = timedelta(hours=2 * max(period.hours, WEEK.hours) + HOURS_PER_DAY)
    return list(HourlyStats.objects.filter(hour__gte=now - longest).order_by("hour"))
