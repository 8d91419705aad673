"""Reads an 8-K: header, documents, items, exhibits, cover page and signature. Which forms go on is decided here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import ClassVar

from handlers.parse.amendment import read_amendment
from handlers.parse.cover import read_cover, with_tickers
from handlers.parse.exhibits import find_exhibits
from handlers.parse.headings import find_headings
from handlers.parse.items import cut_items, with_declared
from handlers.parse.signature import signature_start
from handlers.parse.signers import find_signatures
from handlers.parse.text import readable_text
from watcher import (
    EIGHT_K_FORMS,
    Document,
    Filing,
    Handler,
    Item,
    RawDocument,
    Report,
    Skip,
    Stage,
    Submission,
    is_item_number,
    split_submission,
)

__all__ = ["ParseEightK"]

_NO_TEXT_TYPES = ("GRAPHIC", "ZIP", "EXCEL", "JSON", "XML", "EX-101", "PDF", "COVER")
_NO_TEXT_SUFFIXES = (
    ".jpg",
    ".jpeg",
    ".gif",
    ".png",
    ".pdf",
    ".zip",
    ".xlsx",
    ".xls",
    ".xsd",
    ".xml",
    ".json",
    ".js",
    ".css",
)


class ParseEightK(Handler):
    """Split the submission and read everything that later stages look at. Skips what is not of the 8-K family."""

    name: ClassVar[str] = "parse"
    stage: ClassVar[Stage] = Stage.PARSE

    def handle(self, report: Report) -> None:
        """Fill in all that the filing's own text tells.

        Raises ``NotASubmission`` or ``TruncatedError`` when the bytes are no whole filing.
        """
        submission = split_submission(report.raw, report.filing.accession)
        report.submission = submission
        report.warnings += _other_accession(report.filing, submission)
        report.filing = _completed(report.filing, submission)
        report.period_of_report = submission.period_of_report
        if report.filing.form not in EIGHT_K_FORMS:
            report.documents = tuple(_described(document) for document in submission.documents)
            raise Skip(f"form is {report.filing.form}")
        report.warnings += submission.warnings
        _read(report, submission)


def _read(report: Report, submission: Submission) -> None:
    """Read the main document, then the exhibits."""
    raw = _main_first(submission)
    report.documents = tuple(_with_text(document) for document in raw)
    declared = _declared(report.filing, submission)
    if not raw:
        report.items = with_declared((), declared, report.filing.filed_on)
        report.warnings.append("the submission holds no document")
        return
    main = report.documents[0]
    era = report.filing.filed_on or report.period_of_report
    headings = find_headings(main.text, era)
    first = headings[0].start if headings else len(main.text)
    end = signature_start(main.text, headings[0].end if headings else 0)
    found = cut_items(main.text, headings, end, main.sequence, era)
    report.items = with_declared(found, declared, era)
    source = raw[0].text()
    report.exhibits = find_exhibits(
        _exhibit_lists(found), report.documents[1:], main.text[first:end], source=source, main=main, after=end
    )
    report.cover = read_cover(source, main.text[:first])
    report.signatures = find_signatures(main.text[end:])
    report.signature = next(iter(report.signatures), None)
    if report.is_amendment:
        report.amendment = read_amendment(main, found, first, end, report.cover)
    report.filing = replace(report.filing, filers=with_tickers(report.filing.filers, report.cover))
    if report.period_of_report is None and report.cover.get("event_date"):
        report.period_of_report = date.fromisoformat(report.cover["event_date"])
    report.warnings += _disagreements(found, declared)


def _other_accession(filing: Filing, submission: Submission) -> list[str]:
    if filing.accession in ("", submission.accession):
        return []
    return [f"the header names another accession: {submission.accession}"]


def _completed(filing: Filing, submission: Submission) -> Filing:
    """Complete what a list said by what the header says, which wins."""
    known = {filer.cik: filer for filer in filing.filers}
    filers = tuple(
        replace(filer, tickers=known[filer.cik].tickers) if filer.cik in known else filer for filer in submission.filers
    )
    return replace(
        filing,
        accession=filing.accession or submission.accession,
        form=submission.form or filing.form,
        filers=filers or filing.filers,
        filed_on=submission.filed_on or filing.filed_on,
        accepted_at=submission.accepted_at or filing.accepted_at,
    )


def _main_first(submission: Submission) -> tuple[RawDocument, ...]:
    """Put the 8-K itself first: nearly always it is already."""
    documents = submission.documents
    main = next((document for document in documents if document.type in EIGHT_K_FORMS), None)
    if main is None or main is documents[0]:
        return documents
    return (main, *(document for document in documents if document is not main))


def _described(raw: RawDocument, text: str = "") -> Document:
    return Document(raw.sequence, raw.type, raw.filename, raw.description, raw.size, text)


def _with_text(document: RawDocument) -> Document:
    return _described(document, readable_text(document.body()) if _has_text(document) else "")


def _has_text(document: RawDocument) -> bool:
    """Whether a person would read this document: not a picture, an archive or a file of data."""
    kind, name = document.type.upper(), document.filename.lower()
    if kind.startswith(_NO_TEXT_TYPES) or name.endswith(_NO_TEXT_SUFFIXES) or document.is_uuencoded():
        return False
    return not document.raw.startswith((b"<PDF>", b"<pdf>"), document.start)


def _declared(filing: Filing, submission: Submission) -> tuple[str, ...]:
    """The items that the header declares, or the list if the header names none."""
    return tuple(item for item in submission.declared_items or filing.items if is_item_number(item))


def _exhibit_lists(found: tuple[Item, ...]) -> list[str]:
    """The items that list exhibits."""
    return [item.text for item in found if item.number in ("9.01", "7")]


def _disagreements(found: tuple[Item, ...], declared: tuple[str, ...]) -> list[str]:
    """Say where header and body disagree."""
    numbers = tuple(dict.fromkeys(item.number for item in found))
    warnings = []
    if not numbers:
        warnings.append("no item heading was found in the body")
    missing = [number for number in declared if number not in numbers]
    if numbers and missing:
        warnings.append(f"declared, but not found in the body: {', '.join(missing)}")
    extra = [number for number in numbers if number not in declared]
    if declared and extra:
        warnings.append(f"found in the body, but not declared: {', '.join(extra)}")
    return warnings
