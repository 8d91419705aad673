"""What fuzzing starts from: made-up filings of every time, and the files of folders that somebody names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from handlers.parse.text import readable_text
from watcher import ReadError, split_submission
from watcher.simulator.eras import Era
from watcher.simulator.generator import Generator

__all__ = ["main_documents", "packed", "texts", "whole", "write_seeds"]

_COUNT = 4  # of each era


def write_seeds(part: Callable[[bytes], Iterator[bytes]], folders: list[Path], out: Path, most_bytes: int) -> int:
    """Write what ``part`` gives of each filing to files of their own, and return how many there are."""
    out.mkdir(parents=True, exist_ok=True)
    count = 0
    for raw in (*_made(), *_found(folders)):
        for piece in part(raw):
            (out / f"{count:05d}").write_bytes(piece[:most_bytes])
            count += 1
    return count


def _made() -> Iterator[bytes]:
    generator = Generator(5)
    return (generator.submission(era=era, items=_items(era)).raw for era in Era for _ in range(_COUNT))


def _items(era: Era) -> tuple[str, ...]:
    return ("5.02", "8.01", "9.01") if era in (Era.HTML, Era.INLINE) else ("5", "7")


def _found(folders: list[Path]) -> Iterator[bytes]:
    paths = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    return (path.read_bytes() for path in paths)


def whole(raw: bytes) -> Iterator[bytes]:
    """The submission itself, without its pictures and archives."""
    yield raw


def texts(raw: bytes) -> Iterator[bytes]:
    """The readable text of the main document."""
    return (readable_text(body).encode() for body in main_documents(raw))


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
