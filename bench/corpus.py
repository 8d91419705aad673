"""Chooses the filings: a folder of full submissions, or made-up ones, so that anyone can run the bench."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.runners.ours import read
from watcher import EIGHT_K_FORMS, ReadError, Submission, split_submission
from watcher.simulator.generator import Generator

__all__ = ["MODERN_SINCE", "Answer", "Chosen", "choose", "make_up", "read_answers", "split_out"]

MODERN_SINCE = date(2019, 1, 1)  # since when a cover page may be tagged, and nearly every document is HTML
NEW_NUMBERS_SINCE = date(2004, 8, 23)
_SUFFIXES = (".txt", ".nc")
_ANSWER_COLUMNS = ("path", "accession", "filed_date", "declared_items", "body_items", "authority")


@dataclass(frozen=True, slots=True)
class Chosen:
    """One 8-K to read."""

    path: Path
    filed_on: date

    @property
    def is_modern(self) -> bool:
        """Whether it is one of the filings on which speed is compared."""
        return self.filed_on >= MODERN_SINCE

    def for_readers(self, bodies: Sequence[Path] = ()) -> dict[str, Any]:
        """Tell a reader what to load."""
        told = {"path": str(self.path), "filed_on": self.filed_on.isoformat()}
        return {**told, "bodies": [str(body) for body in bodies]}


@dataclass(frozen=True, slots=True)
class Answer:
    """The items that stand in a filing's body, and who says so."""

    items: frozenset[str]
    filed_on: date
    authority: str


def choose(folder: Path, limit: int | None = None) -> list[Chosen]:
    """Take the full submissions of form 8-K in a folder and below, by name; ``limit``: as many, evenly spread.

    Other files are left out. Raises `BenchError` when none is left.
    """
    found = [one for path in sorted(folder.rglob("*")) if (one := _chosen(path))]
    if not found:
        raise BenchError(f"{folder}: expected full submissions of form 8-K, named *.txt or *.nc; found none")
    if limit is None or limit >= len(found):
        return found
    return [found[place * len(found) // limit] for place in range(limit)]


def _chosen(path: Path) -> Chosen | None:
    if path.suffix not in _SUFFIXES or not path.is_file():
        return None
    try:
        submission = split_submission(path.read_bytes(), path.name)
    except ReadError:
        return None  # an index, a list of answers, a page in place of a filing: nothing to compare readers on
    return Chosen(path, submission.filed_on) if _is_whole(submission) and submission.filed_on else None


def _is_whole(submission: Submission) -> bool:
    is_full = submission.container not in ("bare", "header")
    return is_full and submission.form in EIGHT_K_FORMS and bool(submission.documents)


def make_up(folder: Path, count: int, seed: int = 1) -> Path:
    """Write made-up filings into the folder, and return a list of what stands in them, as `read_answers` reads it."""
    rows = []
    for made in islice(Generator(seed).filings(), count):
        name = f"{made.accession}.txt"
        (folder / name).write_bytes(made.raw)
        declared, found = (",".join(items) for items in (made.declared_items, made.item_numbers))
        rows.append((name, made.accession, made.filed_on.isoformat(), declared, found, "made up"))
    answers = folder / "answers.csv"
    with answers.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows((_ANSWER_COLUMNS, *rows))
    return answers


def read_answers(path: Path) -> dict[str, Answer]:
    """Read a CSV of answers, by file name. Raises `BenchError` when it cannot be read or lacks a column."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {Path(row["path"]).name: _answer(row) for row in csv.DictReader(file)}
    except (OSError, KeyError, ValueError) as error:
        told = f"lacks the column {error}" if isinstance(error, KeyError) else str(error)
        raise BenchError(f"{path}: expected answers with {', '.join(_ANSWER_COLUMNS)}: {told}") from error


def _answer(row: dict[str, str]) -> Answer:
    items = frozenset(number.strip() for number in row["body_items"].split(",") if number.strip())
    return Answer(items, date.fromisoformat(row["filed_date"]), row["authority"])


def split_out(filings: Iterable[Chosen], folder: Path) -> list[list[Path]]:
    """Write the documents that a person would read, main document and exhibits, each into a file of its own."""
    return [_bodies(filing, folder / str(place)) for place, filing in enumerate(filings)]


def _bodies(filing: Chosen, folder: Path) -> list[Path]:
    folder.mkdir()
    raw = filing.path.read_bytes()
    with_text = {document.sequence for document in read(raw).documents if document.text}
    paths = []
    for document in split_submission(raw, filing.path.name).documents:
        if document.sequence in with_text:
            paths.append(folder / str(document.sequence))
            paths[-1].write_bytes(document.body())
    return paths
