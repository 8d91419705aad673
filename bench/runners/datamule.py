"""datamule: ``Submission(sgml_content=...)``, split by its secsgml2, and ``get_section`` for the items' text.

secsgml2 (compiled) and its forerunner secsgml (Python) split, read the header, and decode every picture on the way,
which cannot be turned off.
"""

from __future__ import annotations

from pathlib import Path

import secsgml
import secsgml2
from datamule import Submission

from bench.runners.serving import Filing, Task

__all__ = ["DISTRIBUTIONS", "TASKS"]

DISTRIBUTIONS = ("datamule", "doc2dict", "secsgml", "secsgml2", "selectolax")

_FORMS = [form + suffix for form in ("8-K", "8-K12B", "8-K12G3", "8-K15D5") for suffix in ("", "/A")]


def _items(filing: Filing) -> dict[str, str]:
    accession = Path(filing.path).name.split(".")[0]
    submission = Submission(sgml_content=filing.raw, accession=accession)
    found: dict[str, str] = {}
    for document in submission.document_type(_FORMS):
        for section in document.get_section(title_class="item", format="text", simplify=False) or ():
            found.setdefault(section["standardized_title"].removeprefix("item"), section["text"])
    return found


TASKS: dict[str, Task] = {
    "items": _items,
    "split": lambda filing: secsgml2.parse_sgml_content_into_memory(filing.raw),
    "split in Python": lambda filing: secsgml.parse_sgml_content_into_memory(bytes_content=filing.raw),
}
