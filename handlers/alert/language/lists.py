"""The named sets of a rule file: lists of values, in the file or in a CSV beside it, and sets of phrases."""

from __future__ import annotations

import csv
import errno
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from handlers.alert.language.codes import Code
from handlers.alert.language.nodes import Node, Place, Scalar, Table
from handlers.alert.language.page import Page
from handlers.alert.matching.fields import LIST_TYPES, Value
from watcher import read_small_text

__all__ = ["LIST_KEYS", "Listed", "NamedList", "PhraseSet", "Scope", "is_within", "read_lists", "read_phrases"]

LIST_KEYS = ("values", "file", "column", "type")
_MAX_FILE_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Listed:
    """One value of a list, and where it stands if that is not where the rule file says it.

    What is ``in_file`` is not quoted in findings: a list's own file may hold what is nobody's business.
    """

    text: str
    place: Place
    where: str = ""
    in_file: bool = False


@dataclass(frozen=True, slots=True)
class NamedList:
    """A named set of values; ``type`` is the type of field that it is for, if the file says so."""

    values: tuple[Listed, ...]
    place: Place
    type: str | None = None
    file: Path | None = None  # which they stand in, if it is one of their own

    @property
    def texts(self) -> list[str]:
        """Its values as text, in an order that does not depend on the file's."""
        return sorted(one.text for one in self.values)


@dataclass(frozen=True, slots=True)
class PhraseSet:
    """A named set of wordings."""

    phrases: tuple[Scalar, ...]
    place: Place

    @property
    def texts(self) -> list[str]:
        """Its wordings, in an order that does not depend on the file's."""
        return sorted(one.text for one in self.phrases)


@dataclass(slots=True)
class Scope:
    """What a rule may refer to in its file, and what the one being read has referred to."""

    page: Page
    lists: Mapping[str, NamedList]
    phrases: Mapping[str, PhraseSet]
    used: set[str] = field(default_factory=set)  # "@name" and "&name"
    used_by_any: set[str] = field(default_factory=set)  # by this rule, or by one before
    values: dict[tuple[str, str], tuple[Value, ...]] = field(default_factory=dict)  # of a name, by type of field

    def use(self, name: str) -> None:
        """Note that the rule being read refers to this list or phrase set."""
        self.used.add(name)
        self.used_by_any.add(name)


def read_lists(page: Page, node: Node | None, folder: Path) -> dict[str, NamedList]:
    """Read the ``lists`` of a file; CSV files are looked for from ``folder`` on, and lie in it or below it."""
    table = page.table(node, "lists") if node else None
    lists = {}
    for entry in table.entries if table else ():
        key = f"lists.{entry.key.text}"
        described = page.table(entry.value, key)
        if described is None:
            continue
        page.check_keys(described, key, LIST_KEYS)
        before = page.count
        values = _list_values(page, described, key, folder)
        kind = page.choice(described.get("type"), f"{key}.type", LIST_TYPES)
        if not values and page.count == before:
            page.fault(Code.EMPTY, described.place, key, "is empty, and nothing would ever match it")
        file = described.get("file")
        path = folder / file.text if isinstance(file, Scalar) else None
        lists[entry.key.text] = NamedList(values, entry.key.place, kind, path)
    return lists


def read_phrases(page: Page, node: Node | None) -> dict[str, PhraseSet]:
    """Read the ``phrases`` of a file."""
    table = page.table(node, "phrases") if node else None
    phrases = {}
    for entry in table.entries if table else ():
        key = f"phrases.{entry.key.text}"
        before = page.count
        texts = page.texts(entry.value, key)
        if not texts and page.count == before:
            page.fault(Code.EMPTY, entry.value.place, key, "is empty, and nothing would ever match it")
        phrases[entry.key.text] = PhraseSet(texts, entry.key.place)
    return phrases


def _list_values(page: Page, described: Table, key: str, folder: Path) -> tuple[Listed, ...]:
    values, file = described.get("values"), described.get("file")
    if (values is None) == (file is None):
        remedy = "values: [...], or file: ... and column: ..."
        page.fault(Code.MISSING, described.place, key, "needs either values or a file", remedy)
        return ()
    if values is not None:
        return tuple(Listed(one.text, one.place) for one in page.texts(values, f"{key}.values"))
    name = page.text(file, f"{key}.file")
    column_node = page.required(described, "column", key, "which column of the file holds the values")
    column = page.text(column_node, f"{key}.column")
    if name is None or column is None or not is_within(page, folder, name, f"{key}.file", "lists/funds.csv"):
        return ()
    return tuple(_column(page, folder / name.text, name, column, key))


def is_within(page: Page, folder: Path, name: Scalar, key: str, example: str) -> bool:
    """Whether a file lies in the folder or below it, links followed; if not that is told, and no more of the file.

    A draft may come from somebody who may not look around on this machine: not even whether it is there is told.
    """
    try:
        path = folder / name.text
        is_below = path.resolve().is_relative_to(folder.resolve())
        is_within = is_below and not Path(name.text).is_absolute() and not _leads_round(path)
    except (OSError, ValueError, RuntimeError):  # no path at all, a NUL in it, links in a circle: it leads nowhere
        is_within = False
    if not is_within:
        problem = f"{name.text!r} does not lie in the folder of the rule files"
        remedy = f"put it into that folder or below it, and name it from there, such as {example}"
        page.fault(Code.BAD_VALUE, name.place, key, problem, remedy)
    return is_within


def _leads_round(path: Path) -> bool:
    """Whether links lead in a circle there: ``Path.resolve`` raises an error for it before Python 3.13 alone."""
    try:
        path.stat()
    except OSError as error:
        return error.errno == errno.ELOOP  # any other is told where the file is read
    return False


def _column(page: Page, path: Path, name: Scalar, column: Scalar, key: str) -> Iterable[Listed]:
    """Read the values of a column. Findings tell nothing that the file holds."""
    try:
        with io.StringIO(read_small_text(path, _MAX_FILE_BYTES, encoding="utf-8-sig")) as lines:
            reader = csv.DictReader(lines)
            if column.text not in (reader.fieldnames or ()):
                problem = f"{name.text} has no column {column.text!r}"
                page.fault(Code.BAD_VALUE, column.place, f"{key}.column", problem)
                return []
            cells = [(str(row[column.text] or "").strip(), reader.line_num) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = f"cannot be read: {error.strerror}" if isinstance(error, OSError) else "is not CSV in UTF-8"
        remedy = "paths start at the rule file" if isinstance(error, OSError) else ""
        page.fault(Code.UNREADABLE, name.place, f"{key}.file", f"{path} {reason}", remedy)
        return []
    return [Listed(text, name.place, f"{name.text}:{line}", in_file=True) for text, line in cells if text]
