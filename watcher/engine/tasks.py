"""Waiting for events and tasks of asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

__all__ = ["end", "wait"]


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, or after so long."""
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
