"""Recognises what is not a submission: a filing's main document on its own, and pages sent in place of a filing.

A bare main document has no header, so its accession comes from the file's name and the rest from its cover.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from watcher.edgar._days import day_of
from watcher.edgar.documents import decode_body, unescape_entities
from watcher.models import Filer

__all__ = ["COVER_BYTES", "Cover", "accession_of_filename", "looks_like_a_filing", "read_cover", "what_came_instead"]

COVER_BYTES = 200_000  # where a cover ends at the latest: inline XBRL puts some 60 KB of hidden facts before the cover
_HEAD_BYTES = 100_000
_START_BYTES = 20_000

_ACCESSION = re.compile(r"(?<![0-9])([0-9]{10})-?([0-9]{2})-?([0-9]{6})(?![0-9])")
_TAG = re.compile(r"<[^<>]{0,5000}>")
_FORM = re.compile(
    r"\bform\s*(8\s?-\s?k(?:12b|12g3|15d5)?|10-[kq]|20-f|6-k|s-[1348]|def\s*14a|11-k)\b(\s*/\s*a\b)?", re.IGNORECASE
)
_AMENDMENT = re.compile(r"\bamendment\s+no\b", re.IGNORECASE)
_SEC = re.compile(r"securities\s*(?:and|&)\s*exchange\s*commission", re.IGNORECASE)
_DATE_OF_REPORT = re.compile(
    r"date\s+of\s+(?:earliest|report)\b.{0,120}?([a-z]{3,9})\.?\s{0,3}([0-9]{1,2})\s{0,2},?\s{0,3}((?:19|20)[0-9]{2})",
    re.IGNORECASE | re.DOTALL,
)
_FACT = re.compile(r"<ix:non(?:numeric|fraction)\b[^<>]{0,2000}\bname=\"dei:(\w+)\"[^<>]{0,2000}>", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_PAGES = (
    (b"request rate threshold exceeded", "EDGAR's rate-limit page"),
    (b"undeclared automated tool", "EDGAR's page for an undeclared automated tool"),
    (b"sec.gov | file unavailable", "EDGAR's page for an unavailable file"),
    (b"this page is temporarily unavailable", "EDGAR's maintenance page"),
    (b"<error><code>", "an S3 XML error"),
    (b"<sec-header>", "a page about a filing's header"),
)
_MAGIC = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "a PDF file"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
)


@dataclass(frozen=True, slots=True)
class Cover:
    """What a main document's cover tells of the submission it came in."""

    form: str | None = None
    period_of_report: date | None = None
    filers: tuple[Filer, ...] = ()
    warnings: tuple[str, ...] = ()


def accession_of_filename(filename: str) -> str | None:
    """Find an accession number in a file's name, with dashes or without; None when it has none."""
    match = _ACCESSION.search(filename.replace("\\", "/").rsplit("/", 1)[-1])
    return "-".join(match.groups()) if match else None


def what_came_instead(raw: bytes) -> str | None:
    """Say what these bytes are if they are certainly no filing; None if they may be one."""
    if not raw[:_START_BYTES].strip():
        return "a file of blanks" if raw else "an empty file"
    for magic, name in _MAGIC:
        if raw.startswith(magic):
            return name
    head = raw[:_HEAD_BYTES]
    if head.count(b"\0") > len(head) // 100:
        return "binary data"
    lower = head[:_START_BYTES].lower()
    for mark, name in _PAGES:
        if mark in lower:
            return name
    if head.lstrip()[:1] in (b"{", b"["):
        return "JSON"
    return None


def looks_like_a_filing(raw: bytes) -> bool:
    """Whether the beginning reads like the cover of a form to the SEC."""
    if b"xbrl.sec.gov/dei/" in raw[:COVER_BYTES]:
        return True
    text = _plain(raw)
    return _SEC.search(text) is not None or _FORM.search(text) is not None


def read_cover(raw: bytes) -> Cover:
    """Read form, date and registrant off the cover, as far as it tells them."""
    facts = _facts(raw)
    text = _plain(raw)
    form = facts.get("DocumentType") or _form(text)
    cik, name = facts.get("EntityCentralIndexKey", ""), facts.get("EntityRegistrantName", "")
    filers = (Filer(cik=int(cik), name=name),) if cik.isascii() and cik.isdigit() and len(cik) <= 10 else ()
    written = _date_of_report(text)
    day = _day(written) if written else None
    warnings = (f"cover: not a date of a filing: {written[0][-60:]!r}",) if written and day is None else ()
    return Cover(form=form, period_of_report=day, filers=filers, warnings=warnings)


def _plain(raw: bytes) -> str:
    text = unescape_entities(_TAG.sub(" ", decode_body(raw[:COVER_BYTES])))
    return " ".join(text.split())


def _form(text: str) -> str | None:
    match = _FORM.search(text)
    if match is None:
        return None
    form = match[1].upper().replace(" ", "")
    # Many write "Form 8-K" and, a line below, "Amendment No. 1".
    amended = match[2] or _AMENDMENT.match(text[match.end() :].lstrip(" (/-*")[:60])
    return form + "/A" if amended else form


def _date_of_report(text: str) -> re.Match[str] | None:
    match = _DATE_OF_REPORT.search(text[:20_000])
    return match if match and match[1][:3].lower() in _MONTHS else None


def _day(written: re.Match[str]) -> date | None:
    return day_of(int(written[3]), _MONTHS.index(written[1][:3].lower()) + 1, int(written[2]))


def _facts(raw: bytes) -> dict[str, str]:
    """Collect the short dei facts of an inline-XBRL cover."""
    head = decode_body(raw[:COVER_BYTES])
    facts: dict[str, str] = {}
    for match in _FACT.finditer(head):
        if match[1] in facts:
            continue
        stop = head.find("</ix:non", match.end(), match.end() + 3_000)
        value = " ".join(unescape_entities(_TAG.sub("", head[match.end() : stop])).split()) if stop > 0 else ""
        if value:
            facts[match[1]] = value
    return facts
