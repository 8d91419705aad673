"""Reads what data.sec.gov tells of one company: who it is, and its filings, newest first.

``CIK##########.json`` holds the company, about a thousand filings or a year of them, and the names of the files with
older ones, ``CIK##########-submissions-001.json`` and so on. These lists lag behind EDGAR's live list by minutes to
hours, so they serve to verify and not to discover. Times are given only where the file's clock is certain: see
`watcher.edgar._stamps`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from watcher.edgar._json import cik_of, list_of, object_of, read_object, text_of, whole_number_of
from watcher.edgar._lists import clip, first_problems, is_accession, iso_day
from watcher.edgar._stamps import Stamp, StampClock, judge_stamps, moment_of, read_clock
from watcher.edgar.companies import Listing
from watcher.errors import EdgarError
from watcher.items import is_item_number
from watcher.models import EIGHT_K_FORMS, Filer, Filing

__all__ = [
    "CompanyFacts",
    "CompanyFile",
    "FormerName",
    "OlderPage",
    "StampClock",
    "SubmissionRow",
    "SubmissionsPage",
    "parse_company_file",
    "parse_older_page",
]

_NAME = "submissions of a company"
# The name becomes part of an address, so nothing else is let through.
_OLDER_NAME = re.compile(r"CIK[0-9]{10}-submissions-[0-9]{3}\.json")
_REQUIRED = ("accessionNumber", "filingDate", "form")
_NO_KNOWN: Mapping[str, datetime] = {}


@dataclass(frozen=True, slots=True)
class FormerName:
    """A name that a company had. EDGAR's own days, which may overlap, or end before they begin."""

    name: str
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """Who a company is. "", () and None stand for what EDGAR does not tell. A person has no tickers and no SIC."""

    cik: int
    name: str
    entity_type: str = ""  # "operating", "investment", "other", ...
    listings: tuple[Listing, ...] = ()
    sic: str | None = None
    sic_name: str | None = None
    former_names: tuple[FormerName, ...] = ()  # the latest first, as EDGAR lists them
    state_of_incorporation: str | None = None
    fiscal_year_end: str | None = None  # MMDD
    categories: tuple[str, ...] = ()  # as in ("Non-accelerated filer", "Smaller reporting company")
    flags: str = ""
    irs_number: str | None = None
    lei: str | None = None
    organization: str | None = None  # the office of the SEC that reviews it, as in "06 Technology"
    phone: str | None = None

    @property
    def filer(self) -> Filer:
        """The company as a party of its own filings."""
        return Filer(
            cik=self.cik,
            name=self.name,
            sic=self.sic,
            state_of_incorporation=self.state_of_incorporation,
            irs_number=self.irs_number,
            fiscal_year_end=self.fiscal_year_end,
            business_phone=self.phone,
            tickers=tuple(listing.ticker for listing in self.listings),
            former_names=tuple(former.name for former in self.former_names),
            former_names_changed_on=tuple(former.until for former in self.former_names),
            sic_name=self.sic_name,
            organization=self.organization,
        )


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """One filing of a company. ``items`` are those of the 8-K family; other forms put other things there."""

    accession: str
    form: str | None
    filed_on: date | None = None
    period_of_report: date | None = None
    accepted_at: datetime | None = None  # aware, in UTC; None when not recorded, or when the file's clock is unknown
    items: tuple[str, ...] = ()
    act: str | None = None
    file_number: str | None = None
    film_number: str | None = None
    size_bytes: int | None = None
    is_xbrl: bool | None = None
    is_inline_xbrl: bool | None = None
    primary_document: str | None = None  # None for filings on paper and of the 1990s
    primary_document_description: str | None = None

    def as_filing(self, *filers: Filer) -> Filing:
        """What a source knows of this filing. The list names no co-filers: whose they are, the caller says."""
        return Filing(
            accession=self.accession,
            form=self.form,
            filers=filers,
            filed_on=self.filed_on,
            accepted_at=self.accepted_at,
            items=self.items,
        )


@dataclass(frozen=True, slots=True)
class SubmissionsPage:
    """Filings of one company, newest first. ``clock`` says which clock the file's times show, ``clock_reason`` why.

    ``problems`` names the first twenty odd rows and what is odd; a row without an accession number is left out.
    """

    rows: tuple[SubmissionRow, ...]
    clock: StampClock
    clock_reason: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OlderPage:
    """A file of older filings. Its first and last day differ by a day between captures: never a border to rely on."""

    name: str  # as in CIK0000000042-submissions-001.json: nothing else gets through
    filings: int | None
    first_on: date | None
    last_on: date | None


@dataclass(frozen=True, slots=True)
class CompanyFile:
    """A company, its latest filings, and where the older ones are. ``problems`` are those of the company's facts."""

    company: CompanyFacts
    page: SubmissionsPage
    older: tuple[OlderPage, ...] = ()
    problems: tuple[str, ...] = ()


def parse_company_file(body: bytes, *, known: Mapping[str, datetime] = _NO_KNOWN) -> CompanyFile:
    """Read ``CIK##########.json``.

    ``known`` gives acceptances (aware), by accession number, that the live list, an index page or a header told: one
    of them decides which clock the file shows. Raises ``EdgarError`` when this is not that file, or cut off.
    """
    answer = read_object(body, _NAME)
    filings = answer.get("filings")
    cik = cik_of(answer.get("cik"))
    if not isinstance(filings, dict) or not isinstance(filings.get("recent"), dict) or not cik:
        raise EdgarError(f"{_NAME}: expected a CIK and its filings, came {clip(repr([*answer][:5]))}")
    problems: list[str] = []
    company = _company(cik, answer, problems)
    older = tuple(_older(filings.get("files"), problems))
    return CompanyFile(company, _page(filings["recent"], known), older, first_problems(problems))


def parse_older_page(body: bytes, *, known: Mapping[str, datetime] = _NO_KNOWN) -> SubmissionsPage:
    """Read one file of older filings, which does not say whose they are. ``known`` and errors are as above.

    Its clock is decided for itself: that of the company's main file may be another one.
    """
    return _page(read_object(body, _NAME), known)


def _company(cik: int, answer: dict[str, Any], problems: list[str]) -> CompanyFacts:
    def known(key: str) -> str | None:
        value = answer.get(key)
        if value is not None and not isinstance(value, str):
            problems.append(f"{key}: expected text, came {clip(repr(value))}")
        return text_of(value) or None

    name = known("name")
    if name is None:
        problems.append("the company has no name")
    return CompanyFacts(
        cik=cik,
        name=name or "",
        entity_type=known("entityType") or "",
        listings=_listings(list_of(answer.get("tickers")), list_of(answer.get("exchanges")), problems),
        sic=known("sic"),
        sic_name=known("sicDescription"),
        former_names=tuple(_former_names(list_of(answer.get("formerNames")), problems)),
        state_of_incorporation=known("stateOfIncorporation"),
        fiscal_year_end=known("fiscalYearEnd"),
        # A company in no class of its own has "<br>Emerging growth company".
        categories=tuple(filter(None, map(str.strip, (known("category") or "").split("<br>")))),
        flags=known("flags") or "",
        irs_number=known("ein"),
        lei=known("lei"),
        organization=known("ownerOrg"),
        phone=known("phone"),
    )


def _listings(tickers: list[Any], exchanges: list[Any], problems: list[str]) -> tuple[Listing, ...]:
    """Pair two parallel lists; an exchange may be null."""
    if len(tickers) != len(exchanges):
        problems.append(f"{len(tickers)} tickers on {len(exchanges)} exchanges")
        # Which belongs to which, nothing says any more.
        exchanges = [None] * len(tickers)
    found: dict[str, Listing] = {}
    for ticker, exchange in zip(tickers, exchanges, strict=True):
        if text := text_of(ticker):
            found.setdefault(text, Listing(text, text_of(exchange) or None))
        else:
            problems.append(f"no ticker in {clip(repr(ticker))}")
    return tuple(found.values())


def _former_names(formers: list[Any], problems: list[str]) -> Iterator[FormerName]:
    for former in formers:
        values = object_of(former)
        if name := text_of(values.get("name")):
            yield FormerName(name, _day(values.get("from")), _day(values.get("to")))
        else:
            problems.append(f"no former name in {clip(repr(former))}")


def _day(value: object) -> date | None:
    """The day of "2007-11-21T05:00:00.000Z": midnight in New York, in UTC or with a false Z, so always that day."""
    return iso_day(text_of(value)[:10])


def _older(files: object, problems: list[str]) -> Iterator[OlderPage]:
    for file in list_of(files):
        values = object_of(file)
        name = text_of(values.get("name"))
        if not _OLDER_NAME.fullmatch(name):
            problems.append(f"no file of older filings in {clip(repr(file))}: they are missing here")
            continue
        count = whole_number_of(values.get("filingCount"))
        yield OlderPage(name, count, _day(values.get("filingFrom")), _day(values.get("filingTo")))


def _page(columns: dict[str, Any], known: Mapping[str, datetime]) -> SubmissionsPage:
    """Read the parallel lists. All but three may be missing, or stop early: empty values at the end are left out."""
    missing = [name for name in _REQUIRED if not isinstance(columns.get(name), list)]
    if missing:
        raise EdgarError(f"{_NAME}: expected lists of filings, came none of {', '.join(missing)}")
    count = len(columns["accessionNumber"])
    problems = [
        f"{clip(name)}: {len(values):,} values for {count:,} filings"
        for name, values in columns.items()
        if isinstance(values, list) and len(values) > count
    ]
    rows = [_Row(columns, place) for place in range(count)]
    verdict = judge_stamps([stamp for row in rows if (stamp := row.stamp()) is not None], known)
    read = tuple(row.read(verdict.clock, problems) for row in rows)
    return SubmissionsPage(
        rows=tuple(row for row in read if row is not None),
        clock=verdict.clock,
        clock_reason=verdict.reason,
        problems=first_problems(problems),
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """One place in the parallel lists."""

    columns: dict[str, Any]
    place: int

    def value(self, name: str) -> Any:
        values = self.columns.get(name)
        return values[self.place] if isinstance(values, list) and self.place < len(values) else None

    def text(self, name: str) -> str | None:
        return text_of(self.value(name)) or None

    def stamp(self) -> Stamp | None:
        """What this filing tells of the file's clock."""
        clock = read_clock(self.text("acceptanceDateTime") or "")
        if clock is None:
            return None
        return Stamp(self.text("accessionNumber") or "", self.text("form") or "", self.day("filingDate"), clock)

    def read(self, clock: StampClock, problems: list[str]) -> SubmissionRow | None:
        """Make the row; note in ``problems`` what is odd about it."""
        accession, form = self.text("accessionNumber") or "", self.text("form")
        if not is_accession(accession):
            problems.append(f"filing {self.place}: no accession number in {clip(repr(self.value('accessionNumber')))}")
            return None
        problems.extend(f"{accession}: {fault}" for fault in self.faults())
        stamp = self.stamp()
        return SubmissionRow(
            accession=accession,
            form=form,
            filed_on=self.day("filingDate"),
            period_of_report=self.day("reportDate"),
            accepted_at=None if stamp is None else moment_of(stamp.clock, clock),
            items=tuple(dict.fromkeys(filter(is_item_number, self.items()))),
            act=self.text("act"),
            file_number=self.text("fileNumber"),
            film_number=self.text("filmNumber"),
            size_bytes=whole_number_of(self.value("size")),
            is_xbrl=self.flag("isXBRL"),
            is_inline_xbrl=self.flag("isInlineXBRL"),
            primary_document=self.text("primaryDocument"),
            primary_document_description=self.text("primaryDocDescription"),
        )

    def faults(self) -> Iterator[str]:
        """What is odd about this filing. An empty period or time is not: many forms have none."""
        if self.text("form") is None:
            yield f"no form type in {clip(repr(self.value('form')))}"
        if self.day("filingDate") is None:
            yield f"no filing date in {clip(repr(self.value('filingDate')))}"
        if self.value("reportDate") and self.day("reportDate") is None:
            yield f"no period of report in {clip(repr(self.value('reportDate')))}"
        if self.value("acceptanceDateTime") and self.stamp() is None:
            yield f"no time in {clip(repr(self.value('acceptanceDateTime')))}"
        yield from (f"no item of Form 8-K: {clip(item)!r}" for item in self.items() if not is_item_number(item))

    def day(self, name: str) -> date | None:
        return iso_day(self.text(name) or "")

    def flag(self, name: str) -> bool | None:
        """0 or 1."""
        value = self.value(name)
        return bool(value) if value in (0, 1) else None

    def items(self) -> list[str]:
        """The parts of "2.02,9.01" or, before 2004, "5,7"; none for forms that put other things there."""
        if self.text("form") not in EIGHT_K_FORMS:
            return []
        return [part.strip() for part in (self.text("items") or "").split(",") if part.strip()]
