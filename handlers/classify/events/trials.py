"""Tries the rules on the made-up sentences that stand beside them."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.classify.events.book import Book, Trial
from handlers.classify.events.finding import Finder
from watcher import Document, Exhibit, Filing, Item, Report

__all__ = ["run_trials"]


def run_trials(book: Book, trials: Sequence[Trial] | None = None) -> tuple[tuple[Trial, bool], ...]:
    """Return each test with whether the rules do what it expects; all tests of the book, if none are given."""
    finder = Finder(book)
    return tuple((one, _is_ok(finder, one)) for one in (book.trials if trials is None else trials))


def _is_ok(finder: Finder, trial: Trial) -> bool:
    told = {event.event for event, _ in finder.events(_report(trial))}
    return (trial.event in told) == trial.expected


def _report(trial: Trial) -> Report:
    """A filing with this text in this place, and nothing else."""
    report = Report(filing=Filing(accession=""), documents=(Document(1, "8-K", "", "", 0, trial.text),))
    if trial.place in ("headline", "release"):
        text = trial.text if trial.place == "headline" else f"Exhibit 99.1\n\n{trial.text}"
        report.exhibits = (Exhibit("99.1", "", document=1, text=text),)
        report.items = (Item("8.01", "", declared=True, found=True),)
    elif trial.place == "exhibits":
        report.exhibits = tuple(_exhibit(line) for line in trial.text.splitlines() if line.strip())
        report.items = (Item("9.01", "", declared=True, found=True),)
    else:
        report.items = (Item(trial.place, "", True, True, document=1, start=0, end=len(trial.text), text=trial.text),)
    return report


def _exhibit(line: str) -> Exhibit:
    """An exhibit as its line in the list tells it: ``10.1 Credit Agreement``."""
    number, _, title = line.strip().partition(" ")
    return Exhibit(number, title.strip())
