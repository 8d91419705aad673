"""What can be fuzzed: each target takes bytes, and raises ``AssertionError`` or whatever should not escape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from handlers.parse.text import readable_text
from watcher import decode_body

from . import seeds
from .listings import check_day_files, check_index
from .promises import (
    check_amendment,
    check_gunzip,
    check_items,
    check_links,
    check_report,
    check_split,
    check_text,
    within_seconds,
)

__all__ = ["TARGETS", "Target"]

_DAYS = (None, date(1999, 3, 4), date(2004, 9, 1), date(2021, 3, 4))
_HEAD = (
    b"<SEC-DOCUMENT>\n<SEC-HEADER>\nACCESSION NUMBER:\t0001234567-21-000042\nCONFORMED SUBMISSION TYPE:\t8-K\n"
    b"ITEM INFORMATION:\tOther Events\n</SEC-HEADER>\n<DOCUMENT>\n<TYPE>8-K\n<TEXT>\n"
)
_END = b"\n</TEXT>\n</DOCUMENT>\n</SEC-DOCUMENT>\n"
_PACKED = _HEAD.replace(b"<TYPE>8-K", b"<TYPE>GRAPHIC")
# How a fuzzer parts one input into documents.
_NEXT_DOCUMENT = b"\n</TEXT>\n</DOCUMENT>\n<DOCUMENT>\n<TYPE>"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to fuzz, and what of a submission makes a seed for it."""

    check: Callable[[bytes], object]
    seeds: Callable[[bytes], Iterator[bytes]]
    most_bytes: int  # of an input: larger ones are tried less often than they are worth

    def run(self, given: bytes) -> None:
        """Check the promises on one input."""
        with within_seconds():
            self.check(given)


def _items(given: bytes) -> None:
    check_items(decode_body(given), _DAYS[len(given) % len(_DAYS)])


def _body(given: bytes) -> None:
    check_items(readable_text(given), _DAYS[len(given) % len(_DAYS)])


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
    "text": Target(check_text, seeds.main_documents, 30_000),  # a body to its text
    "items": Target(_items, seeds.texts, 12_000),  # text to headings, items, signature
    "body": Target(_body, seeds.main_documents, 20_000),  # a body to all these
    "filing": Target(_filing, seeds.main_documents, 20_000),  # documents (a NUL between them) to a report
    "report": Target(check_report, seeds.whole, 60_000),  # bytes to a report
    "packed": Target(_packed, seeds.packed, 4_000),  # uuencode and gzip
    "amendment": Target(_amendment, seeds.amended, 12_000),  # text to what it amends
    "links": Target(_links, seeds.linked, 12_000),  # a body to its links, and those of its exhibits
    "index": Target(check_index, seeds.indexes, 20_000),  # EDGAR's index files
    "day-files": Target(check_day_files, seeds.archives, 20_000),  # archives and files on disk
}
