"""The periods that the charts show, cut into slots, and what went on in each."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from integrations.inbox.hourly_counts import HOUR
from integrations.models import Circuit, HourlyStats

DAY = 24


@dataclass(frozen=True, slots=True)
class Period:
    """`step` hours a slot; slots begin where the clock of São Paulo does."""

    key: str
    label: str
    hours: int
    step: int

    def slots(self, now: datetime) -> list["Sums"]:
        local = timezone.localtime(now).replace(minute=0, second=0, microsecond=0)
        last = local - HOUR * (local.hour % self.step)
        count = self.hours // self.step
        starts = (last - HOUR * self.step * before for before in reversed(range(count)))
        return [Sums(start, start + HOUR * self.step) for start in starts]


PERIODS = {
    period.key: period
    for period in (
        Period("24h", "24 horas", DAY, 1),
        Period("7d", "7 dias", 7 * DAY, 6),
        Period("30d", "30 dias", 30 * DAY, DAY),
    )
}
WEEK = Period("7d", "7 dias", 7 * DAY, DAY)


@dataclass(slots=True)
class Sums:
    """What went on from `start` on, before `end`."""

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
    """The worst; empty where nobody looked."""

    def add(self, row: HourlyStats) -> None:
        self.events.update(row.events)
        self.quarantine_reasons.update(row.quarantine_reasons)
        self.latencies.update(row.latencies)
        self.runs.update(row.runs)
        self.run_errors.update(row.run_errors)
        self.sales_created += row.sales_created
        self.sales_updated += row.sales_updated
        self.longest_wait_seconds = max(self.longest_wait_seconds, row.longest_wait_seconds)
        self.circuit = max(self.circuit, row.circuit, key=_BADNESS.index)

    @property
    def label(self) -> str:
        """`24/11, 14–15 h`, or the day alone."""
        hours = (self.end - self.start) // HOUR
        if hours >= DAY:
            return f"{self.start:%d/%m}"
        return f"{self.start:%d/%m}, {self.start:%H}–{self.start.hour + hours:02} h"


_BADNESS = ["", *Circuit.values]


def fill(slots: Sequence[Sums], rows: Iterable[HourlyStats]) -> list[Sums]:
    """Put each hour into its slot; the others are left out."""
    first, width = slots[0].start, slots[0].end - slots[0].start
    for row in rows:
        position = (row.hour - first) // width
        if 0 <= position < len(slots):
            slots[position].add(row)
    return list(slots)


def read(now: datetime, period: Period) -> list[HourlyStats]:
    """The hours of a period, and of the last week, in one statement."""
    longest = timedelta(hours=max(period.hours, WEEK.hours) + DAY)
    return list(HourlyStats.objects.filter(hour__gte=now - longest).order_by("hour"))
