"""The pure line: bytes in, report out. It runs in a worker process, and alike in a test or a replay."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import is_dataclass
from datetime import date, datetime
from functools import cache, partial
from pathlib import PurePath
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from watcher.errors import HandlerError, ReadError, Skip
from watcher.handler import Handler
from watcher.models import Alert, Document, Filing, Item, Report, alert_id
from watcher.report_json import to_json

__all__ = ["MAX_ERROR_CHARACTERS", "Line", "text_of"]

MAX_ERROR_CHARACTERS = 2_000
_MAX_DEPTH = 50
# The store's narrow columns: characters of a text, bits of an integer (beside its sign).
_CHARACTERS: dict[tuple[type, str], int] = {(Filing, "form"): 20, (Item, "number"): 5, (Alert, "revision"): 64}
_BITS: dict[tuple[type, str], int] = {(Document, "sequence"): 31}
_ALL_BITS = 63
# What is gone from a report before it is saved.
_PASSING = ("raw", "submission")

# Looks at a value and returns what is wrong with it, told so that it goes on from the value's name; "" when nothing is.
_Check = Callable[[Any], str]


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
        try:
            faults = "; ".join(_faults(report, accession))
        except Exception as error:
            # The border to someone else's code: what a handler left may run its own as soon as one looks at it.
            raise HandlerError(_unsaveable(f"{type(error).__name__}: {_said(error)}")) from error
        if faults:
            raise HandlerError(_unsaveable(faults))


def text_of(error: BaseException) -> str:
    """An error's text as it can be saved: no half characters, and at most ``MAX_ERROR_CHARACTERS`` of the others."""
    return _storable(_said(error))


def _hand(report: Report, handler: Handler) -> None:
    try:
        handler.handle(report)
    except (Skip, ReadError, HandlerError):
        raise
    except (Exception, SystemExit) as error:
        # The border to someone else's code: whatever it raises is this filing's trouble alone.
        reason = f"{type(error).__name__}: {_said(error)} ({_place_of(error)})"
        raise HandlerError(_storable(f"handler {handler.name!r}: {reason}")) from error


def _said(error: BaseException) -> str:
    try:
        return str(error)
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


def _unsaveable(faults: str) -> str:
    return _storable(f"what the handlers found cannot be saved: {faults}")


def _faults(report: Report, accession: str) -> Iterator[str]:
    wrong = [f"{name}{fault}" for name, check in _checks_of(Report) if (fault := check(getattr(report, name)))]
    yield from wrong
    if wrong:
        return
    if accession and report.filing.accession != accession:
        yield f"filing.accession: was {accession!r}, became {report.filing.accession!r}"
    sequences = [document.sequence for document in report.documents]
    if len(sequences) != len(set(sequences)):
        yield f"documents: two of them have one sequence: {sequences}"
    for alert in report.alerts:
        if alert.id != alert_id(report.filing.accession, alert.rule):
            yield f"alerts: the id of rule {alert.rule!r} is not alert_id(accession, rule)"


@cache
def _checks_of(kind: type) -> tuple[tuple[str, _Check], ...]:
    """A check for each field of a dataclass, made from its type hints once: the check runs for every filing."""
    hints = get_type_hints(kind, localns={"Submission": object})  # which is imported for the types only
    return tuple((name, _check_of(hint, kind, name)) for name, hint in hints.items() if name not in _PASSING)


def _check_of(hint: Any, kind: type, name: str) -> _Check:  # noqa: PLR0911  # one return for each kind of hint
    """Return the check that this type hint asks for, of this field of that dataclass."""
    origin, inner = get_origin(hint), get_args(hint)
    if NoneType in inner:
        (other,) = (one for one in inner if one is not NoneType)
        return partial(_unless_none, _check_of(other, kind, name))
    if origin in (tuple, list):
        return partial(_sequence, origin, _check_of(inner[0], kind, name))
    if origin is dict:
        return _json if inner[1] is Any else partial(_mapping, _check_of(inner[1], kind, name))
    if isinstance(hint, type) and is_dataclass(hint):
        return partial(_fields, hint, _checks_of(hint))
    if hint is str:
        return partial(_text, _CHARACTERS.get((kind, name), math.inf))
    if hint is int:
        return partial(_integer, _BITS.get((kind, name), _ALL_BITS))
    return _SIMPLE.get(hint) or partial(_instance, hint)


def _other(kind: type, value: Any) -> str:
    return f": expected {kind.__name__}, came {type(value).__name__}"


def _instance(kind: type, value: Any) -> str:
    return "" if isinstance(value, kind) else _other(kind, value)


def _unless_none(check: _Check, value: Any) -> str:
    return "" if value is None else check(value)


def _sequence(kind: type[tuple[Any, ...]] | type[list[Any]], check: _Check, value: Any) -> str:
    if not isinstance(value, kind):
        return _other(kind, value)
    for place, one in enumerate(value):
        if fault := check(one):
            return f"[{place}]{fault}"
    return ""


def _mapping(check: _Check, value: Any) -> str:
    if fault := _keys(value):
        return fault
    return next((f"[{key!r}]{fault}" for key, one in value.items() if (fault := check(one))), "")


def _keys(value: Any) -> str:
    if not isinstance(value, dict):
        return _other(dict, value)
    for key in value:
        if fault := _text(math.inf, key):
            return fault.replace("expected str", "expected keys of type str")
    return ""


def _fields(kind: type, checks: tuple[tuple[str, _Check], ...], value: Any) -> str:
    # No class derived from it: the store could not make that again.
    if type(value) is not kind:
        return _other(kind, value)
    for name, check in checks:
        if fault := check(getattr(value, name)):
            return f".{name}{fault}"
    return ""


def _text(max_characters: float, value: Any) -> str:
    if not isinstance(value, str):
        return _other(str, value)
    if len(value) > max_characters:
        return f": expected {max_characters} characters at most, came {len(value)}"
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            return f": {error}"
    return ""


def _integer(max_bits: int, value: Any) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return _other(int, value)
    return f": expected an integer of {max_bits} bits at most" if value.bit_length() > max_bits else ""


def _number(value: Any) -> str:
    if not isinstance(value, float):
        return _integer(_ALL_BITS, value) if type(value) is int else _other(float, value)
    return "" if math.isfinite(value) else f": expected a finite number, came {value}"


def _day(value: Any) -> str:
    # A datetime is a date to Python, and another text in the store.
    return _other(date, value) if isinstance(value, datetime) else _instance(date, value)


def _instant(value: Any) -> str:
    if not isinstance(value, datetime):
        return _other(datetime, value)
    try:
        datetime.fromisoformat(to_json(value))
    except (ValueError, OverflowError) as error:
        return f": {error}" if value.tzinfo is None else f": {type(error).__name__}: {error}"
    return ""


def _json(value: Any) -> str:
    """Check what may hold anything that has a JSON form."""
    if fault := _keys(value):
        return fault
    try:
        level = [to_json(value)]
        json.dumps(level, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError) as error:
        return f": {type(error).__name__}: {error}"
    # How deep a process can go depends on where it stands: the daemon must be able to wherever it does.
    for _ in range(_MAX_DEPTH):
        level = [inner for one in level if isinstance(one, (dict, list)) for inner in _insides(one)]
        if not level:
            return ""
    return f": nested deeper than {_MAX_DEPTH}"


def _insides(value: dict[str, Any] | list[Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value


_SIMPLE: dict[Any, _Check] = {float: _number, date: _day, datetime: _instant}
