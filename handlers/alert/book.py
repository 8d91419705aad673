"""All rules of some files together: matched, explained, tested, and read anew with other lists."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from handlers.alert.explain import explain, tree_of
from handlers.alert.language.checks import check_files
from handlers.alert.language.event_names import check_events
from handlers.alert.language.files import RuleFile, open_page, read_files, read_text, with_lists, without_fault
from handlers.alert.language.rule_reader import ReadRule
from handlers.alert.language.stored import endpoints_in, readable_source, rule_file
from handlers.alert.language.tests import FILE_KEYS, Known, read_file_tests, read_rule_files
from handlers.alert.matching.index import RuleIndex
from handlers.alert.matching.rules import Rule
from watcher import Alert, ConfigError, Explanation, Fault, Finding, ListInfo, Report, RuleBook, RuleInfo, RuleTest

__all__ = [
    "Book",
    "check_book",
    "is_test_file",
    "read_book",
    "read_source",
    "read_tests",
    "rule_files_of",
    "rules_in",
    "source_text",
    "told_in",
]

_REVISION_LENGTH = 12
_STORED = "stored rule"


class Book:
    """Rules that were read and are without fault."""

    def __init__(self, files: tuple[RuleFile, ...], endpoints: Collection[str]) -> None:
        self._files = files
        self._endpoints = frozenset(endpoints)
        self._read = {one.id.text: one for file in files for one in file.rules}

    @property
    def version(self) -> str:
        """Changes when any rule does."""
        return version_of(self._matched)

    @cached_property
    def rules(self) -> tuple[RuleInfo, ...]:
        """Every rule, in the order of files."""
        return tuple(_info(one, one.rule, self._index) for one in self._read.values() if one.rule is not None)

    @cached_property
    def lists(self) -> tuple[ListInfo, ...]:
        """Every named list."""
        return tuple(
            ListInfo(f"{file.path.name}/{name}", _revision(one.texts), tuple(one.texts))
            for file in self._files
            for name, one in file.lists.items()
        )

    @cached_property
    def tests(self) -> tuple[RuleTest, ...]:
        """The tests that stand in the rule files."""
        return tuple(test for one in self._read.values() for test in one.tests)

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that was read, lists' own included."""
        lists = (one.file for file in self._files for one in file.lists.values() if one.file is not None)
        return tuple(dict.fromkeys((*(file.path for file in self._files), *lists)))

    def packed(self) -> bytes:
        """Return the rules as the handler's `build` takes them, in ``Context.prepared``."""
        # Apart, so that a worker need not unpack what only the daemon tells.
        told = pickle.dumps((self.version, self.rules, self.lists))
        return pickle.dumps((pickle.dumps(self._matched), told))

    @cached_property
    def _matched(self) -> tuple[Rule, ...]:
        """The rules as they are matched."""
        return tuple(one.rule for one in self._read.values() if one.rule is not None)

    @cached_property
    def _index(self) -> RuleIndex:
        return RuleIndex(self._matched)

    def alerts(self, report: Report) -> tuple[Alert, ...]:
        """Return the alerts that the report raises, in the order of the rules."""
        return self._index.alerts(report)

    def explain(self, rule_id: str, report: Report) -> Explanation:
        """Tell why a rule fires on the report or not. Raises ``KeyError`` when there is no such rule."""
        read = self._read[rule_id]
        if read.rule is None:
            raise KeyError(rule_id)
        return explain(read.rule, read.condition, report)

    def with_lists(self, lists: Mapping[str, Sequence[str]]) -> Book:
        """Return the same rules with other values in these lists, by name or ``file/name``.

        Raises ``ConfigError`` when there is no such list, or a value is none of its field's.
        """
        return Book(with_lists(self._files, lists, self._endpoints), self._endpoints) if lists else self


def rules_in(packed: bytes) -> tuple[Rule, ...]:
    """Return the rules that `Book.packed` packed: by our own daemon, for its workers."""
    rules: tuple[Rule, ...] = pickle.loads(pickle.loads(packed)[0])  # noqa: S301  # from our own daemon
    return rules


def told_in(packed: bytes) -> tuple[str, tuple[RuleInfo, ...], tuple[ListInfo, ...]]:
    """Return version, rules and lists of what `Book.packed` packed."""
    told: tuple[str, tuple[RuleInfo, ...], tuple[ListInfo, ...]] = pickle.loads(pickle.loads(packed)[1])  # noqa: S301
    return told


def version_of(rules: Iterable[Rule]) -> str:
    """Return what changes when any of the rules does."""
    return _revision(sorted(f"{rule.id} {rule.revision}" for rule in rules))


def read_book(paths: Sequence[Path], endpoints: Collection[str]) -> Book:
    """Read rule files, or all of a folder. Raises ``ConfigError`` with every fault."""
    return Book(without_fault(read_files(paths, endpoints)), endpoints)


def read_source(source: str) -> Book:
    """Read a rule as it was kept, see ``RuleInfo.source``. Raises ``ConfigError`` when it is no rule any more."""
    with _only_rules():
        text, endpoints = rule_file(source), endpoints_in(source)
    return Book(without_fault((read_text(text, _STORED, endpoints),)), endpoints)


def source_text(source: str) -> str:
    """Return what a rule that was kept says, as its author would write it. Raises ``ConfigError``."""
    with _only_rules():
        return readable_source(source)


@contextmanager
def _only_rules() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ConfigError([Fault(_STORED, "", f"is no rule: {error}")]) from error


def check_book(paths: Sequence[Path], endpoints: Collection[str], events: Collection[str] = ()) -> tuple[Finding, ...]:
    """Return every fault and every warning, in the order of files and lines. ``events``: those that can be found."""
    files = read_files(paths, endpoints)
    index = RuleIndex([one.rule for file in files for one in file.rules if one.rule is not None])
    check_files(files, index)
    check_events(files, events)
    return tuple(finding for file in files for finding in file.page.findings)


def read_tests(path: Path, book: RuleBook) -> tuple[RuleTest, ...]:
    """Read a file of tests about the rules of this book. Raises ``ConfigError`` with every fault."""
    page, _, root = open_page(path)
    rules = book.rules
    known = Known((one.id for one in rules), {name for one in rules for name in one.notify})
    tests = read_file_tests(page, root, known, path.parent) if root else ()
    faults = page.faults
    for test in tests:
        faults += _list_faults(book, test)
    if faults:
        raise ConfigError(faults)
    return tests


def is_test_file(path: Path) -> bool:
    """Whether a file holds tests, and no rules. False for one that cannot be read."""
    _, _, root = open_page(path)
    return root is not None and any(root.get(name) is not None for name in FILE_KEYS)


def rule_files_of(path: Path) -> tuple[Path, ...]:
    """Return the rule files that a file of tests names. Raises ``ConfigError``."""
    page, _, root = open_page(path)
    files = read_rule_files(page, root, path.parent) if root else ()
    if page.faults:
        raise ConfigError(page.faults)
    return files


def _list_faults(book: RuleBook, test: RuleTest) -> list[Fault]:
    try:
        book.with_lists(test.lists)
    except ConfigError as error:
        return [Fault(test.where, f"tests.{fault.key}", fault.problem, fault.remedy) for fault in error.faults]
    return []


def _info(read: ReadRule, rule: Rule, index: RuleIndex) -> RuleInfo:
    return RuleInfo(
        id=rule.id,
        title=rule.title,
        severity=rule.severity,
        status=rule.status,
        revision=rule.revision,
        where=read.where,
        notify=rule.notify,
        source=read.source,
        tree=tree_of(rule, read.condition),
        found_by=index.found_by(rule),
        test_count=len(read.tests),
    )


def _revision(said: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:_REVISION_LENGTH]
