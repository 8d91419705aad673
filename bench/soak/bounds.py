"""Whether what a daemon holds stays as it is: the last quarter of the samples beside the second one.

The first quarter is left out: there it imports, opens and fills what it keeps in memory. Medians are compared, so that
one large filing, or a process that was started anew, tells nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from bench.soak.samples import DAEMON, Sample
from bench.tables import Table

__all__ = ["FEWEST", "WAL_BYTES", "Series", "faults_of", "held_table", "series_of"]

FEWEST = 40  # samples, ten in each quarter
WAL_BYTES = 64 * 2**20
_MEGABYTE = 10**6
_SHARE = 0.15
_ALL = "all processes"
# Of each kind: its unit, how much of it is one, and how many more than the share are no growth.
_KINDS = {"memory": ("MB", _MEGABYTE, 20.0), "files": ("", 1, 8.0), "threads": ("", 1, 6.0)}


@dataclass(frozen=True, slots=True)
class Series:
    """One figure over the whole run."""

    whose: str
    kind: str  # memory, files or threads
    values: tuple[float, ...]  # in megabytes, where it is memory

    @property
    def early(self) -> float:
        """The median of the second quarter."""
        quarter = len(self.values) // 4
        return median(self.values[quarter : 2 * quarter])

    @property
    def late(self) -> float:
        """The median of the last quarter."""
        return median(self.values[-(len(self.values) // 4) :])

    @property
    def bound(self) -> float:
        """What the last quarter may come to."""
        return self.early * (1 + _SHARE) + _KINDS[self.kind][2]

    @property
    def fault(self) -> str:
        """What is wrong with it; "" when nothing."""
        if self.late <= self.bound:
            return ""
        unit = f" {_KINDS[self.kind][0]}".rstrip()
        return f"{self.kind} of {self.whose}: from {self.early:.0f} to {self.late:.0f}{unit}; {self.bound:.0f} allowed"


def series_of(samples: Sequence[Sample]) -> list[Series]:
    """Take the samples apart: each process, and all of them. A worker that is away for a moment leaves no gap."""
    names = sorted({name for sample in samples for name in sample.held})
    found = [Series(_ALL, "memory", tuple(sample.memory / _MEGABYTE for sample in samples))]
    for name in names:
        held = [sample.held[name] for sample in samples if name in sample.held]
        for kind, (_, one, _) in _KINDS.items():
            found.append(Series(name, kind, tuple(getattr(each, kind) / one for each in held)))
    return [one for one in found if len(one.values) >= FEWEST]


def faults_of(samples: Sequence[Sample]) -> list[str]:
    """Say what does not stay as it is; nothing, when all does."""
    if len(samples) < FEWEST:
        return [f"{len(samples)} samples; at least {FEWEST} are needed to judge by"]
    return list(_faults(samples))


def _faults(samples: Sequence[Sample]) -> Iterator[str]:
    yield from (one.fault for one in series_of(samples) if one.fault)
    if (largest := max(sample.log for sample in samples)) > WAL_BYTES:
        yield f"the database's write-ahead log: {largest / 2**20:.0f} MB; {WAL_BYTES / 2**20:.0f} allowed"
    if not any(DAEMON in sample.held for sample in samples):
        yield "the daemon was never seen"


def held_table(samples: Sequence[Sample], title: str) -> Table:
    """Show each figure: at the first sample, the medians of second and last quarter, the most, and what is allowed."""
    rows = [
        (
            f"{one.kind} of {one.whose}" + (", MB" if one.kind == "memory" else ""),
            *(f"{figure:,.0f}" for figure in (one.values[0], one.early, one.late, max(one.values), one.bound)),
        )
        for one in series_of(samples)
    ]
    for name, sizes in (
        ("database, MB", [one.database for one in samples]),
        ("its log, MB", [one.log for one in samples]),
    ):
        quarter = len(sizes) // 4
        parts = (sizes[0], median(sizes[quarter : 2 * quarter]), median(sizes[-quarter:]), max(sizes))
        bound = f"{WAL_BYTES / _MEGABYTE:,.0f}" if "log" in name else "grows"
        rows.append((name, *(f"{part / _MEGABYTE:,.1f}" for part in parts), bound))
    return Table(title, ("", "first", "2nd quarter", "last quarter", "most", "allowed"), tuple(rows))
