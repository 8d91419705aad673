"""A progress bar on standard error while a person looks at it; elsewhere nothing, or a plain line now and then."""

from __future__ import annotations

import time

import click

from watcher.cli._options import is_terminal
from watcher.cli._printing import say

__all__ = ["Bar"]

WIDTH = 24
REDRAW_SECONDS = 0.1
# Plain lines, for a log: none for what is soon done.
LINE_SECONDS = 15.0


class Bar:
    """How far something is. Use it in ``with``: the end leaves the bar's line."""

    def __init__(self) -> None:
        self.is_shown = is_terminal(err=True)  # else nobody need know how much there is
        self._drawn_at = 0.0
        self._said_at = time.monotonic()
        self._width = 0

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._width:
            click.echo(err=True)

    def show(self, what: str, done: int, of: int | None) -> None:
        """Show so much done of so much, if it is time to; of None nobody knows how much there is."""
        now = time.monotonic()
        if self.is_shown and (now - self._drawn_at >= REDRAW_SECONDS or done == of):
            self._drawn_at = now
            line = f"{_drawn(done, of)}{_words(what, done, of)}"
            click.echo(f"\r{line:<{self._width}}", err=True, nl=False)
            self._width = len(line)
        elif not self.is_shown and now - self._said_at >= LINE_SECONDS:
            self._said_at = now
            say(_words(what, done, of), err=True)


def _drawn(done: int, of: int | None) -> str:
    if of is None:
        return ""
    full = round(WIDTH * done / of) if of else WIDTH
    return f"[{'#' * full}{'.' * (WIDTH - full)}] "


def _words(what: str, done: int, of: int | None) -> str:
    return f"{done:,} {what}" if of is None else f"{done:,} of {of:,} {what}"
