"""What all readers of EDGAR's lists share: how an accession number looks, and how odd things are told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from watcher.edgar._days import day_of

__all__ = ["ACCESSION", "LINK_CIK", "clip", "first_problems", "is_accession", "iso_day"]

ACCESSION = re.compile(r"(?<![0-9])([0-9]{10}-[0-9]{2}-[0-9]{6})(?![0-9])")
LINK_CIK = re.compile(r"/edgar/data/0*+([0-9]{1,10})/")

_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MOST_PROBLEMS = 20


def is_accession(text: str) -> bool:
    """Whether this is an accession number with its dashes, and nothing else."""
    return ACCESSION.fullmatch(text) is not None


def iso_day(text: str) -> date | None:
    """Read "2025-01-24"; None when it is no such day, or none of a filing."""
    match = _ISO_DAY.fullmatch(text)
    return day_of(int(match[1]), int(match[2]), int(match[3])) if match else None


def clip(text: str) -> str:
    """Shorten what a stranger wrote, so that a message stays one line."""
    return text if len(text) <= 80 else text[:77] + "..."


def first_problems(problems: Sequence[str]) -> tuple[str, ...]:
    """Keep the first twenty, and say how many more there were."""
    more = len(problems) - _MOST_PROBLEMS
    return (*problems[:_MOST_PROBLEMS], f"and {more:,} more") if more > 0 else tuple(problems)
