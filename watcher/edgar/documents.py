"""Finds the documents inside a submission: where each begins and ends, its type and its name.

Works on bytes and offsets. Nothing is decoded but the few lines before a document's ``<TEXT>``, since most of a
modern submission is uuencoded pictures that nobody will ask for.
"""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from watcher.errors import NotASubmission, ReadError, TooLargeError, TruncatedError

__all__ = ["RawDocument", "decode_body", "find_documents", "unescape_entities"]

_UPPER, *_OTHER_CASES = (b"DOCUMENT>", b"document>", b"Document>")

# What may follow a document's end; anything else means that the end tag is quoted in a body.
_AFTER_END = re.compile(
    rb"\s*+(?:<DOCUMENT>|</?SEC-DOCUMENT>|</?IMS-DOCUMENT>|</SUBMISSION>|-----END|\Z)", re.IGNORECASE
)
_MAY_STAND_BEFORE = (b"</TEXT>", b"</DOCUMENT>", b"</SEC-HEADER>", b"</IMS-HEADER>")
_AFTER_START = re.compile(rb"\s*+<(?:TYPE|SEQUENCE|FILENAME|DESCRIPTION|TEXT)>", re.IGNORECASE)
_TEXT_START = re.compile(rb"<TEXT>[ \t]*(?:\r\n|\n|\r)?", re.IGNORECASE)
_TEXT_END = re.compile(rb"</TEXT>\s*\Z", re.IGNORECASE)
_LEAF = re.compile(rb"\s*+<(TYPE|SEQUENCE|FILENAME|DESCRIPTION)>([^\r\n]*)(?:\r\n|\n|\r|\Z)", re.IGNORECASE)
_BLANK = re.compile(rb"\s*")
# As EDGAR itself writes the tags, at a document's beginning and end.
_USUAL_START, _USUAL_END, _END_TAG = b"<DOCUMENT>\n<TYPE>", b"</TEXT>\n", b"</DOCUMENT>\n"
_USUAL_HEAD = re.compile(
    rb"<DOCUMENT>\n<TYPE>([^\r\n<]*+)\n<SEQUENCE>([0-9]{1,8})\n(?:<FILENAME>([^\r\n<]*+)\n)?"
    rb"(?:<DESCRIPTION>([^\r\n<]*+)\n)?<TEXT>[ \t]*+\n"
)
_UU_BEGIN = re.compile(rb"(?<![^\r\n])begin [0-7]{3,4} [^\r\n]*(?:\r\n|\n|\r)")
# Bounded: a number of a hundred thousand digits is no character, and Python refuses to read it.
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}(?![0-9])|#[xX][0-9a-fA-F]{1,6}(?![0-9a-fA-F])|[a-zA-Z][a-zA-Z0-9]{1,30});?")

_HEAD_BYTES = 20_000  # a document's own leaf tags take a few hundred
_MOST_DOCUMENTS = 10_000  # the most that EDGAR shows is some hundreds
_MOST_TAGS = 100_000  # quoted ones included
_MOST_LEAVES = 50  # there are four
_MAX_DECODED_BYTES = 64 * 1024 * 1024


# Not frozen, as all that leaves the splitter otherwise is: a frozen one takes five times as long to make, and most
# submissions have a dozen.
@dataclass(slots=True, unsafe_hash=True)
class RawDocument:
    """One document as it lies in the submission: ``raw[start:end]``, cut out only when asked for. Not to be changed."""

    sequence: int
    type: str
    filename: str  # as the filer wrote it, "" if not given: never to be used as a path
    description: str
    start: int
    end: int
    raw: bytes = field(repr=False, compare=False)

    @property
    def size(self) -> int:
        """How many bytes the body has."""
        return self.end - self.start

    def body(self) -> bytes:
        """Cut the body out: what stands between ``<TEXT>`` and ``</TEXT>``."""
        return self.raw[self.start : self.end]

    def text(self) -> str:
        """Return the body decoded. Never fails; see `decode_body`."""
        return decode_body(self.body())

    def is_uuencoded(self) -> bool:
        """Whether the body is a file in uuencode, such as a picture or a spreadsheet."""
        head = self.raw[self.start : min(self.end, self.start + 2_000)]
        return b"begin " in head and _UU_BEGIN.search(head) is not None

    def decoded(self, max_bytes: int = _MAX_DECODED_BYTES) -> bytes:
        """Return the file that the body holds in uuencode.

        Raises `TooLargeError` when it would be larger than ``max_bytes``, and `ReadError` when the body is not
        uuencode, or is damaged.
        """
        begin = _UU_BEGIN.search(self.raw, self.start, min(self.end, self.start + 2_000))
        if begin is None:
            raise ReadError(f"document {self.sequence} ({self.filename}): not uuencoded")
        out = bytearray()
        for line in _body_lines(self.raw, begin.end(), self.end):
            if line in (b"end", b"END"):
                return bytes(out)
            out += _uudecoded_line(line, self)
            if len(out) > max_bytes:
                raise TooLargeError(
                    f"document {self.sequence} ({self.filename}): larger than {max_bytes} bytes when decoded"
                )
        raise TruncatedError(f"document {self.sequence} ({self.filename}): uuencode without an end line")


def decode_body(body: bytes) -> str:
    """Decode a document's bytes. Never fails: not UTF-8 means cp1252, and a byte it lacks means Latin-1."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return body.decode("cp1252")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def unescape_entities(text: str) -> str:
    """Put characters in place of HTML's entities. Numbers 128 to 159 mean Windows' typography, as browsers do."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(entity: re.Match[str]) -> str:
    return _unescape(entity[0])


@lru_cache(maxsize=1024)
def _unescape(entity: str) -> str:
    return html.unescape(entity)


def find_documents(raw: bytes, start: int, end: int) -> tuple[RawDocument, ...]:
    """Find the documents in ``raw[start:end]``, in the order in which they stand.

    A document whose end tag is missing ends where the next one starts. Raises `TruncatedError` when the last one
    does not end at all, and `NotASubmission` when there are more than any filing has.
    """
    return _numbered(_usual_documents(raw, start, end) or _any_documents(raw, start, end))


def _usual_documents(raw: bytes, start: int, end: int) -> list[RawDocument]:
    """Find the documents of a submission whose tags all stand as EDGAR writes them today; none when one does not.

    Half of the time that splitting takes is the search for tags, so here only starts are looked for: what stands
    before a start, and before the end of the whole, must be an end. And they are looked for from the end, since
    CPython's `bytes.rfind` passes over pictures and pages in a good half of the time of `bytes.find`.
    """
    starts: list[int] = []
    place = raw.rfind(_USUAL_START, start, end)
    while place >= 0 and len(starts) <= _MOST_DOCUMENTS:
        starts.append(place)
        place = raw.rfind(_USUAL_START, start, place)
    starts.reverse()
    if not starts or len(starts) > _MOST_DOCUMENTS or b"<DOCUMENT>" in raw[start : starts[0]]:
        return []
    last = raw.rfind(_END_TAG, starts[-1], end)
    if last < 0 or not _AFTER_END.match(raw, last + len(_END_TAG), end):
        return []
    stops = [stop - len(_END_TAG) for stop in starts[1:]]
    if not all(raw.startswith(_END_TAG, stop) for stop in stops) or raw[starts[0] - 1 : starts[0]] != b"\n":
        return []
    pairs = zip(starts, [*stops, last], strict=True)
    return [_usual_document(raw, begin, stop, number) for number, (begin, stop) in enumerate(pairs, 1)]


def _usual_document(raw: bytes, start: int, end: int, position: int) -> RawDocument:
    """Read one document in one look, if it stands as EDGAR writes it, where the general way takes six."""
    head = _USUAL_HEAD.match(raw, start, end)
    if head is None:
        return _document(raw, start + len(b"<DOCUMENT>"), end, position)
    kind, sequence, filename, description = head.groups(b"")
    body_start = head.end()
    body_end = _body_end(raw, body_start, end)
    return RawDocument(int(sequence), _value(kind), _value(filename), _value(description), body_start, body_end, raw)


def _any_documents(raw: bytes, start: int, end: int) -> list[RawDocument]:
    """Find the documents by each of their tags, in whatever form, missing or quoted ones included."""
    documents: list[RawDocument] = []
    opened: int | None = None
    for position, after, is_end in _tags(raw, start, end):
        if len(documents) >= _MOST_DOCUMENTS:
            raise NotASubmission(f"expected at most {_MOST_DOCUMENTS:,} documents, came more")
        if opened is None:
            opened = None if is_end else after
        elif is_end:
            if _AFTER_END.match(raw, after, end):
                documents.append(_document(raw, opened, position, len(documents) + 1))
                opened = None
        elif _AFTER_START.match(raw, after, end):
            documents.append(_document(raw, opened, position, len(documents) + 1))
            opened = after
    if opened is not None:
        # A body may end with a quoted end tag only if it has no end tag of its own.
        raise TruncatedError(f"document {len(documents) + 1} has no end: the submission stops in the middle")
    return documents


def _numbered(documents: list[RawDocument]) -> tuple[RawDocument, ...]:
    """Give each document a number of its own: what points into one names it by that."""
    if len({document.sequence for document in documents}) == len(documents):
        return tuple(documents)
    used: set[int] = set()
    next_free = max((document.sequence for document in documents), default=0) + 1
    for place, document in enumerate(documents):
        if document.sequence in used:
            documents[place] = replace(document, sequence=next_free)
            next_free += 1
        used.add(documents[place].sequence)
    return tuple(documents)


def _tags(raw: bytes, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Give (position, position after it, whether it is an end tag) of each document tag at a line's start."""
    found = _tags_spelled(_UPPER, raw, start, end)
    opens = sum(not is_end for _, _, is_end in found)
    if not opens or 2 * opens != len(found):
        # Rare: lower-case tags, a quoted tag, or a missing one.
        found += [tag for spelling in _OTHER_CASES for tag in _tags_spelled(spelling, raw, start, end)]
        found.sort()
    return (tag for tag in found if _at_line_start(raw, tag[0]))


def _tags_spelled(spelling: bytes, raw: bytes, start: int, end: int) -> list[tuple[int, int, bool]]:
    """Find both kinds of tag in one pass, this being most of the time that splitting takes.

    By `bytes.find`, whose time does not depend on what a stranger sent, and never more of them than `_MOST_TAGS`.
    """
    found: list[tuple[int, int, bool]] = []
    position, seen = raw.find(spelling, start, end), 0
    while position >= 0:
        seen += 1
        if seen > _MOST_TAGS:
            raise NotASubmission(f"expected at most {_MOST_TAGS:,} document tags, came more")
        after = position + len(spelling)
        if raw.startswith(b"<", position - 1):
            found.append((position - 1, after, False))
        elif raw.startswith(b"</", position - 2):
            found.append((position - 2, after, True))
        position = raw.find(spelling, after, end)
    return found


def _at_line_start(raw: bytes, position: int) -> bool:
    """Whether only blanks stand before this position on its line, or an end tag that belongs there."""
    if raw[position - 1 : position] == b"\n":
        return True
    before = raw[max(0, position - 200) : position].rstrip(b" \t")
    return not before or before[-1:] in b"\r\n" or before[-20:].upper().endswith(_MAY_STAND_BEFORE)


def _document(raw: bytes, start: int, end: int, position: int) -> RawDocument:
    """Read the leaf tags after ``<DOCUMENT>`` and find the body between ``<TEXT>`` and ``</TEXT>``."""
    head_end = min(end, start + _HEAD_BYTES)
    leaves, place = _leaves(raw, start, head_end)
    text = _TEXT_START.match(raw, place, end) or _TEXT_START.search(raw, place, head_end)
    body_start = text.end() if text else place
    sequence = leaves.get("SEQUENCE", "")
    return RawDocument(
        sequence=int(sequence) if sequence.isascii() and sequence.isdigit() and len(sequence) < 9 else position,
        type=leaves.get("TYPE", ""),
        filename=leaves.get("FILENAME", ""),
        description=leaves.get("DESCRIPTION", ""),
        start=body_start,
        end=_body_end(raw, body_start, end),
        raw=raw,
    )


def _leaves(raw: bytes, start: int, end: int) -> tuple[dict[str, str], int]:
    """Read the leaf tags, and give the position after them. The first of a name counts."""
    leaves: dict[str, str] = {}
    place = start
    for _ in range(_MOST_LEAVES):
        leaf = _LEAF.match(raw, place, end)
        if leaf is None:
            break
        leaves.setdefault(leaf[1].decode("ascii").upper(), _value(leaf[2].split(b"</")[0]))
        place = leaf.end()
    return leaves, _skip_blanks(raw, place, end)


def _value(value: bytes) -> str:
    return value.decode("utf-8", "replace").strip() if value else ""


def _body_end(raw: bytes, start: int, end: int) -> int:
    if raw.endswith(_USUAL_END, start, end):
        return end - len(_USUAL_END)
    text_end = _TEXT_END.search(raw, max(start, end - 200), end)
    return text_end.start() if text_end else end


def _skip_blanks(raw: bytes, start: int, end: int) -> int:
    match = _BLANK.match(raw, start, end)
    return match.end() if match else start


def _body_lines(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    """Give the lines of ``raw[start:end]`` one by one, without copying the whole."""
    newline = b"\n" if raw.find(b"\n", start, end) >= 0 else b"\r"
    while start < end:
        stop = raw.find(newline, start, end)
        stop = end if stop < 0 else stop
        yield raw[start:stop].rstrip(b"\r")
        start = stop + 1


def _uudecoded_line(line: bytes, document: RawDocument) -> bytes:
    if not line.strip():
        return b""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        pass
    # Some encoders leave bits behind the last byte. The first character says how many bytes the line holds.
    length = ((line[0] - 32) & 63) * 4 + 5
    try:
        return binascii.a2b_uu(line[: length // 3])
    except binascii.Error as error:
        raise ReadError(
            f"document {document.sequence} ({document.filename}): damaged uuencode line {line[:20]!r}"
        ) from error
