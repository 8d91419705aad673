"""What the commands on rules print: for a person, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from watcher.models import Evidence
from watcher.report_json import to_json
from watcher.rulebook import Clue, Explanation, SelectionClue
from watcher.rules.backtest import Backtest, Match, RuleResult
from watcher.rules.trials import Trial

__all__ = ["backtest_json", "backtest_lines", "explanation_lines", "match_json", "trial_lines"]

_SNIPPET = 160


def trial_lines(trials: Sequence[Trial], *, verbose: bool = False) -> Iterator[str]:
    """Tell how tests ended: those that failed with what was expected and what came."""
    for one in trials:
        about = f"{one.test.rule}: " if one.test.rule else ""
        if not one.is_ok:
            yield f"FAILED  {one.test.where}: {about}{one.test.name}"
            yield from (f"        {fault}" for fault in one.faults)
        elif verbose:
            yield f"ok      {one.test.where}: {about}{one.test.name}"
    failed = sum(not one.is_ok for one in trials)
    yield f"{_many(len(trials), 'test')}, {failed} failed"


def explanation_lines(told: Explanation) -> Iterator[str]:
    """Tell why a rule fires on a filing or not: each selection, each clause, and what the filing had."""
    yield f"{told.rule}: {'fires' if told.fires else 'does not fire'}: {told.reason}"
    yield f"  condition: {told.condition}"
    for selection in told.selections:
        yield from _selection_lines(selection)


def _selection_lines(selection: SelectionClue) -> Iterator[str]:
    yield f"  {_mark(selection.holds)} {selection.name}"
    for number, clues in enumerate(selection.alternatives):
        if number:
            yield "      or"
        for clue in clues:
            yield from _clue_lines(clue)


def _clue_lines(clue: Clue) -> Iterator[str]:
    yield f"      {_mark(clue.holds)} {clue.clause}"
    if clue.had:
        yield f"            the filing has: {clue.had}"
    for one in clue.evidence:
        yield f"            document {one.document}, {one.start} to {one.end}: {_snippet(one)}"


def _mark(holds: bool) -> str:
    return "yes" if holds else "no "


def backtest_lines(made: Backtest, *, samples: int = 0) -> Iterator[str]:
    """Tell what rules would have done: a line for each, the words of some matches, and what to look at.

    Over no filings there is nothing to tell.
    """
    if not made.filings:
        return
    span = f" from {made.first} to {made.last}" if made.first else ""
    yield f"{_many(made.filings, 'filing')}{span}; {made.with_warnings} read with warnings"
    if not made.results:
        return
    width = max(len("rule"), *(len(one.rule.id) for one in made.results))
    yield f"{'rule':<{width}}  {'matched':>7}  {'told':>6}  per week min/median/max  most often"
    for one in made.results:
        least, median, most = made.per_week(one)
        week = f"{least} / {median:g} / {most}"
        often = ", ".join(f"{name or 'unknown'} ({count})" for name, count in one.companies(3))
        yield f"{one.rule.id:<{width}}  {len(one.matches):>7}  {one.told:>6}  {week:<23}  {often}".rstrip()
        yield from (f"  {line}" for line in _details(one, samples))
    yield f"{_many(sum(len(one.matches) for one in made.results), 'alert')}, {_many(made.deliveries, 'delivery')}"


def _details(one: RuleResult, samples: int) -> Iterator[str]:
    if one.untold:
        yield "untold: " + ", ".join(f"{why} {count}" for why, count in sorted(one.untold.items()))
    if one.gained is not None and (one.gained or one.lost):
        yield from (f"+ {accession}" for accession in one.gained)
        yield from (f"- {accession}" for accession in one.lost or ())
    score = one.score
    if score.precision is not None or score.recall is not None:
        yield f"against labels: precision {_share(score.precision)}, recall {_share(score.recall)}"
    for match in one.samples()[:samples]:
        words = "; ".join(_snippet(words) for words in match.alert.evidence[:2])
        yield f"{match.accession} {match.company}{': ' if words else ''}{words}"


def backtest_json(made: Backtest) -> dict[str, Any]:
    """All of it but the single matches."""
    return {
        "filings": made.filings,
        "with_warnings": made.with_warnings,
        "first": to_json(made.first),
        "last": to_json(made.last),
        "deliveries": made.deliveries,
        "rules": [_result_json(made, one) for one in made.results],
    }


def _result_json(made: Backtest, one: RuleResult) -> dict[str, Any]:
    least, median, most = made.per_week(one)
    return {
        "rule": one.rule.id,
        "title": one.rule.title,
        "severity": one.rule.severity.value,
        "revision": one.rule.revision,
        "matched": len(one.matches),
        "told": one.told,
        "untold": dict(sorted(one.untold.items())),
        "told_per_week": {"min": least, "median": median, "max": most},
        "companies": [{"company": name, "matched": count} for name, count in one.companies()],
        "gained": None if one.gained is None else list(one.gained),
        "lost": None if one.lost is None else list(one.lost),
        "precision": one.score.precision,
        "recall": one.score.recall,
    }


def match_json(match: Match) -> dict[str, Any]:
    """One alert that would have been raised."""
    return {
        "accession": match.accession,
        "company": match.company,
        "at": to_json(match.at),
        "endpoints": match.endpoints,
        "untold": match.untold or None,
        "alert": to_json(match.alert),
    }


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def _snippet(evidence: Evidence) -> str:
    text = " ".join(evidence.text.split())
    return repr(text if len(text) <= _SNIPPET else text[:_SNIPPET] + "…")


def _many(count: int, what: str) -> str:
    plural = what[:-1] + "ies" if what.endswith("y") else what + "s"
    return f"{count} {what if count == 1 else plural}"
