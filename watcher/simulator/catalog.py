"""What a simulator may serve: a folder of full submissions, or made-up filings; what is known of each, not its bytes.

Bytes are read, or made up again, when somebody asks for them.
"""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Self

from watcher.edgar.calendar import NEW_YORK
from watcher.edgar.submission import RawDocument, Submission, split_submission
from watcher.errors import ReadError
from watcher.models import Filer
from watcher.simulator.eras import Era
from watcher.simulator.generator import Generator
from watcher.simulator.made import MadeSubmission
from watcher.simulator.making.companies import Company
from watcher.simulator.making.sgml import declares_items, filers_of
from watcher.simulator.making.writing import Outline, write

__all__ = [
    "Catalog",
    "CatalogFiling",
    "Part",
    "Rejected",
    "Renamed",
    "Ticker",
    "filing_of",
    "filing_of_bytes",
]

_SUFFIXES = (".txt", ".nc", ".txt.gz")
_NOBODY = Filer(cik=0, name="")
_KEPT = 64  # submissions whose bytes stay at hand, since a client asks for several files of one filing
# What a made-up filing takes, roughly. To tell it exactly for a list, a hundred filings would have to be written.
_ROUGH_BYTES = {Era.IMS: 6_500, Era.PLAIN: 7_000, Era.EARLY_HTML: 9_000, Era.HTML: 15_000, Era.INLINE: 72_000}
_LIGHT_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class CatalogFiling:
    """One filing that can be served. ``filers`` is never empty: one with CIK 0 stands for a header that names none."""

    accession: str
    form: str
    filers: tuple[Filer, ...]
    items: tuple[str, ...]  # numbers, as the header declares them
    filed_on: date
    accepted_at: datetime | None
    period_of_report: date | None
    size: int  # in bytes; of made-up ones not exactly
    origin: Origin
    is_tagged: bool = False  # whether its cover is inline XBRL

    @property
    def time(self) -> datetime:
        """When it was accepted; the beginning of its filing date where the header does not say."""
        return self.accepted_at or datetime.combine(self.filed_on, datetime.min.time(), NEW_YORK).astimezone(UTC)

    def renamed(self, accession: str) -> Self:
        """Return the same filing under another accession number."""
        return replace(self, accession=accession, origin=Renamed(self.origin, self.accession, accession))


@dataclass(frozen=True, slots=True)
class Renamed:
    """The bytes of another filing, with another accession number in them."""

    origin: Origin
    old: str
    new: str


Origin = Path | Outline | bytes | Renamed


@dataclass(frozen=True, slots=True)
class Ticker:
    """One row of the SEC's list of tickers."""

    cik: int
    name: str
    ticker: str
    exchange: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """One document of a filing, as lists tell of it."""

    type: str
    filename: str
    description: str
    sequence: int
    size: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that is not served, and why."""

    path: Path
    reason: str


class Catalog:
    """All filings that a simulator owns, in the order in which they will be listed."""

    def __init__(self, filings: Iterable[CatalogFiling], rejected: Iterable[Rejected] = ()) -> None:
        self.filings = tuple(filings)
        self.rejected = tuple(rejected)
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._parts: dict[str, tuple[Part, ...]] = {}
        self._tickers: list[Ticker] | None = None

    def add(self, filing: CatalogFiling) -> int:
        """Own one more filing, in place of one with its accession number; return its place."""
        places = [place for place, known in enumerate(self.filings) if known.accession == filing.accession]
        place = places[0] if places else len(self.filings)
        self.filings = (*self.filings[:place], filing, *self.filings[place + 1 :])
        self._kept.pop(filing.accession, None)
        self._parts.pop(filing.accession, None)
        self._tickers = None
        return place

    @classmethod
    def from_folder(cls, folder: Path) -> Self:
        """Read a folder, with those inside it, oldest filing first.

        Full submissions are files named ``*.txt``, ``*.txt.gz`` or ``*.nc``. Any other file of these names, and a
        second one of the same accession number, is told in ``rejected``. Raises ``OSError`` for a folder that
        cannot be read.
        """
        filings: dict[str, CatalogFiling] = {}
        rejected = []
        for path in _files(folder):
            try:
                filing = _of_file(path)
            except ReadError as error:
                rejected.append(Rejected(path, str(error)))
                continue
            if filing.accession in filings:
                rejected.append(Rejected(path, f"{filing.accession} is in another file, too"))
            else:
                filings[filing.accession] = filing
        return cls(sorted(filings.values(), key=lambda filing: (filing.time, filing.accession)), rejected)

    @classmethod
    def from_generator(cls, seed: int, count: int, *, start: datetime | None = None) -> Self:
        """Take the first ``count`` filings of a generator's stream. See `Generator.outlines` for ``start``."""
        generator = Generator(seed)
        outlines = generator.outlines() if start is None else generator.outlines(start=start)
        return cls(map(filing_of, islice(outlines, count)))

    @classmethod
    def from_submissions(cls, submissions: Iterable[MadeSubmission | bytes]) -> Self:
        """Take submissions that are at hand, in their order. Raises ``ReadError`` for bytes that are none."""
        return cls(filing_of_bytes(made, f"submission {place}") for place, made in enumerate(submissions, 1))

    def raw(self, filing: CatalogFiling) -> bytes:
        """Return a filing's bytes. Raises ``OSError`` when its file has gone."""
        kept = self._kept.get(filing.accession)
        if kept is not None:
            self._kept.move_to_end(filing.accession)
            return kept
        raw = _bytes_of(filing.origin)
        self._kept[filing.accession] = raw
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return raw

    def submission(self, filing: CatalogFiling) -> Submission:
        """Return a filing split into its documents."""
        return split_submission(self.raw(filing), f"{filing.accession}.txt")

    def parts(self, filing: CatalogFiling) -> tuple[Part, ...]:
        """Return what lists tell of a filing's documents. It is kept, since they tell it again and again."""
        known = self._parts.get(filing.accession)
        if known is None:
            known = self._parts[filing.accession] = tuple(map(_part, self.submission(filing).documents))
        return known

    def tickers(self) -> list[Ticker]:
        """Return the tickers of the made-up companies, by CIK."""
        if self._tickers is None:
            companies = {
                company.cik: company
                for filing in self.filings
                if isinstance(filing.origin, Outline)
                for company in filing.origin.companies
            }
            self._tickers = [_ticker(company) for _, company in sorted(companies.items())]
        return self._tickers


def _ticker(company: Company) -> Ticker:
    exchange = "Nasdaq" if "Nasdaq" in company.exchange else "NYSE"
    return Ticker(company.cik, company.name, company.ticker, exchange)


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise NotADirectoryError(f"expected a folder of full submissions: {folder}")
    return (path for path in sorted(folder.rglob("*")) if path.name.endswith(_SUFFIXES) and path.is_file())


def _bytes_of(origin: Origin) -> bytes:
    if isinstance(origin, bytes):
        return origin
    if isinstance(origin, Outline):
        return write(origin).raw
    if isinstance(origin, Renamed):
        return _bytes_of(origin.origin).replace(origin.old.encode(), origin.new.encode())
    raw = origin.read_bytes()
    return gzip.decompress(raw) if origin.suffix == ".gz" else raw


def _of_file(path: Path) -> CatalogFiling:
    try:
        raw = _bytes_of(path)
    except (gzip.BadGzipFile, EOFError) as error:
        raise ReadError(f"{path.name}: not whole gzip: {error}") from error
    return _of_split(split_submission(raw, path.name), len(raw), path)


def filing_of_bytes(made: MadeSubmission | bytes, name: str) -> CatalogFiling:
    """Return what a catalog tells of a submission that is at hand. Raises ``ReadError`` if it is none."""
    raw = made if isinstance(made, bytes) else made.raw
    return _of_split(split_submission(raw, name), len(raw), raw)


def _of_split(submission: Submission, size: int, origin: Path | bytes) -> CatalogFiling:
    if submission.container == "bare" or submission.form is None or submission.filed_on is None:
        raise ReadError(f"{submission.accession}: expected a header with form and filing date, it has none")
    return CatalogFiling(
        accession=submission.accession,
        form=submission.form,
        filers=submission.filers or (_NOBODY,),
        items=submission.declared_items,
        filed_on=submission.filed_on,
        accepted_at=submission.accepted_at,
        period_of_report=submission.period_of_report,
        size=size,
        origin=origin,
        is_tagged=any(document.type == "EX-101.SCH" for document in submission.documents),
    )


def filing_of(outline: Outline) -> CatalogFiling:
    """Return what a catalog tells of a filing that is not written yet."""
    return CatalogFiling(
        accession=outline.accession,
        form=outline.form,
        filers=filers_of(
            outline.companies,
            accession=outline.accession,
            form=outline.form,
            filed_on=outline.filed_on,
            era=outline.era,
        ),
        items=outline.items if declares_items(outline.filed_on) else (),
        filed_on=outline.filed_on,
        accepted_at=outline.accepted_at,
        period_of_report=outline.event_on,
        size=_LIGHT_BYTES if outline.is_light else _ROUGH_BYTES[outline.era],
        origin=outline,
        is_tagged=outline.era is Era.INLINE,
    )


def _part(document: RawDocument) -> Part:
    return Part(document.type, document.filename, document.description, document.sequence, document.size)
