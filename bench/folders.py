"""Where a run has its settings, stores and logs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["kept_or_passing"]


@contextmanager
def kept_or_passing(kept: Path | None, name: str) -> Iterator[Path]:
    """Make this folder, which stays and must be new; without one, a folder for the run ``name`` that goes with it.

    Raises ``FileExistsError``.
    """
    if kept is None:
        with tempfile.TemporaryDirectory(prefix=f"eightk-{name}-") as folder:
            yield Path(folder)
        return
    kept.mkdir(parents=True)
    yield kept.resolve()
