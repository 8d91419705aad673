"""Makes up 8-Ks without end: true to EDGAR's formats of thirty years, false in every word, the same for the same seed.

::

    made = Generator(7).submission(form="8-K", items=("5.02", "9.01"), era=Era.INLINE)
    made.raw            # the bytes of the full submission
    made.item_numbers   # ("5.02", "9.01"): what was written, to compare with what is read

Two calls with the same arguments differ (each filing has its own number), but a second generator of the same seed gives
the same two. `Generator.filings` is a stream that does not depend on other calls. Companies and people are invented;
their CIKs and the accession numbers are such as EDGAR has never given out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import count

from watcher.edgar.calendar import filing_day
from watcher.items import CURRENT_SINCE, is_current_number, is_legacy_number
from watcher.simulator.eras import Era, era_of
from watcher.simulator.made import MadeSubmission
from watcher.simulator.making.chance import Random, dice
from watcher.simulator.making.companies import Company, make_company
from watcher.simulator.making.compose import Wishes, draw_items
from watcher.simulator.making.moments import draw_event, draw_moment, next_moment
from watcher.simulator.making.writing import Outline, write

__all__ = ["ERA_WEIGHTS", "STREAM_START", "Era", "Generator", "Wishes"]

STREAM_START = datetime(2026, 1, 12, 13, 0, tzinfo=UTC)
"""When the stream's first filing is accepted: 08:00 in New York on a Monday."""

ERA_WEIGHTS: Mapping[Era, float] = {Era.INLINE: 70, Era.HTML: 14, Era.EARLY_HTML: 7, Era.PLAIN: 6, Era.IMS: 3}

_FORMS = ("8-K", "8-K/A", "8-K12B", "8-K12G3", "8-K15D5", "8-K12B/A", "8-K12G3/A", "8-K15D5/A")
_FORM_WEIGHTS = (960, 30, 4, 2, 1, 1, 1, 1)
_COMPANY_COUNT = 3_000  # registrants; co-registrants have the numbers from here on
_AGENTS = (9_500_012, 9_500_345, 9_501_120)  # filing agents that do not exist; accession numbers begin with theirs
_OWN_AGENT = 9_599_999  # of filings asked for one by one, so that the stream never gives the same number


class Generator:
    """Makes up submissions. One of the same seed gives the same ones, byte for byte."""

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self._asked = count(1)

    def company(self, number: int) -> Company:
        """Return the made-up company of this number."""
        return make_company(self.seed, number)

    def submission(
        self,
        *,
        accession: str | None = None,
        form: str = "8-K",
        items: Sequence[str] | None = None,
        era: Era | None = None,
        accepted_at: datetime | None = None,
        company: Company | None = None,
        co_registrants: int = 0,
        wishes: Wishes | None = None,
    ) -> MadeSubmission:
        """Make one submission as asked for; what is left out is drawn.

        Without ``items`` it is a press release (7.01 and 9.01, or 5 and 7 before August 2004). Without ``era`` the
        time decides, and without that the items' numbers do. Raises ``ValueError`` for items or a shape that its
        day did not know.
        """
        number = next(self._asked)
        rng = dice(self.seed, "asked", number)
        era = era or _era_for(items, accepted_at)
        accepted_at = accepted_at or draw_moment(era, rng, items or ())
        filed_on = filing_day(accepted_at)
        chosen = tuple(items) if items is not None else _release_items(filed_on)
        _check(era, chosen, filed_on)
        first = company or self.company(rng.randrange(_COMPANY_COUNT))
        outline = Outline(
            seed=f"{self.seed}:asked:{number}",
            era=era,
            accession=accession or _accession(_OWN_AGENT, filed_on, number),
            form=form,
            companies=(first, *self._co_registrants(first, co_registrants)),
            items=chosen,
            filed_on=filed_on,
            event_on=draw_event(filed_on, rng),
            accepted_at=accepted_at,
            wishes=wishes or Wishes(),
        )
        return write(outline)

    def filings(
        self, *, start: datetime = STREAM_START, eras: Mapping[Era, float] = ERA_WEIGHTS
    ) -> Iterator[MadeSubmission]:
        """Give filings without end, as often of each item and form as they occur. See `outlines`."""
        return map(write, self.outlines(start=start, eras=eras))

    def outlines(self, *, start: datetime = STREAM_START, eras: Mapping[Era, float] = ERA_WEIGHTS) -> Iterator[Outline]:
        """Give the outlines of `filings`, which costs little.

        Filings of today's shape are accepted one after the other from ``start`` on, in EDGAR's hours on business days;
        those of older ones on some day of their time. ``eras`` says how often each shape comes.
        """
        now = start
        for number in count():
            rng = dice(self.seed, "stream", number)
            era = rng.choices(list(eras), list(eras.values()))[0]
            now = next_moment(now, rng)
            accepted_at = now if era is era_of(now.date()) else draw_moment(era, rng)
            if era is Era.HTML and accepted_at.year < 2008 and rng.random() < 0.4:
                era = Era.PLAIN  # many filers kept to plain text for years
            yield self.outline(number, era, accepted_at, filing_day(accepted_at), rng)

    def outline(
        self, number: int, era: Era, accepted_at: datetime, filed_on: date, rng: Random, *, is_light: bool = False
    ) -> Outline:
        """Draw what else there is to settle of the stream's filing of this number."""
        company = self.company(rng.randrange(_COMPANY_COUNT))
        others = rng.choices((0, 1, 2, 3), (990, 6, 3, 1))[0]
        return Outline(
            seed=f"{self.seed}:stream:{number}",
            era=era,
            accession=_accession(rng.choice((*_AGENTS, company.cik)), filed_on, number),
            form=rng.choices(_FORMS, _FORM_WEIGHTS)[0],
            companies=(company, *self._co_registrants(company, others)),
            items=draw_items(rng, filed_on),
            filed_on=filed_on,
            event_on=draw_event(filed_on, rng),
            accepted_at=accepted_at,
            wishes=Wishes(),
            is_light=is_light,
        )

    def _co_registrants(self, company: Company, count: int) -> Iterator[Company]:
        first = _COMPANY_COUNT + company.cik % _COMPANY_COUNT * 4
        return (self.company(first + place) for place in range(count))


def _era_for(items: Sequence[str] | None, accepted_at: datetime | None) -> Era:
    if accepted_at is not None:
        return era_of(filing_day(accepted_at))
    if items and all(is_legacy_number(item) for item in items):
        return Era.EARLY_HTML
    return Era.INLINE


def _release_items(filed_on: date) -> tuple[str, ...]:
    return ("5", "7") if filed_on < CURRENT_SINCE else ("7.01", "9.01")


def _check(era: Era, items: Sequence[str], filed_on: date) -> None:
    # A shape outlived its time (plain text was common until 2008, untagged HTML still is), but none came before it.
    if filed_on < era.first_day or (era is Era.IMS and filed_on > era.last_day):
        raise ValueError(f"no filing of {filed_on} had the shape {era}, which is of {era.first_day} to {era.last_day}")
    is_wrong = is_current_number if filed_on < CURRENT_SINCE else is_legacy_number
    wrong = [item for item in items if is_wrong(item)]
    if wrong:
        raise ValueError(f"items of a filing of {filed_on}: {', '.join(wrong)} are not of that time")


def _accession(agent: int, filed_on: date, number: int) -> str:
    return f"{agent:010d}-{filed_on:%y}-{number % 1_000_000:06d}"
