"""What is made up: a submission's bytes together with all the facts that were written into it.

Tests read the bytes and compare. Texts are kept as a reader finds them: with typographic quotation marks where the
documents are HTML, with plain ones where they are plain text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from watcher.models import Filer, Signature
from watcher.simulator.eras import Era
from watcher.simulator.making.companies import Company

__all__ = ["Block", "Draft", "MadeExhibit", "MadeItem", "MadeSubmission", "Paragraph", "Table"]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph."""

    text: str
    is_centered: bool = False
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; the first row is the heading."""

    rows: tuple[tuple[str, ...], ...]

    @property
    def has_numbers(self) -> bool:
        """Whether its cells but the first of each row hold figures, which are set to the right."""
        return all(cell[:1] in "$(0123456789-" for row in self.rows[1:] for cell in row[1:])


Block = Paragraph | Table


@dataclass(frozen=True, slots=True)
class MadeItem:
    """One item of the body. Items under one combined heading each have a `MadeItem` with that heading.

    The first of them holds the blocks; the others hold none.
    """

    number: str
    heading: str  # as it is printed; a line break in it is a break on the page
    blocks: tuple[Block, ...] = ()
    events: tuple[str, ...] = ()  # what happens in it, in the words of the taxonomy

    @property
    def text(self) -> str:
        """Its paragraphs, tables left out, a blank line between them."""
        return "\n\n".join(block.text for block in self.blocks if isinstance(block, Paragraph))


@dataclass(frozen=True, slots=True)
class MadeExhibit:
    """One exhibit: ``sequence`` and ``filename`` are None for one that is listed but no file of its own."""

    number: str
    title: str
    sequence: int | None = None
    filename: str | None = None
    blocks: tuple[Block, ...] = ()

    @property
    def text(self) -> str:
        """Its paragraphs, tables left out, a blank line between them."""
        return "\n\n".join(block.text for block in self.blocks if isinstance(block, Paragraph))


@dataclass(frozen=True, slots=True)
class Draft:
    """All the facts of a filing that is to be written."""

    era: Era
    accession: str
    form: str
    filed_on: date
    accepted_at: datetime  # UTC, whether or not the header of its time tells it
    period_of_report: date
    companies: tuple[Company, ...]  # the registrant first, then its co-registrants
    declared: tuple[str, ...]  # item numbers that the header names
    note: tuple[Paragraph, ...]  # what an amendment says before its items
    items: tuple[MadeItem, ...]
    exhibits: tuple[MadeExhibit, ...]
    signature: Signature
    is_written_communication: bool  # the first box of the cover is ticked
    look: int  # which of the era's layouts it has

    @property
    def company(self) -> Company:
        """The registrant."""
        return self.companies[0]

    @property
    def has_exhibit_index(self) -> bool:
        """Whether an index of exhibits follows the signatures: always where no item lists them."""
        is_listed = any(item.number in ("7", "9.01") for item in self.items)
        return bool(self.exhibits) and (not is_listed or (self.era is not Era.INLINE and self.look != 1))

    @property
    def stem(self) -> str:
        """What its file names begin with, such as ``brnh-20260112``."""
        return f"{self.company.ticker.lower()}-{self.period_of_report:%Y%m%d}"

    @property
    def tells_acceptance(self) -> bool:
        """Whether the header gives the time of acceptance; EDGAR's did so from 2002 on."""
        return self.filed_on >= date(2002, 5, 1)


@dataclass(frozen=True, slots=True)
class MadeSubmission:
    """A made-up submission: its bytes, and what stands in them."""

    raw: bytes = field(repr=False)
    era: Era
    accession: str
    form: str
    filers: tuple[Filer, ...]
    filed_on: date
    accepted_at: datetime | None  # None where headers of its time do not tell it
    period_of_report: date
    declared_items: tuple[str, ...]  # as the header has them
    items: tuple[MadeItem, ...] = field(repr=False)  # as the body has them
    exhibits: tuple[MadeExhibit, ...] = field(repr=False)
    signature: Signature
    tickers: tuple[str, ...]  # on the cover; () before 2019
    is_written_communication: bool
    events: tuple[str, ...]

    @property
    def item_numbers(self) -> tuple[str, ...]:
        """The numbers of the items whose headings stand in the body."""
        return tuple(item.number for item in self.items)
