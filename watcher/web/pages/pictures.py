"""The pictures, drawn from the store anew each minute at most: a page may be looked at every few seconds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median

from watcher.edgar.calendar import NEW_YORK
from watcher.store import pictures
from watcher.store.database import Store
from watcher.store.pictures import Arrival, Told
from watcher.web.pages.charts import Picture, Series, columns, columns_and_curve, small_columns, stacked_columns

__all__ = ["Pictures"]

_ANEW = timedelta(minutes=1)
_DAYS = 30
_WEEKS = 12
_TOP_ITEMS = 7
_EXHIBITS = ("9.01", "7")  # nearly every filing has it: it says nothing of a day
_TOP_RULES = 12
_MINUTES = 10  # that one column of a day stands for
_DELIVERIES = 2_000
_KEPT = 50
# EDGAR accepts filings from 06:00 to 22:00 in New York; corrections and a simulator's scaled clock know no such hours.
_OPENS, _CLOSES = 6, 22
_LAG_WORDS = {1.0: "1 s", 10.0: "10 s", 60.0: "1 min", 600.0: "10 min", 3600.0: "1 h"}
_LATENCIES = (
    (1, "under 1 s"),
    (2, "1-2 s"),
    (5, "2-5 s"),
    (10, "5-10 s"),
    (30, "10-30 s"),
    (60, "30-60 s"),
    (300, "1-5 min"),
    (3600, "5-60 min"),
    (float("inf"), "over 1 h"),
)


@dataclass(slots=True)
class Pictures:
    """Draws them. ``now`` is the daemon's clock."""

    store: Store
    now: Callable[[], datetime]
    _kept: dict[str, tuple[datetime, Picture]] = field(default_factory=dict)

    async def items_by_day(self) -> Picture:
        """Filings per day by item, the most frequent items apart."""

        async def draw() -> Picture:
            first = self.today - timedelta(days=_DAYS - 1)
            return _items(first, await self.store.read(pictures.items_by_day, first, _DAYS))

        return await self._fresh("items", draw)

    async def arrivals(self, day: date) -> Picture:
        """A day's filings by when EDGAR accepted them, and how long until a list showed them."""

        async def draw() -> Picture:
            return _arrivals(day, await self.store.read(pictures.arrivals, day))

        return await self._fresh(f"arrivals {day}", draw)

    async def alerts_by_week(self, rule: str = "") -> Picture:
        """Alerts of each rule per week; of one rule alone if it is named."""

        async def draw() -> Picture:
            monday = self.today - timedelta(days=self.today.weekday() + 7 * (_WEEKS - 1))
            return _weeks(monday, await self.store.read(pictures.alerts_by_week, monday, _WEEKS), rule)

        return await self._fresh(f"weeks {rule}", draw)

    async def latency(self) -> Picture:
        """How long it took to tell, from when an alert was raised."""

        async def draw() -> Picture:
            return _latency(await self.store.read(pictures.tellings, _DELIVERIES))

        return await self._fresh("latency", draw)

    @property
    def today(self) -> date:
        """The day it is in New York."""
        return self.now().astimezone(NEW_YORK).date()

    async def _fresh(self, name: str, draw: Callable[[], Awaitable[Picture]]) -> Picture:
        at = self.now()
        drawn_at, picture = self._kept.get(name, (None, None))
        if drawn_at is None or picture is None or abs(at - drawn_at) >= _ANEW:
            picture = await draw()
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[name] = at, picture
        return picture


def _items(first: date, counts: Mapping[str, Sequence[int]]) -> Picture:
    totals = Counter({number: sum(days) for number, days in counts.items() if number not in _EXHIBITS})
    often = [number for number, _ in totals.most_common()]
    series = [Series(number, counts[number]) for number in sorted(often[:_TOP_ITEMS])]
    if others := often[_TOP_ITEMS:]:
        series.append(Series("others", [sum(day) for day in zip(*(counts[one] for one in others), strict=True)]))
    labels = [f"{first + timedelta(days=day):%d %b}" for day in range(_DAYS)] if series else []
    return stacked_columns(
        f"Items filed per day, {_DAYS} days, exhibits left out", labels, series, unit="items", first="Day"
    )


def _arrivals(day: date, found: Iterable[Arrival]) -> Picture:
    lags: defaultdict[int, list[float]] = defaultdict(list)
    for one in found:
        local = one.accepted_at.astimezone(NEW_YORK)
        place = (local.hour * 60 + local.minute) // _MINUTES
        lags[place].append(max(0.0, (one.spotted_at - one.accepted_at).total_seconds()))
    places = _places(lags)
    labels = [f"{place * _MINUTES // 60:02}:{place * _MINUTES % 60:02}" for place in places]
    counts = Series("filings", [len(lags[place]) for place in places])
    curve = [median(lags[place]) if lags[place] else None for place in places]
    title = f"{day}: filings by the time of their acceptance in New York, and seconds until we saw them (median)"
    name = "seconds until seen, median"
    hour = 60 // _MINUTES
    return columns_and_curve(title, labels, counts, curve, curve_name=name, first="From", words=_LAG_WORDS, among=hour)


def _places(taken: Collection[int]) -> range:
    """The columns of a day: EDGAR's hours, and as many whole hours around them as it takes to show every filing."""
    hour = 60 // _MINUTES
    first, last = min(taken, default=_OPENS * hour), max(taken, default=_OPENS * hour)
    return range(min(_OPENS, first // hour) * hour, max(_CLOSES, last // hour + 1) * hour)


def _weeks(monday: date, counts: Mapping[str, Sequence[int]], rule: str) -> Picture:
    labels = [f"{monday + timedelta(days=7 * week):%d %b}" for week in range(_WEEKS)]
    if rule:
        weeks = counts.get(rule, [0] * _WEEKS)
        return columns(f"Alerts per week, {_WEEKS} weeks", labels, weeks, unit="alerts", first="Week of")
    often = sorted(counts, key=lambda one: -sum(counts[one]))[:_TOP_RULES]
    series = [Series(one, counts[one]) for one in often]
    return small_columns(f"Alerts per rule per week, {_WEEKS} weeks", labels, series, unit="alerts", first="Rule")


def _latency(found: Sequence[Told]) -> Picture:
    counts = [0] * len(_LATENCIES)
    for one in found:
        counts[next(place for place, (most, _) in enumerate(_LATENCIES) if one.seconds < most)] += 1
    labels = [words for _, words in _LATENCIES] if found else []
    title = f"From alert to answer, the last {len(found):,} deliveries made"
    return columns(title, labels, counts if found else [], unit="deliveries", first="Took")
