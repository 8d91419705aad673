"""Our own tasks, put together from what `handlers.parse` and `watcher` offer."""

from __future__ import annotations

import json
from datetime import date

from bench.runners.serving import Filing, Task
from handlers.parse import ParseEightK
from handlers.parse.headings import find_headings
from handlers.parse.items import cut_items
from handlers.parse.markup import forget
from handlers.parse.signature import signature_start
from handlers.parse.text import readable_text
from watcher import EIGHT_K_FORMS, RawDocument, Submission, split_submission
from watcher import Filing as ListedFiling
from watcher.edgar.documents import find_documents
from watcher.line import Line
from watcher.models import Report
from watcher.report_json import report_line

__all__ = ["DISTRIBUTIONS", "TASKS", "read"]

DISTRIBUTIONS = ("eightk", "lxml")

_LINE = Line((ParseEightK(),))


def read(raw: bytes) -> Report:
    """Do the parse stage: full submission to items, texts, exhibits, cover and signature."""
    return _LINE.run(ListedFiling(accession=""), raw)


def _items(filing: Filing) -> dict[str, str]:
    """Do what the items need and nothing else: split, the main document's text, headings, spans."""
    submission = split_submission(filing.raw, filing.path)
    main = _main(submission)
    text = readable_text(main.body())
    headings = find_headings(text, submission.filed_on)
    end = signature_start(text, headings[0].end if headings else 0)
    return {item.number: item.text for item in cut_items(text, headings, end, main.sequence, submission.filed_on)}


def _main(submission: Submission) -> RawDocument:
    documents = submission.documents
    return next((document for document in documents if document.type in EIGHT_K_FORMS), documents[0])


def _parsed_items(filing: Filing) -> dict[str, str]:
    """Give the items of the whole parse stage, which is what users get."""
    return {item.number: item.text for item in read(filing.raw).items if item.found}


def _read_anew(filing: Filing) -> Report:
    """Read a filing as if it were the first one: no run of tags is remembered from another, or the round before."""
    forget()
    return read(filing.raw)


def _json(filing: Filing) -> str:
    return json.dumps(report_line(read(filing.raw), filing.path), ensure_ascii=False)


def _texts(filing: Filing) -> list[str]:
    return [readable_text(body) for body in filing.bodies]


def _split(filing: Filing) -> date | None:
    return split_submission(filing.raw, filing.path).filed_on


TASKS: dict[str, Task] = {
    "parse": lambda filing: read(filing.raw),
    "parse, nothing remembered": _read_anew,
    "parse to JSON": _json,
    "texts": _texts,
    "items": _items,
    "parsed items": _parsed_items,
    "split": _split,
    "documents": lambda filing: find_documents(filing.raw, 0, len(filing.raw)),
}
