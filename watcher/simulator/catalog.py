"""What a simulator may serve: a folder of full submissions, or made-up filings; what is known of each, not its bytes.

Bytes are read, or made up again, when somebody asks for them.
"""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Self

from watcher.edgar.calendar import NEW_YORK
from watcher.edgar.submission import Submission, split_submission
from watcher.errors import ReadError
from watcher.models import Filer
from watcher.simulator.eras import Era
from watcher.simulator.generator import Generator
from watcher.simulator.made import MadeSubmission
from watcher.simulator.making.sgml import declares_items, film_number_of
from watcher.simulator.making.writing import Outline, write

__all__ = ["Catalog", "CatalogFiling", "Rejected", "main_first"]

_SUFFIXES = (".txt", ".nc", ".txt.gz")
_NOBODY = Filer(cik=0, name="")
_KEPT = 64  # submissions whose bytes stay at hand, since a client asks for several files of one filing
# What a made-up filing takes, roughly. To tell it exactly for a list, a hundred filings would have to be written.
_ROUGH_BYTES = {Era.IMS: 6_500, Era.PLAIN: 7_000, Era.EARLY_HTML: 9_000, Era.HTML: 15_000, Era.INLINE: 72_000}


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
    origin: Path | Outline | bytes

    @property
    def time(self) -> datetime:
        """When it was accepted; the beginning of its filing date where the header does not say."""
        return self.accepted_at or datetime.combine(self.filed_on, datetime.min.time(), NEW_YORK).astimezone(UTC)


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
        return cls(map(_of_outline, islice(outlines, count)))

    @classmethod
    def from_submissions(cls, submissions: Iterable[MadeSubmission | bytes]) -> Self:
        """Take submissions that are at hand, in their order. Raises ``ReadError`` for bytes that are none."""
        return cls(
            _of_bytes(made if isinstance(made, bytes) else made.raw, f"submission {place}")
            for place, made in enumerate(submissions, 1)
        )

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


def main_first(submission: Submission) -> str:
    """Return the name of the main document, or "" if it has none."""
    return submission.documents[0].filename if submission.documents else ""


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise NotADirectoryError(f"expected a folder of full submissions: {folder}")
    return (path for path in sorted(folder.rglob("*")) if path.name.endswith(_SUFFIXES) and path.is_file())


def _bytes_of(origin: Path | Outline | bytes) -> bytes:
    if isinstance(origin, bytes):
        return origin
    if isinstance(origin, Outline):
        return write(origin).raw
    raw = origin.read_bytes()
    return gzip.decompress(raw) if origin.suffix == ".gz" else raw


def _of_file(path: Path) -> CatalogFiling:
    try:
        raw = _bytes_of(path)
    except (gzip.BadGzipFile, EOFError) as error:
        raise ReadError(f"{path.name}: not whole gzip: {error}") from error
    return _of_split(split_submission(raw, path.name), len(raw), path)


def _of_bytes(raw: bytes, name: str) -> CatalogFiling:
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
    )


def _of_outline(outline: Outline) -> CatalogFiling:
    filers = (
        company.filer(
            film_number=film_number_of(outline.accession, outline.filed_on, place), is_old=outline.era.is_text
        )
        for place, company in enumerate(outline.companies)
    )
    return CatalogFiling(
        accession=outline.accession,
        form=outline.form,
        filers=tuple(filers),
        items=outline.items if declares_items(outline.filed_on) else (),
        filed_on=outline.filed_on,
        accepted_at=outline.accepted_at,
        period_of_report=outline.event_on,
        size=_ROUGH_BYTES[outline.era],
        origin=outline,
    )
