"""Splits a full submission into its header and its documents, lazily, whatever EDGAR's dialect.

`split_submission` is the one way in. It keeps offsets into the bytes it was given and copies nothing until a body
is asked for. A bare main document is taken too. What stops in the middle, or is no filing, is a typed error.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from watcher.edgar.bare import COVER_BYTES, accession_of_filename, looks_like_a_filing, read_cover, what_came_instead
from watcher.edgar.documents import RawDocument, decode_body, find_documents
from watcher.edgar.header import Header, read_header
from watcher.errors import NotASubmission, TruncatedError
from watcher.models import Filer

__all__ = ["RawDocument", "Submission", "split_submission"]

_STARTS = re.compile(
    rb"\s*+(?:-----BEGIN PRIVACY-ENHANCED MESSAGE-----"
    rb"|<SEC-DOCUMENT>|<IMS-DOCUMENT>|<SUBMISSION>|<SEC-HEADER>|<IMS-HEADER>|<PAPER>)",
    re.IGNORECASE,
)
# Not "^" in these: some files end their lines with a lone CR.
_ROOT = re.compile(rb"(?<![^\r\n])[ \t]*+<(SEC-DOCUMENT|IMS-DOCUMENT|SUBMISSION|SEC-HEADER|IMS-HEADER)>", re.IGNORECASE)
_HEADER_END = re.compile(rb"</(?:SEC|IMS)-HEADER>|[\r\n][ \t]*+<DOCUMENT>", re.IGNORECASE)
_USUAL_HEADER_END = b"</SEC-HEADER>"  # to look for it takes a tenth of the other's time
_BARE_DOCUMENT = re.compile(rb"\s*+<DOCUMENT>", re.IGNORECASE)
_FIRST_LINE = re.compile(rb"<(?:SEC|IMS)-(?:DOCUMENT|HEADER)>[^0-9]{0,80}?([0-9]{10}-[0-9]{2}-[0-9]{6})", re.IGNORECASE)
_ALL_STARTS = (
    *(b"-----BEGIN PRIVACY-ENHANCED MESSAGE-----", b"<SEC-DOCUMENT>", b"<IMS-DOCUMENT>"),
    *(b"<SUBMISSION>", b"<SEC-HEADER>", b"<IMS-HEADER>", b"<DOCUMENT>"),
)

_PEM_BYTES = 20_000  # signatures before the first tag take about 500; nothing else may stand there, not even blanks
_MAX_HEADER_BYTES = 4 * 1024 * 1024  # a thousand co-registrants take about 1 MB
_TAIL_BYTES = 5_000


@dataclass(frozen=True, slots=True)
class Submission:
    """A whole submission: what its header says, and its documents."""

    container: str  # "sec", "ims" or "nc"; "header" when it holds a header only; "bare" for a main document
    accession: str
    form: str | None = None
    filed_on: date | None = None
    changed_on: date | None = None
    accepted_at: datetime | None = None  # aware, in UTC; None when the header has none
    period_of_report: date | None = None
    declared_items: tuple[str, ...] = ()  # numbers; EDGAR's words where they name no item
    filers: tuple[Filer, ...] = ()
    documents: tuple[RawDocument, ...] = ()
    document_count: int | None = None  # as the header says: without what EDGAR itself adds
    is_paper: bool = False
    exchanges: tuple[str, ...] = ()  # the self-regulatory organizations that are sent a copy
    group_members: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    header: str = field(default="", repr=False)  # the header's own text


def split_submission(raw: bytes, filename: str = "") -> Submission:
    """Split a full submission, or take a bare main document, whose accession then comes from ``filename``.

    Raises `NotASubmission` when it is neither, saying what came instead, and `TruncatedError` when it stops in
    the middle.
    """
    raw = raw.removeprefix(codecs.BOM_UTF8)  # some editors write one; without it nothing is copied
    if _STARTS.match(raw, 0, _PEM_BYTES):
        return _split(raw, filename)
    instead = what_came_instead(raw)
    if instead is not None:
        raise NotASubmission(f"{_named(filename)}expected an EDGAR submission, came {instead}")
    if len(raw) < _PEM_BYTES and any(start.startswith(raw.strip().upper()) for start in _ALL_STARTS):
        raise TruncatedError(f"{_named(filename)}the submission stops after {len(raw)} bytes")
    return _bare(raw, filename)


def _named(filename: str) -> str:
    return f"{filename}: " if filename else ""


def _split(raw: bytes, filename: str) -> Submission:
    """Split what starts like a full submission."""
    root = _ROOT.search(raw, 0, _PEM_BYTES)
    if root is None:
        raise TruncatedError(f"{_named(filename)}the submission stops before its header")
    tag = root[1].upper().decode("ascii")
    header_end = _header_end(raw, root.end(), root.start() + _MAX_HEADER_BYTES)
    end = _end(raw, tag, filename)
    body_start = end if header_end is None else header_end
    if header_end is None and len(raw) - root.start() > _MAX_HEADER_BYTES:
        raise NotASubmission(f"{_named(filename)}expected a header of at most {_MAX_HEADER_BYTES:,} bytes, came more")
    if header_end is None and (tag != "SUBMISSION" or end == len(raw)):
        raise TruncatedError(f"{_named(filename)}the submission stops inside its header")
    text = decode_body(raw[root.start() : body_start])
    header = read_header(text)
    accession = header.accession or _accession(raw, root.start(), filename)
    documents = find_documents(raw, body_start, end)
    container = {"SUBMISSION": "nc", "IMS-DOCUMENT": "ims", "IMS-HEADER": "ims"}.get(tag, "sec")
    made = _of_header(header, accession, text, container if documents else "header", documents)
    return _with_count_checked(made) if documents and tag.endswith("-HEADER") else made


def _header_end(raw: bytes, start: int, end: int) -> int | None:
    """Find where the header ends: at its own end tag or, when it has none, before the first document."""
    usual = raw.find(_USUAL_HEADER_END, start, end)
    head = raw[start : max(start, usual)].upper()
    if usual >= 0 and b"-HEADER>" not in head and b"<DOCUMENT>" not in head:
        return usual
    match = _HEADER_END.search(raw, start, end)
    return match.start() if match else None


def _with_count_checked(submission: Submission) -> Submission:
    """Warn when documents are missing: without a root's end tag, only the header's own count tells."""
    found, announced = len(submission.documents), submission.document_count or 0
    if found >= announced:
        return submission
    warning = f"the header announces {announced} documents, the submission holds {found}: it may have been cut off"
    return replace(submission, warnings=(*submission.warnings, warning))


def _end(raw: bytes, tag: str, filename: str) -> int:
    """Find where the documents end. A header on its own has no end mark."""
    if tag.endswith("-HEADER"):
        return len(raw)
    mark = f"</{tag}>".encode()
    tail = raw[-_TAIL_BYTES:].upper()
    place = tail.rfind(mark)
    if place < 0:
        raise TruncatedError(f"{_named(filename)}no {mark.decode()} at the end: the submission stops in the middle")
    return len(raw) - len(tail) + place


def _accession(raw: bytes, start: int, filename: str) -> str:
    match = _FIRST_LINE.search(raw, start, start + 400)
    accession = match[1].decode("ascii") if match else accession_of_filename(filename)
    if accession is None:
        raise NotASubmission(f"{_named(filename)}the header gives no accession number")
    return accession


def _of_header(
    header: Header, accession: str, text: str, container: str, documents: tuple[RawDocument, ...]
) -> Submission:
    return Submission(
        container=container,
        accession=accession,
        form=header.form,
        filed_on=header.filed_on,
        changed_on=header.changed_on,
        accepted_at=header.accepted_at,
        period_of_report=header.period_of_report,
        declared_items=header.declared_items,
        filers=header.filers,
        documents=documents,
        document_count=header.document_count,
        is_paper=header.is_paper,
        exchanges=header.exchanges,
        group_members=header.group_members,
        warnings=header.warnings,
        header=text,
    )


def _bare(raw: bytes, filename: str) -> Submission:
    """Take a main document that has no header."""
    if not looks_like_a_filing(raw):
        kind = "an HTML page" if b"<html" in raw[:5_000].lower() else "text"
        raise NotASubmission(f"{_named(filename)}expected an EDGAR submission, came {kind} that is no SEC form")
    accession = accession_of_filename(filename)
    if accession is None:
        raise NotASubmission(
            f"{_named(filename)}a main document without a header: its file name must hold the accession number"
        )
    documents = find_documents(raw, 0, len(raw)) if _BARE_DOCUMENT.match(raw, 0, _PEM_BYTES) else ()
    start, end = (documents[0].start, documents[0].end) if documents else (0, len(raw))
    cover = read_cover(raw[start : min(end, start + COVER_BYTES)])
    form = cover.form or (documents[0].type if documents else None) or None
    if not documents:
        documents = (RawDocument(1, form or "", filename.rsplit("/", 1)[-1], "", 0, len(raw), raw),)
    return Submission(
        container="bare",
        accession=accession,
        form=form,
        period_of_report=cover.period_of_report,
        filers=cover.filers,
        documents=documents,
        warnings=cover.warnings,
    )
