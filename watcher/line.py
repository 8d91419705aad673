"""The pure line: bytes in, report out. It runs in a worker process, and alike in a test or a replay."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from watcher.errors import HandlerError, ReadError, Skip
from watcher.handler import Handler
from watcher.models import Alert, Document, Event, Exhibit, Filing, Item, Report, alert_id
from watcher.report_json import report_from_json, report_line

__all__ = ["Line"]

_KINDS = {"documents": Document, "items": Item, "exhibits": Exhibit, "events": Event, "alerts": Alert}


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
        with its cause, when a handler fails in any other way or what they leave cannot be saved and told.
        """
        accession = report.filing.accession
        try:
            for handler in self.handlers:
                _hand(report, handler)
        finally:
            # What was read is in the archive; only what was found goes on.
            report.raw = b""
            report.submission = None
        # Said here, where it is one filing's trouble: a store that refuses it could only try again for ever.
        if faults := "; ".join(_faults(report, accession)):
            raise HandlerError(f"what the handlers found cannot be saved: {faults}")


def _hand(report: Report, handler: Handler) -> None:
    try:
        handler.handle(report)
    except (Skip, ReadError, HandlerError):
        raise
    except (Exception, SystemExit) as error:
        # The border to someone else's code: whatever it raises is this filing's trouble alone.
        reason = f"{type(error).__name__}: {error} ({_place_of(error)})"
        raise HandlerError(f"handler {handler.name!r}: {reason}") from error


def _place_of(error: BaseException) -> str:
    """The file and line that raised it, for whoever wrote the handler."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{PurePath(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}" if trace else "nowhere"


def _faults(report: Report, accession: str) -> Iterator[str]:
    if accession and report.filing.accession != accession:
        yield f"filing.accession: was {accession!r}, became {report.filing.accession!r}"
    strangers = list(_strangers(report))
    yield from strangers
    if strangers:
        return
    sequences = [document.sequence for document in report.documents]
    if len(sequences) != len(set(sequences)):
        yield f"documents: two of them have one sequence: {sequences}"
    for alert in report.alerts:
        if alert.id != alert_id(report.filing.accession, alert.rule):
            yield f"alerts: the id of rule {alert.rule!r} is not alert_id(accession, rule)"
    try:
        text = json.dumps(report_line(report), ensure_ascii=False, allow_nan=False)
        (text + "".join(document.text for document in report.documents)).encode()
        report_from_json(json.loads(text), {})
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        yield f"{type(error).__name__}: {error}"


def _strangers(report: Report) -> Iterator[str]:
    """What stands where it does not belong: a dict among the events, say."""
    for name, kind in _KINDS.items():
        for one in getattr(report, name):
            if not isinstance(one, kind):
                yield f"{name}: expected {kind.__name__}, got {type(one).__name__}"
