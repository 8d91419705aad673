"""Puts a filing's content together: which items, which stories, which exhibits, who signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from watcher.items import CURRENT_SINCE
from watcher.models import Signature
from watcher.simulator.eras import Era, items_of
from watcher.simulator.made import Block, MadeExhibit, MadeItem, Paragraph, Table
from watcher.simulator.making.chance import Random
from watcher.simulator.making.companies import Company
from watcher.simulator.making.exhibits import exhibit_blocks, table_of
from watcher.simulator.making.headings import combined_heading, heading, printed_title
from watcher.simulator.making.story import Enclosure, Story, stories
from watcher.simulator.making.typeset import smart
from watcher.simulator.making.vocabulary import Vocabulary

__all__ = ["Content", "Dates", "Wishes", "compose", "draw_items", "exhibits_item"]

# An old item is filled with the stories of those of today that took its place, or with some of its own.
_LEGACY_STORIES = {
    "1": ("5.01",),
    "2": ("2.01",),
    "3": ("1.03",),
    "4": ("4.01",),
    "5": ("8.01", "1.01", "3.03", "5.02"),
    "6": ("resignation",),
    "8": ("year-end",),
    "9": ("7.01",),
    "10": ("5.05",),
    "11": ("5.04",),
    "12": ("2.02",),
    "13": ("attorney",),
}
_MORE_STORIES = {"5.03": ("5.03", "year-end"), "5.02": ("5.02", "5.02", "resignation")}

# How often items were reported, in 714 filings of one winter; the last ones did not come up and are given a little.
_WEIGHTS = {
    "7.01": 237, "8.01": 195, "5.02": 150, "2.02": 128, "1.01": 117, "3.02": 47, "5.03": 45, "2.03": 41, "5.07": 31,
    "3.01": 23, "3.03": 21, "2.01": 18, "4.01": 10, "5.01": 10, "1.02": 9, "2.05": 5, "5.05": 4, "5.06": 4, "2.04": 2,
    "2.06": 2, "4.02": 1, "1.03": 1, "1.05": 1, "1.04": 0.3, "5.04": 0.3, "5.08": 0.3, "6.01": 0.1, "6.02": 0.5,
    "6.03": 0.1, "6.04": 0.3, "6.05": 0.1, "6.06": 0.1, "6.10": 0.1,
}  # fmt: skip
_LEGACY_WEIGHTS = {
    "5": 300, "12": 120, "9": 60, "2": 45, "4": 25, "1": 8, "3": 5, "6": 4, "8": 4, "10": 2, "11": 1, "13": 0.2,
}  # fmt: skip
_RELEASE = Enclosure("99", "release", "Press release of {company} dated {event_date}")
_REGULATION_FD_SINCE = date(2000, 10, 23)
_EXHIBITS_SHARE = 0.77  # of filings have item 9.01
_LISTS = ("7", "9.01")  # the items that list the exhibits
_PAIRS = (("2.02", "7.01"), ("7.01", "8.01"), ("5", "12"), ("9", "12"))


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a caller asks for; everything else is drawn."""

    body_items: Sequence[str] | None = None  # None: those that the header declares
    texts: Mapping[str, str] = field(default_factory=dict)  # own text of an item; blank lines part its paragraphs
    headings: Mapping[str, str] = field(default_factory=dict)  # own heading of an item
    release: str | None = None  # own text of Exhibit 99.1
    can_combine: bool = True


@dataclass(frozen=True, slots=True)
class Dates:
    """When a filing was filed, and when that happened of which it tells."""

    filed_on: date
    event_on: date


@dataclass(frozen=True, slots=True)
class Content:
    """What a filing says."""

    items: tuple[MadeItem, ...]
    exhibits: tuple[MadeExhibit, ...]
    signature: Signature


def draw_items(rng: Random, filed_on: date) -> tuple[str, ...]:
    """Draw the items of a filing, as often as they occur."""
    known = items_of(filed_on)
    exhibits = exhibits_item(known)
    weights = _LEGACY_WEIGHTS if exhibits == "7" else _WEIGHTS
    numbers = [number for number in known if number in weights]
    count = rng.choices((1, 2, 3, 4), (60, 28, 9, 3))[0]
    drawn = set(rng.choices(numbers, [weights[number] for number in numbers], k=count))
    if rng.random() < _EXHIBITS_SHARE:
        drawn.add(exhibits)
    return tuple(number for number in known if number in drawn)


def exhibits_item(known: Sequence[str]) -> str:
    """Return the number of the item that lists exhibits, in the list that these items are of."""
    return "7" if "5" in known or "7" in known else "9.01"


def compose(
    era: Era, companies: Sequence[Company], numbers: Sequence[str], dates: Dates, rng: Random, wishes: Wishes
) -> Content:
    """Write all items, and the exhibits that they bring along."""
    writer = _Writer(era, companies[0], dates, rng, wishes)
    body = list(numbers if wishes.body_items is None else wishes.body_items)
    # The list of exhibits comes last of all, wherever it will stand.
    items = [writer.item(number) for number in body if number not in _LISTS]
    items += [writer.exhibit_list(number) for number in body if number in _LISTS]
    items.sort(key=lambda item: body.index(item.number))
    if wishes.can_combine and not wishes.headings:
        items = writer.combine(items)
    return Content(tuple(items), tuple(writer.exhibits), _signature(companies[0], rng, is_text=era.is_text))


def _signature(company: Company, rng: Random, *, is_text: bool) -> Signature:
    person, title = rng.choices(
        (
            (company.finance, "Executive Vice President and Chief Financial Officer"),
            (company.counsel, "General Counsel and Secretary"),
            (company.chief, "President and Chief Executive Officer"),
        ),
        (5, 4, 2),
    )[0]
    return Signature(person.name if is_text else smart(person.name), title, None)


class _Writer:
    """Writes one filing's items one after the other, and numbers the exhibits as they come."""

    def __init__(self, era: Era, company: Company, dates: Dates, rng: Random, wishes: Wishes) -> None:
        self.era, self.company, self.dates, self.rng, self.wishes = era, company, dates, rng, wishes
        self.is_legacy = dates.filed_on < CURRENT_SINCE
        self.way = rng.randrange(100)
        self.exhibits: list[MadeExhibit] = []
        self.last: tuple[Story, Vocabulary] | None = None  # what a press release would be about

    def typeset(self, text: str) -> str:
        """Give a text the quotation marks that its documents have."""
        return text if self.era.is_text else smart(text)

    def item(self, number: str) -> MadeItem:
        """Write one item from a story, or from the caller's own text."""
        words = Vocabulary(self.rng, self.company, self.dates.event_on)
        own = self.wishes.texts.get(number)
        if own is not None:
            self.last = (Story((own.replace("{", "(").replace("}", ")"),)), words)
            return self._own(number, own)
        story = self._story(number)
        self.last = (story, words)
        for place, enclosure in enumerate(story.enclosures):
            words["exhibit" if place == 0 else f"exhibit{place + 1}"] = self._number_of(enclosure, place, story)
        blocks = tuple(self._block(paragraph, words) for paragraph in story.paragraphs)
        self._enclose(story, story.enclosures, words)
        return MadeItem(number, self._heading(number), blocks, story.events)

    def _story(self, number: str) -> Story:
        keys = (_LEGACY_STORIES if self.is_legacy else _MORE_STORIES).get(number, (number,))
        if number == "9" and self.dates.filed_on < _REGULATION_FD_SINCE:
            keys = ("regulation-s",)
        known = [story for key in keys for story in stories().get(key, ())]
        return self.rng.choice(known or stories()["8.01"])

    def exhibit_list(self, number: str) -> MadeItem:
        """Write the item that lists the exhibits."""
        own = self.wishes.texts.get(number)
        if own is not None:
            return self._own(number, own)
        is_inline = self.era is Era.INLINE
        if not self.exhibits and self.last and (not is_inline or self.wishes.release or self.rng.random() < 0.6):
            self._enclose(self.last[0], (_RELEASE,), self.last[1])
        if is_inline:
            self.exhibits.append(
                MadeExhibit("104", "Cover Page Interactive Data File (embedded within the Inline XBRL document)")
            )
        letter = "(c)" if self.is_legacy else "(d)"
        rows = tuple((exhibit.number, exhibit.title) for exhibit in self.exhibits)
        if not rows:
            return MadeItem(number, self._heading(number), (Paragraph(f"{letter} Exhibits. None."),))
        lead = self.rng.choice(("{} Exhibits.", "{} Exhibits", "{}  The following exhibits are part of this report:"))
        table = Table((("Exhibit No.", "Description"), *rows))
        return MadeItem(number, self._heading(number), (Paragraph(lead.format(letter)), table))

    def combine(self, items: list[MadeItem]) -> list[MadeItem]:
        """Now and then put two items under one heading."""
        numbers = [item.number for item in items]
        pair = next((pair for pair in _PAIRS if pair[0] in numbers and pair[1] in numbers), None)
        if pair is None or self.rng.random() > 0.3:
            return items
        first, second = (items[numbers.index(number)] for number in pair)
        titles = tuple(printed_title(number, self.dates.filed_on, self.rng) for number in pair)
        both = self.typeset(combined_heading(pair, (titles[0], titles[1])))
        joined = replace(
            first, heading=both, blocks=(*first.blocks, *second.blocks), events=(*first.events, *second.events)
        )
        rest = replace(second, heading=both, blocks=(), events=())
        return [{pair[0]: joined, pair[1]: rest}.get(item.number, item) for item in items]

    def _own(self, number: str, text: str) -> MadeItem:
        blocks = tuple(Paragraph(self.typeset(paragraph)) for paragraph in text.split("\n\n"))
        return MadeItem(number, self._heading(number), blocks)

    def _heading(self, number: str) -> str:
        own = self.wishes.headings.get(number)
        if own is not None:
            return own
        title = printed_title(number, self.dates.filed_on, self.rng)
        return self.typeset(heading(number, title, self.way, is_text=self.era.is_text))

    def _block(self, paragraph: str, words: Vocabulary) -> Block:
        if paragraph.startswith("@"):
            nominees = [words[name] for name in ("person", "person2", "person3")]
            return table_of(paragraph, self.rng, nominees)
        # A name that ends in a point brings one of its own to the end of a sentence.
        return Paragraph(self.typeset(paragraph.format_map(words).replace("..", ".")))

    def _number_of(self, enclosure: Enclosure, place: int, story: Story) -> str:
        taken = sum(exhibit.number.split(".")[0] == enclosure.family for exhibit in self.exhibits)
        before = sum(other.family == enclosure.family for other in story.enclosures[:place])
        return f"{enclosure.family}.{taken + before + 1}"

    def _enclose(self, story: Story, enclosures: Sequence[Enclosure], words: Vocabulary) -> None:
        for place, enclosure in enumerate(enclosures):
            number = words.setdefault(
                "exhibit" if place == 0 else f"exhibit{place + 1}", self._number_of(enclosure, 0, story)
            )
            blocks = exhibit_blocks(enclosure.kind, story, words, self.company, self.rng)
            if number == "99.1" and self.wishes.release is not None:
                blocks = tuple(Paragraph(text) for text in self.wishes.release.split("\n\n"))
            title = self.typeset(enclosure.title.format_map(words))
            self.exhibits.append(MadeExhibit(number, title, blocks=tuple(map(self._typeset_block, blocks))))

    def _typeset_block(self, block: Block) -> Block:
        return replace(block, text=self.typeset(block.text)) if isinstance(block, Paragraph) else block
