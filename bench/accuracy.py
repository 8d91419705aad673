"""How often each reader finds exactly the items of a filing's body, and its precision and recall over single items.

A filing on which a reader raises an error has no items found: it counts as not right, and as failed beside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.corpus import MODERN_SINCE, NEW_NUMBERS_SINCE, Answer, Chosen
from bench.environments import OURS
from bench.errors import ReaderError
from bench.plots import Bar, Plot, left_out
from bench.readers import Reader
from bench.tables import Table

__all__ = ["Score", "failure_table", "measure_accuracy", "score", "score_plot", "score_table"]

# Where the answer rests on one peer's word alone, that peer cannot be wrong.
_UNTRUSTED = frozenset(("edgar-crawler",))
_GROUPS = ("all", "before 2004-08-23", "2004-2018", "2019-", "trusted, before 2004-08-23", "trusted, after")


@dataclass(slots=True)
class Score:
    """One reader's filings, by group, and those whose items it has exactly."""

    reader: str
    task: str
    filings: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_GROUPS, 0))
    exact: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_GROUPS, 0))
    items_right: int = 0
    items_wrong: int = 0  # found, and not there
    items_missed: int = 0
    characters: int = 0
    failed: int = 0
    refused: int = 0
    wrong: list[dict[str, Any]] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Of the items that it found, those that are there; 1 if it found none."""
        found = self.items_right + self.items_wrong
        return self.items_right / found if found else 1.0

    @property
    def recall(self) -> float:
        """Of the items that are there, those that it found."""
        return self.items_right / max(1, self.items_right + self.items_missed)

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def errors(self) -> Counter[str]:
        """The errors that it raised, and on how many filings each."""
        return Counter(one["error"] for one in self.wrong if one["error"])

    def told(self) -> dict[str, Any]:
        """Tell it for JSON."""
        return asdict(self) | {"precision": self.precision, "recall": self.recall, "f1": self.f1}

    def share(self, group: str) -> str:
        """Write the share of a group that is exact."""
        return f"{self.exact[group] / self.filings[group]:.1%}" if self.filings[group] else "-"


def measure_accuracy(
    readers: Mapping[str, Reader],
    wanted: Sequence[tuple[str, str]],
    filings: Sequence[Chosen],
    answers: Sequence[Answer],
) -> tuple[list[Score], list[str]]:
    """Have each reader find the items of all these filings; return scores and troubles."""
    told = [filing.for_readers() for filing in filings]
    scores, troubles = [], []
    for name, task in wanted:
        if name not in readers or task not in readers[name].tasks:
            continue
        try:
            readers[name].ask("load", filings=told)
            found = readers[name].ask("find", task=task)["found"]
        except ReaderError as error:
            troubles.append(str(error))
            continue
        scores.append(score(readers[name].label, task, filings, answers, found))
    return scores, troubles


def score(
    reader: str, task: str, filings: Sequence[Chosen], answers: Sequence[Answer], found: Sequence[dict[str, Any]]
) -> Score:
    """Compare what one reader found with the answers, filing by filing."""
    result = Score(reader, task)
    for filing, answer, one in zip(filings, answers, found, strict=True):
        found_items = set(one["items"])
        is_exact = answer.items == found_items
        result.items_right += len(answer.items & found_items)
        result.items_wrong += len(found_items - answer.items)
        result.items_missed += len(answer.items - found_items)
        for group in _groups(answer):
            result.filings[group] += 1
            result.exact[group] += is_exact
        result.characters += one["characters"]
        result.failed += bool(one["error"])
        result.refused += one["refused"]
        if not is_exact:
            wrong = {"path": filing.path.name, "expected": sorted(answer.items), "found": one["items"]}
            result.wrong.append(wrong | {"error": one["error"]})
    return result


def _groups(answer: Answer) -> list[str]:
    is_old = answer.filed_on < NEW_NUMBERS_SINCE
    later = "2019-" if answer.filed_on >= MODERN_SINCE else "2004-2018"
    groups = ["all", "before 2004-08-23" if is_old else later]
    if answer.authority not in _UNTRUSTED:
        groups.append("trusted, before 2004-08-23" if is_old else "trusted, after")
    return groups


def score_table(scores: Sequence[Score], absent: Mapping[str, str] | None = None) -> Table:
    """Show the shares; a group without filings is left out."""
    groups = [group for group in _GROUPS if scores[0].filings[group]]
    shares = (f"{group} ({scores[0].filings[group]})" for group in groups)
    head = ("reader, task", *shares, "precision", "recall", "F1", "wrong", "failed", "characters", "to network")
    rows = [
        (
            _name(one),
            *(one.share(group) for group in groups),
            *(f"{figure:.4f}" for figure in (one.precision, one.recall, one.f1)),
            str(len(one.wrong) - one.failed),
            str(one.failed),
            f"{one.characters:,}",
            str(one.refused),
        )
        for one in scores
    ]
    notes = (
        "By group: the share of filings whose set of items is exactly right. Precision, recall, F1: over single items.",
        "wrong: filings with another set; failed: those on which it raised an error, which are not right either;",
        "characters: of item text found.",
    )
    return Table("accuracy", head, tuple(rows), notes).with_left_out(absent or {})


def score_plot(scores: Sequence[Score], absent: Mapping[str, str] | None = None) -> Plot:
    """Draw the share of all filings that is exactly right."""
    bars = tuple(_bar(one) for one in scores)
    title = "accuracy: filings whose set of items is exactly right"
    return Plot(
        title, "%", (*bars, *left_out(absent or {})), "Of all filings with an answer; more is better.", most=100
    )


def _bar(one: Score) -> Bar:
    share = 100 * one.exact["all"] / one.filings["all"]
    failed = f", {one.failed} failed" if one.failed else ""
    said = f"{one.exact['all']} of {one.filings['all']}{failed}"
    return Bar(_name(one), said, share, is_ours=one.reader.startswith(OURS))


def failure_table(scores: Sequence[Score]) -> Table:
    """Show which errors were raised, and one filing of each."""
    rows = tuple(
        (_name(one), str(count), error, next(wrong["path"] for wrong in one.wrong if wrong["error"] == error))
        for one in scores
        for error, count in one.errors.most_common()
    )
    return Table("accuracy: errors that readers raised", ("reader, task", "filings", "error", "such as"), rows)


def _name(one: Score) -> str:
    return f"{one.reader}, {one.task}"
