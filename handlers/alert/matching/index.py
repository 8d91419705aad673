"""A percolator: rules stored by the facts that they need, so that only those that may fire are held against a filing.

Each rule is stored under a fact that there must be wherever it fires, and under further ones within while those so
far are not rare. Facts that need no text to be read come first. What is found so is evaluated in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from handlers.alert.matching.facts import Channel, Either, Kind, Need, needs_of, scans, share_of
from handlers.alert.matching.fields import Operator, Value
from handlers.alert.matching.rules import Clause, Rule
from handlers.alert.matching.view import ReportView, Scanner
from watcher import Alert, Report
from watcher.words import Matcher, Near, matcher_for

__all__ = ["RuleIndex"]

_RARE = 0.001  # a share of filings: what needs no further fact
_DEEPEST = 3  # both sides of a ``near``, in a text that there is
_MANY_VALUES = 1_000  # of an inner fact, which is stored once under each outer one
_TOLD_VALUES = 6
_MOST_FILINGS = 0.25


class _Branch:
    """Rules that need no further fact, and branches by the facts that others need."""

    __slots__ = ("by", "rules")

    def __init__(self) -> None:
        self.rules: list[int] = []
        self.by: dict[Channel, dict[Value, list[_Branch]]] = {}

    def collect(self, view: ReportView, found: set[int]) -> None:
        """Add the rules that the report has the facts for."""
        found.update(self.rules)
        for channel, branches in self.by.items():
            facts = channel.common(view, branches)
            for branch in {branch: None for fact in facts for branch in branches[fact]}:
                branch.collect(view, found)


class RuleIndex:
    """Rules, ready to be matched with any number of reports.

    ``build`` makes the matcher of their phrases. These are in ``phrases``: those that are sought whatever their case,
    and those that are not.
    """

    def __init__(self, rules: Iterable[Rule], *, build: Callable[[Iterable[str]], Matcher] = matcher_for) -> None:
        self._rules = tuple(rules)
        clauses = [clause for rule in self._rules for clause in _clauses(rule)]
        self.phrases = (frozenset(_phrases(clauses, cased=False)), frozenset(_phrases(clauses, cased=True)))
        self._scanner = Scanner(*self.phrases, build)
        self._root = _Branch()
        branches: dict[tuple[_Branch, Need], _Branch] = {}
        for number, rule in enumerate(self._rules):
            for branch in _grown([self._root], _plan(rule), branches):
                branch.rules.append(number)

    def alerts(self, report: Report) -> tuple[Alert, ...]:
        """Return the alerts that the report raises, in the order of the rules."""
        return self.alerts_in(self.view(report))

    def view(self, report: Report) -> ReportView:
        """Return the report as these rules see it."""
        return ReportView(report, self._scanner)

    def alerts_in(self, view: ReportView) -> tuple[Alert, ...]:
        """Return the alerts of a report that was made into a view here."""
        alerts = (rule.alert(view) for rule in self.candidates(view))
        return tuple(alert for alert in alerts if alert is not None)

    def candidates(self, view: ReportView) -> Iterator[Rule]:
        """Give the rules that may fire, in their order: all that do, and some that do not."""
        found: set[int] = set()
        self._root.collect(view, found)
        return (self._rules[number] for number in sorted(found))

    def found_by(self, rule: Rule) -> str:
        """Say what leads from a filing to the rule, such as ``items: 5.02``."""
        return ", and ".join(_told(either) for either in _told_plan(_plan(rule))) or "every filing"

    def scans_for_patterns(self, rule: Rule) -> bool:
        """Whether the texts of most filings are searched for a pattern of the rule before anything rules them out."""
        share = 1.0
        for either in _plan(rule):
            if any(_is_pattern_search(need) for need in either):
                return share >= _MOST_FILINGS
            share *= share_of(either)
        return share >= _MOST_FILINGS and any(_is_pattern_anywhere(clause) for clause in _clauses(rule))


def _clauses(rule: Rule) -> Iterator[Clause]:
    for selection in rule.selections:
        for alternative in selection.alternatives:
            yield from alternative


def _phrases(clauses: Iterable[Clause], *, cased: bool) -> Iterator[str]:
    for clause in clauses:
        if clause.cased is cased and clause.operator is Operator.PHRASE:
            yield from clause.words
        elif clause.cased is cased and clause.operator is Operator.NEAR:
            yield from (phrase for near in clause.values if isinstance(near, Near) for phrase in near.a + near.b)


def _is_pattern_search(need: Need) -> bool:
    channel = need.channel
    return channel.kind is Kind.PATTERN and channel.scans and not all(map(_is_anchored, need.values))


def _is_pattern_anywhere(clause: Clause) -> bool:
    is_in_text = clause.asked.passages is not None
    return is_in_text and clause.operator is Operator.RE and not all(map(_is_anchored, clause.words))


def _is_anchored(pattern: Value) -> bool:
    """Whether it can only match at the beginning of a text, where it is looked for in no time."""
    return str(pattern).startswith(("^", r"\A")) and "|" not in str(pattern)


def _plan(rule: Rule) -> Sequence[Either]:
    """Choose the facts under which a rule is stored, the outer one first."""
    needs = sorted(needs_of(rule), key=lambda either: (scans(either), share_of(either)))
    plan = needs[:1]
    share = share_of(plan[0]) if plan else 0.0
    for either in sorted(needs[1:], key=share_of):
        if share <= _RARE or len(plan) == _DEEPEST:
            break
        if sum(len(need.values) for need in either) <= _MANY_VALUES:
            plan.append(either)
            share *= share_of(either)
    return plan


def _grown(
    outer: Sequence[_Branch], plan: Sequence[Either], branches: dict[tuple[_Branch, Need], _Branch]
) -> Sequence[_Branch]:
    """Return the branches at the end of a plan; those that are not there yet are made."""
    for either in plan:
        outer = [_branch(one, need, branches) for one in outer for need in either]
    return outer


def _branch(outer: _Branch, need: Need, branches: dict[tuple[_Branch, Need], _Branch]) -> _Branch:
    """Return the branch for a need, which all rules that have just the same one share, however many values it has."""
    branch = branches.get((outer, need))
    if branch is None:
        branch = branches[outer, need] = _Branch()
        by_value = outer.by.setdefault(need.channel, {})
        for value in need.values:
            by_value.setdefault(value, []).append(branch)
    return branch


def _told_plan(plan: Sequence[Either]) -> Sequence[Either]:
    """Leave out that there is a text at all where words of it are asked for, too."""
    texts = {need.channel.name for either in plan for need in either if need.channel.scans}
    return [
        either
        for either in plan
        if not all(need.channel.kind is Kind.PRESENCE and need.channel.name in texts for need in either)
    ]


def _told(either: Either) -> str:
    return " or ".join(_told_need(need) for need in either)


def _told_need(need: Need) -> str:
    if need.channel.kind is Kind.PRESENCE:
        return f"{need.channel.name}: any text"
    if need.channel.kind is Kind.PATTERN:
        return f"{need.channel.name}: a pattern"
    values = [str(value) for value in sorted(need.values, key=str)]
    more = f" and {len(values) - _TOLD_VALUES} more" if len(values) > _TOLD_VALUES else ""
    return f"{need.channel.name}: {', '.join(values[:_TOLD_VALUES])}{more}"
