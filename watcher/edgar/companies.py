"""Reads EDGAR's lists of companies: which CIK has which tickers, under what name, on what exchange.

Two lists are read: ``company_tickers.json``, numbered objects of CIK, ticker and name, and
``company_tickers_exchange.json``, rows under named columns, with the exchange. The third, of mutual funds, is not:
its share classes file no 8-K. Fetching, caching on disk and ageing are left to others; `dump_companies` and
`load_companies` are the cache's own form.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from watcher.edgar._days import moment_in_utc
from watcher.edgar._json import cik_of, list_of, object_of, read_object, text_of
from watcher.edgar._lists import clip, first_problems
from watcher.errors import EdgarError, ReadError

__all__ = [
    "Company",
    "CompanyList",
    "Listing",
    "dump_companies",
    "load_companies",
    "merge_company_lists",
    "normal_ticker",
    "parse_companies",
]

_FORMAT = 1  # of the cache
_CLASS_MARKS = str.maketrans("./ ", "---")


@dataclass(frozen=True, slots=True)
class Listing:
    """One ticker of a company, as EDGAR writes it ("SALT-B"), and where it trades; None when EDGAR does not say."""

    ticker: str
    exchange: str | None = None


@dataclass(frozen=True, slots=True)
class Company:
    """One company as the lists name it. The listings keep the list's order: the main one comes first."""

    cik: int
    name: str
    listings: tuple[Listing, ...] = ()

    @property
    def tickers(self) -> tuple[str, ...]:
        """Its tickers alone."""
        return tuple(listing.ticker for listing in self.listings)


@dataclass(frozen=True)
class CompanyList:
    """Every company that has a ticker, as of ``fetched_at``.

    ``problems`` names the first twenty odd rows and what is odd; a row that names no company or no ticker is left
    out, one that only lacks an exchange is not odd.
    """

    companies: tuple[Company, ...]
    fetched_at: datetime  # aware, in UTC
    problems: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """When it was fetched, as in ``2025-01-24T17:00:00Z``: reports can tell what they were made with."""
        return f"{self.fetched_at:%Y-%m-%dT%H:%M:%SZ}"

    def by_cik(self, cik: int) -> Company | None:
        """The company of this CIK; None when it has no ticker, which says nothing of whether it exists."""
        return self._by_cik.get(cik)

    def by_ticker(self, ticker: str) -> tuple[Company, ...]:
        """The companies of this ticker, however it is written (see `normal_ticker`): one, seldom more, or none."""
        return self._by_ticker.get(normal_ticker(ticker), ())

    @cached_property
    def _by_cik(self) -> dict[int, Company]:
        return {company.cik: company for company in self.companies}

    @cached_property
    def _by_ticker(self) -> dict[str, tuple[Company, ...]]:
        found: dict[str, dict[int, Company]] = {}
        for company in self.companies:
            for ticker in company.tickers:
                found.setdefault(normal_ticker(ticker), {})[company.cik] = company
        return {ticker: tuple(companies.values()) for ticker, companies in found.items()}


def normal_ticker(text: str) -> str:
    """Bring the ways to write a ticker to one: "salt.b", "SALT/B", "SALT B" and "$SALT-B" are all "SALT-B"."""
    return text.strip().removeprefix("$").upper().translate(_CLASS_MARKS)


def parse_companies(body: bytes, *, fetched_at: datetime) -> CompanyList:
    """Read either list; its shape tells which.

    Raises ``EdgarError`` when this is neither, when it is cut off, or when no row of it can be read; ``ValueError``
    when ``fetched_at`` has no zone.
    """
    answer = read_object(body, "company list")
    problems: list[str] = []
    rows = _table(answer) if "fields" in answer else _numbered(answer)
    read = (_company(row, place, problems) for place, row in enumerate(rows))
    companies = _grouped((company for company in read if company is not None), problems)
    if not companies:
        raise EdgarError(f"company list: expected companies, came none under {clip(repr([*answer][:3]))}")
    _note_shared_tickers(companies, problems)
    return CompanyList(companies, _utc(fetched_at), first_problems(problems))


def merge_company_lists(first: CompanyList, second: CompanyList) -> CompanyList:
    """Add to the first list what only the second tells; the result is as old as the older of the two."""
    return CompanyList(
        companies=_grouped((*first.companies, *second.companies), []),
        fetched_at=min(first.fetched_at, second.fetched_at),
        problems=tuple(dict.fromkeys(first.problems + second.problems)),
    )


def dump_companies(companies: CompanyList) -> bytes:
    """Write a list as JSON for the cache, one company a line."""
    lines = (
        json.dumps([company.cik, company.name, [[one.ticker, one.exchange] for one in company.listings]])
        for company in companies.companies
    )
    head = {"format": _FORMAT, "fetched_at": companies.version, "problems": companies.problems}
    opening = json.dumps(head).removesuffix("}")
    return (opening + ', "companies": [\n' + ",\n".join(lines) + "\n]}\n").encode("ascii")


def load_companies(body: bytes) -> CompanyList:
    """Read a list back from the cache. Raises ``ReadError`` when it is not whole, or of another format."""
    cached = read_object(body, "cached company list", error=ReadError)
    try:
        if cached["format"] != _FORMAT:
            raise ReadError(f"cached company list: expected format {_FORMAT}, came {clip(repr(cached['format']))}")
        companies = tuple(_cached(*row) for row in cached["companies"])
        if not companies:
            raise ValueError("no companies")
        return CompanyList(
            companies=companies,
            fetched_at=_utc(datetime.fromisoformat(cached["fetched_at"])),
            problems=tuple(cached["problems"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ReadError(f"cached company list: expected what was written, came {clip(repr(error))}") from error


def _cached(cik: int, name: str, listings: list[list[Any]]) -> Company:
    read = tuple(Listing(ticker, exchange) for ticker, exchange in listings)
    texts = (name, *(listing.ticker for listing in read), *(listing.exchange or "" for listing in read))
    if not isinstance(cik, int) or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"no company: {(cik, name)!r}")
    return Company(cik, name, read)


def _numbered(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows of ``{"0": {"cik_str": 42, "ticker": "...", "title": "..."}, ...}``."""
    for row in answer.values():
        values = object_of(row)
        yield {"cik": values.get("cik_str", values.get("cik")), "name": values.get("title")} | {
            "ticker": values.get("ticker"),
            "exchange": values.get("exchange"),
        }


def _table(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows of ``{"fields": ["cik", "name", "ticker", "exchange"], "data": [[...], ...]}``, in any order of columns."""
    columns = [text_of(column) for column in list_of(answer["fields"])]
    if not {"cik", "name", "ticker"} <= set(columns):
        raise EdgarError(f"company list: expected the columns cik, name and ticker, came {clip(repr(columns))}")
    for row in list_of(answer.get("data")):
        # A row that is too short lacks its last columns.
        yield dict(zip(columns, list_of(row), strict=False))


def _company(row: dict[str, Any], place: int, problems: list[str]) -> Company | None:
    """Read one row: one company with one listing."""
    cik, name, ticker = cik_of(row.get("cik")), text_of(row.get("name")), text_of(row.get("ticker"))
    if cik is None or not ticker:
        problems.append(f"row {place}: no company and ticker in {clip(repr(row))}")
        return None
    if not name:
        problems.append(f"row {place}: no name in {clip(repr(row))}")
    exchange = row.get("exchange")
    if exchange is not None and not isinstance(exchange, str):
        problems.append(f"row {place}: no exchange in {clip(repr(row))}")
    return Company(cik, name, (Listing(ticker, text_of(exchange) or None),))


def _grouped(rows: Iterable[Company], problems: list[str]) -> tuple[Company, ...]:
    """Make one company of all rows of one CIK."""
    names: dict[int, str] = {}
    listings: dict[int, dict[str, Listing]] = {}
    for row in rows:
        name = names.get(row.cik)
        if name and row.name and row.name != name:
            problems.append(f"CIK {row.cik}: named {clip(name)!r} and {clip(row.name)!r}")
        names[row.cik] = name or row.name
        _add(listings.setdefault(row.cik, {}), row.listings)
    return tuple(Company(cik, name, tuple(listings[cik].values())) for cik, name in names.items())


def _add(known: dict[str, Listing], listings: Iterable[Listing]) -> None:
    """Add those that are new; of one that is known, the exchange when that was not told before."""
    for listing in listings:
        same = known.get(listing.ticker)
        if same is None or same.exchange is None:
            known[listing.ticker] = listing


def _note_shared_tickers(companies: Iterable[Company], problems: list[str]) -> None:
    owners: dict[str, int] = {}
    for company in companies:
        for ticker in map(normal_ticker, company.tickers):
            owner = owners.setdefault(ticker, company.cik)
            if owner != company.cik:
                problems.append(f"ticker {clip(ticker)!r}: of CIK {owner} and of CIK {company.cik}")


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None or (moment := moment_in_utc(at)) is None:
        raise ValueError(f"expected a time with a zone, came {at.isoformat()}")
    return moment.astimezone(UTC).replace(microsecond=0)
