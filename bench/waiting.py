"""Waiting for what other processes do: they ring no bell, so one has to look again and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

__all__ = ["until"]


async def until(is_so: Callable[[], Awaitable[bool]], seconds: float, *, look_seconds: float = 0.25) -> bool:
    """Return True as soon as it is so; False when it is not by then. It is looked at once at the least."""
    ends_at = time.monotonic() + seconds
    while not (so := await is_so()) and time.monotonic() < ends_at:  # noqa: ASYNC110  # nobody sets it
        await asyncio.sleep(look_seconds)
    return so
