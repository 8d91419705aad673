"""The yardstick of the parse part: lxml's tree and its text, of documents that are split out already."""

from __future__ import annotations

from lxml import html

from bench.runners.serving import Filing, Task

__all__ = ["DISTRIBUTIONS", "TASKS"]

DISTRIBUTIONS = ("lxml",)


def _texts(filing: Filing) -> list[str]:
    return [html.document_fromstring(body).text_content() for body in filing.bodies]


TASKS: dict[str, Task] = {"texts": _texts}
