"""What can be set: one class for each table of the settings file, with its checks.

How the file is found and read, and how its faults are told, is `config`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from watcher.audit_hours import DAY_ENDS, AuditHours, parse_time
from watcher.edgar.address import check_base_url, check_contact, is_loopback
from watcher.edgar.companies import normal_ticker
from watcher.guard import parse_allow
from watcher.models import EIGHT_K_FORMS
from watcher.sources.rhythm import Rhythm, parse_window
from watcher.sources.wanted import Wanted

__all__ = ["EndpointSettings", "FolderSettings", "Section", "Settings"]

_SHORTEST_SECONDS = 0.05  # below that a loop does nothing but turn
_DAY_SECONDS = 86_400
_CLOSED_SECONDS = 600.0
_NOON = 12
_SEC_URL = "https://www.sec.gov"
_TEN_YEARS_HOURS = 87_600


def _from_base(path: Path, info: ValidationInfo) -> Path:
    _refuse_nul(str(path))
    base = (info.context or {}).get("base")
    try:
        return path if base is None else Path(base) / path.expanduser()
    except RuntimeError as error:
        raise ValueError(f"{str(path)!r}: there is no such user") from error


def _refuse_nul(text: str) -> None:
    if "\0" in text:
        raise ValueError("has a NUL character in it")


PathFromBase = Annotated[Path, AfterValidator(_from_base)]


class Section(BaseModel):
    """A table of the file. Unknown keys are errors; defaults are checked and resolved like given values."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


class StoreSettings(Section):
    """Where reports, alerts and deliveries are kept."""

    url: str = Field("", description='the database; "" means eightk.db in data_dir')

    @field_validator("url")
    @classmethod
    def _is_sqlite(cls, url: str, info: ValidationInfo) -> str:
        if not url:
            return url
        if not url.startswith("sqlite:///"):
            raise ValueError("this version keeps its store in SQLite: give a URL such as sqlite:///data/eightk.db")
        _refuse_nul(url)
        if url.endswith("/"):
            raise ValueError("names no file: give a URL such as sqlite:///data/eightk.db")
        base = (info.context or {}).get("base", Path())
        return f"sqlite:///{Path(base) / url.removeprefix('sqlite:///')}"


class EdgarSettings(Section):
    """How EDGAR is asked."""

    contact: str = Field("", description='"Your Firm you@firm.com", sent as User-Agent; "": EDGAR is not polled')
    base_url: str = Field(
        _SEC_URL,
        description="another address, such as the simulator's, stands for all of the SEC's",
    )
    requests_per_second: float = Field(5.0, ge=0.01, le=10, description="over all of the SEC's hosts; never above 10")
    poll_seconds: float = Field(
        30.0, ge=_SHORTEST_SECONDS, le=_DAY_SECONDS, description="seconds from one look at the list to the next"
    )
    busy_poll_seconds: float = Field(
        10.0,
        ge=_SHORTEST_SECONDS,
        le=_DAY_SECONDS,
        description="the same within the busy windows, unless poll_seconds is less",
    )
    busy_windows: tuple[str, ...] = Field(
        ("05:59-07:15", "07:58-08:10", "15:58-17:40"),
        description="times of EDGAR's business days (New York) in which most filings appear",
    )
    closed_poll_seconds: float = Field(
        0.0,
        ge=0,
        le=_DAY_SECONDS,
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
        ge=_SHORTEST_SECONDS,
        le=_DAY_SECONDS,
        description="seconds between two looks at xbrl-rss, which EDGAR renews every ten minutes",
    )
    full_text_seconds: float = Field(
        120.0, ge=_SHORTEST_SECONDS, le=_DAY_SECONDS, description="seconds between two looks at full-text"
    )
    company_hours: float = Field(
        24.0, ge=0, le=_TEN_YEARS_HOURS, description="EDGAR's list of companies is had anew when so old; 0: never"
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
            closed = max(_CLOSED_SECONDS, self.poll_seconds) if self.base_url == _SEC_URL else self.poll_seconds
        return Rhythm(
            open_seconds=self.poll_seconds,
            busy_seconds=min(self.busy_poll_seconds, self.poll_seconds),
            closed_seconds=closed,
            busy=tuple(map(parse_window, self.busy_windows)),
        )

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
        if clock == "simulator" and not is_loopback(info.data.get("base_url", _SEC_URL)):
            raise ValueError("needs a base_url on this machine, such as http://127.0.0.1:8900: the simulator's")
        if clock == "simulator" and info.data.get("poll_cron"):
            raise ValueError("does not go with poll_cron, which counts real time")
        return clock

    @field_validator("poll_cron")
    @classmethod
    def _is_cron(cls, expression: str) -> str:
        if expression:
            from watcher.schedule import cron_trigger  # noqa: PLC0415  # its library is heavy and seldom needed

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


class FolderSettings(Section):
    """The folder in which submissions may be put by hand or by another program."""

    path: PathFromBase = Field(Path("inbox"), description="the watched folder; it is made when missing")
    enabled: bool = Field(True, description="whether the folder is watched at all")
    keep_files: bool = Field(False, description="leave read files in place instead of moving them to done/")
    observer: Literal["auto", "polling"] = Field(
        "auto",
        description="auto: the system's file events where they work; polling: look each second (network drives)",
    )
    rescan_seconds: float = Field(
        10.0,
        ge=_SHORTEST_SECONDS,
        le=_DAY_SECONDS,
        description="seconds between two full looks, which find what events miss",
    )
    settle_seconds: float = Field(
        2.0,
        ge=0,
        le=_DAY_SECONDS,
        description="a file without its end mark counts as still being written for so long after a change",
    )


class WebSettings(Section):
    """The page and the API."""

    listen: str = Field("127.0.0.1:8000", description="loopback address and port; port 0: a free one, printed")

    @field_validator("listen")
    @classmethod
    def _is_loopback(cls, listen: str) -> str:
        host, colon, port = listen.rpartition(":")
        if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
            raise ValueError("expected an address and a port, such as 127.0.0.1:8000")
        if host.strip("[]") not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError(
                "this version listens on loopback only (127.0.0.1, [::1]): put a proxy with log-in before it"
            )
        return listen


class RulesSettings(Section):
    """The alert rules."""

    path: PathFromBase = Field(Path("config/rules"), description="the folder of rule files, *.yaml")


class HandlersSettings(Section):
    """The pluggable steps."""

    path: PathFromBase = Field(Path("config/handlers"), description="plain-file handlers, *.py; may be missing")
    disabled: tuple[str, ...] = Field((), description="names of handlers to leave out")


class LimitsSettings(Section):
    """Bounds that keep one filing from harming the rest."""

    workers: int = Field(2, ge=1, le=64, description="worker processes that read filings")
    handle_seconds: float = Field(
        30.0, ge=_SHORTEST_SECONDS, le=_DAY_SECONDS, description="seconds that one filing may take in a worker"
    )
    memory_megabytes: int = Field(
        1024, ge=128, le=2**20, description="memory that one filing may take (not enforced on macOS)"
    )
    submission_megabytes: int = Field(150, ge=1, le=1024, description="the largest submission that is read")


class DeliverySettings(Section):
    """Who is told, and how often it is tried."""

    late_hours: float = Field(
        72.0,
        ge=0,
        le=_TEN_YEARS_HOURS,
        description="a filing found late is still told when listed within so many hours",
    )
    keep_days: float = Field(
        30.0,
        ge=1,
        le=3_660,
        description="what receivers answered is kept for so many days after a delivery was settled",
    )


class OperatorSettings(Section):
    """Who looks after the watcher, and what is told to them."""

    notify: tuple[str, ...] = Field(("log",), description="the endpoints that are told of alarms")
    quiet_minutes: float = Field(
        120.0,
        ge=0,
        le=_DAY_SECONDS,
        description="an alarm when no 8-K came for so many minutes between 06:00 and 17:30 in New York; 0: never",
    )


class LogSettings(Section):
    """The daemon's log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="the least that is logged")
    format: Literal["text", "json"] = Field("text", description="text for people, json for machines")


class EndpointSettings(BaseModel):
    """A place to tell. What else stands in its table is its notifier's to check."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str = Field(description="the notifier: webhook, log, or one of your own")
    allow: tuple[str, ...] = Field(
        (), description='addresses inside that it may dial, http allowed there, such as "127.0.0.1:9000"'
    )
    concurrency: int = Field(2, ge=1, le=16, description="how many deliveries may be under way at once")
    ordered: bool = Field(False, description="one after the other, and none while one is tried again")
    requests_per_second: float | None = Field(
        None, ge=0, le=10_000, description="10, or what its notifier says, unless given; 0: no limit"
    )

    @field_validator("allow")
    @classmethod
    def _can_be_read(cls, allow: tuple[str, ...]) -> tuple[str, ...]:
        parse_allow(allow)
        return allow

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        # What only its notifier knows may be a secret: a chat's URL, a header.
        return [(name, getattr(self, name)) for name in type(self).model_fields]

    @property
    def notifier_settings(self) -> dict[str, Any]:
        """The settings that only its notifier knows."""
        return dict(self.__pydantic_extra__ or {})


class Settings(Section):
    """All settings, checked, with every path made absolute."""

    data_dir: PathFromBase = Field(Path("data"), description="the store, its lock and the archive of raw filings")
    store: StoreSettings = StoreSettings()
    edgar: EdgarSettings = EdgarSettings()
    wanted: WantedSettings = WantedSettings()
    audit: AuditSettings = AuditSettings()
    folder: FolderSettings = FolderSettings()
    web: WebSettings = WebSettings()
    rules: RulesSettings = RulesSettings()
    handlers: HandlersSettings = HandlersSettings()
    limits: LimitsSettings = LimitsSettings()
    delivery: DeliverySettings = DeliverySettings()
    operator: OperatorSettings = OperatorSettings()
    log: LogSettings = LogSettings()
    endpoint: Mapping[str, EndpointSettings] = {}
    handler: Mapping[str, Mapping[str, Any]] = {}

    # Not settings but facts about the file, set by load_settings.
    file: str = Field("", exclude=True)
    base: Path = Field(Path(), exclude=True)

    @field_validator("endpoint")
    @classmethod
    def _has_a_log(
        cls, endpoints: Mapping[str, EndpointSettings], info: ValidationInfo
    ) -> Mapping[str, EndpointSettings]:
        # Alarms and rules may name it in a file that does not: what nobody takes would be owed for ever.
        handlers = info.data.get("handlers")
        if "log" in endpoints or (handlers is not None and "log" in handlers.disabled):
            return endpoints
        return {**endpoints, "log": EndpointSettings(kind="log")}

    @property
    def store_url(self) -> str:
        """The store's URL, with the default filled in."""
        return self.store.url or f"sqlite:///{self.data_dir / 'eightk.db'}"

    @property
    def rules_path(self) -> Path | None:
        """The folder of rule files; None when nobody asked for one and the default one is not there."""
        is_default = "path" not in self.rules.model_fields_set
        return None if is_default and not self.rules.path.exists() else self.rules.path

    @property
    def store_path(self) -> Path:
        """The SQLite file."""
        return Path(self.store_url.removeprefix("sqlite:///"))
