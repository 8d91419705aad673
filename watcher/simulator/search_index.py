"""Writes the answers of EDGAR's full-text search: one hit for each document, half a minute late, without times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any

from watcher.simulator.catalog import Catalog, Part
from watcher.simulator.exchange import Ask, Reply, json_reply
from watcher.simulator.faults import Faults
from watcher.simulator.timeline import Listing, Timeline

__all__ = ["search_index"]

_SOONEST, _SPREAD = 30.0, 15.0  # seconds after a filing is listed
_MOST = 10_000
_PAGE = 100


def search_index(ask: Ask, timeline: Timeline, catalog: Catalog, faults: Faults, now: float) -> Reply:
    """Answer a search by form and filing date. Words are not searched, and unknown parameters pass silently."""
    found = [listing for listing in timeline.public(now) if _is_found(listing, ask.query, faults, now)]
    start, size = ask.number("from", 0), min(ask.number("size", _PAGE), _PAGE)
    hits = list(islice(_hits(found, catalog), start, start + size)) if start < _MOST - 10 else []
    total = sum(len(catalog.parts(listing.filing)) for listing in found)
    content: dict[str, Any] = {
        "took": 49,
        "timed_out": False,
        "_shards": {"total": 50, "successful": 50, "skipped": 0, "failed": 0},
        "hits": {
            "total": {"value": min(total, _MOST), "relation": "eq" if total < _MOST else "gte"},
            "max_score": None,
            "hits": hits,
        },
        "aggregations": {},
        "query": {"size": size, "from": start, "query": {"bool": {"filter": dict(ask.query)}}},
    }
    return json_reply(content)


def _is_found(listing: Listing, query: Mapping[str, str], faults: Faults, now: float) -> bool:
    filing = listing.filing
    if not _is_form_wanted(filing.form, query.get("forms", "")):
        return False
    first, last = _day(query.get("startdt", ""), date.min), _day(query.get("enddt", ""), date.max)
    if query.get("dateRange") == "custom" and not first <= filing.filed_on <= last:
        return False
    return listing.appears_at + _SOONEST + faults.chance(f"search:{filing.accession}") * _SPREAD <= now


def _is_form_wanted(form: str, forms: str) -> bool:
    """Whether a form is asked for: by its root, so that 8-K brings 8-K/A; "-" takes one out by its own name."""
    named = [name for name in forms.split(",") if name]
    wanted = [name for name in named if not name.startswith("-")]
    return f"-{form}" not in named and (not wanted or form.removesuffix("/A") in wanted or form in wanted)


def _day(text: str, default: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return default  # the search takes what is no date for none


def _hits(found: list[Listing], catalog: Catalog) -> Iterator[dict[str, Any]]:
    return (_hit(listing, part) for listing in found for part in catalog.parts(listing.filing))


def _hit(listing: Listing, part: Part) -> dict[str, Any]:
    filing = listing.filing
    return {
        "_index": "edgar_file",
        "_id": f"{filing.accession}:{part.filename}",
        "_score": None,
        "_source": {
            "ciks": [f"{filer.cik:010d}" for filer in filing.filers],
            "period_ending": filing.period_of_report.isoformat() if filing.period_of_report else None,
            "file_num": [filer.file_number for filer in filing.filers],
            "display_names": [f"{filer.name}  (CIK {filer.cik:010d})" for filer in filing.filers],
            "xsl": None,
            "sequence": part.sequence,
            "root_forms": [filing.form.removesuffix("/A")],
            "file_date": filing.filed_on.isoformat(),
            "biz_states": [filer.business_address[-2] for filer in filing.filers if len(filer.business_address) > 1],
            "sics": [filer.sic for filer in filing.filers if filer.sic],
            "form": filing.form,
            "adsh": filing.accession,
            "film_num": [filer.film_number for filer in filing.filers],
            "biz_locations": [],
            "file_type": part.type,
            "file_description": part.description,
            "inc_states": [filer.state_of_incorporation for filer in filing.filers if filer.state_of_incorporation],
            "items": list(filing.items),
        },
    }
