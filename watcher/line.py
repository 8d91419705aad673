"""The pure line: bytes in, report out. It runs in a worker process, and alike in a test or a replay."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.errors import HandlerError, ReadError, Skip
from watcher.handler import Handler
from watcher.models import Filing, Report

__all__ = ["Line"]


class Line:
    """Handlers in the order in which they run."""

    def __init__(self, handlers: Sequence[Handler]) -> None:
        self.handlers = tuple(handlers)

    def run(self, filing: Filing, raw: bytes) -> Report:
        """Hand the filing from handler to handler and return what they found. Raises what `fill` raises."""
        report = Report(filing=filing, raw=raw)
        self.fill(report)
        return report

    def fill(self, report: Report) -> None:
        """Hand the report from handler to handler; whatever happens, its raw bytes are gone from it afterwards.

        Raises ``Skip`` when one ends the route, ``ReadError`` when the bytes cannot be read, and ``HandlerError``,
        with its cause, when a handler fails in any other way.
        """
        try:
            for handler in self.handlers:
                _hand(report, handler)
        finally:
            # What was read is in the archive; only what was found goes on.
            report.raw = b""
            report.submission = None


def _hand(report: Report, handler: Handler) -> None:
    try:
        handler.handle(report)
    except (Skip, ReadError, HandlerError):
        raise
    except Exception as error:
        # The border to someone else's code: whatever it raises is this filing's trouble alone.
        raise HandlerError(f"handler {handler.name!r}: {type(error).__name__}: {error}") from error
