"""Links that open a filing where certain words stand: on our own page, and in EDGAR's copy.

EDGAR's documents have no anchors of ours, so its link names the words themselves: a text fragment (WICG, "URL
Fragment Text Directives"), which browsers scroll to and highlight, and which the server never sees.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from watcher.models import Document, Evidence, Filing

__all__ = ["anchor", "edgar_place", "page_place"]

_MAX_WORDS = 8  # longer quotations are named by their first and their last words
_EDGE_WORDS = 4


def anchor(evidence: Evidence) -> str:
    """The name of these words on our own page on the filing, such as ``d1-1264``."""
    return f"d{evidence.document}-{evidence.start}"


def page_place(page_url: str, evidence: Evidence) -> str:
    """Our own page on the filing, opened at these words."""
    return f"{page_url}#{anchor(evidence)}"


def edgar_place(filing: Filing, documents: Iterable[Document], evidence: Evidence) -> str | None:
    """EDGAR's copy of the document, opened at these words; None when its address is not known."""
    filename = next((one.filename for one in documents if one.sequence == evidence.document), "")
    if not filename or not filing.filers:
        return None
    folder = filing.accession.replace("-", "")
    address = f"https://www.sec.gov/Archives/edgar/data/{filing.filers[0].cik}/{folder}/{quote(filename, safe='')}"
    words = evidence.text.split()
    if not words:
        return address
    return f"{address}#:~:text={_directive(words)}"


def _directive(words: list[str]) -> str:
    if len(words) <= _MAX_WORDS:
        return _encoded(words)
    return f"{_encoded(words[:_EDGE_WORDS])},{_encoded(words[-_EDGE_WORDS:])}"


def _encoded(words: list[str]) -> str:
    # A bare "-" or "," would be the directive's own.
    return quote(" ".join(words).encode("utf-8", "replace"), safe="").replace("-", "%2D")
