"""What can be fuzzed: each target takes bytes, and raises ``AssertionError`` or whatever should not escape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from handlers.parse.text import readable_text
from watcher import Document, decode_body

from . import plain_seeds, seeds
from .answers import check_companies, check_company_file, check_feed, check_full_text, check_wait, check_xbrl_feed
from .listings import check_day_files, check_index
from .mutations import WORDS, encoded
from .promises import (
    check_amendment,
    check_cover,
    check_exhibits,
    check_gunzip,
    check_items,
    check_links,
    check_report,
    check_split,
    check_text,
    within_seconds,
)
from .vocabulary import ANSWERED, ASKED, DATA, LISTED, RULES, SETTINGS
from .written import check_cursor, check_rules, check_search, check_settings, check_stored

__all__ = ["TARGETS", "Target"]

_DAYS = (None, date(1999, 3, 4), date(2004, 9, 1), date(2021, 3, 4))
_LINES = (
    b"<SEC-DOCUMENT>\n<SEC-HEADER>\nACCESSION NUMBER:\t0001234567-21-000042\nCONFORMED SUBMISSION TYPE:\t8-K\n"
    b"ITEM INFORMATION:\tOther Events\n"
)
_HEAD = _LINES + b"</SEC-HEADER>\n<DOCUMENT>\n<TYPE>8-K\n<TEXT>\n"
_END = b"\n</TEXT>\n</DOCUMENT>\n</SEC-DOCUMENT>\n"
_PACKED = _HEAD.replace(b"<TYPE>8-K", b"<TYPE>GRAPHIC")
# How a fuzzer parts one input into documents.
_NEXT_DOCUMENT = b"\n</TEXT>\n</DOCUMENT>\n<DOCUMENT>\n<TYPE>"
_FILED = tuple(
    Document(place, f"EX-{number}", f"ex{number}.htm", "Press release", 5, "A text")
    for place, number in enumerate(("99.1", "99.2", "10.1", "4", "104"), 2)
)
_LISTS, _JSON = encoded(LISTED), encoded(DATA)


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to fuzz, what of a submission makes a seed for it, and the words that it knows."""

    check: Callable[[bytes], object]
    seeds: Callable[[bytes], Iterator[bytes]]
    most_bytes: int  # of an input: larger ones are tried less often than they are worth
    words: tuple[bytes, ...] = WORDS

    def run(self, given: bytes) -> None:
        """Check the promises on one input."""
        with within_seconds():
            self.check(given)


def _header(given: bytes) -> None:
    check_split(_LINES + given + b"\n</SEC-HEADER>\n</SEC-DOCUMENT>\n")


def _items(given: bytes) -> None:
    check_items(decode_body(given), _DAYS[len(given) % len(_DAYS)])


def _body(given: bytes) -> None:
    check_items(readable_text(given), _DAYS[len(given) % len(_DAYS)])


def _cover(given: bytes) -> None:
    check_cover(decode_body(given), readable_text(given))


def _exhibits(given: bytes) -> None:
    check_exhibits(decode_body(given), _FILED[: len(given) % (len(_FILED) + 1)])


def _amendment(given: bytes) -> None:
    check_amendment(decode_body(given), _DAYS[len(given) % len(_DAYS)])


def _links(given: bytes) -> None:
    check_links(decode_body(given))


def _filing(given: bytes) -> None:
    check_report(_HEAD + given.replace(b"\x00", _NEXT_DOCUMENT) + _END)


def _packed(given: bytes) -> None:
    check_split(_PACKED + given + _END)
    check_gunzip(given)


TARGETS = {
    "split": Target(check_split, seeds.whole, 60_000),  # bytes to documents
    "header": Target(_header, seeds.headers, 6_000),  # lines to a header
    "text": Target(check_text, seeds.main_documents, 30_000),  # a body to its text
    "items": Target(_items, seeds.texts, 12_000),  # text to headings, items, signature
    "body": Target(_body, seeds.main_documents, 20_000),  # a body to all these
    "cover": Target(_cover, seeds.main_documents, 20_000),  # a body to what its cover tells, tagged and printed
    "exhibits": Target(_exhibits, seeds.texts, 12_000),  # text to exhibits, with documents that may be theirs
    "filing": Target(_filing, seeds.main_documents, 20_000),  # documents (a NUL between them) to a report
    "report": Target(check_report, seeds.whole, 60_000),  # bytes to a report
    "packed": Target(_packed, seeds.packed, 4_000),  # uuencode and gzip
    "amendment": Target(_amendment, seeds.amended, 12_000),  # text to what it amends
    "links": Target(_links, seeds.linked, 12_000),  # a body to its links, and those of its exhibits
    "index": Target(check_index, seeds.indexes, 20_000),  # EDGAR's index files
    "day-files": Target(check_day_files, seeds.archives, 20_000),  # archives and files on disk
    "feed": Target(check_feed, plain_seeds.feeds, 8_000, _LISTS),  # the live list
    "xbrl-feed": Target(check_xbrl_feed, plain_seeds.feeds, 8_000, _LISTS),  # the RSS feeds of filings with XBRL
    "full-text": Target(check_full_text, plain_seeds.hits, 6_000, _JSON),  # answers of EDGAR's search
    "company-file": Target(check_company_file, plain_seeds.company_files, 6_000, _JSON),  # the submissions API
    "companies": Target(check_companies, plain_seeds.companies, 4_000, _JSON),  # the lists of tickers
    "rules": Target(check_rules, plain_seeds.rules, 6_000, encoded(RULES)),  # rule files
    "settings": Target(check_settings, plain_seeds.settings, 4_000, encoded(SETTINGS)),  # the settings file
    "search": Target(check_search, plain_seeds.searches, 600, encoded(ASKED)),  # what people look for
    "cursor": Target(check_cursor, plain_seeds.cursors, 300, encoded(ASKED)),  # places in the API's lists
    "wait": Target(check_wait, plain_seeds.waits, 500, encoded(ANSWERED)),  # what a receiver answers
    "stored": Target(check_stored, plain_seeds.stored, 20_000, _JSON),  # reports as they lie in the store
}
