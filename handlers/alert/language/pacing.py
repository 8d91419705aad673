"""How a rule wants its alerts told: ``throttle``, ``group``, ``active`` and ``expires``, read and checked.

What becomes of it is decided elsewhere; here it is only given its filing's values.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from handlers.alert.language.codes import Code
from handlers.alert.language.nodes import Node, Scalar, Table
from handlers.alert.language.page import Page, suggestion
from handlers.alert.matching.fields import FACTS, Field
from watcher import ActiveHours, Grouping, Pacing, Throttle

__all__ = [
    "ACTIVE_KEYS",
    "AT_ONCE",
    "CLOCK_PATTERN",
    "DAYS",
    "DURATION_PATTERN",
    "GROUPING_KEYS",
    "MOST_TELLINGS",
    "MOST_TOGETHER",
    "NONE",
    "OUTSIDE",
    "PACE_KEYS",
    "THROTTLE_KEYS",
    "GroupingAsked",
    "Pace",
    "ThrottleAsked",
    "read_pace",
]

_LONGEST_KEY = 400  # characters: a name of any length may be part of it, and an index takes no more of a key
PACE_KEYS = ("throttle", "group", "active", "expires")
THROTTLE_KEYS = ("key", "window", "max")
GROUPING_KEYS = ("by", "wait", "max")
ACTIVE_KEYS = ("timezone", "days", "from", "to", "outside")
OUTSIDE = ("hold", "drop")
NONE = "none"  # takes back what a default says
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
DURATION_PATTERN = r"([0-9]{1,9})([smhd])"
_DURATION = re.compile(DURATION_PATTERN)
_LONGEST_SECONDS = 366 * _SECONDS["d"]
MOST_TELLINGS = 10_000
MOST_TOGETHER = 1_000
_TOGETHER = 50
CLOCK_PATTERN = r"([01][0-9]|2[0-4]):([0-5][0-9])"
_CLOCK = re.compile(CLOCK_PATTERN)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES = 24 * 60
_ZONE = "America/New_York"  # EDGAR's

Read = TypeVar("Read")
# Gives what a filing has of a field, as one text.
Told = Callable[[Field], str]


@dataclass(frozen=True, slots=True)
class ThrottleAsked:
    """At most ``max`` tellings within a window for each filing's values of the key; no key: of the rule."""

    key: tuple[Field, ...]
    window_seconds: int
    max: int

    def throttle(self, told: Told) -> Throttle:
        """Return it with a filing's values."""
        return Throttle(_key(self.key, told), self.window_seconds, self.max)


@dataclass(frozen=True, slots=True)
class GroupingAsked:
    """Alerts whose filings have these values in common are told together."""

    by: tuple[Field, ...]
    wait_seconds: int
    max: int

    def grouping(self, told: Told) -> Grouping:
        """Return it with a filing's values."""
        return Grouping(_key(self.by, told), self.wait_seconds, self.max)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a rule's alerts are told, before it is known of which filing."""

    throttle: ThrottleAsked | None = None
    grouping: GroupingAsked | None = None
    active: ActiveHours | None = None
    expires_seconds: int | None = None

    def pacing(self, told: Told) -> Pacing | None:
        """Return it with a filing's values; None when alerts are told at once and each time."""
        if self == AT_ONCE:
            return None
        return Pacing(
            self.throttle.throttle(told) if self.throttle else None,
            self.grouping.grouping(told) if self.grouping else None,
            self.active,
            self.expires_seconds,
        )


AT_ONCE = Pace()


def _key(fields: tuple[Field, ...], told: Told) -> str:
    key = " ".join(f"{field.name}={told(field)}" for field in fields)
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{key[:_LONGEST_KEY]} {hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:16]}"


def read_pace(page: Page, table: Table, key: str, inherited: Pace) -> Pace:
    """Read what a rule, or its defaults, say of it. What they do not say is ``inherited``; ``none`` takes it back."""

    def asked(name: str, before: Read | None, read: Callable[[Page, Node, str], Read | None]) -> Read | None:
        node = table.get(name)
        if node is None:
            return before
        if isinstance(node, Scalar) and node.text == NONE:
            return None
        return read(page, node, f"{key}.{name}")

    return Pace(
        asked("throttle", inherited.throttle, _read_throttle),
        asked("group", inherited.grouping, _read_grouping),
        asked("active", inherited.active, _read_active),
        asked("expires", inherited.expires_seconds, _read_duration),
    )


def _read_throttle(page: Page, node: Node, key: str) -> ThrottleAsked | None:
    table = page.table(node, key)
    if table is None:
        return None
    page.check_keys(table, key, THROTTLE_KEYS)
    window_node = page.required(table, "window", key, "such as window: 24h")
    window = _read_duration(page, window_node, f"{key}.window") if window_node else None
    most = page.number(table.get("max"), f"{key}.max", 1, MOST_TELLINGS) or 1
    fields = _read_fields(page, table.get("key"), f"{key}.key")
    return ThrottleAsked(fields, window, most) if window else None


def _read_grouping(page: Page, node: Node, key: str) -> GroupingAsked | None:
    table = page.table(node, key)
    if table is None:
        return None
    page.check_keys(table, key, GROUPING_KEYS)
    wait_node = page.required(table, "wait", key, "such as wait: 15m")
    wait = _read_duration(page, wait_node, f"{key}.wait") if wait_node else None
    most = page.number(table.get("max"), f"{key}.max", 2, MOST_TOGETHER) or _TOGETHER
    fields = _read_fields(page, table.get("by"), f"{key}.by")
    return GroupingAsked(fields, wait, most) if wait else None


def _read_fields(page: Page, node: Node | None, key: str) -> tuple[Field, ...]:
    names = () if node is None else page.texts(node, key)
    for name in names:
        if name.text not in FACTS:
            page.unknown(Code.UNKNOWN_FIELD, name.place, key, name.text, FACTS)
    return tuple(dict.fromkeys(FACTS[name.text] for name in names if name.text in FACTS))


def _read_duration(page: Page, node: Node, key: str) -> int | None:
    text = page.text(node, key)
    if text is None:
        return None
    match = _DURATION.fullmatch(text.text)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not 0 < seconds <= _LONGEST_SECONDS:
        problem = f"{text.text!r}: expected a time such as 90s, 15m, 24h or 7d, at most 366d"
        page.fault(Code.BAD_VALUE, text.place, key, problem)
        return None
    return seconds


def _read_active(page: Page, node: Node, key: str) -> ActiveHours | None:
    table = page.table(node, key)
    if table is None:
        return None
    before = page.count
    page.check_keys(table, key, ACTIVE_KEYS)
    zone = _read_zone(page, table.get("timezone"), f"{key}.timezone")
    days = _read_days(page, table.get("days"), f"{key}.days")
    begin = _read_clock(page, table.get("from"), f"{key}.from", 0)
    end = _read_clock(page, table.get("to"), f"{key}.to", _DAY_MINUTES)
    outside = page.choice(table.get("outside"), f"{key}.outside", OUTSIDE)
    if begin % _DAY_MINUTES == end % _DAY_MINUTES and (begin, end) != (0, _DAY_MINUTES):
        page.fault(Code.BAD_VALUE, table.place, key, "ends when it begins", "leave from and to out for whole days")
    return ActiveHours(zone, days, begin, end, outside != "drop") if page.count == before else None


def _read_zone(page: Page, node: Node | None, key: str) -> str:
    text = page.text(node, key)
    if text is None:
        return _ZONE
    try:
        return ZoneInfo(text.text).key
    except (KeyError, OSError, ValueError):  # no such zone, a folder of zones, no name of one: told as a fault
        zones = sorted(available_timezones())
        remedy = suggestion(text.text, zones)
        remedy = remedy if remedy.startswith("did") else f"a name such as {_ZONE}"
        page.fault(Code.BAD_VALUE, text.place, key, f"there is no time zone {text.text!r}", remedy)
        return _ZONE


def _read_days(page: Page, node: Node | None, key: str) -> tuple[int, ...]:
    if node is None:
        return tuple(range(len(DAYS)))
    before = page.count
    texts = page.texts(node, key)
    if not texts and page.count == before:
        page.fault(Code.EMPTY, node.place, key, "is an empty list: nobody would ever be told")
    for text in texts:
        if text.text not in DAYS:
            problem = f"{text.text!r} is not one of {', '.join(DAYS)}"
            remedy = "days are written one by one: [mon, tue, wed, thu, fri]"
            page.fault(Code.BAD_VALUE, text.place, key, problem, remedy)
    days = {text.text for text in texts}
    return tuple(number for number, day in enumerate(DAYS) if day in days)


def _read_clock(page: Page, node: Node | None, key: str, default: int) -> int:
    text = page.text(node, key)
    if text is None:
        return default
    match = _CLOCK.fullmatch(text.text)
    minute = int(match[1]) * 60 + int(match[2]) if match else _DAY_MINUTES + 1
    if minute > _DAY_MINUTES:
        page.fault(Code.BAD_VALUE, text.place, key, f"{text.text!r}: expected a time of day such as 06:00 or 22:30")
        return default
    return minute
