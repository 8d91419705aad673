"""Pictures as inline SVG: shapes by attributes, colours by classes of the stylesheet, each with a table of its numbers.

The pages allow no inline style and no script, so nothing here has any. All text is escaped in one place, `_element`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

__all__ = ["Picture", "Series", "columns", "columns_and_curve", "small_columns", "stacked_columns"]

_WIDTH = 760
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 14, 22
_LABEL_WIDTH = 50  # with the room around it


@dataclass(frozen=True, slots=True)
class Series:
    """One row of numbers, one for each column."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing with its title, what it says in a sentence, and the same as a table."""

    title: str
    says: str  # for who cannot see it
    svg: Markup
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    legend: Sequence[tuple[str, str]] = field(default=())  # class and name

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.rows


@dataclass(frozen=True, slots=True)
class _Frame:
    """The rectangle in which columns stand."""

    count: int
    highest: float
    height: int = 200
    width: int = _WIDTH
    top: int = _TOP
    right: int = _RIGHT

    @property
    def step(self) -> float:
        return (self.width - _LEFT - self.right) / max(self.count, 1)

    @property
    def floor(self) -> float:
        return self.top + self.height

    def left_of(self, column: int) -> float:
        return _LEFT + column * self.step

    def y(self, value: float) -> float:
        return self.floor - self.height * value / self.highest

    def bar(self, column: int, low: float, high: float, kind: str, told: str) -> Markup:
        gap = min(2.0, self.step * 0.15)
        title = _element("title", told)
        place = {"x": self.left_of(column) + gap / 2, "y": self.y(high), "width": self.step - gap}
        return _element("rect", title, {**place, "height": self.y(low) - self.y(high), "class": kind})


def stacked_columns(title: str, labels: Sequence[str], series: Sequence[Series], *, unit: str, first: str) -> Picture:
    """Draw the series on top of each other, column by column. ``first`` heads the column of labels in the table."""
    totals = [sum(one.values[column] for one in series) for column in range(len(labels))]
    frame = _Frame(len(labels), _round_up(max(totals, default=0)))
    bars = [bar for column in range(len(labels)) for bar in _stack(frame, column, labels[column], series)]
    says = _says(labels, totals, unit)
    svg = _drawing(says, frame.floor + _BOTTOM, _grid(frame), bars, _labels(frame, labels))
    rows = [
        [label, *(_number(one.values[column]) for one in series), _number(totals[column])]
        for column, label in enumerate(labels)
    ]
    legend = [(_kind(place), one.name) for place, one in enumerate(series)]
    return Picture(title, says, svg, [first, *(one.name for one in series), "all"], rows, legend)


def columns(title: str, labels: Sequence[str], values: Sequence[float], *, unit: str, first: str) -> Picture:
    """Draw one series, with its numbers above the columns."""
    frame = _Frame(len(labels), _round_up(max(values, default=0)))
    bars = [
        frame.bar(place, 0, value, "s1", f"{labels[place]}: {value:g} {unit}") for place, value in enumerate(values)
    ]
    told = [
        _text(f"{value:g}", frame.left_of(place) + frame.step / 2, frame.y(value) - 4, "value middle")
        for place, value in enumerate(values)
        if value
    ]
    says = _says(labels, values, unit)
    svg = _drawing(says, frame.floor + _BOTTOM, _grid(frame), bars, told, _labels(frame, labels))
    rows = [[label, _number(value)] for label, value in zip(labels, values, strict=True)]
    return Picture(title, says, svg, [first, unit], rows)


def columns_and_curve(
    title: str,
    labels: Sequence[str],
    values: Series,
    curve: Sequence[float | None],
    *,
    curve_name: str,
    first: str,
    words: Mapping[float, str],
    among: int = 1,
) -> Picture:
    """Draw counts as columns and, below by the same places, seconds on a scale of powers.

    Of ``among`` so many labels at most one is shown, such as full hours of minutes.
    ``words`` names the steps of that scale, from the lowest to the highest; ``curve`` has None where nothing is known.
    """
    frame = _Frame(len(labels), _round_up(max(values.values, default=0)), height=130)
    bars = [
        frame.bar(place, 0, value, "s1", f"{labels[place]}: {value:g} {values.name}")
        for place, value in enumerate(values.values)
        if value
    ]
    below = _Powers(_Frame(len(labels), 1, height=110, top=int(frame.floor) + 24), sorted(words))
    says = _says(labels, values.values, values.name)
    svg = _drawing(
        says,
        below.frame.floor + _BOTTOM,
        _grid(frame),
        bars,
        below.grid(words),
        below.curve(labels, curve),
        _labels(below.frame, labels, among),
    )
    rows = [
        [label, _number(count), "" if seconds is None else f"{seconds:.0f}"]
        for label, count, seconds in zip(labels, values.values, curve, strict=True)
        if count
    ]
    legend = [("s1", values.name), ("s2", curve_name)]
    return Picture(title, says, svg, [first, values.name, curve_name], rows, legend)


def small_columns(title: str, labels: Sequence[str], series: Sequence[Series], *, unit: str, first: str) -> Picture:
    """Draw a small picture for each series under each other, on one scale, so that they can be compared."""
    highest = _round_up(max((value for one in series for value in one.values), default=0))
    height, each, room = 30, 48, 220
    parts: list[Markup] = []
    for place, one in enumerate(series):
        frame = _Frame(len(labels), highest, height, top=place * each + 8, right=room)
        parts.append(_line(_LEFT, _WIDTH - room, frame.floor, "axis"))
        parts += [
            frame.bar(column, 0, value, "s1", f"{one.name}, {labels[column]}: {value:g} {unit}")
            for column, value in enumerate(one.values)
            if value
        ]
        parts.append(_text(_short(one.name, 30), _WIDTH - room + 12, frame.floor - 12, "value"))
        parts.append(_text(f"{sum(one.values):g} in all", _WIDTH - room + 12, frame.floor + 2, ""))
        most = max(one.values, default=0)
        parts.append(_text(_number(most), _LEFT - 6, frame.y(most) + 4, "end"))
    end = _Frame(len(labels), highest, 0, top=len(series) * each, right=room)
    says = "; ".join(f"{one.name}: {sum(one.values):g} {unit}" for one in series)
    svg = _drawing(says, end.floor + _BOTTOM, parts, _labels(end, labels))
    rows = [[one.name, *map(_number, one.values), _number(sum(one.values))] for one in series]
    return Picture(title, says, svg, [first, *labels, "all"], rows)


@dataclass(frozen=True, slots=True)
class _Powers:
    """A scale on which equal steps are equal factors."""

    frame: _Frame
    steps: Sequence[float]

    def y(self, seconds: float) -> float:
        low, high = math.log(self.steps[0]), math.log(self.steps[-1])
        share = (math.log(min(max(seconds, self.steps[0]), self.steps[-1])) - low) / (high - low)
        return self.frame.floor - self.frame.height * share

    def grid(self, words: Mapping[float, str]) -> list[Markup]:
        lines = [_line(_LEFT, _WIDTH - _RIGHT, self.y(step), "grid") for step in self.steps]
        return [*lines, *(_text(words[step], _LEFT - 6, self.y(step) + 4, "end") for step in self.steps)]

    def curve(self, labels: Sequence[str], seconds: Sequence[float | None]) -> Iterator[Markup]:
        points = [(place, one) for place, one in enumerate(seconds) if one is not None]
        places = [(self.frame.left_of(place) + self.frame.step / 2, self.y(one)) for place, one in points]
        yield _element("polyline", "", {"points": " ".join(f"{x:.1f},{y:.1f}" for x, y in places), "class": "curve"})
        for (x, y), (place, one) in zip(places, points, strict=True):
            told = _element("title", f"{labels[place]}: {one:.0f} s")
            yield _element("circle", told, {"cx": x, "cy": y, "r": 2.5, "class": "dot"})


def _stack(frame: _Frame, column: int, label: str, series: Sequence[Series]) -> Iterator[Markup]:
    low = 0.0
    for place, one in enumerate(series):
        if value := one.values[column]:
            yield frame.bar(column, low, low + value, _kind(place), f"{label}, {one.name}: {value:g}")
            low += value


def _grid(frame: _Frame) -> Iterator[Markup]:
    for quarter in range(5):
        value = frame.highest * quarter / 4
        yield _line(_LEFT, frame.width - frame.right, frame.y(value), "grid" if quarter else "axis")
        yield _text(f"{value:g}", _LEFT - 6, frame.y(value) + 4, "end")


def _labels(frame: _Frame, labels: Sequence[str], among: int = 1) -> Iterator[Markup]:
    """As many as have room, one of so many ``among`` which they are told, or of a multiple of that."""
    every = max(1, math.ceil(_LABEL_WIDTH / frame.step / among)) * among
    for place in range(0, len(labels), every):
        yield _text(labels[place], frame.left_of(place) + frame.step / 2, frame.floor + 15, "middle")


def _drawing(says: str, height: float, *parts: Iterable[Markup]) -> Markup:
    drawn = Markup("").join(one for part in parts for one in part)
    return _element("svg", drawn, {"viewBox": f"0 0 {_WIDTH} {height:.0f}", "role": "img", "aria-label": says})


def _line(left: float, right: float, y: float, kind: str) -> Markup:
    return _element("line", "", {"x1": left, "x2": right, "y1": y, "y2": y, "class": kind})


def _text(words: str, x: float, y: float, kind: str) -> Markup:
    return _element("text", words, {"x": x, "y": y, "class": kind})


def _element(name: str, inside: str, attributes: Mapping[str, object] | None = None) -> Markup:
    told = "".join(f' {key}="{escape(_plain(value))}"' for key, value in (attributes or {}).items() if value != "")
    return Markup(f"<{name}{told}>{escape(inside)}</{name}>")  # noqa: S704  # each part is escaped here


def _plain(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _kind(place: int) -> str:
    return f"s{min(place, 7) + 1}"


def _round_up(value: float) -> float:
    """The next number that four equal steps of a round length lead to; 4 at least."""
    power = 10.0 ** max(0, math.floor(math.log10(max(value, 4) / 4)))
    return next(4.0 * power * step for step in (1, 2, 3, 4, 5, 6, 8, 10) if 4 * power * step >= value)


def _says(labels: Sequence[str], values: Sequence[float], unit: str) -> str:
    if not any(values):
        return f"No {unit}."
    most = max(range(len(values)), key=values.__getitem__)
    return f"{sum(values):g} {unit} in all, most at {labels[most]}: {values[most]:g}."


def _number(value: float) -> str:
    return f"{value:,g}"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
