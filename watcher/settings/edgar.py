"""How EDGAR is asked, what of it is wanted, and how the store is compared with it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from watcher.audit_hours import DAY_ENDS, AuditHours, parse_time
from watcher.edgar.address import check_base_url, check_contact, is_loopback
from watcher.edgar.companies import normal_ticker
from watcher.models import EIGHT_K_FORMS
from watcher.settings._base import DAY_SECONDS, SHORTEST_SECONDS, TEN_YEARS_HOURS, Section
from watcher.sources.rhythm import Rhythm, parse_window
from watcher.sources.wanted import Wanted

__all__ = ["SEC_URL", "AuditSettings", "EdgarSettings", "WantedSettings"]

_CLOSED_SECONDS = 600.0
_NOON = 12
SEC_URL = "https://www.sec.gov"


class EdgarSettings(Section):
    """How EDGAR is asked."""

    contact: str = Field("", description='"Your Firm you@firm.com", sent as User-Agent; "": EDGAR is not polled')
    base_url: str = Field(
        SEC_URL,
        description="another address, such as the simulator's, stands for all of the SEC's",
    )
    requests_per_second: float = Field(5.0, ge=0.01, le=10, description="over all of the SEC's hosts; never above 10")
    poll_seconds: float = Field(
        30.0, ge=SHORTEST_SECONDS, le=DAY_SECONDS, description="seconds from one look at the list to the next"
    )
    busy_poll_seconds: float = Field(
        10.0,
        ge=SHORTEST_SECONDS,
        le=DAY_SECONDS,
        description="the same within the busy windows, unless poll_seconds is less",
    )
    busy_windows: tuple[str, ...] = Field(
        ("05:59-07:15", "07:58-08:10", "15:58-17:40"),
        description="times of EDGAR's business days (New York) in which most filings appear",
    )
    closed_poll_seconds: float = Field(
        0.0,
        ge=0,
        le=DAY_SECONDS,
        description="the same at night, on weekends and holidays; 0: 600 at the SEC, poll_seconds at another address",
    )
    poll_cron: str = Field(
        "", description='polls by this cron expression (New York time) instead, such as "* 6-22 * * mon-fri"'
    )
    channels: tuple[Literal["xbrl-rss", "full-text"], ...] = Field(
        (), description='other lists of EDGAR that are read to confirm the live one: "xbrl-rss", "full-text"'
    )
    xbrl_rss_seconds: float = Field(
        600.0,
        ge=SHORTEST_SECONDS,
        le=DAY_SECONDS,
        description="seconds between two looks at xbrl-rss, which EDGAR renews every ten minutes",
    )
    full_text_seconds: float = Field(
        120.0, ge=SHORTEST_SECONDS, le=DAY_SECONDS, description="seconds between two looks at full-text"
    )
    company_hours: float = Field(
        24.0, ge=0, le=TEN_YEARS_HOURS, description="EDGAR's list of companies is had anew when so old; 0: never"
    )
    clock: Literal["real", "simulator"] = Field(
        "real", description="simulator: the scaled clock of the pretend EDGAR at base_url, on this machine"
    )

    @field_validator("contact")
    @classmethod
    def _has_an_address(cls, contact: str) -> str:
        if not contact:
            return contact
        contact = check_contact(contact)
        if not re.search(r"\S+@\S+\.\S+", contact):
            raise ValueError('has no e-mail address in it; the SEC asks for one, as in "Your Firm you@firm.com"')
        return contact

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        return check_base_url(url)

    @field_validator("busy_windows")
    @classmethod
    def _are_windows(cls, windows: tuple[str, ...]) -> tuple[str, ...]:
        for window in windows:
            parse_window(window)
        return windows

    @property
    def rhythm(self) -> Rhythm:
        """How often the list is looked at."""
        closed = self.closed_poll_seconds
        if not closed:
            # Another address need not keep EDGAR's hours.
            closed = max(_CLOSED_SECONDS, self.poll_seconds) if self.base_url == SEC_URL else self.poll_seconds
        return Rhythm(
            open_seconds=self.poll_seconds,
            busy_seconds=min(self.busy_poll_seconds, self.poll_seconds),
            closed_seconds=closed,
            busy=tuple(map(parse_window, self.busy_windows)),
        )

    def next_poll(self, after: datetime) -> datetime:
        """When to poll next, having begun to at this instant."""
        if not self.poll_cron:
            return self.rhythm.next_look(after)
        from watcher.schedule import next_time  # noqa: PLC0415  # its library is heavy and seldom needed

        return next_time(self.poll_cron, after)

    @field_validator("channels")
    @classmethod
    def _is_each_there_once(cls, channels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(channels)) < len(channels):
            raise ValueError("names a channel twice")
        return channels

    def channel_rhythm(self, name: str) -> Rhythm:
        """How often a channel is read: no more often than the live list while EDGAR is closed."""
        seconds = self.xbrl_rss_seconds if name == "xbrl-rss" else self.full_text_seconds
        return Rhythm(seconds, seconds, max(seconds, self.rhythm.closed_seconds))

    @field_validator("clock")
    @classmethod
    def _is_fit_for_edgar(cls, clock: str, info: ValidationInfo) -> str:
        # By mistake it must never be on while the real EDGAR is asked: limits count in its seconds.
        if clock == "simulator" and not is_loopback(info.data.get("base_url", SEC_URL)):
            raise ValueError("needs a base_url on this machine, such as http://127.0.0.1:8900: the simulator's")
        return clock

    @field_validator("poll_cron")
    @classmethod
    def _is_cron(cls, expression: str) -> str:
        if expression:
            from watcher.schedule import cron_trigger  # noqa: PLC0415  # as above

            cron_trigger(expression)
        return expression


class WantedSettings(Section):
    """What is fetched of all that EDGAR lists: empty wants all, and of what is given all must be met."""

    forms: tuple[str, ...] = Field((), description='forms, such as "8-K" and "8-K/A"; all of the 8-K family if empty')
    ciks: tuple[int, ...] = Field((), description="companies by CIK; one of a filing's filers is enough")
    tickers: tuple[str, ...] = Field((), description="companies by ticker, beside those by CIK")
    sic: tuple[str, ...] = Field((), description='industries by SIC code, or by what it begins with, such as "28"')

    @field_validator("forms")
    @classmethod
    def _are_forms(cls, forms: tuple[str, ...]) -> tuple[str, ...]:
        if set(forms) - EIGHT_K_FORMS:
            raise ValueError(f"expected forms of the 8-K family, which are {', '.join(sorted(EIGHT_K_FORMS))}")
        return forms

    @field_validator("ciks")
    @classmethod
    def _are_ciks(cls, ciks: tuple[int, ...]) -> tuple[int, ...]:
        if not all(0 < cik < 10**10 for cik in ciks):
            raise ValueError("expected CIKs, such as 320193")
        return ciks

    @field_validator("tickers")
    @classmethod
    def _are_tickers(cls, tickers: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(normal_ticker, tickers)):
            raise ValueError("expected tickers, such as SALT-B")
        return tickers

    @field_validator("sic")
    @classmethod
    def _are_codes(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"[0-9]{1,4}", code) for code in codes):
            raise ValueError('expected codes of one to four digits, such as "28" or "2834"')
        return codes

    @property
    def choice(self) -> Wanted:
        """The same, as filings are compared with it."""
        tickers = frozenset(map(normal_ticker, self.tickers))
        return Wanted(frozenset(self.forms), frozenset(self.ciks), tickers, self.sic)


class AuditSettings(Section):
    """Comparing the store with EDGAR's own index of each day."""

    enabled: bool = Field(True, description="whether it is done by itself; eightk audit does it at any time")
    evening: str = Field("22:45", description="when the day's index is compared, on business days (New York)")
    morning: str = Field("06:30", description="when the last days are compared again, on business days (New York)")
    again_days: int = Field(3, ge=0, le=30, description="how many business days are compared again each morning")

    @field_validator("evening")
    @classmethod
    def _is_an_evening(cls, evening: str) -> str:
        if parse_time(evening) < DAY_ENDS:
            raise ValueError(f"expected a time from {DAY_ENDS:%H:%M} on: before it EDGAR writes no index")
        return evening

    @field_validator("morning")
    @classmethod
    def _is_a_morning(cls, morning: str) -> str:
        if parse_time(morning).hour >= _NOON:
            raise ValueError("expected a time before noon")
        return morning

    @property
    def hours(self) -> AuditHours:
        """When which days are compared."""
        return AuditHours(parse_time(self.evening), parse_time(self.morning), self.again_days)
