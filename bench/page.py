"""Makes one page of a run's JSON: plots as inline SVG, the tables of their figures, who took part, on which machine.

The page is one file without script, pictures or anything from elsewhere. All text is escaped by the template engine. A
drawing library would bring more than it saves: the plots are bars, whose places are percentages of the page's width, so
that their text keeps its size on a telephone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bench.tables import number

__all__ = ["page_of"]

ROW_HEIGHT = 42  # pixels of one bar with the line of text above it
_FOOT = 22  # of the scale below

WORDS = {
    "items": "A full submission to its items with their text, each reader by its own way, warm: all is imported.",
    "parse": "A full submission to items, texts of the main document and every exhibit, cover and signature; beside "
    "bare HTML readers, which are given the same documents already split out.",
    "split": "The bytes of a file to its header and documents; then the documents alone.",
    "accuracy": "Which items stand in the body, against answers on which several readers or EDGAR's header agree.",
    "import": "What it costs to begin: fresh processes.",
    "cold": "Fresh processes again: from the start to the first filing's items, then the rest, one by one from disk.",
    "latency": "From the moment EDGAR's list shows a filing until the webhook has come; this project alone, since no "
    "peer tells a webhook. EDGAR and the receiver are on loopback; how often the list is looked at is left out.",
    "delivery": "How quickly what is owed to webhooks is delivered, and what happens beside endpoints that are down; "
    "this project alone, since no peer delivers.",
    "memory": "One process of this project that reads filing after filing.",
    "linear": "This project over inputs of many shapes that grow: a bar far above its points would tell of more than "
    "linear time.",
    "rules": "This project's matching of thousands of rules.",
    "events": "This project's events against labels.",
    "goals": "What this project asks of itself.",
    "readers": "Who takes part, and what each does and does not do.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One bar as it is drawn: its top in pixels, all else in percent of the width."""

    name: str
    said: str
    top: int
    end: float | None
    least: float | None
    most: float | None
    points: tuple[float, ...]
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """A plot as it is drawn."""

    id: str
    title: str
    says: str
    told: str  # all figures in a sentence, for who cannot see it
    height: int
    scale: str  # the figure at the right end
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the run."""

    id: str
    says: str
    drawings: tuple[Drawing, ...]
    tables: tuple[Mapping[str, Any], ...]


def page_of(told: Mapping[str, Any]) -> str:
    """Write the page of a run. What a run of some parts did not measure is not there."""
    engine = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return engine.get_template("page.html.j2").render(told=told, sections=_sections(told["shown"]), row=ROW_HEIGHT)


def _sections(shown: Sequence[Mapping[str, Any]]) -> list[Section]:
    parts = sorted(shown, key=lambda one: _place(one["part"]))
    return [_section(part, list(those)) for part, those in groupby(parts, key=itemgetter("part"))]


def _place(part: str) -> int:
    """Readers first, then the parts as they were measured."""
    return 0 if part == "readers" else 2 if part == "goals" else 1


def _section(part: str, shown: Iterable[Mapping[str, Any]]) -> Section:
    shown = list(shown)
    plots = [plot for one in shown for plot in one["plots"]]
    tables = tuple(table for one in shown for table in one["tables"])
    drawings = tuple(_drawing(f"{part}-{place}", plot) for place, plot in enumerate(plots))
    return Section(part, WORDS.get(part, ""), drawings, tables)


def _drawing(id_: str, plot: Mapping[str, Any]) -> Drawing:
    bars = plot["bars"]
    most = plot["most"] or max((end for bar in bars for end in (bar["figure"], bar["most"]) if end), default=1.0)
    rows = tuple(_row(bar, place * ROW_HEIGHT, most) for place, bar in enumerate(bars))
    told = "; ".join(_sentence(bar) for bar in bars)
    height = len(rows) * ROW_HEIGHT + _FOOT
    return Drawing(id_, plot["title"], plot["says"], f"{told}.", height, f"{number(most)} {plot['unit']}", rows)


def _row(bar: Mapping[str, Any], top: int, most: float) -> Row:
    end, least, high = (_percent(bar[key], most) for key in ("figure", "least", "most"))
    points = tuple(round(100 * point / most, 2) for point in bar["points"])
    # A reason may be long, and text in a drawing does not wrap: it stands in the description and beneath the table.
    said = "left out, see below" if end is None else bar["said"]
    return Row(bar["name"], said, top, end, least, high, points, bar["is_ours"])


def _percent(figure: float | None, most: float) -> float | None:
    return None if figure is None else round(100 * figure / most, 2)


def _sentence(bar: Mapping[str, Any]) -> str:
    spread = "" if bar["least"] is None else f" ({number(bar['least'])} to {number(bar['most'])})"
    return f"{bar['name']}: {bar['said']}{spread}"
