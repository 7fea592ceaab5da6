"""Charts as SVG that the server draws: readable without a script, each column a link. Pure.

Positions across are in percent and heights in pixels, so that a chart fits a phone with its
texts in the size they have everywhere.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

HEIGHT = 160
"""Pixels between the axis and the top of the plot."""
_GAP = 0.18
_STEPS = (1, 2, 2.5, 5, 10)
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Series:
    """One quantity over all slots; None where there was nothing to measure."""

    name: str
    tone: str
    values: Sequence[float | None]
    href: str = ""
    total: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of time: what is below it, what it says of itself, and the list behind it."""

    label: str
    tick: str
    href: str


@dataclass(frozen=True, slots=True)
class Tick:
    position: str
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A bar's piece, or a line's with its end (`x2`, `y2`)."""

    tone: str
    x: str
    y: str
    width: str = ""
    height: str = ""
    x2: str = ""
    y2: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """What can be pointed at: a slot, in its whole height."""

    x: str
    width: str
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    hint: str
    series: Sequence[Series]
    columns: Sequence[Column]
    bars: Sequence[Mark] = ()
    lines: Sequence[Mark] = ()
    dots: Sequence[Mark] = ()
    x_ticks: Sequence[Tick] = ()
    y_ticks: Sequence[Tick] = ()
    is_empty: bool = False
    height: int = field(default=HEIGHT)


Number = Callable[[float], str]


def stacked(
    title: str,
    hint: str,
    slots: Sequence[Slot],
    series: Sequence[Series],
    *,
    number: Number,
    most: float | None = None,
) -> Chart:
    """Bars upon each other; `most` is where the axis ends, else what the values need."""
    sums = [sum(one.values[at] or 0 for one in series) for at in range(len(slots))]
    ticks = _linear(most or max(sums, default=0))
    top = ticks[-1]
    bars = []
    for at in range(len(slots)):
        base = 0.0
        for one in series:
            if value := one.values[at]:
                base += value
                height = value / top * HEIGHT
                bars.append(_bar(at, len(slots), HEIGHT - base / top * HEIGHT, height, one.tone))
    return Chart(
        title,
        hint,
        series,
        _columns(slots, series, number),
        bars=bars,
        x_ticks=_below(slots),
        is_empty=not any(_measured(series)),
        y_ticks=[_beside(value / top, number(value)) for value in ticks],
    )


def lines(
    title: str,
    hint: str,
    slots: Sequence[Slot],
    series: Sequence[Series],
    *,
    number: Number,
    ticks: Sequence[float],
) -> Chart:
    """Lines over a logarithmic axis from the first of `ticks` to the last one needed."""
    most = max(_measured(series), default=0)
    needed = [tick for at, tick in enumerate(ticks) if at < 2 or ticks[at - 1] < most]
    low, high = math.log(needed[0]), math.log(needed[-1])

    def share(value: float) -> float:
        return min(1.0, max(0.0, (math.log(max(value, needed[0])) - low) / (high - low)))

    drawn, dots = [], []
    for one in series:
        points = [
            (_middle(at, len(slots)), _pixels(HEIGHT * (1 - share(value))))
            if value is not None
            else None
            for at, value in enumerate(one.values)
        ]
        dots += [Mark(one.tone, *point) for point in points if point]
        drawn += [
            Mark(one.tone, *before, x2=after[0], y2=after[1])
            for before, after in pairwise(points)
            if before and after
        ]
    return Chart(
        title,
        hint,
        series,
        _columns(slots, series, number),
        lines=drawn,
        dots=dots,
        x_ticks=_below(slots),
        is_empty=not _measured(series),
        y_ticks=[_beside(share(value), number(value)) for value in needed],
    )


def _columns(slots: Sequence[Slot], series: Sequence[Series], number: Number) -> list[Column]:
    columns = []
    for at, slot in enumerate(slots):
        said = [
            f"{one.name} {number(value)}"
            for one in series
            if (value := one.values[at]) is not None and (value or len(series) == 1)
        ]
        text = f"{slot.label}: {', '.join(said) or 'nada'}"
        columns.append(Column(_percent(at / len(slots)), _percent(1 / len(slots)), text, slot.href))
    return columns


def _bar(at: int, count: int, y: float, height: float, tone: str) -> Mark:
    width = (1 - _GAP) / count
    x = (at + _GAP / 2) / count
    return Mark(tone, _percent(x), _pixels(y), _percent(width), _pixels(height))


def _below(slots: Sequence[Slot]) -> list[Tick]:
    return [Tick(_middle(at, len(slots)), slot.tick) for at, slot in enumerate(slots) if slot.tick]


def _beside(share: float, text: str) -> Tick:
    return Tick(_pixels(HEIGHT * (1 - share)), text)


def _linear(most: float) -> list[float]:
    """Round numbers from zero to at least `most`."""
    if most <= 0:
        return [0, 1]
    rough = most / _TICKS
    power = math.pow(10, math.floor(math.log10(rough)))
    step = next(size * power for size in _STEPS if size * power >= rough)
    step = max(step, 1) if most >= 1 else step
    return [step * number for number in range(math.ceil(most / step) + 1)]


def _measured(series: Sequence[Series]) -> list[float]:
    return [value for one in series for value in one.values if value is not None]


def _middle(at: int, count: int) -> str:
    return _percent((at + 0.5) / count)


def _percent(share: float) -> str:
    """As text: a template would write a decimal comma, which SVG doesn't know."""
    return f"{share * 100:.3f}%"


def _pixels(value: float) -> str:
    return f"{value:.1f}"
