"""How often each reader finds exactly the items that a filing's body holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.corpus import MODERN_SINCE, NEW_NUMBERS_SINCE, Answer, Chosen
from bench.errors import ReaderError
from bench.readers import Reader
from bench.tables import Table

__all__ = ["Score", "measure_accuracy", "score", "score_table"]

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
    characters: int = 0
    failed: int = 0
    refused: int = 0
    wrong: list[dict[str, Any]] = field(default_factory=list)

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
        is_exact = answer.items == set(one["items"])
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


def score_table(scores: Sequence[Score]) -> Table:
    """Show the shares; a group without filings is left out."""
    groups = [group for group in _GROUPS if scores[0].filings[group]]
    head = ("reader, task", *(f"{group} ({scores[0].filings[group]})" for group in groups))
    rows = [
        (
            f"{one.reader}, {one.task}",
            *(one.share(group) for group in groups),
            f"{one.characters:,}",
            str(one.failed),
            str(one.refused),
        )
        for one in scores
    ]
    notes = ("The share of filings whose set of items is exactly right; characters: of item text found.",)
    return Table("accuracy", (*head, "characters", "failed", "to network"), tuple(rows), notes)
