"""What must hold whatever bytes come: each `check_...` raises ``AssertionError`` on a promise that is broken."""

from __future__ import annotations

import codecs
import contextlib
import json
import re
import signal
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date
from typing import Any

from handlers.parse import ParseEightK
from handlers.parse.amendment import read_amendment
from handlers.parse.cover import read_cover
from handlers.parse.dates import find_date
from handlers.parse.exhibit_list import read_list
from handlers.parse.exhibits import find_exhibits
from handlers.parse.headings import Heading, find_headings
from handlers.parse.items import cut_items
from handlers.parse.links import Link, find_links, links_of
from handlers.parse.signature import find_signature, signature_start
from handlers.parse.text import readable_text
from watcher import Amendment, Document, Exhibit, Filing, Item, ReadError, Report, Skip, Submission, split_submission
from watcher.edgar._body import gunzip
from watcher.errors import EdgarError, NotASubmission, TruncatedError
from watcher.items import is_item_number
from watcher.line import Line
from watcher.report_json import report_from_json, report_line

__all__ = [
    "NAME",
    "check_amendment",
    "check_cover",
    "check_cuts",
    "check_exhibits",
    "check_gunzip",
    "check_items",
    "check_links",
    "check_report",
    "check_split",
    "check_text",
    "within_seconds",
]

NAME = "0001234567-21-000042.txt"
SECONDS = 5.0  # of CPU: a hundred times what an input of a hundred kilobytes takes
_MAX_DECODED = 200_000
_MARK = re.compile(r"[\x01-\x08]")
_ACCESSION = re.compile(r"[0-9]{10}-[0-9]{2}-[0-9]{6}")
_THE_SECS = re.compile(r"https?://(?:[a-z0-9.-]+\.)?sec\.gov(?::[0-9]{1,5})?[/?#].*", re.IGNORECASE)
_PARSE = ParseEightK()


@contextlib.contextmanager
def within_seconds(seconds: float = SECONDS) -> Iterator[None]:
    """Break off with ``AssertionError`` what takes more CPU time than that: it would hang on a larger input.

    Regular expressions heed it, too. For the main thread only.
    """

    def stop(*_: Any) -> None:
        raise AssertionError(f"took more than {seconds} s of CPU time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def check_split(raw: bytes, filename: str = NAME) -> Submission | None:
    """Split: a typed error or documents that lie inside, one after the other. Returns what was split."""
    try:
        found = split_submission(raw, filename)
    except ReadError as error:
        _can_be_told(str(error))
        return None
    assert found == split_submission(raw, filename), "another answer the second time"
    assert _ACCESSION.fullmatch(found.accession), found.accession
    assert found.container in ("sec", "ims", "nc", "header", "bare"), found.container
    assert found.accepted_at is None or found.accepted_at.tzinfo is UTC, found.accepted_at
    assert all(0 <= filer.cik < 10**10 for filer in found.filers), found.filers
    place, marked = 0, raw.startswith(codecs.BOM_UTF8)
    for document in found.documents:
        assert place <= document.start <= document.end <= len(document.raw), (place, document)
        # Without the mark that some editors put at the beginning they are other bytes, and are copied once.
        same = document.raw == raw.removeprefix(codecs.BOM_UTF8) if marked else document.raw is raw
        assert same, "the bytes were copied, or are others"
        assert document.sequence >= 0, document
        place = document.end
        _can_be_told(document.text(), document.type, document.filename, document.description)
        with contextlib.suppress(ReadError):
            assert len(document.decoded(_MAX_DECODED)) <= _MAX_DECODED
    sequences = [document.sequence for document in found.documents]
    assert len(set(sequences)) == len(sequences), sequences
    _can_be_told(found.header, repr(found.filers), *found.declared_items, *found.warnings)
    return found


def check_cuts(raw: bytes, places: Iterable[int]) -> None:
    """Cut off a whole submission at these places: an error that says so, or the whole answer, never a short one."""
    whole = split_submission(raw, NAME)
    for place in places:
        try:
            found = split_submission(raw[:place], NAME)
        except (TruncatedError, NotASubmission):
            continue
        assert found == whole, f"cut at byte {place} of {len(raw)}: another answer"


def check_text(body: bytes) -> str:
    """Make readable text: no marks of its making, little larger than the body, the same each time."""
    text = readable_text(body)
    assert text == readable_text(body), "another text the second time"
    mark = _MARK.search(text)
    assert mark is None, f"mark {mark[0]!r} at {mark.start()}"  # type: ignore[index]
    assert "\n\n\n" not in text, "two empty lines in a row"
    assert text == text.strip("\n"), "an empty line at an end"
    # A tab of preformatted text becomes eight blanks.
    assert len(text) <= 8 * len(body) + 8, f"{len(body)} bytes became {len(text)} characters"
    _can_be_told(text)
    return text


def check_items(text: str, filed_on: date | None = None) -> tuple[Item, ...]:
    """Read a main document's text: headings in order, and items that hold every character up to the signature."""
    headings = find_headings(text, filed_on)
    assert headings == find_headings(text, filed_on), "other headings the second time"
    _check_headings(headings, text)
    after = headings[0].end if headings else 0
    end = signature_start(text, after)
    assert after <= end <= len(text), (after, end)
    items = cut_items(text, headings, end, 1, filed_on)
    _check_spans(items, text)
    if headings:
        assert items[0].start == headings[0].start, "the first item does not begin at the first heading"
        assert items[-1].end == end, "the last item does not end at the signature"
    _check_rest(text, items, end)
    return items


def _check_headings(headings: list[Heading], text: str) -> None:
    place = 0
    for heading in headings:
        assert place <= heading.start < heading.end <= len(text), (place, heading)
        assert heading.numbers, heading
        assert len(set(heading.numbers)) == len(heading.numbers), heading
        assert all(map(is_item_number, heading.numbers)), heading
        place = heading.end


def _check_spans(items: Iterable[Item], text: str) -> None:
    """Every character between the first and the last belongs to one span; combined items share theirs."""
    last: Item | None = None
    for item in items:
        assert is_item_number(item.number), item
        assert item.start is not None, item
        assert item.end is not None, item
        assert 0 <= item.start < item.end <= len(text), item
        assert item.text in text[item.start : item.end], item
        assert item.text == item.text.strip(), item
        if last is not None:
            is_shared = (item.start, item.end) == (last.start, last.end)
            assert is_shared or item.start == last.end, (last, item)
            assert not is_shared or item.text == last.text, (last, item)
        last = item


def _check_rest(text: str, items: tuple[Item, ...], end: int) -> None:
    """Whatever the text is, the cover, the exhibits, the signature and dates are read without an error."""
    signature = find_signature(text[end:])
    if signature is not None:
        assert signature.name.strip(), signature
        assert "\n" not in signature.name, signature
    exhibits = find_exhibits([item.text for item in items] + [text[end:]], ())
    assert all(exhibit.number for exhibit in exhibits), exhibits
    first = items[0].start if items else len(text)
    json.dumps(read_cover(text, text[:first]), allow_nan=False)
    find_date(text[:10_000])


def check_amendment(text: str, filed_on: date | None = None) -> Amendment:
    """Read what a main document tells of the report that it amends: a note that lies inside, items that there are."""
    headings = find_headings(text, filed_on)
    first = headings[0].start if headings else len(text)
    end = signature_start(text, headings[0].end if headings else 0)
    items = cut_items(text, headings, end, 1, filed_on)
    main, cover = Document(1, "8-K/A", "", "", len(text), text), read_cover(text, text[:first])
    found = read_amendment(main, items, first, end, cover)
    assert found == read_amendment(main, items, first, end, cover), "another answer the second time"
    assert found.number is None or 0 <= found.number < 100, found.number
    assert all(map(is_item_number, found.items)), found.items
    assert len(set(found.items)) == len(found.items), found.items
    if found.start is None or found.end is None:
        assert (found.document, found.start, found.end, found.text) == (None, None, None, ""), found
    else:
        assert 0 <= found.start <= found.end <= len(text), found
        assert found.text == text[found.start : found.end].strip(), found
    return found


def check_cover(source: str, page: str) -> dict[str, Any]:
    """Read a cover, tagged in the source or printed on the page: what it tells is printable, and no more than came."""
    found = read_cover(source, page)
    assert found == read_cover(source, page), "another answer the second time"
    told = json.dumps(found, ensure_ascii=False, allow_nan=False)
    _can_be_told(told)
    assert len(told) < 20 * (len(source) + len(page)) + 10_000, f"{len(source) + len(page)} became {len(told)}"
    return found


def check_exhibits(text: str, filed: Sequence[Document] = ()) -> tuple[Exhibit, ...]:
    """Find the exhibits of a text, and of documents filed with it: each document once, each text where it is told."""
    found = find_exhibits([text], filed)
    assert found == find_exhibits([text], filed), "another answer the second time"
    documents = [exhibit.document for exhibit in found if exhibit.document is not None]
    assert len(set(documents)) == len(documents), documents
    assert set(documents) <= {document.sequence for document in filed}, documents
    for exhibit in found:
        assert exhibit.number, exhibit
        assert not any(map(str.isspace, exhibit.number)), exhibit
        assert len(exhibit.title) <= len(text) + max((len(one.description) for one in filed), default=0), exhibit
        _can_be_told(exhibit.number, exhibit.title, exhibit.text)
    return tuple(found)


def check_links(source: str) -> list[Link]:
    """Find a document's links: none leads anywhere but to a file beside it or to the SEC, and all can be printed."""
    found = find_links(source)
    assert found == find_links(source), "other links the second time"
    for link in found:
        assert link.filename, link
        assert "/" not in link.filename, link
        assert link.filename.isascii(), link
        assert link.filename.isprintable(), link
        assert "\\" not in f"{link.filename}{link.url}", link
        assert link.url is None or _THE_SECS.fullmatch(link.url), link
        assert not any(map(str.isspace, link.letters)), link
        _can_be_told(link.letters, *link.number)
    entries = read_list(readable_text(source.encode("utf-8", "replace")))
    joined = links_of(entries, found)
    assert len(joined) == len(entries), (len(joined), len(entries))
    assert all(link is None or link in found for link in joined), joined
    return found


def check_report(raw: bytes) -> Report | None:
    """Run the whole of the parse stage: a typed error, a skip, or a report that can be told and told back."""
    try:
        report = Line([_PARSE]).run(Filing(accession=""), raw)
    except (ReadError, Skip) as error:
        _can_be_told(str(error))
        return None
    texts = {document.sequence: document.text for document in report.documents}
    found = [item for item in report.items if item.found]
    if report.main_document is not None:
        _check_spans(found, report.main_document.text)
        assert all(item.document == report.main_document.sequence for item in found)
    assert all(exhibit.document is None or exhibit.document in texts for exhibit in report.exhibits)
    line = json.dumps(report_line(report), ensure_ascii=False, allow_nan=False)
    _can_be_told(line)
    again = report_from_json(json.loads(line), texts)
    assert replace(again, raw=b"") == report, "not the same report after JSON"
    return report


def check_gunzip(packed: bytes) -> None:
    """Unpack: a typed error, or no more bytes than allowed."""
    with contextlib.suppress(EdgarError, ReadError):
        content = gunzip(packed, _MAX_DECODED)
        assert content is packed or len(content) <= _MAX_DECODED


def _can_be_told(*texts: str) -> None:
    """A text that is no UTF-8 could be neither saved nor sent. Half characters are none."""
    for text in texts:
        text.encode()
