"""A fault that is tried, what one trial of it is given, and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["STORES", "Fault", "Outcome", "Trial"]

STORES = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Trial:
    """One try of one fault."""

    folder: Path  # empty, and its own
    seed: int
    store: str  # the URL of an empty store


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one trial."""

    filings: int  # that were listed or put in
    lost: tuple[str, ...] = ()  # accession numbers without a report, or whose alert nobody was told
    doubled: tuple[str, ...] = ()  # reports committed twice, alerts under two ids
    again: int = 0  # messages that came once more under their own id, as the contract allows
    recovered: tuple[float, ...] = ()  # real seconds from the end of a fault until work went on
    wrong: tuple[str, ...] = ()  # whatever else broke a promise
    times: int = 1  # how often the fault was done in it

    @property
    def is_well(self) -> bool:
        """Whether every promise was kept."""
        return not (self.lost or self.doubled or self.wrong)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong.

    ``run`` raises ``BenchError`` when the trial itself cannot be made. ``missing`` says what this machine lacks for it.
    """

    name: str
    run: Callable[[Trial], Awaitable[Outcome]]
    times: int  # on each store, in a full run
    short: int = 0  # the same in the ordinary tests
    stores: tuple[str, ...] = STORES
    missing: Callable[[], str] = lambda: ""
