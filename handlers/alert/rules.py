"""Matches the user's rules with each report, and raises an alert for each one that holds, with evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from handlers.alert._read import read_rules
from handlers.alert._rules import ReportView, Rule
from watcher import Context, Handler, Report, Stage

__all__ = ["MatchRules"]


class MatchRules(Handler):
    """Match the rules in the folder that ``[rules] path`` names. The files are read when it is built."""

    name: ClassVar[str] = "rules"
    stage: ClassVar[Stage] = Stage.ALERT

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = tuple(rules)
        said = "\n".join(sorted(f"{rule.id} {rule.revision}" for rule in self._rules))
        self._version = hashlib.sha256(said.encode()).hexdigest()[:12]

    @classmethod
    def build(cls, context: Context, **settings: Any) -> Self:
        """Read the rules. Raises ``ConfigError`` with every fault in every file."""
        if context.rules_path is None:
            return cls(**settings)
        return cls(read_rules(context.rules_path, context.endpoints), **settings)

    def describe(self) -> str:
        """Say how many rules there are."""
        return f"{len(self._rules)} rule{'' if len(self._rules) == 1 else 's'}"

    def handle(self, report: Report) -> None:
        """Add the alerts of the rules that hold, in the order of the rules."""
        view = ReportView(report)
        alerts = (rule.alert(view) for rule in self._rules)
        report.alerts += tuple(alert for alert in alerts if alert is not None)
        report.versions["rules"] = self._version
