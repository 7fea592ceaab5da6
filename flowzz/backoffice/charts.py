"""Charts drawn by the server as SVG: readable without scripts, each column a link. Pure.

Horizontal positions are percentages and heights are pixels: a chart fits a phone's width while
its texts keep their size.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

HEIGHT = 160
"""Pixels between the axis and the top of the plot."""
_GAP = 0.18
"""The share of a column's width between two bars."""
_STEPS = (1, 2, 2.5, 5, 10)
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Series:
    """One value per slot; None where nothing was measured."""

    name: str
    tone: str
    values: Sequence[float | None]
    href: str = ""
    total: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """A period on the time axis: its name, the axis' text below it, and a link to its rows."""

    label: str
    tick: str
    href: str


@dataclass(frozen=True, slots=True)
class Tick:
    position: str
    text: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A part of a bar, a line (which ends at `x2`, `y2`), or a dot."""

    tone: str
    x: str
    y: str
    width: str = ""
    height: str = ""
    x2: str = ""
    y2: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """The clickable area of a slot, over the whole height; its label has all values."""

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
    bars: Sequence[Shape] = ()
    lines: Sequence[Shape] = ()
    dots: Sequence[Shape] = ()
    x_ticks: Sequence[Tick] = ()
    y_ticks: Sequence[Tick] = ()
    is_empty: bool = False
    height: int = field(default=HEIGHT)


FormatNumber = Callable[[float], str]


def stacked_bar_chart(
    title: str,
    hint: str,
    slots: Sequence[Slot],
    series: Sequence[Series],
    *,
    format_number: FormatNumber,
    maximum: float | None = None,
) -> Chart:
    """Return a chart of stacked bars; the axis ends at `maximum`, or else at the highest bar."""
    sums = [sum(one.values[index] or 0 for one in series) for index in range(len(slots))]
    ticks = _linear_ticks(maximum or max(sums, default=0))
    top = ticks[-1]
    bars = []
    for index in range(len(slots)):
        base = 0.0
        for one in series:
            if value := one.values[index]:
                base += value
                y, height = HEIGHT - base / top * HEIGHT, value / top * HEIGHT
                bars.append(_bar(one.tone, index, len(slots), y=y, height=height))
    return Chart(
        title,
        hint,
        series,
        _columns(slots, series, format_number),
        bars=bars,
        x_ticks=_x_ticks(slots),
        is_empty=not any(_measured(series)),
        y_ticks=[_y_tick(value / top, format_number(value)) for value in ticks],
    )


def line_chart(
    title: str,
    hint: str,
    slots: Sequence[Slot],
    series: Sequence[Series],
    *,
    format_number: FormatNumber,
    ticks: Sequence[float],
) -> Chart:
    """Return lines over a logarithmic axis, from the first of `ticks` to the last one needed."""
    highest = max(_measured(series), default=0)
    used = [tick for index, tick in enumerate(ticks) if index < 2 or ticks[index - 1] < highest]
    low, high = math.log(used[0]), math.log(used[-1])

    def share(value: float) -> float:
        return min(1.0, max(0.0, (math.log(max(value, used[0])) - low) / (high - low)))

    segments, dots = [], []
    for one in series:
        points = [
            (_center(index, len(slots)), _pixels(HEIGHT * (1 - share(value))))
            if value is not None
            else None
            for index, value in enumerate(one.values)
        ]
        dots += [Shape(one.tone, *point) for point in points if point]
        segments += [
            Shape(one.tone, *start, x2=end[0], y2=end[1])
            for start, end in pairwise(points)
            if start and end
        ]
    return Chart(
        title,
        hint,
        series,
        _columns(slots, series, format_number),
        lines=segments,
        dots=dots,
        x_ticks=_x_ticks(slots),
        is_empty=not _measured(series),
        y_ticks=[_y_tick(share(value), format_number(value)) for value in used],
    )


def _columns(
    slots: Sequence[Slot], series: Sequence[Series], format_number: FormatNumber
) -> list[Column]:
    columns = []
    for index, slot in enumerate(slots):
        values = [
            f"{one.name} {format_number(value)}"
            for one in series
            if (value := one.values[index]) is not None and (value or len(series) == 1)
        ]
        label = f"{slot.label}: {', '.join(values) or 'nada'}"
        x, width = _percent(index / len(slots)), _percent(1 / len(slots))
        columns.append(Column(x, width, label, slot.href))
    return columns


def _bar(tone: str, index: int, count: int, *, y: float, height: float) -> Shape:
    x, width = (index + _GAP / 2) / count, (1 - _GAP) / count
    return Shape(tone, _percent(x), _pixels(y), _percent(width), _pixels(height))


def _x_ticks(slots: Sequence[Slot]) -> list[Tick]:
    return [
        Tick(_center(index, len(slots)), slot.tick) for index, slot in enumerate(slots) if slot.tick
    ]


def _y_tick(share: float, text: str) -> Tick:
    return Tick(_pixels(HEIGHT * (1 - share)), text)


def _linear_ticks(maximum: float) -> list[float]:
    """Return round numbers from zero to at least the maximum."""
    if maximum <= 0:
        return [0, 1]
    rough = maximum / _TICKS
    power = math.pow(10, math.floor(math.log10(rough)))
    step = next(size * power for size in _STEPS if size * power >= rough)
    step = max(step, 1) if maximum >= 1 else step
    return [step * number for number in range(math.ceil(maximum / step) + 1)]


def _measured(series: Sequence[Series]) -> list[float]:
    return [value for one in series for value in one.values if value is not None]


def _center(index: int, count: int) -> str:
    return _percent((index + 0.5) / count)


def _percent(share: float) -> str:
    """Format in Python: a template would write a decimal comma, which is invalid in SVG."""
    return f"{share * 100:.3f}%"


def _pixels(value: float) -> str:
    return f"{value:.1f}"
