"""Whether a report can be saved, told and read back: said where it is one filing's trouble.

A store that refuses it could only try again for ever. The checks are made from the type hints of `watcher.models`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from datetime import date, datetime
from functools import cache, partial
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from watcher.every_filing import RULE
from watcher.models import (
    OWN_RULES,
    ActiveHours,
    Alert,
    Document,
    Filing,
    Grouping,
    Item,
    Pacing,
    Report,
    Throttle,
    alert_id,
)
from watcher.report_json import to_json

__all__ = ["faults_of"]

_MAX_DEPTH = 50
# The store's narrow columns: characters of a text, bits of an integer (beside its sign).
_CHARACTERS: dict[tuple[type, str], int] = {(Filing, "form"): 20, (Item, "number"): 5, (Alert, "revision"): 64}
_BITS: dict[tuple[type, str], int] = {(Document, "sequence"): 31}
_ALL_BITS = 63
# What the plan reckons with, inside the transaction that saves: a clock's day, and spans that end on some calendar.
_DAY_MINUTES, _LONGEST_SECONDS = 24 * 60, 1_000_000_000
_MOST: dict[tuple[type, str], int] = {
    (ActiveHours, "begin_minute"): _DAY_MINUTES,
    (ActiveHours, "end_minute"): _DAY_MINUTES,
    (Throttle, "window_seconds"): _LONGEST_SECONDS,
    (Grouping, "wait_seconds"): _LONGEST_SECONDS,
    (Pacing, "expires_seconds"): _LONGEST_SECONDS,
}
# What is gone from a report before it is saved.
_PASSING = ("raw", "submission")

# Looks at a value and returns what is wrong with it, told so that it goes on from the value's name; "" when nothing is.
_Check = Callable[[Any], str]


def faults_of(report: Report, accession: str) -> Iterator[str]:
    """Give each thing that is wrong with it, beginning with the field's name. Whatever a value of it runs may raise."""
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
        if alert.rule == RULE or alert.rule.startswith(OWN_RULES):
            yield f"alerts: {alert.rule!r} is the name of what eightk tells itself, not of a rule"


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
    if (kind, name) == (ActiveHours, "zone"):
        return _zone
    if (kind, name) in _MOST:
        return partial(_between, _MOST[kind, name])
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


def _between(most: int, value: Any) -> str:
    if fault := _integer(_ALL_BITS, value):
        return fault
    return "" if 0 <= value <= most else f": expected 0 to {most:,}, came {value:,}"


def _zone(value: Any) -> str:
    if fault := _text(math.inf, value):
        return fault
    return "" if _is_zone(value) else f": there is no time zone {value!r}"


@cache
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, no name at all, or a folder of names
        return False
    return True


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
