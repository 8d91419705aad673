"""The pure line: bytes in, report out. It runs in a worker process, and alike in a test or a replay."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from pathlib import PurePath

from watcher.errors import HandlerError, ReadError, Skip
from watcher.handler import Handler
from watcher.models import Filing, Report
from watcher.saveable import faults_of

__all__ = ["MAX_ERROR_CHARACTERS", "VERSION", "Line", "text_of"]

VERSION = "line"  # the name in a report's `versions` of what `fingerprint.line_version` gives
MAX_ERROR_CHARACTERS = 2_000
# What a handler may change without putting something else in its place.
_CHANGEABLE = ("cover", "warnings", "versions")


class Line:
    """Handlers in the order in which they run. With a ``version`` every report is marked with it."""

    def __init__(self, handlers: Sequence[Handler], version: str = "") -> None:
        self.handlers = tuple(handlers)
        self.version = version

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
        left: list[tuple[str, Report]] = []
        try:
            for handler in self.handlers:
                _hand(report, handler, left, accession)
                left.append((handler.name, _as_it_is(report)))
        finally:
            # What was read is in the archive; only what was found goes on.
            report.raw = b""
            report.submission = None
        if self.version and isinstance(report.versions, dict):
            report.versions[VERSION] = self.version
        # Said here, where it is one filing's trouble: a store that refuses it could only try again for ever.
        faults, cause = _faults(report, accession)
        if faults:
            culprit = _culprit(left, accession)
            who = f"{culprit[0]} left what" if culprit else "what is left"
            raise HandlerError(_storable(f"{who} cannot be saved: {faults}")) from cause


def text_of(error: BaseException) -> str:
    """An error's text as it can be saved: no half characters, and at most ``MAX_ERROR_CHARACTERS`` of the others."""
    return _storable(_said(error))


def _hand(report: Report, handler: Handler, left: Sequence[tuple[str, Report]], accession: str) -> None:
    """Hand it to this handler. ``left`` is the report as each one before it left it."""
    try:
        handler.handle(report)
    except (Skip, ReadError, HandlerError):
        raise
    except (Exception, SystemExit) as error:
        # The border to someone else's code: whatever it raises is this filing's trouble alone.
        reason = f"{type(error).__name__}: {_said(error)} ({_place_of(error)})"
        words = f"handler {handler.name!r}: {reason}"
        # Who leaves what no other can work with is to blame, and not who stumbles over it.
        if not isinstance(error, MemoryError) and (culprit := _culprit(left, accession)):
            words = (
                f"{culprit[0]} left what cannot be used: {culprit[1]}; handler {handler.name!r} failed on it: {reason}"
            )
        raise HandlerError(_storable(words)) from error
    except BaseException as error:
        # An order to end, which goes on; told by whom, for whoever it ends.
        error.add_note(f"handler {handler.name!r}")
        raise


def _culprit(left: Sequence[tuple[str, Report]], accession: str) -> tuple[str, str] | None:
    """The first handler that left something wrong, and what; None when none did."""
    for name, was in left:
        faults, _ = _faults(was, accession)
        if faults:
            return f"handler {name!r}", faults
    return None


def _as_it_is(report: Report) -> Report:
    """The report as it is now: what is found later is put in place of it, or into its lists and tables."""
    taken = copy(report)
    taken.raw, taken.submission = b"", None
    for name in _CHANGEABLE:
        value = getattr(report, name, None)
        if isinstance(value, (list, dict)):
            setattr(taken, name, value.copy())
    return taken


def _faults(report: Report, accession: str) -> tuple[str, Exception | None]:
    """What is wrong with it, in words, with the error that told it, if one did; "" when nothing is."""
    try:
        return "; ".join(faults_of(report, accession)), None
    except MemoryError:
        raise  # nobody's fault that it was found here
    except Exception as error:  # noqa: BLE001  # told as a fault
        # The border to someone else's code: what a handler left may run its own as soon as one looks at it.
        return f"{type(error).__name__}: {_said(error)}", error


def _said(error: BaseException) -> str:
    try:
        return _shortened(str(error))  # copies of a huge one could be more than the memory that is left
    except Exception:  # noqa: BLE001  # the border to foreign code: an error may be too broken to tell its own text
        return "(no text)"


def _storable(text: str) -> str:
    text = _shortened(text).encode("utf-8", "backslashreplace").decode()
    return _shortened(text)  # an escape is longer than what it stands for


def _shortened(text: str) -> str:
    """Cut it in the middle: its start says what happened, and its end often where."""
    if len(text) <= MAX_ERROR_CHARACTERS:
        return text
    end = MAX_ERROR_CHARACTERS // 4
    return f"{text[: MAX_ERROR_CHARACTERS - end - 3]}...{text[-end:]}"


def _place_of(error: BaseException) -> str:
    """The file and line that raised it, for whoever wrote the handler."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{PurePath(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}" if trace else "nowhere"
