"""Where bulk work is done: in processes of this machine, or on a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from watcher.bulk.chunks import Place
    from watcher.registry import LineSpec
    from watcher.settings import Settings

__all__ = ["jobs_option", "on_option", "place_of"]

F = TypeVar("F", bound=Callable[..., Any])

jobs_option = click.option(
    "--jobs", type=click.IntRange(1, 64), help="Worker processes; one for each processor if not given."
)
on_option = click.option(
    "--on", metavar="ADDRESS", help="Work on the Dask cluster whose scheduler is there, such as tcp://10.0.0.5:8786."
)


@contextmanager
def place_of(settings: Settings, spec: LineSpec, jobs: int | None, on: str | None) -> Iterator[Place]:
    """Give the place, and end what was started there. Raises as `Cluster` does, and for both options at once."""
    from watcher.workers import Bounds, Workers

    if jobs is not None and on is not None:
        raise click.UsageError("--jobs are processes of this machine: leave it out with --on")
    bounds = Bounds(settings.limits.handle_seconds, settings.limits.memory_megabytes)
    if on is None:
        place: Any = Workers(spec, count=jobs or os.cpu_count() or 1, bounds=bounds)
    else:
        from watcher.bulk.cluster import Cluster

        place = Cluster(on, spec, bounds)
    try:
        yield place
    finally:
        place.close()
