"""When to look at EDGAR's list next: often when much is filed, seldom when EDGAR is closed.

Pure: time comes in as an argument. Clock times are New York's, as EDGAR's own day is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from watcher.edgar.calendar import NEW_YORK, is_business_day, is_open, next_business_day, next_open

__all__ = ["Rhythm", "Window", "parse_window"]

_WINDOW = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\s?-\s?([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class Window:
    """A part of each of EDGAR's business days, from its start up to but not including its end."""

    start: time
    end: time

    def __contains__(self, at: datetime) -> bool:
        local = at.astimezone(NEW_YORK)
        return is_business_day(local.date()) and self.start <= local.time() < self.end


def parse_window(text: str) -> Window:
    """Read "16:00-17:35". Raises ``ValueError``."""
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'expected two times of day, as in "16:00-17:35", came {text!r}')
    hours = [int(number) for number in match.groups()]
    window = Window(time(hours[0], hours[1]), time(hours[2], hours[3]))
    if window.start >= window.end:
        raise ValueError(f"{text!r} ends before it begins; give two windows for one that goes over midnight")
    return window


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How many seconds lie between two looks: while EDGAR is open, in its busy windows, and while it is closed."""

    open_seconds: float
    busy_seconds: float
    closed_seconds: float
    busy: tuple[Window, ...] = ()

    def next_look(self, last: datetime) -> datetime:
        """Return when to look again after a look at this instant: never later than the next opening or busy window."""
        usual = last + timedelta(seconds=self._seconds(last))
        return min([usual, *self._beginnings(last)])

    def _seconds(self, at: datetime) -> float:
        if any(at in window for window in self.busy):
            return self.busy_seconds
        return self.open_seconds if is_open(at) else self.closed_seconds

    def _beginnings(self, after: datetime) -> list[datetime]:
        """The next opening and the next beginning of each busy window."""
        found = [] if is_open(after) else [next_open(after)]
        local = after.astimezone(NEW_YORK)
        for window in self.busy:
            day = local.date()
            if not is_business_day(day) or local.time() >= window.start:
                day = next_business_day(day)
            found.append(datetime.combine(day, window.start, NEW_YORK).astimezone(after.tzinfo))
        return found
