"""Waiting for events and tasks of asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

__all__ = ["end", "wait"]


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
