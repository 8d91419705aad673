"""Tells a person what a rule asks for, and why it fires on a filing or does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from handlers.alert.language.pacing import Pace
from handlers.alert.matching.conditions import supporters
from handlers.alert.matching.fields import Field
from handlers.alert.matching.rules import Clause, Found, ReportView, Rule, Selection, found_together
from watcher import ActiveHours, Clue, Explanation, Report, SelectionClue
from watcher.words import Near

__all__ = ["explain", "tree_of"]

_SHOWN_VALUES = 8
_SHOWN_TEXT = 60
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def explain(rule: Rule, condition: str, report: Report) -> Explanation:
    """Tell why the rule fires on the report or not, by the same clauses as when it is matched."""
    view = ReportView(report)
    selections = tuple(_selection_clue(selection, view) for selection in rule.selections)
    held = {one.name: one.holds for one in selections}
    names = supporters(rule.condition, lambda name: held[name])
    left_out = bool(report.is_amendment) and not rule.include_amendments
    return Explanation(
        rule.id,
        fires=names is not None and not left_out,
        reason=_reason(report, names, held, left_out=left_out),
        condition=condition or rule.selections[0].name,
        selections=selections,
    )


def _reason(report: Report, names: tuple[str, ...] | None, held: Mapping[str, bool], *, left_out: bool) -> str:
    if names is None:
        missing = ", ".join(name for name, holds in held.items() if not holds)
        unwanted = ", ".join(name for name, holds in held.items() if holds)
        told = [f"not found: {missing}" if missing else "", f"found: {unwanted}" if unwanted else ""]
        return f"its condition does not hold ({'; '.join(part for part in told if part)})"
    if left_out:
        return f"its condition holds, but the form is {report.filing.form}, and include_amendments is not set"
    return (
        f"its condition holds (found: {', '.join(names)})"
        if names
        else "its condition holds: nothing it excludes is there"
    )


def _selection_clue(selection: Selection, view: ReportView) -> SelectionClue:
    alternatives = tuple(
        tuple(_clue(clause, found, view) for clause, found in zip(clauses, found_together(clauses, view), strict=True))
        for clauses in selection.alternatives
    )
    holds = any(all(clue.holds for clue in clues) for clues in alternatives)
    return SelectionClue(selection.name, holds, alternatives)


def _clue(clause: Clause, found: Found, view: ReportView) -> Clue:
    return Clue(clause.written, found is not None, _had(clause.asked, view), found or ())


def _had(asked: Field, view: ReportView) -> str:
    """What the filing has of this field, in short."""
    if asked.passages is None:
        values = sorted(str(value) for value in view.values(asked))
        shown = ", ".join(values[:_SHOWN_VALUES])
        more = len(values) - _SHOWN_VALUES
        return (f"{shown}, and {more} more" if more > 0 else shown) or "nothing"
    texts = [passage.text for passage in view.passages(asked)]
    return "; ".join(_short(text) for text in texts) or "nothing"


def _short(text: str) -> str:
    words = " ".join(text[: 4 * _SHOWN_TEXT].split())
    if len(words) <= _SHOWN_TEXT and len(text) <= 4 * _SHOWN_TEXT:
        return words
    return f"{words[:_SHOWN_TEXT].rstrip()}… ({len(text):,} characters)"


def tree_of(rule: Rule, condition: str) -> str:
    """What a rule asks for and how it is told, as it is understood: several lines."""
    forms = "8-K and 8-K/A" if rule.include_amendments else "not 8-K/A"
    return "\n".join([*_asked(rule, condition), f"amendments  {forms}", *_told(rule.pace), *_inhibited(rule)])


def _asked(rule: Rule, condition: str) -> Iterator[str]:
    if not condition:
        yield from (f"{clause.written}{_size(clause)}" for clause in rule.selections[0].alternatives[0])
        return
    yield condition
    width = max(len(selection.name) for selection in rule.selections)
    for selection in rule.selections:
        name = selection.name
        for clauses in selection.alternatives:
            for clause in clauses:
                yield f"  {name:<{width}}  {clause.written}{_size(clause)}"
                name = ""
            name = "or"


def _size(clause: Clause) -> str:
    """How many values stand behind the names of lists and phrase sets."""
    if not any(mark in clause.written for mark in "@&"):
        return ""
    near = next((value for value in clause.values if isinstance(value, Near)), None)
    return f"  ({len(near.a)} and {len(near.b)} phrases)" if near else f"  ({len(clause.members)} in all)"


def _told(pace: Pace) -> Iterator[str]:
    if throttle := pace.throttle:
        key = ", ".join(field.name for field in throttle.key)
        each = f" for each {key}" if key else ""
        yield f"throttle    at most {throttle.max} in {_duration(throttle.window_seconds)}{each}"
    if grouping := pace.grouping:
        key = ", ".join(field.name for field in grouping.by)
        each = f", one for each {key}" if key else ""
        yield f"group       together after {_duration(grouping.wait_seconds)}, or when there are {grouping.max}{each}"
    if pace.active:
        yield f"active      {_hours(pace.active)}"
    if pace.expires_seconds:
        yield f"expires     after {_duration(pace.expires_seconds)}"


def _inhibited(rule: Rule) -> Iterator[str]:
    if rule.inhibits:
        yield f"inhibits    {', '.join(rule.inhibits)}"


def _hours(active: ActiveHours) -> str:
    days = ", ".join(_DAYS[day] for day in active.days)
    begin, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in (active.begin_minute, active.end_minute))
    return f"{days} from {begin} to {end} ({active.zone}), else {'held' if active.holds else 'dropped'}"


def _duration(seconds: int) -> str:
    unit, size = next(one for one in _UNITS if seconds % one[1] == 0)
    return f"{seconds // size}{unit}"
