"""Bytes made to cost time or memory: each gets its answer soon, and little more memory than it has itself."""

import contextlib
import time
import tracemalloc
from collections.abc import Callable

import pytest

from watcher import NotASubmission, ReadError, split_submission

MEGABYTE = 2**20
SIZE = 40 * MEGABYTE
NAME = "0001234567-21-000042.txt"
HEAD = b"<SEC-DOCUMENT>\n<SEC-HEADER>\nACCESSION NUMBER:\t0001234567-21-000042\nCONFORMED SUBMISSION TYPE:\t8-K\n"
END = b"\n</SEC-DOCUMENT>\n"
TAGGED = b"<SUBMISSION>\n<ACCESSION-NUMBER>0001234567-21-000042\n"


def filled(piece: bytes, size: int = SIZE) -> bytes:
    """A piece, repeated up to that size."""
    return piece * (size // len(piece))


def archive(body: bytes, header: bytes = b"") -> bytes:
    """A made-up submission of that body and those lines in its header."""
    return HEAD + header + b"</SEC-HEADER>\n" + body + END


def document(body: bytes) -> bytes:
    """A made-up document."""
    return b"<DOCUMENT>\n<TYPE>8-K\n<TEXT>\n" + body + b"\n</TEXT>\n</DOCUMENT>\n"


def tagged(lines: bytes) -> bytes:
    """A made-up header in tags, without documents."""
    return TAGGED + lines + b"</SUBMISSION>\n"


HOSTILE: dict[str, Callable[[], bytes]] = {
    "start tags on one line": lambda: archive(filled(b"<DOCUMENT>")),
    "start tags on one line, nothing before": lambda: filled(b"<DOCUMENT>"),
    "small start tags on one line": lambda: archive(filled(b"<document>")),
    "tags on lines": lambda: archive(filled(b"<DOCUMENT>\n</DOCUMENT>\n")),
    "half tags": lambda: archive(filled(b"DOCUMENT>")),
    "other halves": lambda: archive(filled(b"<DOCUMENT")),
    "brackets": lambda: archive(filled(b"<")),
    "empty lines": lambda: archive(filled(b"\n")),
    "blanks": lambda: filled(b" \n") + b"x",
    "blanks after an end tag": lambda: archive(document(b"x") + filled(b" \n") + b"x\n</DOCUMENT>"),
    "quoted end tags": lambda: archive(document((b"x\n</DOCUMENT>" + b" " * 400) * 90_000)),
    "tabs after the start of a text": lambda: archive(b"<DOCUMENT>\n<TEXT>" + filled(b"\t") + b"x\n</DOCUMENT>"),
    "leaf tags": lambda: archive((b"<DOCUMENT>\n" + b"<TYPE>a\n" * 600 + b"</DOCUMENT>\n") * 8_000),
    "a header without an end": lambda: HEAD + filled(b"A: b\n") + END,
    "a header of blank lines": lambda: tagged(filled(b"\n", 3 * MEGABYTE)),
    "a header of blanks in values": lambda: tagged(
        filled(b"A:" + b" " * 1_900 + b"x" + b" " * 1_900 + b"y\n", 3_000_000)
    ),
    "a header of odd lines": lambda: tagged(b"<FILER>\n" + b"<CIK>x\n" * 250_000),
    "facts without an end": lambda: filled(b'<ix:nonnumeric name="dei:a" '),
    "a fact of many names": lambda: b"xbrl.sec.gov/dei/" + (b"<ix:nonnumeric " + b' name="dei:a"' * 150) * 100,
    "half tags in a cover": lambda: b"xbrl.sec.gov/dei/" + filled(b"<" + b"a" * 6_000),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_are_answered_soon(make: Callable[[], bytes]) -> None:
    raw = make()
    began = time.process_time()
    with contextlib.suppress(ReadError):
        split_submission(raw, NAME)

    assert time.process_time() - began < 1.5


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_take_little_memory_beside_their_own(make: Callable[[], bytes]) -> None:
    raw = make()
    tracemalloc.start()
    try:
        with contextlib.suppress(ReadError):
            split_submission(raw, NAME)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < max(2 * len(raw), 40 * MEGABYTE)


@pytest.mark.parametrize(
    ("make", "came"),
    [
        (lambda: archive(document(b"x") * 10_001), "at most 10,000 documents"),
        (lambda: archive(filled(b"<DOCUMENT>")), "at most 100,000 document tags"),
        (lambda: archive(b"", b"<FILER>\n<CIK>1\n" * 10_001), "at most 10,000 filers"),
        (lambda: archive(b"", b"FILER:\n\tCOMPANY DATA:\n\t\tCENTRAL INDEX KEY:\t1\n" * 100_000), "header of at most"),
        (lambda: archive(b"", b"<ITEMS>7.01\n" * 1_001), "at most 1,000 lines of items"),
        (lambda: tagged(b"A:\n" * 300_000), "at most 300,000 lines"),
        (lambda: filled(b" \n") + b"x", "a file of blanks"),
    ],
)
def test_more_than_any_filing_has_is_refused_and_said(make: Callable[[], bytes], came: str) -> None:
    with pytest.raises(NotASubmission, match=came):
        split_submission(make(), NAME)


def test_as_much_as_a_large_filing_has_is_taken() -> None:
    found = split_submission(
        archive(document(b"x") * 9_999, b"".join(b"<FILER>\n<CIK>%d\n" % n for n in range(1, 5_001)))
    )

    assert (len(found.documents), len(found.filers)) == (9_999, 5_000)


def test_of_many_warnings_the_first_twenty_are_kept_and_the_rest_is_counted() -> None:
    found = split_submission(archive(b"", b"<FILER>\n" + b"<CIK>x\n" * 1_000))

    assert len(found.warnings) == 21
    assert found.warnings[-1] == "header: and 981 more warnings"
