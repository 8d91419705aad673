"""edgartools: ``Filing.from_sgml_text(...).obj()`` gives an ``EightK``, its ``items`` are names, ``[name]`` the text.

So its own guide to 8-K filings has it; the submission comes from memory and not from EDGAR. ``sections`` is the
quicker half of ``items``: the parsed tree alone, without the second look at the plain text.
"""

from __future__ import annotations

from typing import Any

import stamina
from edgar import Filing as EdgarFiling
from edgar.sgml import FilingSGML
from edgar.sgml.sgml_parser import list_documents

from bench.runners.serving import Filing, Task

__all__ = ["DISTRIBUTIONS", "TASKS"]

DISTRIBUTIONS = ("edgartools", "lxml")

# Its retries of a refused connection take 16 seconds for each filing, and none of them is CPU time.
stamina.set_active(False)


def _text(filing: Filing) -> str:
    return filing.raw.decode("utf-8", "replace")


def _report(filing: Filing) -> Any:
    report = EdgarFiling.from_sgml_text(_text(filing)).obj()
    if report is None:
        raise ValueError("edgartools has no report class for this form")
    return report


def _items(filing: Filing) -> dict[str, str]:
    report = _report(filing)
    return {name.removeprefix("Item ").strip(): report[name] or "" for name in report.items}


def _sections(filing: Filing) -> dict[str, str]:
    sections = _report(filing).sections.items()
    return {_number(name): section.text() for name, section in sections if section.kind == "item"}


def _number(name: str) -> str:
    """Turn ``item_502`` into ``5.02``."""
    digits = name.removeprefix("item_")
    return f"{digits[0]}.{digits[1:]}" if len(digits) == 3 and digits.isdigit() else digits


TASKS: dict[str, Task] = {
    "items": _items,
    "sections": _sections,
    "split": lambda filing: FilingSGML.from_text(_text(filing)),
    "documents": lambda filing: list_documents(_text(filing)),
}
