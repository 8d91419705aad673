"""What fuzzing starts from: made-up filings of every time, and the files of folders that somebody names."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path

from handlers.parse.text import readable_text
from watcher import ReadError, split_submission
from watcher.simulator.eras import Era
from watcher.simulator.generator import Generator

__all__ = [
    "amended",
    "archives",
    "headers",
    "indexes",
    "linked",
    "main_documents",
    "packed",
    "seeds_of",
    "texts",
    "whole",
    "write_seeds",
]

_COUNT = 4  # of each era
AMENDED = (
    b"FORM 8-K/A\nAmendment No. 1 to Form 8-K filed on March 3, 2021\n\nEXPLANATORY NOTE\n\nThis Amendment No. 1 "
    b"amends Items 5.02(c), 8.01 and 9.01 of the Form 8-K dated March 1, 2021 and filed on March 3, 2021.\n\n"
)
LINKED = (
    b"<a href='ex99-1.htm'>99.1</a><A HREF=\"/Archives/edgar/data/1/000123456721000042/ex-10.htm\">Exhibit 10.1</A>"
    b"<a href=https://www.sec.gov/ix?doc=/Archives/edgar/data/1/a.htm>Plan of all plans</a><a href='#top'>Top</a>"
    b"<a href='http://user@www.sec.gov/a.htm'>a</a><a href='https://www.sec.gov:443/a.htm'>a</a>"
)
_LEAD = b"Description:           Daily Index\nLast Data Received:    March  4, 2021\n \n"
_DASHES = b"-" * 80 + b"\n"
MASTER = _LEAD + b"CIK|Company Name|Form Type|Date Filed|File Name\n" + _DASHES
FORM = _LEAD + f"{'Form Type':<12}{'Company Name':<62}{'CIK':<12}{'Date Filed':<12}File Name\n".encode() + _DASHES
CRAWLER = _LEAD + f"{'Company Name':<62}{'Form Type':<12}CIK\n      Date Filed  URL \n".encode() + _DASHES


def seeds_of(part: Callable[[bytes], Iterator[bytes]], folders: Iterable[Path], most_bytes: int) -> list[bytes]:
    """Return what ``part`` gives of made-up filings, and of the files of these folders; each once."""
    pieces = (piece[:most_bytes] for raw in (*_made(), *_found(folders)) for piece in part(raw))
    return list(dict.fromkeys(pieces))


def write_seeds(seeds: Iterable[bytes], out: Path) -> None:
    """Write each seed to a file of its own."""
    out.mkdir(parents=True, exist_ok=True)
    for count, seed in enumerate(seeds):
        (out / f"{count:05d}").write_bytes(seed)


def _made() -> Iterator[bytes]:
    generator = Generator(5)
    return (generator.submission(era=era, items=_items(era)).raw for era in Era for _ in range(_COUNT))


def _items(era: Era) -> tuple[str, ...]:
    return ("5.02", "8.01", "9.01") if era in (Era.HTML, Era.INLINE) else ("5", "7")


def _found(folders: Iterable[Path]) -> Iterator[bytes]:
    paths = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    return (path.read_bytes() for path in paths)


def whole(raw: bytes) -> Iterator[bytes]:
    """The submission itself, without its pictures and archives."""
    yield raw


def headers(raw: bytes) -> Iterator[bytes]:
    """The lines of the header."""
    head = raw.partition(b"<DOCUMENT>")[0]
    yield head.rpartition(b"</")[0] if b"-HEADER>" in head else head


def texts(raw: bytes) -> Iterator[bytes]:
    """The readable text of the main document."""
    return (readable_text(body).encode() for body in main_documents(raw))


def amended(raw: bytes) -> Iterator[bytes]:
    """The same, as if it amended another report."""
    return (AMENDED + text for text in texts(raw))


def linked(raw: bytes) -> Iterator[bytes]:
    """The body of the main document, and links of every kind behind it."""
    return (body + LINKED for body in main_documents(raw))


def indexes(raw: bytes) -> Iterator[bytes]:
    """Indexes of every layout that list the filing; the bytes themselves where they are no submission."""
    try:
        found = split_submission(raw, "0001234567-21-000042.txt")
    except ReadError:
        yield raw
        return
    form, day = found.form or "", f"{found.filed_on or date(2021, 3, 4):%Y%m%d}"
    for filer in found.filers:
        path = f"edgar/data/{filer.cik}/{found.accession}"
        fields = (str(filer.cik), filer.name, form, day, f"{path}.txt")
        yield MASTER + "|".join(fields).encode("latin-1", "replace") + b"\n"
        yield FORM + f"{form:<12}{filer.name:<62}{filer.cik:<12}{day:<12}{path}.txt\n".encode("latin-1", "replace")
        row = f"{filer.name:<62}{form:<12}{filer.cik:<12}{day:<12}http://www.sec.gov/Archives/{path}-index.htm\n"
        yield CRAWLER + row.encode("latin-1", "replace")


def archives(raw: bytes) -> Iterator[bytes]:
    """The submission as an archive, an archive with an extension header, and packed by gzip."""
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w", format=form) as archive:
            for name in ("a.nc", "b" * 120 + ".nc"):
                member = tarfile.TarInfo(name)
                member.size = len(raw[:2_000])
                archive.addfile(member, io.BytesIO(raw[:2_000]))
        yield packed.getvalue()
    yield gzip.compress(raw[:10_000], mtime=0)


def main_documents(raw: bytes) -> Iterator[bytes]:
    """The body of the main document; the bytes themselves where they are no submission."""
    try:
        documents = split_submission(raw, "0001234567-21-000042.txt").documents
    except ReadError:
        yield raw
        return
    yield from (document.body() for document in documents[:1])


def packed(raw: bytes) -> Iterator[bytes]:
    """Bodies in uuencode."""
    try:
        documents = split_submission(raw, "0001234567-21-000042.txt").documents
    except ReadError:
        return
    yield from (document.body() for document in documents if document.is_uuencoded())
