"""The daemon's own command in a process that kills itself at a point of a filing's route.

``python -m bench.runners.dying POINT TIMES run --config FILE``: when it has come to the point so often it is
gone, by SIGKILL. The points are put around the real functions from outside.
"""

from __future__ import annotations

import inspect
import itertools
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from watcher.cli import main
from watcher.deliver import Deliverer
from watcher.dispatch import Dispatcher
from watcher.edgar.client import EdgarClient
from watcher.sources.intake import Intake
from watcher.store import filings, reports, settling
from watcher.store.archive import Archive
from watcher.store.database import Store
from watcher.workers import Workers

__all__ = ["POINTS", "after", "before", "committed"]

Install = Callable[[Callable[[], None]], None]
_transaction = threading.local()  # each runs in one thread; `is_meant` when the function was called in this one


def before(owner: Any, name: str, when: Callable[..., object] = lambda *_, **__: True) -> Install:
    """Have it come to the point before this function is called with arguments that ``when`` means."""

    def install(passed: Callable[[], None]) -> None:
        real = getattr(owner, name)

        @wraps(real)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if when(*args, **kwargs):
                passed()
            return real(*args, **kwargs)

        setattr(owner, name, wrapped)

    return install


def after(owner: Any, name: str, when: Callable[[Any], object] = lambda _: True) -> Install:
    """Have it come to the point when this function has returned what ``when`` means."""

    def install(passed: Callable[[], None]) -> None:
        real = getattr(owner, name)

        def looked_at(result: Any) -> Any:
            if when(result):
                passed()
            return result

        @wraps(real)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            return looked_at(real(*args, **kwargs))

        @wraps(real)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            return looked_at(await real(*args, **kwargs))

        setattr(owner, name, awaited if inspect.iscoroutinefunction(real) else wrapped)

    return install


def committed(owner: Any, name: str, when: Callable[[Any], object] = lambda _: True) -> Install:
    """Have it come to the point when the transaction is committed in which this function returned what is meant."""

    def install(passed: Callable[[], None]) -> None:
        after(owner, name, when)(lambda: setattr(_transaction, "is_meant", True))
        transact = "_transact"
        real = getattr(Store, transact)

        @wraps(real)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            _transaction.is_meant = False
            result = real(*args, **kwargs)
            if _transaction.is_meant:
                passed()
            return result

        setattr(Store, transact, wrapped)

    return install


def _has_new(_: Intake, connection: Any, found: Any, *__: Any, **___: Any) -> bool:
    return bool(filings.unknown(connection, [one.accession for one in found]))


def _is_archived(aside: Path, target: Path) -> bool:
    return aside.suffix == ".part" and target.name.endswith(".txt.gz")


# In the order of the route.
POINTS: dict[str, Install] = {
    "a list was read": before(Intake, "take", _has_new),
    "spotted, not committed": after(filings, "spot", bool),
    "spotted": committed(filings, "spot", bool),
    "handed out": before(Dispatcher, "dispatch"),
    "taken": after(Dispatcher, "_take", lambda stored: stored is not None),
    "EDGAR has answered": after(EdgarClient, "submission"),
    "written aside, not renamed": before(Path, "replace", _is_archived),
    "archived, not noted": after(Archive, "keep"),
    "fetched": after(Dispatcher, "_fetch"),
    "being read": after(Workers, "submit"),
    "handled": after(Dispatcher, "_handle"),
    "saved, not committed": after(reports, "save"),
    "saved": committed(reports, "save"),
    "delivery handed out": before(Deliverer, "_try"),
    "told, not noted": after(Deliverer, "_try"),
    "noted, not committed": after(settling, "settle_all"),
    "noted": committed(settling, "settle_all"),
}


def _dying(times: int) -> Callable[[], None]:
    numbers = itertools.count(1)

    def passed() -> None:
        # At or beyond: two threads may come to it at once.
        if next(numbers) >= times:
            os.kill(os.getpid(), signal.SIGKILL)

    return passed


if __name__ == "__main__":
    _, point, count, *arguments = sys.argv
    POINTS[point](_dying(int(count)))
    main(arguments)
