"""Where a trial's filings come from, what the daemon says meanwhile, and whether its store is sound."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from urllib.parse import quote

from bench.chaos.scene import Scene
from watcher.simulator.generator import Generator
from watcher.simulator.server import Simulator, serve

__all__ = [
    "LOOK_OFTEN",
    "Supply",
    "check_store",
    "empty_edgar",
    "expect_refusal",
    "expect_words",
    "mark",
    "said",
]

LOOK_OFTEN = "[folder]\nrescan_seconds = 1\n"
_REFUSED_SECONDS = 120.0


class Supply:
    """Makes filings up, and puts each where it is to be found: in the watched folder, or on a simulator's list."""

    def __init__(self, made: Scene, simulator: Simulator | None = None) -> None:
        self._made = made
        self._simulator = simulator
        self._generator = Generator(made.trial.seed)

    def drop(self, count: int) -> None:
        """Put so many into the watched folder."""
        self._made.drop(self._generator.submission() for _ in range(count))

    def list(self, count: int, *, is_listed: bool = True) -> None:
        """Have EDGAR list so many now; or show them in its indexes only, as if they had left the list by now."""
        if self._simulator is None:
            raise ValueError("no simulator was given")
        for _ in range(count):
            one = self._generator.submission(accepted_at=self._simulator.clock.now())
            self._simulator.add(one, is_listed=is_listed)
            self._made.expected.add(one.accession)

    def both(self, count: int) -> None:
        """Put so many into the folder, and so many on the list."""
        self.drop(count)
        self.list(count)


@asynccontextmanager
async def empty_edgar() -> AsyncIterator[tuple[Simulator, str]]:
    """Serve a simulator that lists nothing yet; give it and its URL."""
    simulator = Simulator.from_submissions(())
    async with serve(simulator) as url:
        yield simulator, url


def mark(made: Scene) -> int:
    """Where the daemon's log ends now."""
    return made.log.stat().st_size if made.log.exists() else 0


def said(made: Scene, since: int = 0) -> str:
    """What the daemon has said since a mark, on its log and to whoever started it."""
    with made.log.open("rb") as log:
        log.seek(since)
        return log.read().decode(errors="replace")


async def expect_words(made: Scene, since: int, *words: str, seconds: float = 60.0) -> None:
    """Wait until all of these words were said since a mark; those that were not are noted as wrong."""
    await made.until(lambda: all(one in said(made, since) for one in words), seconds, f"words: {', '.join(words)}")


async def expect_refusal(made: Scene, *words: str, prefix: tuple[str, ...] = (), code: int = 3) -> None:
    """Start the daemon, which must end by itself with this exit code, these words and no traceback."""
    since = mark(made)
    await made.launch(prefix=prefix)
    try:
        came = await made.ended(_REFUSED_SECONDS)
    except TimeoutError:
        made.wrong.append(f"started all the same: {said(made, since)[-300:]}")
        await made.end()
        return
    text = said(made, since)
    missing = [one for one in words if one not in text]
    if came != code or missing or "Traceback" in text:
        made.wrong.append(f"refused with exit code {came}, without {missing}: {text[-300:]}")


def check_store(made: Scene) -> None:
    """Note as wrong what SQLite finds broken in the store. A server's is the server's to watch."""
    if not made.trial.store.startswith("sqlite"):
        return
    path = made.trial.store.removeprefix("sqlite:///")
    with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)) as database:
        found = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
        broken = database.execute("PRAGMA foreign_key_check").fetchone()
    if found != "ok" or broken:
        made.wrong.append(f"the store is broken: {found}, {broken}")
