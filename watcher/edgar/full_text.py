"""Reads one page of EDGAR's full-text search into filings of the 8-K family.

The search answers with documents and not with filings: an 8-K with two exhibits is three hits. It tells item numbers
and filers, but no time of acceptance, and it is slower than the live list, so it confirms. It answers in silence with
fewer hits than were asked for, and ignores parameters that it does not know; `FullTextPage.next_start` goes by what
came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from watcher.edgar._json import cik_of, list_of, object_of, read_object, text_of, whole_number_of
from watcher.edgar._lists import clip, first_problems, is_accession, iso_day
from watcher.errors import EdgarError
from watcher.items import is_item_number
from watcher.models import EIGHT_K_FORMS, Filer, Filing

__all__ = ["FURTHEST_START", "FullTextPage", "parse_full_text"]

_NAME = "full-text search"
FURTHEST_START = 9_990  # from there on the search answers without totals; it reaches 10,000 documents at most

# Two blanks part name, tickers and CIK, so that brackets in a name are left alone.
_DISPLAY_NAME = re.compile(r"(?P<name>.*?)(?:\s{2,}\((?P<tickers>[^()]*)\))?\s+\(CIK (?P<cik>[0-9]{10})\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FullTextPage:
    """The filings of the 8-K family on one page, in the page's order, each once.

    ``problems`` names the first twenty odd hits, and what is odd; only a hit without an accession number is left out.
    A filing may stand on several pages, so that whoever reads on merges by accession number.
    """

    filings: tuple[Filing, ...]
    hits: int  # documents on this page, of whatever form
    start: int  # the place of the first of them
    total: int | None  # documents in all; None when the answer does not say
    is_total_exact: bool  # otherwise there are that many at least, and the search shows no more
    problems: tuple[str, ...] = ()

    @property
    def next_start(self) -> int | None:
        """Where the next page begins, by the hits that came; None when there is none, or none that can be had."""
        following = self.start + self.hits
        if not self.hits or following >= FURTHEST_START or (self.total is not None and following >= self.total):
            return None
        return following

    @property
    def is_cut_off(self) -> bool:
        """Whether there may be more than the search shows: ask for fewer days."""
        return not self.is_total_exact or (self.total or 0) > FURTHEST_START


def parse_full_text(body: bytes, *, start: int = 0) -> FullTextPage:
    """Read one page that was asked for from the document number ``start`` on.

    ``source`` and ``channel`` of its filings are left to the caller. Raises ``EdgarError`` when this is no answer, an
    error message, one that ran out of time or lacks a part of the index, or one to another question.
    """
    answer = read_object(body, _NAME)
    outer = answer.get("hits")
    if not isinstance(outer, dict) or not isinstance(outer.get("hits"), list):
        raise EdgarError(f"{_NAME}: expected hits, came {clip(_message(answer))}")
    _refuse_partial(answer)
    _refuse_other_place(answer, start)
    total, is_exact = _total(outer.get("total"))
    problems: list[str] = [] if total is not None else ["the page: no total"]
    return FullTextPage(
        filings=_filings(outer["hits"], problems),
        hits=len(outer["hits"]),
        start=start,
        total=total,
        is_total_exact=is_exact,
        problems=first_problems(problems),
    )


def _message(answer: dict[str, Any]) -> str:
    """What an error answer says, as in ``{"message": "Internal server error"}``."""
    for key in ("message", "errorMessage", "error"):
        if key in answer:
            return repr(answer[key])
    return f"an object of {[*answer][:5]}"


def _refuse_partial(answer: dict[str, Any]) -> None:
    """Refuse an answer of a part of the index: what is missing would look as if there were no such filing."""
    if answer.get("timed_out"):
        raise EdgarError(f"{_NAME}: expected a whole answer, came one that ran out of time")
    failed = whole_number_of(object_of(answer.get("_shards")).get("failed"))
    if failed:
        raise EdgarError(f"{_NAME}: expected a whole answer, came one without {failed} parts of the index")


def _refuse_other_place(answer: dict[str, Any], start: int) -> None:
    """The answer repeats the question; a place that is another one would leave a gap between pages."""
    asked = whole_number_of(object_of(answer.get("query")).get("from"))
    if asked is not None and asked != start:
        raise EdgarError(f"{_NAME}: expected documents from {start:,} on, came those from {asked:,} on")


def _total(told: object) -> tuple[int | None, bool]:
    """Read ``{"value": 10000, "relation": "gte"}``."""
    values = object_of(told)
    total = whole_number_of(values.get("value"))
    return total, total is not None and values.get("relation") == "eq"


@dataclass(slots=True)
class _Found:
    """A filing while its documents are read."""

    form: str | None = None
    filers: dict[int, Filer] = field(default_factory=dict)
    filed_on: date | None = None
    items: dict[str, None] = field(default_factory=dict)


def _filings(hits: Iterable[object], problems: list[str]) -> tuple[Filing, ...]:
    found: dict[str, _Found] = {}
    for place, hit in enumerate(hits, start=1):
        _take(object_of(hit), place, found, problems)
    return tuple(
        Filing(
            accession=accession,
            form=one.form,
            filers=tuple(one.filers.values()),
            filed_on=one.filed_on,
            items=tuple(one.items),
        )
        for accession, one in found.items()
    )


def _take(hit: dict[str, Any], place: int, found: dict[str, _Found], problems: list[str]) -> None:
    """Add what one document tells of its filing; note in ``problems`` what is odd about it."""
    told = object_of(hit.get("_source"))
    accession = next(filter(is_accession, (text_of(told.get("adsh")), text_of(hit.get("_id")).partition(":")[0])), None)
    if accession is None:
        problems.append(f"hit {place}: no accession number in {clip(repr(hit.get('_id')))}")
        return
    form, roots = text_of(told.get("form")) or None, _root_forms(told)
    if form not in EIGHT_K_FORMS and (form is not None or not roots & EIGHT_K_FORMS):
        return
    one = found.setdefault(accession, _Found())
    one.form = one.form or form
    one.filed_on = one.filed_on or iso_day(text_of(told.get("file_date")))
    for filer in _filers(told):
        one.filers.setdefault(filer.cik, filer)
    items = [text_of(item) for item in list_of(told.get("items"))]
    one.items.update(dict.fromkeys(filter(is_item_number, items)))
    odd = [item for item in items if not is_item_number(item)]
    problems.extend(f"{accession}: {fault}" for fault in _faults(one, odd))


def _faults(one: _Found, odd_items: Iterable[str]) -> Iterator[str]:
    if one.form is None:
        yield "no form type"
    if not one.filers:
        yield "no filer"
    if one.filed_on is None:
        yield "no filing date"
    yield from (f"no item of Form 8-K: {clip(item)!r}" for item in odd_items)


def _root_forms(told: dict[str, Any]) -> set[str]:
    """The forms without "/A": a list, and until some time after 2021 a single text."""
    return {text_of(form) for form in (*list_of(told.get("root_forms")), told.get("root_form"))}


def _filers(told: dict[str, Any]) -> Iterator[Filer]:
    """Read "Name  (TICK, TICKW)  (CIK 0000123456)" of each party; where one is odd, its CIK alone."""
    names = {cik: match for match in _display_names(told) if (cik := cik_of(match["cik"])) is not None}
    ciks = dict.fromkeys(cik for value in list_of(told.get("ciks")) if (cik := cik_of(value)) is not None)
    # These leave out who has none, so that with fewer values than parties nobody knows whose they are.
    sics, states = (_parallel(told.get(key), len(ciks)) for key in ("sics", "inc_states"))
    for place, cik in enumerate(ciks):
        match = names.get(cik)
        yield Filer(
            cik=cik,
            name=match["name"].strip() if match else "",
            sic=sics[place],
            state_of_incorporation=states[place],
            tickers=tuple(filter(None, map(str.strip, (match["tickers"] or "").split(",")))) if match else (),
        )


def _display_names(told: dict[str, Any]) -> Iterator[re.Match[str]]:
    for name in list_of(told.get("display_names")):
        if match := _DISPLAY_NAME.fullmatch(text_of(name)):
            yield match


def _parallel(values: object, count: int) -> list[str | None]:
    read = [text_of(value) or None for value in list_of(values)]
    return read if len(read) == count else [None] * count
