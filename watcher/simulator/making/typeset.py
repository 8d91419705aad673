"""Sets paragraphs and tables as plain text or as HTML, in the manner of the time."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from watcher.simulator.made import Block, Table
from watcher.simulator.making.flavours import Flavour

__all__ = ["DUTY", "WIDTH", "centered", "escape", "html_blocks", "labelled", "smart", "text_blocks", "wrap"]

WIDTH = 76
DUTY = (
    "Pursuant to the requirements of the Securities Exchange Act of 1934, the registrant has duly caused this report "
    "to be signed on its behalf by the undersigned hereunto duly authorized."
)
_OPENING = re.compile(r'(?<![\w.,;!?)%])"')
_CP1252_REFERENCES = str.maketrans({"‘": "&#145;", "’": "&#146;", "“": "&#147;", "”": "&#148;", "–": "&#150;"})


def smart(text: str) -> str:
    """Give a text the quotation marks and dashes of a word processor."""
    return _OPENING.sub("“", text).replace('"', "”").replace("'", "’").replace(" -- ", " – ")


def escape(text: str, *, as_cp1252: bool = False) -> str:
    """Escape for HTML in pure ASCII; ``as_cp1252`` gives the wrong numbers that old editors wrote."""
    escaped = html.escape(text, quote=False)
    if as_cp1252:
        escaped = escaped.translate(_CP1252_REFERENCES)
    return escaped.encode("ascii", "xmlcharrefreplace").decode("ascii")


# --- plain text


def wrap(text: str, *, indent: int = 0, width: int = WIDTH) -> str:
    """Break a paragraph into lines."""
    lines, line, room = [], " " * indent, width - indent
    for word in text.split():
        if len(word) + 1 > room and line.strip():
            lines.append(line.rstrip())
            line, room = "", width
        line += word + " "
        room -= len(word) + 1
    lines.append(line.rstrip())
    return "\n".join(lines)


def labelled(label: str, text: str, column: int) -> str:
    """Set a text beside its label, each of its lines beginning in the same column."""
    first, *others = wrap(text, width=WIDTH - column).split("\n")
    return "\n".join([f"{label:<{column}}{first}", *(" " * column + line for line in others)])


def centered(text: str) -> str:
    """Center each line of a short text."""
    return "\n".join(line.center(WIDTH).rstrip() for line in text.split("\n"))


def text_blocks(blocks: Iterable[Block], *, indent: int = 5) -> str:
    """Set blocks as plain text, a blank line between them."""
    return "\n\n".join(_text_block(block, indent) for block in blocks)


def _text_block(block: Block, indent: int) -> str:
    if isinstance(block, Table):
        return _text_table(block)
    if block.is_centered:
        return "\n".join(centered(line) for line in wrap(block.text, width=60).split("\n"))
    return wrap(block.text, indent=indent)


def _text_table(table: Table) -> str:
    if not table.has_numbers:
        return "\n".join(labelled(row[0], "  ".join(row[1:]), 13) for row in table.rows)
    first = max(len(row[0]) for row in table.rows) + 4
    head, *rows = ["".join([f"{row[0]:<{first}}", *(f"{cell:>14}" for cell in row[1:])]).rstrip() for row in table.rows]
    rule = " " * first + "  ------------" * (len(table.rows[0]) - 1)
    columns = " " * (first - 3) + "".join(f"{'<C>':>14}" for _ in table.rows[0][1:])
    return "\n".join(("<TABLE>", "<CAPTION>", head, rule, f"<S>{columns}", *rows, "</TABLE>"))


# --- HTML


def html_blocks(blocks: Iterable[Block], flavour: Flavour) -> str:
    """Set blocks as HTML."""
    return "".join(_html_block(block, flavour) for block in blocks)


def _html_block(block: Block, flavour: Flavour) -> str:
    if isinstance(block, Table):
        return _html_table(block, flavour)
    inner = escape(block.text, as_cp1252=flavour.is_cp1252)
    if block.is_bold:
        inner = flavour.bold.format(inner)
    return (flavour.centered if block.is_centered else flavour.paragraph).format(inner)


def _html_table(table: Table, flavour: Flavour) -> str:
    last = flavour.number if table.has_numbers else flavour.cell
    rows = []
    for row in table.rows:
        cells = [escape(cell, as_cp1252=flavour.is_cp1252) for cell in row]
        first, *others = cells
        rows.append(flavour.row.format(flavour.cell.format(first) + "".join(last.format(cell) for cell in others)))
    return flavour.table.format("".join(rows))
