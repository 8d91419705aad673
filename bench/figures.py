"""The figures that the README quotes: few enough to be kept with the code, with the machine and the versions.

``python -m bench.figures FILE`` prints the README's lines of such a file.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from bench.environments import OURS
from bench.tables import Spread

__all__ = ["figures_of", "readme_lines"]

_WHOLE = "parsed items"
_RACES = ("items", "parse", "split")


def figures_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """Take the figures to quote out of a run's JSON; a part that was not measured is empty."""
    parts = told["parts"]
    kept = ("machine", "versions", "absent", "is_made_up", "filings", "modern", "answered", "rounds")
    return {
        **{key: told[key] for key in kept},
        "times": {race: _times(parts.get(race, ())) for race in _RACES},
        "accuracy": {_key(one): _score(one) for one in _first(parts, "accuracy")},
        "cold": {one["reader"].split()[0]: _cold(one) for one in _first(parts, "cold")},
        "latency_ms": {one["name"]: _latency(one["marks"]) for one in _first(parts, "latency")},
        "delivery_per_second": {one["name"]: asdict(Spread.of(one["per_second"])) for one in _first(parts, "delivery")},
    }


def _first(parts: Mapping[str, Any], part: str) -> Sequence[Any]:
    return next(iter(parts.get(part, ())), ())


def _times(races: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """By reader and task: how many times the yardstick's CPU time it takes, round by round."""
    runs = [run for race in races for run in race["runs"]]
    return {f"{run['reader']}, {run['task']}": asdict(Spread.of(run["times_by_round"])) for run in runs}


def _key(one: Mapping[str, Any]) -> str:
    return f"{one['reader'].split()[0]}, {one['task']}"


def _score(one: Mapping[str, Any]) -> dict[str, Any]:
    told = {"filings": one["filings"]["all"], "exact": one["exact"]["all"]}
    return told | {key: one[key] for key in ("precision", "recall", "f1", "failed", "refused")}


def _cold(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"first_seconds": asdict(Spread.of(one["first"])), "megabytes": asdict(Spread.of(one["megabytes"]))}


def _latency(marks: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    spent = sorted((mark["received"] - mark["listed"]) * 1_000 for mark in marks)
    return {"filings": len(spent), "median": median(spent), "p99": spent[-(len(spent) // 100) - 1]}


def readme_lines(figures: Mapping[str, Any]) -> str:
    """Write what the README says of speed and accuracy, from the figures alone."""
    of, machine = figures["accuracy"], figures["machine"]
    rows = [
        _reader_row(figures, key) for key in of if key in figures["times"]["items"] and not key.endswith(", sections")
    ]
    rows.sort(key=lambda row: row[0])
    head = f"CPU time, of {figures['modern']} filings since 2019"
    right = f"exactly right, of {figures['answered']} filings"
    when = f"Medians of {figures['rounds']} rounds of one run of {machine['day']}"
    where = f"{machine['processor']} with {machine['cores']} cores (load {machine['load']})"
    lines = [
        "| a full submission to its items, with their text | " + head + " | the first filing in a fresh process |"
        " most memory | " + right + " |",
        "|---|--:|--:|--:|--:|",
        *(line for _, line in rows),
        "",
        f"{when}, on {where}, {machine['python']}.",
        *(f"{name} is left out: {why}." for name, why in figures["absent"].items()),
    ]
    return "\n".join(lines)


def _reader_row(figures: Mapping[str, Any], key: str) -> tuple[float, str]:
    reader, task = key.split(", ")
    times, score = figures["times"]["items"][key]["median"], figures["accuracy"][key]
    cold, ours = figures["cold"][reader], figures["cold"][OURS]
    told = [_ratio(cold[what]["median"] / ours[what]["median"]) for what in ("first_seconds", "megabytes")]
    name = f"{reader} {figures['versions'][reader][reader]}"
    if task == _WHOLE:
        name, told = f"{name}, with exhibits, cover and signature", ["", ""]
    return times, f"| {' | '.join((name, _ratio(times), *told, _right(score)))} |"


def _right(score: Mapping[str, Any]) -> str:
    """Say how many are right; what a reader wanted from the network, which is shut, it might have had elsewhere."""
    if not score["failed"]:
        return str(score["exact"])
    why = ": it asks the network, which is shut" if score["refused"] >= score["failed"] else ""
    return f"{score['exact']} ({score['failed']} failed{why})"


def _ratio(times: float) -> str:
    """Write no more digits than another run would give again."""
    return "1" if times == 1 else f"{times:.{0 if times >= 10 else 1}f} times"


if __name__ == "__main__":
    print(readme_lines(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
