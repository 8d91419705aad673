"""Judges what EDGAR answered: data, a block page, a maintenance page, or word that there is no such file.

By the body and not by the status alone, for EDGAR serves error pages with 200, and says 403 both for "blocked" and
for "no such file".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from watcher.errors import EdgarError, OutageError

__all__ = ["Answer", "Download", "Version", "content_of", "reason_of_block"]

# Nothing is given back ("++"): runs of blanks and comments would be divided in every possible way.
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+(?:<\?xml[^>]*>\s*+)?(?:(?><!--.*?-->)\s*+)*+<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)
_TITLES = re.compile(rb"<(title|h1)\b[^<>]{0,500}>(.{0,500}?)</\1>", re.IGNORECASE | re.DOTALL)
_S3_ERROR = re.compile(rb"\s*+(?:<\?xml[^>]*>\s*+)?<Error>\s*+<Code>(\w{1,40})</Code>", re.IGNORECASE)
_HEAD_BYTES = 20_000
_MISSING = ("AccessDenied", "NoSuchKey")
_SECONDS = re.compile(r"[0-9]{1,9}")
_LONGEST_MARK = 200


@dataclass(frozen=True, slots=True)
class Version:
    """Which state of a file was had, in EDGAR's own words; "" for what it did not tell."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Download:
    """A file as it lies in the archive, packed if it is so there, and which state of it this is."""

    raw: bytes = field(repr=False)
    version: Version = Version()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole and unpacked; of a file that was to stay packed, only its beginning is unpacked.

    ``headers`` have names in lower case.
    """

    path: str
    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    packed: bytes | None = field(default=None, repr=False)  # the whole file, if it was to stay packed

    @property
    def is_html(self) -> bool:
        """Whether it is a page for people."""
        return _HTML.match(self.body[:_HEAD_BYTES]) is not None

    @property
    def title(self) -> str:
        """The title and main headings of a page, in one line; "" when it is none."""
        if not self.is_html:
            return ""
        found = b" ".join(text for _, text in _TITLES.findall(self.body[:_HEAD_BYTES]))
        return " ".join(found.decode("utf-8", "replace").split())

    @property
    def s3_code(self) -> str:
        """The code of the archive's own error, such as ``NoSuchKey``; "" when it is none."""
        match = _S3_ERROR.match(self.body[:_HEAD_BYTES])
        return match[1].decode("ascii") if match else ""

    @property
    def is_maintenance(self) -> bool:
        """Whether it is the page that says "temporarily unavailable"."""
        return self.status == 503 and self.is_html

    @property
    def version(self) -> Version:
        """Which state of the file this is."""
        return Version(self._mark("etag"), self._mark("last-modified"))

    def _mark(self, name: str) -> str:
        """A header that will be sent back; "" when it could not be."""
        value = self.headers.get(name, "")
        return value if value.isascii() and value.isprintable() and len(value) <= _LONGEST_MARK else ""

    def retry_after_seconds(self, now: datetime) -> float | None:
        """How long EDGAR asks us to wait, from ``now`` on; None when it does not ask, or in no way that can be read."""
        told = self.headers.get("retry-after", "").strip()
        if _SECONDS.fullmatch(told):
            return float(told)
        try:
            moment = parsedate_to_datetime(told)
        except (ValueError, OverflowError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)  # HTTP knows no other zone
        return max(0.0, (moment - now).total_seconds())


def reason_of_block(answer: Answer) -> str:
    """Say why EDGAR blocks us; "" when this answer is no block page."""
    title = answer.title.lower()
    if "undeclared automated tool" in title:
        return "EDGAR blocks us as an undeclared tool: waiting does not help, edgar.contact must name another contact"
    if "rate threshold exceeded" in title or "traffic limit" in title or answer.status == 429:
        return "EDGAR blocks us for asking too fast"
    # For a file that is not there the archive says 403 in XML; in HTML it can only mean us.
    if answer.status == 403 and answer.is_html:
        return f"EDGAR blocks us with a page that we do not know: {answer.title[:120]!r}"
    if answer.status == 403 and "retry-after" in answer.headers and not answer.s3_code:
        return "EDGAR forbids us to ask for a while"
    return ""


def content_of(answer: Answer, *, missing: type[EdgarError]) -> bytes:
    """Return the body of an answer that is data, never an empty one.

    Raises ``missing`` when there is no such file, ``OutageError`` when EDGAR itself failed, else ``EdgarError``.
    """
    if answer.status == 404 or answer.s3_code in _MISSING:
        code = f", {answer.s3_code}" if answer.s3_code else ""
        raise missing(f"{answer.path}: EDGAR has no such file ({answer.status}{code})", status=answer.status)
    if answer.status == 200 and not answer.is_html and not answer.s3_code and answer.body.strip():
        return answer.body
    error = OutageError if answer.status >= 500 else EdgarError
    raise error(f"{answer.path}: expected data, came {_named(answer)} ({answer.status})", status=answer.status)


def _named(answer: Answer) -> str:
    if answer.s3_code:
        return f"an error {answer.s3_code!r}"
    if answer.is_html:
        return f"a page {answer.title[:120]!r}"
    return f"{len(answer.body):,} bytes" if answer.body.strip() else "nothing"
