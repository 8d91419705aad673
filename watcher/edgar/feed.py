"""Reads EDGAR's live list ("Latest Filings", an Atom feed) into filings.

The list has one entry per filer, so that a filing with three filers stands there three times: `merge_co_filers`
makes one of them. An odd entry is kept with what it tells, and named in the page's problems; only an entry without
an accession number is left out. What is not the list at all is an error, never an empty page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice

from lxml import etree

from watcher.edgar._days import day_of, moment_in_utc
from watcher.errors import EdgarError
from watcher.models import EIGHT_K_FORMS, Filer, Filing

__all__ = ["CurrentPage", "merge_co_filers", "parse_current"]

# Names hold brackets, dashes and slashes, so that a title is read from its right end.
_TITLE = re.compile(r"(?P<left>.*) \((?P<cik>[0-9]{10})\) \((?P<role>[^()]*)\)", re.DOTALL)
_ACCESSION = re.compile(r"(?<![0-9])([0-9]{10}-[0-9]{2}-[0-9]{6})(?![0-9])")
_LINK_CIK = re.compile(r"/edgar/data/0*+([0-9]{1,10})/")
_FILED = re.compile(r"Filed:\s*(?:</b>)?\s*([0-9]{4})-([0-9]{2})-([0-9]{2})", re.IGNORECASE)
_ITEM = re.compile(r"(?:^|<br\s*/?>)\s*Item\s+([0-9]\.[0-9]{2}|[0-9]{1,2})\s*:", re.IGNORECASE)
_LONE_AMPERSAND = re.compile(rb"&(?!#?\w{1,20};)")
_PROLOG = re.compile(rb"\s*(<\?xml[^>]*\?>)?")
_WORDS = etree.XPath("string()")

# EDGAR's own pages have a hundred entries at most, in 60,000 bytes.
_MOST_ENTRIES = 20_000
_MOST_MENDED_BYTES = 1_000_000  # entry by entry is slow
_MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class CurrentPage:
    """One page of the live list, entry by entry, in the list's order.

    ``problems`` names the first twenty odd entries and what is odd. ``is_last`` tells that the list ends here; whoever
    fetched the page knows, its text does not say.
    """

    generated_at: datetime | None  # aware, in UTC; None when the page does not say
    filings: tuple[Filing, ...] = ()
    problems: tuple[str, ...] = ()
    entries: int = 0  # how many it had, those left out included
    is_last: bool = False


def parse_current(body: bytes) -> CurrentPage:
    """Read one page of the live list. ``source`` and ``channel`` of its filings are left to the caller.

    Raises ``EdgarError`` when this is not the list.
    """
    try:
        root = _root(body)
    except etree.XMLSyntaxError as error:
        return _parse_piecemeal(body, error)
    if etree.QName(root).localname != "feed":
        raise EdgarError(f"live list: expected an Atom feed, came <{etree.QName(root).localname}>")
    entries = list(islice(root.iterchildren("{*}entry"), _MOST_ENTRIES + 1))
    _refuse_too_many(len(entries))
    return _page(_text(root, "updated"), entries, [])


def merge_co_filers(filings: Iterable[Filing]) -> tuple[Filing, ...]:
    """Make one filing of all that have the same accession number, with every filer in order of appearance."""
    merged: dict[str, Filing] = {}
    for filing in filings:
        known = merged.get(filing.accession)
        merged[filing.accession] = filing if known is None else _merge(known, filing)
    return tuple(merged.values())


def _merge(first: Filing, second: Filing) -> Filing:
    """Add to the first what only the second tells."""
    return replace(
        first,
        form=first.form or second.form,
        filers=tuple(dict.fromkeys(first.filers + second.filers)),
        filed_on=first.filed_on or second.filed_on,
        accepted_at=first.accepted_at or second.accepted_at,
        items=tuple(dict.fromkeys(first.items + second.items)),
    )


def _root(xml: bytes, *, recover: bool = False) -> etree._Element:
    """Parse bytes that a stranger sent: no network, no entities, no document type, bounded depth and size."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,  # a million of them would cost a minute
        remove_pis=True,
        recover=recover,
    )
    root = etree.fromstring(xml, parser)
    if root is not None and root.getroottree().docinfo.doctype:
        raise EdgarError(f"live list: expected an Atom feed, came a document of type {_clip(root.tag)!r}")
    return root


def _parse_piecemeal(body: bytes, error: etree.XMLSyntaxError) -> CurrentPage:
    """Read a feed that is not well-formed entry by entry, so that one bad title costs no other entry.

    A page that is cut off is refused: what is missing at its end would look as if EDGAR did not list it.
    """
    head, *chunks = body.split(b"<entry")
    if b"<feed" not in head or b"<!DOCTYPE" in head.upper() or not body.rstrip().endswith(b"</feed>"):
        raise _not_a_feed(body, error) from error
    if len(body) > _MOST_MENDED_BYTES:
        raise _not_a_feed(body, error) from error
    _refuse_too_many(len(chunks))
    prolog = _PROLOG.match(head)
    declaration = prolog[1] if prolog and prolog[1] else b""
    problems: list[str] = []
    entries = [_mended(declaration, b"<entry" + chunk, problems) for chunk in chunks]
    updated = re.search(rb"<updated>([^<]*)</updated>", head)
    return _page(updated[1].decode("latin-1") if updated else "", entries, problems)


def _not_a_feed(body: bytes, error: etree.XMLSyntaxError) -> EdgarError:
    came = f"{len(body):,} bytes that are not: {_clip(str(error))}"
    return EdgarError(f"live list: expected a whole Atom feed, came {came}")


def _refuse_too_many(entries: int) -> None:
    if entries > _MOST_ENTRIES:
        raise EdgarError(f"live list: expected at most {_MOST_ENTRIES:,} entries, came more")


def _mended(declaration: bytes, chunk: bytes, problems: list[str]) -> etree._Element:
    """Parse one entry on its own, and as far as it goes when it is damaged."""
    entry = chunk.partition(b"</entry>")[0] + b"</entry>"
    try:
        return _root(declaration + entry)
    except etree.XMLSyntaxError as error:
        match = _ACCESSION.search(entry.decode("latin-1"))
        problems.append(f"{match[1] if match else 'an entry'}: not well-formed XML: {_clip(str(error.msg))}")
        mended = _root(declaration + _LONE_AMPERSAND.sub(b"&amp;", entry), recover=True)
        return etree.Element("entry") if mended is None else mended


def _page(updated: str, entries: Iterable[etree._Element], problems: list[str]) -> CurrentPage:
    generated_at = _time(updated)
    if updated.strip() and generated_at is None:
        problems.append(f"the page: no time with a zone in {_clip(updated)!r}")
    read = [_filing(entry, place, problems) for place, entry in enumerate(entries, start=1)]
    return CurrentPage(
        generated_at=generated_at,
        filings=tuple(filing for filing in read if filing is not None),
        problems=_first(problems),
        entries=len(read),
    )


def _first(problems: list[str]) -> tuple[str, ...]:
    more = len(problems) - _MOST_PROBLEMS
    return (*problems[:_MOST_PROBLEMS], f"and {more:,} more") if more > 0 else tuple(problems)


def _filing(entry: etree._Element, place: int, problems: list[str]) -> Filing | None:
    """Read one entry; note in ``problems`` what is odd about it."""
    title, summary, link = _text(entry, "title"), _text(entry, "summary"), _attribute(entry, "link", "href")
    found = next(filter(None, map(_ACCESSION.search, (_text(entry, "id"), link, summary))), None)
    if found is None:
        problems.append(f"entry {place} ({_clip(title)!r}): no accession number")
        return None
    accession, odd = found[1], []
    form = _attribute(entry, "category", "term").strip() or None
    filer = _filer(title, form, link)
    accepted_at, filed_on = _time(_text(entry, "updated")), _date(summary)
    if form is None:
        odd.append("no form type")
    if filer is None or not filer.name:
        odd.append(f"no filer in the title {_clip(title)!r}")
    if accepted_at is None:
        odd.append(f"no time with a zone in {_clip(_text(entry, 'updated'))!r}")
    if filed_on is None:
        odd.append(f"no filing date in {_clip(summary)!r}")
    problems.extend(f"{accession}: {fault}" for fault in odd)
    return Filing(
        accession=accession,
        form=form,
        filers=() if filer is None else (filer,),
        filed_on=filed_on,
        accepted_at=accepted_at,
        items=_items(form, summary),
    )


def _filer(title: str, form: str | None, link: str) -> Filer | None:
    """Read "8-K - SOME (NEW) CO /DE/ - TRUST (0000123456) (Filer)"; else take the CIK from the link."""
    match = _TITLE.fullmatch(title)
    if match is None:
        of_link = _LINK_CIK.search(link)
        return Filer(cik=int(of_link[1]), name="") if of_link else None
    left, prefix = match["left"], f"{form} -"
    name = left.removeprefix(prefix) if left.startswith(prefix) else left.partition(" - ")[2]
    return Filer(cik=int(match["cik"]), name=name.strip(), role=match["role"].strip().lower())


def _items(form: str | None, summary: str) -> tuple[str, ...]:
    """Read the item numbers. Other forms list items too, which EDGAR labels from the 8-K's table."""
    if form not in EIGHT_K_FORMS:
        return ()
    return tuple(dict.fromkeys(_ITEM.findall(summary)))


def _time(text: str) -> datetime | None:
    """Read a time that has a zone, in UTC; None when it is none, or has no zone and could be anybody's."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment_in_utc(moment) if moment.tzinfo is not None else None


def _date(summary: str) -> date | None:
    match = _FILED.search(summary)
    return day_of(int(match[1]), int(match[2]), int(match[3])) if match else None


def _child(element: etree._Element, name: str) -> etree._Element | None:
    """Find a child by its name, in whatever namespace."""
    return element.find(f"{{*}}{name}")


def _text(element: etree._Element, name: str) -> str:
    child = _child(element, name)
    return "" if child is None else str(_WORDS(child)).strip()


def _attribute(element: etree._Element, name: str, attribute: str) -> str:
    child = _child(element, name)
    return "" if child is None else child.get(attribute, "")


def _clip(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
