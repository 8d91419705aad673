"""All faults that are tried, from the modules that know how each is done."""

from __future__ import annotations

from collections.abc import Sequence

from bench.chaos import clockwork, flood, kills, network, storage, workers
from bench.chaos.fault import Fault

__all__ = ["FAULTS", "chosen"]

FAULTS: tuple[Fault, ...] = (
    *kills.FAULTS,
    *workers.FAULTS,
    *flood.FAULTS,
    *storage.FAULTS,
    *clockwork.FAULTS,
    *network.FAULTS,
)


def chosen(names: Sequence[str], faults: Sequence[Fault] = FAULTS) -> tuple[Fault, ...]:
    """Return the faults of these names, or else those in whose names they stand; all, when there is no name.

    Raises ``ValueError`` with a name that stands in none.
    """
    wanted: set[str] = set()
    for name in names:
        found = {one.name for one in faults if one.name == name} or {one.name for one in faults if name in one.name}
        if not found:
            raise ValueError(f"no fault is called so: {name}")
        wanted |= found
    return tuple(one for one in faults if one.name in wanted or not names)
