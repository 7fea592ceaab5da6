"""Charts drawn by the server as SVG: readable without scripts, each column a link. Pure.

Horizontal positions are percentages and heights are pixels: a chart fits a phone's width while
its texts keep their size.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

HEIGHT = 160
"""Pixels between the axis and the top of the plot."""
_GAP = 0.18
"""The share of a column's width between two bars."""
_STEPS = (1, 2, 2.5, 5, 10)
_TICKS = 4
PREVIOUS = "Período anterior"


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
    """The clickable area of a slot, over the whole height, with all its values.

    `label` is read aloud; `tooltip` has a line for the slot, and one for each value with its tone
    and name, separated by tabs.
    """

    x: str
    width: str
    href: str
    label: str
    tooltip: str


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
    unit: str = ""
    """What is counted, if the numbers do not say it themselves."""
    has_total: bool = False
    previous: Series | None = None
    """The values of the previous period, of equal length, drawn behind as a line."""
    previous_lines: Sequence[Shape] = ()

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
            title = f"{slot.label} ({self.unit})" if self.unit else slot.label
            values = list(self._values(index))
            words = ", ".join(f"{name} {value}".rstrip() for _, name, value in values)
            columns.append(
                Column(
                    _percent(index / len(self.slots)),
                    width,
                    slot.href,
                    f"{title}: {words or 'nada'}",
                    "\n".join([title, *("\t".join(value) for value in values)]),
                )
            )
        return columns

    def _values(self, index: int) -> Iterator[tuple[str, str, str]]:
        """Yield the tone, name and text of each value of a slot."""
        shown = [
            (series, value)
            for series in self.series
            if (value := series.values[index]) is not None and (value or len(self.series) == 1)
        ]
        for series, value in shown:
            yield series.tone, series.name, self.format_number(value)
        if self.has_total and len(shown) > 1:
            yield "", "total", self.format_number(sum(value for _, value in shown))
        if self.previous and (before := self.previous.values[index]) is not None:
            yield self.previous.tone, self.previous.name.lower(), self.format_number(before)


def stacked_bar_chart(
    title: str,
    hint: str,
    slots: Sequence[Slot],
    series: Sequence[Series],
    *,
    format_number: FormatNumber,
    maximum: float | None = None,
    height: int = HEIGHT,
    unit: str = "",
    has_total: bool = False,
    previous: Series | None = None,
) -> Chart:
    """Return a chart of stacked bars; the axis ends at `maximum`, or else at the highest value."""
    sums = [sum(part.values[index] or 0 for part in series) for index in range(len(slots))]
    before = previous.values if previous else ()
    ticks = _linear_ticks(maximum or max([*sums, *(value or 0 for value in before)], default=0))
    top = ticks[-1]
    shares = [value / top if value is not None and any(before) else None for value in before]
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
        unit=unit,
        has_total=has_total,
        previous=previous,
        previous_lines=_lines(previous, shares, height)[0] if previous else (),
    )


def line_chart(
    title: str,
    hint: str,
    slots: Sequence[Slot],
    series: Sequence[Series],
    *,
    format_number: FormatNumber,
    ticks: Sequence[float],
    previous: Series | None = None,
) -> Chart:
    """Return lines over a logarithmic axis, from the first of `ticks` to the last one needed."""
    measured = (value for line in series for value in line.values if value is not None)
    highest = max(measured, default=0)
    used = [tick for index, tick in enumerate(ticks) if index < 2 or ticks[index - 1] < highest]
    low, high = math.log(used[0]), math.log(used[-1])

    def share(value: float) -> float:
        return min(1.0, max(0.0, (math.log(max(value, used[0])) - low) / (high - low)))

    def shares(line: Series) -> list[float | None]:
        return [None if value is None else share(value) for value in line.values]

    drawn = [_lines(line, shares(line), HEIGHT) for line in series]
    return Chart(
        title,
        hint,
        slots,
        series,
        format_number,
        [_y_tick(share(value), format_number(value)) for value in used],
        lines=[shape for lines, _ in drawn for shape in lines],
        dots=[shape for _, dots in drawn for shape in dots],
        previous=previous,
        previous_lines=_lines(previous, shares(previous), HEIGHT)[0] if previous else (),
    )


def _lines(
    series: Series, shares: Sequence[float | None], height: int
) -> tuple[list[Shape], list[Shape]]:
    """Return the lines between neighbouring values, and a dot for each value."""
    points = [
        None if share is None else (_center(index, len(shares)), _pixels(height * (1 - share)))
        for index, share in enumerate(shares)
    ]
    lines = [
        Shape(series.tone, *start, x2=end[0], y2=end[1])
        for start, end in pairwise(points)
        if start and end
    ]
    return lines, [Shape(series.tone, *point) for point in points if point]


def _y_tick(share: float, text: str, height: int = HEIGHT) -> Tick:
    return Tick(_pixels(height * (1 - share)), text)


def _linear_ticks(maximum: float) -> list[float]:
    """Return round numbers from zero to at least the maximum."""
    if maximum <= 0:
        return [0, 1]
    rough = maximum / _TICKS
    power = math.pow(10, math.floor(math.log10(rough)))
    step = next(size * power for size in _STEPS if size * power >= rough)
    step = math.ceil(step) if maximum >= 1 else step
    return [step * number for number in range(math.ceil(maximum / step) + 1)]


def _center(index: int, count: int) -> str:
    return _percent((index + 0.5) / count)


def _percent(share: float) -> str:
    """Format in Python: a template would write a decimal comma, which is invalid in SVG."""
    return f"{share * 100:.3f}%"


def _pixels(value: float) -> str:
    return f"{value:.1f}"
