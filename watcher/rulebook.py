"""What a handler that keeps alert rules offers beside matching them: checking, testing, explaining.

The commands, the daemon and the backtest know rules by these shapes alone; the built-in handler ``rules`` is one that
has them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from watcher.models import Alert, Evidence, Report, Severity

__all__ = [
    "Clue",
    "Expectation",
    "Explanation",
    "Finding",
    "ListInfo",
    "RuleBook",
    "RuleBookHandler",
    "RuleInfo",
    "RuleTest",
    "SelectionClue",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check of rule files found."""

    file: str
    line: int  # from 1; 0 for a whole file
    column: int
    code: str  # a fixed word, such as ``unknown-field``: documented, and safe to grep for
    key: str  # where in the file's structure, such as ``rules.late.match``
    problem: str
    remedy: str = ""
    is_warning: bool = False

    def __str__(self) -> str:
        remedy = f" ({self.remedy})" if self.remedy else ""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.code}: {self.key + ': ' if self.key else ''}{self.problem}{remedy}"


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """One rule, as a person or the store wants to know it."""

    id: str
    title: str
    severity: Severity
    status: str
    revision: str  # changes with the rule, and with the lists and phrases that it uses
    where: str  # ``file:line:column``
    notify: tuple[str, ...]
    source: str  # JSON: the rule with the lists and phrases that it uses, as they were read; an old alert is told by it
    tree: str  # what it asks, as it is understood: several lines
    found_by: str  # what leads from a filing to it, such as "items: 5.02", or "every filing"
    test_count: int


@dataclass(frozen=True, slots=True)
class ListInfo:
    """A named list of a rule file, as it was read. Its versions are kept, so that a backtest uses the day's."""

    name: str  # of its file and itself, as ``people.yaml/watch``
    revision: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a rule test expects; None where it does not care."""

    fires: frozenset[str] | None  # all that fire; without it those that are named elsewhere must, and others may
    muted: frozenset[str] | None = None  # of those that fire, the ones that nobody is told of
    evidence: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict
    )  # rule, field: words quoted, ``...`` between
    deliveries: Mapping[str, int] | None = None  # endpoint: how many of them


@dataclass(frozen=True, slots=True)
class RuleTest:
    """One test of rules: a filing, and what must come of it."""

    name: str
    where: str  # ``file:line:column``
    filing: Report | Path  # made from fields, or a file that holds a full submission
    expectation: Expectation
    rule: str | None = None  # a test that stands in a rule is about this one alone
    clock: datetime | None = None  # when the filing is spotted; its acceptance, if not said
    repeat: int = 1  # how often the filing comes
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # which stand in for those of the files


@dataclass(frozen=True, slots=True)
class Clue:
    """Whether one clause held, and why."""

    clause: str  # as written, such as ``items|has: 5.02``
    holds: bool
    had: str  # what the filing has of this field, in short
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class SelectionClue:
    """Whether one selection held: all clauses of one of its alternatives."""

    name: str
    holds: bool
    alternatives: tuple[tuple[Clue, ...], ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a rule fires on a report, or why it does not."""

    rule: str
    fires: bool
    reason: str  # in one line
    condition: str
    selections: tuple[SelectionClue, ...]


class RuleBook(Protocol):
    """Rules that were read and checked."""

    @property
    def version(self) -> str:
        """Changes when any rule does."""

    @property
    def rules(self) -> Sequence[RuleInfo]:
        """Every rule, in the order of files."""

    @property
    def lists(self) -> Sequence[ListInfo]:
        """Every named list."""

    @property
    def tests(self) -> Sequence[RuleTest]:
        """The tests that stand in the rule files."""

    @property
    def files(self) -> Sequence[Path]:
        """Every file that was read, lists' own included."""

    def packed(self) -> bytes:
        """Return the rules as the handler's `build` takes them, in ``Context.prepared``."""

    def alerts(self, report: Report) -> tuple[Alert, ...]:
        """Return the alerts that the report raises, in the order of the rules. Pure."""

    def explain(self, rule_id: str, report: Report) -> Explanation:
        """Tell why a rule fires on the report or not. Raises ``KeyError`` when there is no such rule."""

    def with_lists(self, lists: Mapping[str, Sequence[str]]) -> RuleBook:
        """Return the same rules with other values in these lists, by name or ``file/name``.

        Raises ``ConfigError`` when there is no such list, or a value is none of its field's.
        """


@runtime_checkable
class RuleBookHandler(Protocol):
    """A handler class that keeps rules. Found like any handler; the commands ask the first one that has this shape."""

    name: ClassVar[str]

    @classmethod
    def read_book(cls, paths: Sequence[Path], endpoints: Collection[str]) -> RuleBook:
        """Read rule files, or all of a folder. Raises ``ConfigError`` with every fault."""

    @classmethod
    def read_source(cls, source: str) -> RuleBook:
        """Read a rule as it was kept, see `RuleInfo.source`. Raises ``ConfigError`` when it is no rule any more."""

    @classmethod
    def source_text(cls, source: str) -> str:
        """Return what a rule that was kept says, as its author would write it. Raises ``ConfigError``."""

    @classmethod
    def told_of(cls, packed: bytes) -> tuple[str, Sequence[RuleInfo], Sequence[ListInfo]]:
        """Return version, rules and lists of what `RuleBook.packed` gave."""

    @classmethod
    def check_book(
        cls, paths: Sequence[Path], endpoints: Collection[str], events: Collection[str] = ()
    ) -> tuple[Finding, ...]:
        """Return every fault and every warning, in the order of files and lines.

        ``events`` are the names of those that can be found; when there are none, nothing is told of their names.
        """

    @classmethod
    def rule_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of rule files, for editors: every file that can be read is valid."""

    @classmethod
    def read_tests(cls, path: Path, book: RuleBook) -> tuple[RuleTest, ...]:
        """Read a file of tests about the rules of this book. Raises ``ConfigError`` with every fault."""

    @classmethod
    def is_test_file(cls, path: Path) -> bool:
        """Whether a file holds tests, and no rules. False for one that cannot be read."""

    @classmethod
    def rule_files_of(cls, path: Path) -> tuple[Path, ...]:
        """Return the rule files that a file of tests names. Raises ``ConfigError``."""
