"""Waiting for events and tasks of asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

__all__ = ["end", "end_loops", "wait"]

_AGAIN_SECONDS = 5.0  # what ends in order takes a moment, and must not be disturbed in that


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, or after so long.

    Not by ``asyncio.wait_for``: whoever is cancelled in it just as the event is set goes on as if nothing had been
    (https://github.com/python/cpython/issues/86296; mended in Python 3.12).
    """
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel them, and return when they have ended: what they use may be closed next."""
    ending = tuple(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


async def end_loops(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel what would run for ever, until it has ended.

    Once is not always enough: a library's ``asyncio.wait_for`` can lose a cancellation (see `wait`), and a loop would
    go on then, with whoever waits for its end.
    """
    ending = tuple(tasks)
    going = set(ending)
    while going:
        for task in going:
            task.cancel()
        _, going = await asyncio.wait(going, timeout=_AGAIN_SECONDS)
    await asyncio.gather(*ending, return_exceptions=True)  # who cares how they ended asks before
