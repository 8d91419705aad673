"""What came of all trials, as one table, and as an exit code."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from statistics import median

from bench.chaos.fault import Outcome
from bench.chaos.runner import Tally
from bench.tables import Table, number

__all__ = ["EXIT_DONE", "EXIT_FAILED", "EXIT_NO", "chaos_table", "exit_code"]

EXIT_DONE = 0
EXIT_NO = 1  # something was lost, doubled or wrong
EXIT_FAILED = 3
_HEAD = ("fault", "store", "times", "filings", "lost", "doubled", "told again", "recovered in", "at most", "wrong")
_SHOWN = 5


def chaos_table(tallies: Sequence[Tally], title: str) -> Table:
    """Show it, a row for each fault and store; below it whatever is wrong, and how to try that again alone."""
    rows = [_row(one) for one in tallies]
    if len(rows) > 1:
        done = [outcome for one in tallies for outcome in one.outcomes.values()]
        rows.append(("in all", "", *_figures(done)))
    notes = [note for one in tallies for note in _notes(one)]
    return Table(f"{title}; recovered in: median, seconds", _HEAD, tuple(rows), tuple(notes))


def exit_code(tallies: Sequence[Tally], *, may_lack: bool) -> int:
    """Return 1 when something is wrong, 3 when nothing or not all could be tried; what is missing is let pass.

    Without ``may_lack`` it is wrong that something is missing.
    """
    is_well = all(outcome.is_well for one in tallies for outcome in one.outcomes.values())
    if not is_well or (not may_lack and any(one.missing for one in tallies)):
        return EXIT_NO
    is_tried = any(one.outcomes for one in tallies) and not any(one.broken for one in tallies)
    return EXIT_DONE if is_tried else EXIT_FAILED


def _row(tally: Tally) -> tuple[str, ...]:
    if tally.missing:
        return (tally.fault, tally.store, *[""] * 7, "not tried")
    return (tally.fault, tally.store, *_figures(tally.outcomes.values()))


def _figures(outcomes: Collection[Outcome]) -> tuple[str, ...]:
    seconds = [one for outcome in outcomes for one in outcome.recovered]
    return (
        f"{sum(one.times for one in outcomes):,}",
        f"{sum(one.filings for one in outcomes):,}",
        f"{sum(len(one.lost) for one in outcomes)}",
        f"{sum(len(one.doubled) for one in outcomes)}",
        f"{sum(one.again for one in outcomes)}",
        number(median(seconds)) if seconds else "-",
        number(max(seconds)) if seconds else "-",
        f"{sum(len(one.wrong) for one in outcomes)}",
    )


def _notes(tally: Tally) -> Iterator[str]:
    if tally.missing:
        yield f"{tally.fault}, {tally.store}: not tried: {tally.missing}"
    for seed, reason in tally.broken.items():
        yield f"{tally.fault}, {tally.store}, seed {seed}: COULD NOT BE TRIED: {reason}"
    for seed, outcome in tally.outcomes.items():
        if not outcome.is_well:
            yield f"{tally.fault}, {tally.store}, seed {seed}: WRONG: {'; '.join(_faults(outcome))}"
            yield f'  again: --only "{tally.fault}" --store {tally.store} --times 1 --seed {seed}'


def _faults(outcome: Outcome) -> Iterator[str]:
    for word, found in (("lost", outcome.lost), ("doubled", outcome.doubled)):
        if found:
            more = ", ..." if len(found) > _SHOWN else ""
            yield f"{word} {len(found)}: {', '.join(found[:_SHOWN])}{more}"
    yield from outcome.wrong
