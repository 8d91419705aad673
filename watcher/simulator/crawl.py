"""Replays a captured crawl of the live list: the entries are EDGAR's own, the submissions behind them made up.

A crawl is a folder of pages as they came, and a ``manifest.json`` that gives each one's ``file``, ``url`` and
``status``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from watcher.edgar.feed import CurrentPage, merge_co_filers, parse_current
from watcher.errors import EdgarError, EightkError
from watcher.models import EIGHT_K_FORMS, Filer, Filing
from watcher.simulator.catalog import Catalog, CatalogFiling, filing_of
from watcher.simulator.eras import era_of
from watcher.simulator.making.chance import dice
from watcher.simulator.making.companies import Company, make_company
from watcher.simulator.making.compose import Wishes
from watcher.simulator.making.moments import draw_event
from watcher.simulator.making.writing import Outline

__all__ = ["Crawl"]

_COMPANIES = 3_000


@dataclass(frozen=True, slots=True)
class Crawl:
    """The filings of a captured crawl, and when it was captured."""

    catalog: Catalog
    captured_at: datetime  # UTC

    @classmethod
    def read(cls, folder: Path, *, seed: int = 1) -> Self:
        """Read a crawl. Raises ``EightkError`` for a folder that holds none."""
        pages = [_page(folder / name) for name in _file_names(folder)]
        times = [page.generated_at for page in pages if page.generated_at is not None]
        if not times:
            raise EightkError(f"{folder}: expected captured pages of the live list, found none that tells its time")
        found = merge_co_filers(filing for page in pages for filing in page.filings)
        return cls(Catalog(_oldest_first(found, seed)), max(times))


def _file_names(folder: Path) -> list[str]:
    manifest = folder / "manifest.json"
    try:
        rows = json.loads(manifest.read_bytes())
        return [str(row["file"]) for row in rows if row["status"] == 200]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EightkError(f"{manifest}: expected the list of a crawl's pages: {error}") from error


def _page(path: Path) -> CurrentPage:
    try:
        return parse_current(path.read_bytes())
    except (OSError, EdgarError) as error:
        raise EightkError(f"{path}: expected a captured page of the live list: {error}") from error


def _oldest_first(found: Iterable[Filing], seed: int) -> list[CatalogFiling]:
    filings = [filing for one in found if (filing := _filing(one, seed)) is not None]
    # A page is newest first; the sort is stable, so what came in one second keeps its order.
    filings.reverse()
    filings.sort(key=lambda filing: filing.time)
    return filings


def _filing(one: Filing, seed: int) -> CatalogFiling | None:
    """Give an entry a submission of its own: its facts are the entry's, its words are nobody's.

    None for an entry that does not tell enough.
    """
    if one.form is None or one.filed_on is None or one.accepted_at is None or not one.filers:
        return None
    outline = Outline(
        seed=f"{seed}:crawl:{one.accession}",
        era=era_of(one.filed_on),
        accession=one.accession,
        form=one.form,
        companies=tuple(_company(filer, seed) for filer in one.filers),
        items=one.items,
        filed_on=one.filed_on,
        event_on=draw_event(one.filed_on, dice(seed, "crawl", one.accession)),
        accepted_at=one.accepted_at,
        wishes=Wishes(),
        is_light=True,
    )
    made = filing_of(outline)
    return made if one.form in EIGHT_K_FORMS else replace(made, filers=one.filers, is_tagged=False)


def _company(filer: Filer, seed: int) -> Company:
    return replace(make_company(seed, filer.cik % _COMPANIES), cik=filer.cik, name=filer.name, full_name=filer.name)
