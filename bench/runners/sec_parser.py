"""sec-parser: elements of a page. It has no parser for 8-K, so it is used as its authors say for other forms.

That is: its 10-Q parser without the two steps that look for a 10-Q's sections. Where its elements' text has a line
that begins with "Item 5.02", an item starts, up to the next one or the signatures: it may keep a whole page as one
element. The main document is cut out here, by the first ``<TEXT>`` after its type, which costs next to nothing.
"""

from __future__ import annotations

import re

from sec_parser import AbstractProcessingStep, Edgar10QParser
from sec_parser.processing_steps.individual_semantic_element_extractor.individual_semantic_element_extractor import (
    IndividualSemanticElementExtractor as Extractor,
)
from sec_parser.processing_steps.individual_semantic_element_extractor.single_element_checks.top_section_title_check import (  # noqa: E501
    TopSectionTitleCheck,
)
from sec_parser.processing_steps.top_section_manager_for_10q import TopSectionManagerFor10Q

from bench.runners.serving import Filing, Task

__all__ = ["DISTRIBUTIONS", "TASKS"]

DISTRIBUTIONS = ("sec-parser", "beautifulsoup4", "lxml")

_MAIN = re.compile(rb"<TYPE>8-K.*?<TEXT>(.*?)</TEXT>", re.DOTALL | re.IGNORECASE)
_HEADING = re.compile(
    r"^[^\w\n]*(?:item\s*(\d{1,2}(?:\.\s?\d\d)?)(?!\d)|(signatures?)\W*$)", re.IGNORECASE | re.MULTILINE
)


def _steps() -> list[AbstractProcessingStep]:
    usual = Edgar10QParser()
    all_checks = usual.get_default_single_element_checks()
    checks = [check for check in all_checks if not isinstance(check, TopSectionTitleCheck)]
    return [
        Extractor(get_checks=lambda: checks) if isinstance(step, Extractor) else step
        for step in usual.get_default_steps()
        if not isinstance(step, TopSectionManagerFor10Q)
    ]


def _items(filing: Filing) -> dict[str, str]:
    main = _MAIN.search(filing.raw)
    if main is None:
        raise ValueError("no document of type 8-K")
    text = "\n".join(element.text for element in Edgar10QParser(get_steps=_steps).parse(main[1]))
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    found: dict[str, str] = {}
    for heading, end in zip(headings, ends, strict=True):
        if heading[1]:
            number = "".join(heading[1].split())
            found[number] = found.get(number, "") + text[heading.start() : end]
    return found


TASKS: dict[str, Task] = {"items": _items}
