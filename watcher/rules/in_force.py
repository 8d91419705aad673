"""Keeps the rules of the running line as their files say, and their revisions in the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from watcher.clock import Clock
from watcher.errors import ConfigError
from watcher.registry import LineSpec
from watcher.rulebook import RuleBook
from watcher.rules.books import rules_handler
from watcher.rules.reload import Reloader
from watcher.settings import Settings
from watcher.store import revisions
from watcher.store.database import Store

__all__ = ["rules_in_force"]


def rules_in_force(
    settings: Settings,
    spec: LineSpec,
    *,
    store: Store,
    clock: Clock,
    renew: Callable[[LineSpec], None],
    endpoints: Callable[[], frozenset[str]],
) -> Reloader | None:
    """Return what reads the rule files again when they change; None when this line keeps no rules.

    ``renew`` is given the line whenever its rules are others than before; ``endpoints`` are those that rules may name.
    """
    folder = spec.context.rules_path
    try:
        handler = rules_handler(settings)
    except ConfigError:  # its handler is disabled, as the settings may well say
        return None
    if folder is None:
        return None
    running = spec

    def read() -> RuleBook:
        return handler.read_book((folder,), endpoints())

    async def use(book: RuleBook) -> None:
        nonlocal running
        await store.write(revisions.note, book.rules, book.lists, clock.now())
        packed = await asyncio.to_thread(book.packed)
        if packed != running.prepared.get(handler.name):
            running = replace(running, prepared={**running.prepared, handler.name: packed})
            renew(running)

    async def keep() -> str:
        prepared = running.prepared.get(handler.name)
        if prepared is None:
            return ""
        version, rules, lists = await asyncio.to_thread(handler.told_of, prepared)
        await store.write(revisions.note, rules, lists, clock.now())
        return version

    return Reloader(folder, read=read, use=use, keep=keep)
