"""Blocking work in a thread of its own: a server or a disk that hangs must not fill the threads of the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["run_apart"]

T = TypeVar("T")


async def run_apart(work: Callable[[], T], *, name: str) -> T:
    """Run it and return what it returns. A caller that stops waiting leaves the thread to end by itself."""
    executor = ThreadPoolExecutor(1, thread_name_prefix=name)
    try:
        return await asyncio.get_running_loop().run_in_executor(executor, work)
    finally:
        executor.shutdown(wait=False)
