"""Empty stores for trials: a file in the trial's folder, or a database on a PostgreSQL server of the run's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

import pytest

from bench import database

__all__ = ["Stores"]


class Stores:
    """Makes stores while inside. The server is started when the first store on it is asked about."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._server: database.Server | None = None
        self._lack: str | None = None  # what the server lacks; "": it runs; None: nobody has asked yet
        self._made = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def missing(self, store: str) -> str:
        """Say what this machine lacks for stores of this kind; "" when nothing."""
        if store == "sqlite":
            return ""
        if self._lack is None:
            self._lack = self._start()
        return self._lack

    @contextmanager
    def empty(self, store: str, folder: Path) -> Iterator[str]:
        """Give the URL of an empty store while inside; a database is dropped then. `missing` was asked before."""
        if store == "sqlite":
            yield f"sqlite:///{folder / 'data' / 'eightk.db'}"
            return
        assert self._server is not None
        self._made += 1
        name = f"chaos_{self._made}"
        yield database.made(self._server, name)
        database.dropped(self._server, name)

    def _start(self) -> str:
        try:
            self._server = self._stack.enter_context(database.serving())
        except (pytest.skip.Exception, pytest.fail.Exception) as missing:
            return str(missing)
        return ""
