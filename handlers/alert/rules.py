"""Matches the user's rules with each report, and raises an alert for each one that holds, with evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from handlers.alert import book as books
from handlers.alert.language.files import read_folder, read_rules
from handlers.alert.language.schema import rule_schema
from handlers.alert.matching.index import RuleIndex
from handlers.alert.matching.rules import Rule
from watcher import Context, Finding, Handler, ListInfo, Report, RuleBook, RuleInfo, RuleTest, Stage
from watcher.words import matcher_name

__all__ = ["MatchRules"]


class MatchRules(Handler):
    """Match the rules in the folder that ``[rules] path`` names. The files are read before it is built, or then."""

    name: ClassVar[str] = "rules"
    stage: ClassVar[Stage] = Stage.ALERT

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = tuple(rules)
        self._index = RuleIndex(self._rules)
        self._version = books.version_of(self._rules)

    @classmethod
    def prepare(cls, context: Context) -> bytes | None:
        """Read the rules once for all workers. Raises ``ConfigError`` with every fault in every file."""
        if context.rules_path is None:
            return None
        return books.Book(read_folder(context.rules_path, context.endpoints), context.endpoints).packed()

    @classmethod
    def build(cls, context: Context, **settings: Any) -> Self:
        """Take the rules that were prepared, or read them. Raises ``ConfigError`` with every fault in every file."""
        if context.prepared is not None:
            return cls(books.rules_in(context.prepared), **settings)
        if context.rules_path is None:
            return cls(**settings)
        return cls(read_rules(context.rules_path, context.endpoints), **settings)

    @classmethod
    def read_book(cls, paths: Sequence[Path], endpoints: Collection[str]) -> RuleBook:
        """Read rule files, or all of a folder. Raises ``ConfigError`` with every fault."""
        return books.read_book(paths, endpoints)

    @classmethod
    def read_source(cls, source: str) -> RuleBook:
        """Read a rule as it was kept, see ``RuleInfo.source``. Raises ``ConfigError`` when it is no rule any more."""
        return books.read_source(source)

    @classmethod
    def source_text(cls, source: str) -> str:
        """Return what a rule that was kept says, as its author would write it. Raises ``ConfigError``."""
        return books.source_text(source)

    @classmethod
    def told_of(cls, packed: bytes) -> tuple[str, Sequence[RuleInfo], Sequence[ListInfo]]:
        """Return version, rules and lists of what a book packed."""
        return books.told_in(packed)

    @classmethod
    def check_book(
        cls, paths: Sequence[Path], endpoints: Collection[str], events: Collection[str] = ()
    ) -> tuple[Finding, ...]:
        """Return every fault and every warning, in the order of files and lines. ``events``: all that can be found."""
        return books.check_book(paths, endpoints, events)

    @classmethod
    def rule_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of rule files."""
        return rule_schema()

    @classmethod
    def read_tests(cls, path: Path, book: RuleBook) -> tuple[RuleTest, ...]:
        """Read a file of tests about the rules of this book. Raises ``ConfigError`` with every fault."""
        return books.read_tests(path, book)

    @classmethod
    def is_test_file(cls, path: Path) -> bool:
        """Whether a file holds tests, and no rules. False for one that cannot be read."""
        return books.is_test_file(path)

    @classmethod
    def rule_files_of(cls, path: Path) -> tuple[Path, ...]:
        """Return the rule files that a file of tests names. Raises ``ConfigError``."""
        return books.rule_files_of(path)

    def describe(self) -> str:
        """Say how many rules there are, and what finds their phrases."""
        count = f"{len(self._rules)} rule{'' if len(self._rules) == 1 else 's'}"
        return f"{count}, phrases by {matcher_name()}" if any(self._index.phrases) else count

    def handle(self, report: Report) -> None:
        """Add the alerts of the rules that hold, in the order of the rules."""
        report.alerts += self._index.alerts(report)
        report.versions["rules"] = self._version
