"""selectolax: lexbor's tree and its text, a second yardstick of the parse part."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from bench.runners.serving import Filing, Task

__all__ = ["DISTRIBUTIONS", "TASKS"]

DISTRIBUTIONS = ("selectolax",)


def _texts(filing: Filing) -> list[str]:
    return [LexborHTMLParser(body).text() for body in filing.bodies]


TASKS: dict[str, Task] = {"texts": _texts}
