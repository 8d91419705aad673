"""The lies that the simulator tells on demand: which there are, when each applies, and to what.

A fault is written ``kind[=value][:family][%share][@when[/seconds]]``::

    block@10:00/600                     the rate page to all that is asked, each day from 10:00 to 10:10 in New York
    block=429@2025-03-04T10:00/600      the same on one day only, with status 429
    slow=20:current%5                   one look at the live list in twenty takes 20 seconds
    late=300%10                         one filing in ten cannot be read for 300 seconds after it is listed

Without ``@when`` it always applies, without ``/seconds`` for 600. What is left to chance depends on the seed and on
what is asked for the how-manieth time, and on nothing else: the same run meets the same faults.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from watcher.edgar.calendar import NEW_YORK

__all__ = ["EVERY_FAULT", "KINDS", "Fault", "Faults", "Kind"]

_FORM = re.compile(
    r"(?P<kind>[a-z][a-z-]*)(?:=(?P<value>[+-]?\d{1,9}(?:\.\d{1,6})?))?(?::(?P<family>[a-z-]+))?"
    r"(?:%(?P<share>\d{1,3}(?:\.\d{1,6})?))?"
    r"(?:@(?:(?P<day>\d{4}-\d\d-\d\d)T)?(?P<at>\d\d:\d\d(?::\d\d)?)(?:/(?P<seconds>\d{1,9}))?)?"
)
_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: what it does, what its value is, and to which family it applies if none is named."""

    does: str
    value: float = 0.0
    family: str = ""  # "": to every one


KINDS: Mapping[str, Kind] = {
    # Another answer than the one that was asked for.
    "block": Kind("the page of the rate limit with this status, and for ten minutes more to whoever asks", 403),
    "undeclared": Kind("the page that calls the client an undeclared tool", 403),
    "maintenance": Kind("503 and the maintenance page, whatever is asked for"),
    "outage": Kind("503 and the maintenance page for the live list, at start=0 too", family="current"),
    "error": Kind("this status with a few words", 500),
    "denied": Kind("403 and the archive's AccessDenied", family="daily-index"),
    "missing": Kind("404 and the archive's NoSuchKey", family="submission"),
    "empty": Kind("200 and nothing"),
    "html": Kind("200 and a page for people"),
    # The right answer, spoiled on its way.
    "short": Kind("only the first half, as if it were whole"),
    "cut": Kind("the connection ends half-way"),
    "slow": Kind("comes so many seconds late", 20),
    # Another view of the lists.
    "lag": Kind("shows the state of so many seconds ago", 600, "submissions"),
    "frozen": Kind("shows the state of when the fault began", family="current"),
    "clock": Kind("the live list's own time is off by so many seconds", -3600, "current"),
    "pushed": Kind("between two pages of the live list so many entries have come", 7, "current"),
    "odd": Kind("these entries of the live list have a raw ampersand, no filer, or no item", 0, "current"),
    "roles": Kind("these entries of the live list come again with another role", 0, "current"),
    "bare": Kind("an index is there with its header only", family="full-index"),
    "false-z": Kind("these companies' submissions tell New York's time as if it were UTC", 0, "submissions"),
    # What becomes of filings, settled when they are scheduled.
    "late": Kind("listed, but without documents for so many seconds", 300),
    "unlisted": Kind("never in the live list, only in indexes and folders"),
    "withdrawn": Kind("gone so many seconds after it was listed", 7200),
    "replaced": Kind("gone so many seconds after it was listed, and filed anew under another number", 7200),
}

EVERY_FAULT = (
    *("block%0.05", "undeclared@11:40/30", "block=429@15:00/120", "outage@13:00/900", "maintenance@14:10/300"),
    *("error:efts%14", "error%0.3", "denied:daily-index@22:10/900", "missing:submission%1", "empty%0.3", "html%0.3"),
    *("short:submission%1", "cut%0.5", "slow=20%0.5", "lag=600:submissions", "frozen@10:30/600"),
    *("clock=-3600@09:00/1800", "clock=7200@16:20/1200", "pushed=7%20", "odd%2", "roles%2", "bare@06:00/3600"),
    *("false-z%25", "late=1100%1", "late=300%10", "unlisted%1", "withdrawn%0.3", "replaced%0.3"),
)
"""Each kind at least once, as often as a bad week might have it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. Times are New York's; without ``at`` it always applies, without ``day`` each day."""

    kind: str
    value: float
    family: str = ""
    share: float = 1.0
    day: date | None = None
    at: time | None = None
    seconds: float = math.inf

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a fault as it is written in scenarios. Raises ``ValueError``."""
        match = _FORM.fullmatch(text.strip())
        kind = KINDS.get(match["kind"]) if match else None
        if match is None or kind is None:
            known = ", ".join(sorted(KINDS))
            raise ValueError(f"expected a fault such as block@10:00/600, came {text!r}; the kinds are {known}")
        share = float(match["share"] or 100) / 100
        if share > 1:
            raise ValueError(f"{text!r}: expected a share of at most 100 per cent")
        at = time.fromisoformat(match["at"]) if match["at"] else None
        return cls(
            kind=match["kind"],
            value=float(match["value"]) if match["value"] else kind.value,
            family=match["family"] or kind.family,
            share=share,
            day=date.fromisoformat(match["day"]) if match["day"] else None,
            at=at,
            seconds=math.inf if at is None else float(match["seconds"] or _SECONDS),
        )

    def began(self, now: float) -> float | None:
        """Return when the span began in which it applies now; None when it does not, -inf when it always does."""
        if self.at is None:
            return -math.inf
        days = (self.day,) if self.day else _last_days(now, self.seconds)
        begins = (datetime.combine(day, self.at, NEW_YORK).timestamp() for day in days)
        return next((begin for begin in begins if begin <= now < begin + self.seconds), None)


class Faults:
    """The faults that are on, and what chance makes of them. May be changed at any time."""

    def __init__(self, faults: Iterable[Fault | str] = (), *, seed: int = 1) -> None:
        self.seed = seed
        self._on: dict[str, list[tuple[Fault, str]]] = {}  # by kind; each with the name by which chance knows it
        for fault in faults:
            self.switch_on(fault)

    @property
    def on(self) -> tuple[Fault, ...]:
        """Those that are on."""
        return tuple(fault for faults in self._on.values() for fault, _ in faults)

    def switch_on(self, fault: Fault | str) -> Fault:
        """Add a fault, and return it. Raises ``ValueError`` for a text that names none."""
        added = Fault.parse(fault) if isinstance(fault, str) else fault
        self._on.setdefault(added.kind, []).append((added, repr(added)))
        return added

    def switch_off(self, kind: str = "") -> None:
        """Take away all faults of this kind; all of them without one."""
        for name in (kind,) if kind else tuple(self._on):
            self._on.pop(name, None)

    def of(self, kind: str, now: float, key: str, family: str = "") -> Fault | None:
        """Return the fault of this kind that befalls what ``key`` names, now; None if none does."""
        for fault, name in self._on.get(kind, ()):
            if fault.family and family and fault.family != family:
                continue
            if fault.began(now) is not None and (fault.share >= 1 or self.chance(f"{name}:{key}") < fault.share):
                return fault
        return None

    def first(self, now: float, key: str, family: str, kinds: Iterable[str]) -> Fault | None:
        """Return the first of these kinds' faults that befalls a request; None if none does."""
        return next((fault for kind in kinds if (fault := self.of(kind, now, key, family)) is not None), None)

    def chance(self, key: str) -> float:
        """Return a number from 0 to 1 that depends on the seed and this key alone."""
        digest = hashlib.blake2b(f"{self.seed}:{key}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64


def _last_days(now: float, seconds: float) -> list[date]:
    """The days on which a span of so many seconds may have begun that is not over."""
    today = datetime.fromtimestamp(now, UTC).astimezone(NEW_YORK).date()
    return [today - timedelta(days=count) for count in range(int(min(seconds, 864_000) // 86_400) + 2)]
