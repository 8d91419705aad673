"""Writes the main document and the exhibits of a made-up filing as HTML, with inline XBRL on the cover since 2019."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from watcher.simulator.eras import Era
from watcher.simulator.made import Draft, MadeExhibit, MadeItem
from watcher.simulator.making.cover import Cell, Fact, Grid, Line, cover_lines
from watcher.simulator.making.flavours import FLAVOURS, Flavour
from watcher.simulator.making.typeset import DUTY, escape, html_blocks, smart
from watcher.simulator.making.xbrl import inline_end, inline_start, tag_fact

__all__ = ["exhibit_html", "main_html"]

# How a box looks where it is not tagged: open, ticked.
_BOXES = (
    ("&#9744;", "&#9746;"),
    ('<font face="Wingdings">o</font>', '<font face="Wingdings">x</font>'),
    ("[ ]", "[X]"),
)

_Show = Callable[[Fact], str]


def main_html(draft: Draft, signed_on: str) -> str:
    """Return the body of the main document, from <HTML> (or <XBRL>) to its end."""
    flavour = flavour_of(draft)
    if draft.era is Era.INLINE:
        show: _Show = partial(tag_fact, draft)
    else:
        show = partial(_plain_fact, draft.look, flavour)
    body = "".join(
        (
            _cover(draft, flavour, show),
            flavour.rule,
            html_blocks(draft.note, flavour),
            "".join(_item(item, flavour) for item in draft.items),
            _signature(draft, signed_on, flavour),
            _exhibit_index(draft, flavour),
        )
    )
    if draft.era is Era.INLINE:
        return f"<XBRL>\n{inline_start(draft)}{body}{inline_end()}\n</XBRL>"
    return f'<HTML>\n<HEAD>\n<TITLE>{draft.form}</TITLE>\n</HEAD>\n<BODY BGCOLOR="#FFFFFF">\n{body}</BODY>\n</HTML>'


def exhibit_html(draft: Draft, exhibit: MadeExhibit) -> str:
    """Return the body of an exhibit."""
    flavour = flavour_of(draft)
    title = f"EX-{exhibit.number}"
    top = flavour.number.format(flavour.bold.format(f"Exhibit {exhibit.number}"))
    head = flavour.table.format(flavour.row.format(top))
    body = head + html_blocks(exhibit.blocks, flavour)
    return f"<HTML><HEAD>\n<TITLE>{title}</TITLE>\n</HEAD>\n<BODY>\n{body}</BODY></HTML>"


def flavour_of(draft: Draft) -> Flavour:
    """Return how this filing's documents are written."""
    return FLAVOURS[draft.era][draft.look]


def _escape(text: str, flavour: Flavour) -> str:
    return escape(smart(text), as_cp1252=flavour.is_cp1252)


def _plain_fact(look: int, flavour: Flavour, fact: Fact) -> str:
    return _BOXES[look][fact.is_ticked] if fact.kind == "box" else _escape(fact.text, flavour)


def _cover(draft: Draft, flavour: Flavour, show: _Show) -> str:
    def cell_html(cell: Cell) -> str:
        return "".join(show(part) if isinstance(part, Fact) else _escape(part, flavour) for part in cell)

    def line_html(line: Line) -> str:
        inner = cell_html(line.cell)
        if line.is_bold:
            inner = flavour.bold.format(inner)
        return (flavour.centered if line.is_centered else flavour.paragraph).format(inner)

    def grid_html(grid: Grid) -> str:
        rows = (flavour.row.format("".join(flavour.cell.format(cell_html(cell)) for cell in row)) for row in grid.rows)
        return flavour.table.format("".join(rows))

    lines = cover_lines(draft)
    return "".join(grid_html(line) if isinstance(line, Grid) else line_html(line) for line in lines)


def _item(item: MadeItem, flavour: Flavour) -> str:
    if not item.blocks:  # it stands under the heading of the item before it
        return ""
    return _heading(item.heading, flavour) + html_blocks(item.blocks, flavour)


def _heading(heading: str, flavour: Flavour) -> str:
    """Set an item's heading: a tab parts it into the cells of a table, blanks in a row are kept."""
    inner = escape(heading, as_cp1252=flavour.is_cp1252).replace("  ", flavour.space * 2)
    cells = inner.split("\t")
    if len(cells) > 1:
        row = "".join(flavour.cell.format(flavour.bold.format(cell)) for cell in cells)
        return flavour.table.format(flavour.row.format(row))
    return flavour.paragraph.format(flavour.bold.format(inner.replace("\n", flavour.line_break)))


def _signature(draft: Draft, signed_on: str, flavour: Flavour) -> str:
    signer = draft.signature
    parts = [
        flavour.centered.format(flavour.bold.format("SIGNATURE" if draft.look == 1 else "SIGNATURES")),
        flavour.paragraph.format(DUTY),
    ]
    name, title = (escape(text or "", as_cp1252=flavour.is_cp1252) for text in (signer.name, signer.title))
    for company in draft.companies:
        registrant = _escape(company.full_name, flavour)
        if draft.look == 1:
            lines = (registrant, f"By: /s/ {name}", name, title, f"Date: {signed_on}")
            parts.append("".join(flavour.paragraph.format(line) for line in lines))
            continue
        labels = ("Name: ", "Title: ") if draft.look == 2 else ("", "")
        rows = (
            ("", "", flavour.bold.format(registrant)),
            (f"Date: {signed_on}", "By:", f"/s/ {name}"),
            ("", "", labels[0] + name),
            ("", "", labels[1] + title),
        )
        cells = ("".join(flavour.cell.format(cell or flavour.space) for cell in row) for row in rows)
        parts.append(flavour.table.format("".join(flavour.row.format(row) for row in cells)))
    return "".join(parts)


def _exhibit_index(draft: Draft, flavour: Flavour) -> str:
    if not draft.has_exhibit_index:
        return ""
    heads = (flavour.bold.format("Exhibit No."), flavour.bold.format("Description"))
    rows = [
        heads,
        *((exhibit.number, escape(exhibit.title, as_cp1252=flavour.is_cp1252)) for exhibit in draft.exhibits),
    ]
    cells = ("".join(flavour.cell.format(cell) for cell in row) for row in rows)
    table = flavour.table.format("".join(flavour.row.format(row) for row in cells))
    return flavour.rule + flavour.centered.format(flavour.bold.format("EXHIBIT INDEX")) + table
