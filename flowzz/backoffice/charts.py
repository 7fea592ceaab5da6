"""Charts drawn by the server as SVG: readable without scripts, each column a link. Pure.

Horizontal positions are percentages and heights are pixels: a chart fits a phone's width while
its texts keep their size.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


FormatNumber = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    hint: str
    slots: Sequence[Slot]
    series: Sequence[Series]
    format_number: FormatNumber
    y_ticks: Sequence[Tick]
    bars: Sequence[Shape] = ()
    lines: Sequence[Shape] = ()
    dots: Sequence[Shape] = ()
    height: int = HEIGHT

    @property
    def is_empty(self) -> bool:
        return not (self.bars or self.dots)

    @property
    def x_ticks(self) -> list[Tick]:
        named = [(index, slot.tick) for index, slot in enumerate(self.slots) if slot.tick]
        return [Tick(_center(index, len(self.slots)), text) for index, text in named]

    @property
    def columns(self) -> list[Column]:
        columns, width = [], _percent(1 / len(self.slots))
        for index, slot in enumerate(self.slots):
            values = [
                f"{series.name} {self.format_number(value)}".rstrip()
                for series in self.series
                if (value := series.values[index]) is not None and (value or len(self.series) == 1)
            ]
            label = f"{slot.label}: {', '.join(values) or 'nada'}"
            columns.append(Column(_percent(index / len(self.slots)), width, label, slot.href))
        return columns


def stacked_bar_chart(
    title: str,
    hint: str,
    slots: Sequence[Slot],
    series: Sequence[Series],
    *,
    format_number: FormatNumber,
    maximum: float | None = None,
    height: int = HEIGHT,
) -> Chart:
    """Return a chart of stacked bars; the axis ends at `maximum`, or else at the highest bar."""
    sums = [sum(part.values[index] or 0 for part in series) for index in range(len(slots))]
    ticks = _linear_ticks(maximum or max(sums, default=0))
    top = ticks[-1]
    bars, width = [], _percent((1 - _GAP) / max(len(slots), 1))
    for index in range(len(slots)):
        base = 0.0
        for part in series:
            if value := part.values[index]:
                base += value
                x, y = (index + _GAP / 2) / len(slots), height * (1 - base / top)
                size = width, _pixels(height * value / top)
                bars.append(Shape(part.tone, _percent(x), _pixels(y), *size))
    return Chart(
        title,
        hint,
        slots,
        series,
        format_number,
        [_y_tick(value / top, format_number(value), height) for value in ticks],
        bars=bars,
        height=height,
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
    measured = (value for line in series for value in line.values if value is not None)
    highest = max(measured, default=0)
    used = [tick for index, tick in enumerate(ticks) if index < 2 or ticks[index - 1] < highest]
    low, high = math.log(used[0]), math.log(used[-1])

    def share(value: float) -> float:
        return min(1.0, max(0.0, (math.log(max(value, used[0])) - low) / (high - low)))

    lines, dots = [], []
    for line in series:
        points = [
            (_center(index, len(slots)), _pixels(HEIGHT * (1 - share(value))))
            if value is not None
            else None
            for index, value in enumerate(line.values)
        ]
        dots += [Shape(line.tone, *point) for point in points if point]
        lines += [
            Shape(line.tone, *start, x2=end[0], y2=end[1])
            for start, end in pairwise(points)
            if start and end
        ]
    return Chart(
        title,
        hint,
        slots,
        series,
        format_number,
        [_y_tick(share(value), format_number(value)) for value in used],
        lines=lines,
        dots=dots,
    )


def _y_tick(share: float, text: str, height: int = HEIGHT) -> Tick:
    return Tick(_pixels(height * (1 - share)), text)


def _linear_ticks(maximum: float) -> list[float]:
    """Return round numbers from zero to at least the maximum."""
    if maximum <= 0:
        return [0, 1]
    rough = maximum / _TICKS
    power = math.pow(10, math.floor(math.log10(rough)))
    step = next(size * power for size in _STEPS if size * power >= rough)
    step = max(step, 1) if maximum >= 1 else step
    return [step * number for number in range(math.ceil(maximum / step) + 1)]


def _center(index: int, count: int) -> str:
    return _percent((index + 0.5) / count)


def _percent(share: float) -> str:
    """Format in Python: a template would write a decimal comma, which is invalid in SVG."""
    return f"{share * 100:.3f}%"


def _pixels(value: float) -> str:
    return f"{value:.1f}"
