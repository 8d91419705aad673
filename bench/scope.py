"""What each peer does beside what is measured, and what it does not, so that no figure is taken for more than it is.

Found in the installed packages of the pinned versions, and in their guides.
"""

from __future__ import annotations

from collections.abc import Mapping

from bench.environments import CRAWLER, OURS, PEERS
from bench.races import LXML
from bench.tables import Table

__all__ = ["scope_table"]

_NOTHING_LIVE = "does not watch EDGAR, keeps no queue, tells nobody"
_SCOPE = {
    OURS: (
        "submission to items, exhibits, cover, signature, events; watches EDGAR's list; rules; tells endpoints",
        "no forms but the 8-K family; no financial data from XBRL",
    ),
    "edgartools": (
        "submission to objects for many forms, with XBRL; fetches from EDGAR; gives its current list when asked",
        "is a library: no daemon, no queue of work, tells nobody; keeps text, not bytes",
    ),
    "datamule": (
        "submission to sections for many forms; downloads in bulk; a monitor that calls a function of yours",
        "the monitor's addresses are the SEC's own and fixed; no queue of what is owed, no webhooks",
    ),
    "sec-parser": (
        "an HTML page to a tree of elements, made for 10-Q",
        f"does not split submissions, has no 8-K items (cut here by a pattern of the bench); {_NOTHING_LIVE}",
    ),
    "selectolax": ("HTML to a tree and its text", "knows nothing of filings: a yardstick of speed"),
    LXML: ("HTML to a tree and its text", "knows nothing of filings: a yardstick of speed"),
    CRAWLER: (
        "downloads filings by EDGAR's quarterly indexes, and items of 10-K, 10-Q and 8-K into JSON files",
        f"takes what items there may be from the filing date it is given; {_NOTHING_LIVE}",
    ),
}


def scope_table(versions: Mapping[str, Mapping[str, str]], absent: Mapping[str, str]) -> Table:
    """Show who takes part, made of what, and who does not."""
    names = [name for name in (OURS, LXML, *PEERS) if name in versions or name in absent]
    rows = tuple((name, _made_of(name, versions, absent), *_SCOPE[name]) for name in names)
    return Table("readers", ("reader", "made of", "what it does", "what it does not"), rows)


def _made_of(name: str, versions: Mapping[str, Mapping[str, str]], absent: Mapping[str, str]) -> str:
    if name in absent:
        return f"left out: {absent[name]}"
    return ", ".join(" ".join(part) for part in versions[name].items())
