"""Writes the main document and the exhibits of a made-up filing as plain text, as until 2000."""

from __future__ import annotations

from watcher.simulator.made import Draft, MadeExhibit, MadeItem
from watcher.simulator.making.cover import Cell, Fact, Grid, Line, cover_lines
from watcher.simulator.making.typeset import DUTY, WIDTH, centered, labelled, text_blocks, wrap

__all__ = ["exhibit_text", "main_text"]


def main_text(draft: Draft, signed_on: str) -> str:
    """Return the body of the main document. ``signed_on`` is the date as the signature page has it."""
    page = ("<PAGE>", "<PAGE>   {}")[draft.look % 2]
    items = "\n\n\n".join((*_note(draft), *(_item(item) for item in draft.items if item.blocks)))
    pages = [_cover(draft), items, _signature(draft, signed_on)]
    if draft.has_exhibit_index:
        pages.append(_exhibit_index(draft.exhibits))
    return "\n" + "\n".join(
        f"{page.format(number)}\n{text}\n\n\n{f'-{number}-'.center(WIDTH).rstrip()}"
        for number, text in enumerate(pages, 1)
    )


def exhibit_text(exhibit: MadeExhibit) -> str:
    """Return the body of an exhibit."""
    return f"<PAGE>\n\n{f'EXHIBIT {exhibit.number}':>{WIDTH}}\n\n{text_blocks(exhibit.blocks, indent=0)}\n"


def _cover(draft: Draft) -> str:
    return "\n\n".join(_grid(line) if isinstance(line, Grid) else _line(line) for line in cover_lines(draft))


def _line(line: Line) -> str:
    text = _words(line.cell)
    return centered(text) if line.is_centered else wrap(text)


def _grid(grid: Grid) -> str:
    width = WIDTH // len(grid.rows[0])
    rows = []
    for row in grid.rows:
        cells = [wrap(_words(cell), width=width - 2).split("\n") for cell in row]
        height = max(map(len, cells))
        for number in range(height):
            texts = (cell[number] if number < len(cell) else "" for cell in cells)
            rows.append("".join(text.center(width) for text in texts).rstrip())
    return "\n".join(rows)


def _words(cell: Cell) -> str:
    return "".join(_box(part) if isinstance(part, Fact) else part for part in cell)


def _box(fact: Fact) -> str:
    if fact.kind != "box":
        return fact.text
    return "[X]" if fact.is_ticked else "[ ]"


def _note(draft: Draft) -> tuple[str, ...]:
    return (text_blocks(draft.note),) if draft.note else ()


def _item(item: MadeItem) -> str:
    lines = item.heading.replace("\t", "   ").split("\n")
    heading = "\n\n".join(_hanging(line) for line in lines)
    return f"{heading}\n\n{text_blocks(item.blocks)}"


def _hanging(heading: str) -> str:
    """Break a long heading so that its second line begins below its title."""
    number, gap, title = heading.partition("  ")
    if not gap:
        return wrap(heading)
    title = title.lstrip()
    return labelled(number, title, len(heading) - len(title))


def _signature(draft: Draft, signed_on: str) -> str:
    signer = draft.signature
    lines = [centered("SIGNATURE" if draft.look == 1 else "SIGNATURES"), "", wrap(DUTY, indent=5), "", ""]
    for company in draft.companies:
        lines += (labelled("", company.full_name, 35), "", "")
        if draft.look == 2:
            lines += (
                f"{f'Dated:  {signed_on}':<35}By: /s/ {signer.name}",
                " " * 39 + "-" * 30,
                f"{'':39}Name:  {signer.name}",
                labelled(" " * 39 + "Title:", signer.title or "", 46),
            )
        else:
            by = f"By: /s/ {signer.name}" if draft.look else f"/s/ {signer.name.upper()}"
            lines += (" " * 35 + by, " " * 35 + "_" * 30, " " * 35 + signer.name, labelled("", signer.title or "", 35))
            lines += ("", f"Date: {signed_on}")
        lines.append("")
    return "\n".join(lines)


def _exhibit_index(exhibits: tuple[MadeExhibit, ...]) -> str:
    listed = "\n\n".join(labelled(exhibit.number, exhibit.title, 8) for exhibit in exhibits)
    return f"{centered('EXHIBIT INDEX')}\n\n\nExhibit\nNumber  Description\n-------  -----------\n\n{listed}\n"
