"""What can be set: one class for each table of the settings file, with its checks.

How the file is found and read, and how its faults are told, is `config`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from watcher.guard import parse_allow
from watcher.settings._base import (
    DAY_SECONDS,
    SHORTEST_SECONDS,
    TEN_YEARS_HOURS,
    PathFromBase,
    Section,
    from_base,
    refuse_nul,
)
from watcher.settings.edgar import SEC_URL, AuditSettings, EdgarSettings, WantedSettings
from watcher.settings.retention import RetentionSettings
from watcher.settings.web import WebSettings

__all__ = ["SEC_URL", "EdgarSettings", "EndpointSettings", "FolderSettings", "Section", "Settings", "WebSettings"]


POSTGRESQL = "postgresql://"
_SQLITE = "sqlite:///"


class StoreSettings(Section):
    """Where reports, alerts and deliveries are kept."""

    url: str = Field("", description='the database; "" means eightk.db in data_dir')
    archive: str = Field(
        "", description='the folder of raw filings, which all daemons of a store share; "" means raw in data_dir'
    )

    @field_validator("url")
    @classmethod
    def _can_be_used(cls, url: str, info: ValidationInfo) -> str:
        if not url:
            return url
        refuse_nul(url)
        if url.startswith(POSTGRESQL):
            return _checked_server(url)
        if not url.startswith(_SQLITE):
            # Not the URL itself: it may hold a password.
            raise ValueError("give a URL such as sqlite:///data/eightk.db or postgresql://user@host/name")
        if url.endswith("/"):
            raise ValueError("names no file: give a URL such as sqlite:///data/eightk.db")
        base = (info.context or {}).get("base", Path())
        return f"{_SQLITE}{Path(base) / url.removeprefix(_SQLITE)}"

    @field_validator("archive")
    @classmethod
    def _from_base(cls, folder: str, info: ValidationInfo) -> str:
        return folder and str(from_base(Path(folder), info))


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
        ge=SHORTEST_SECONDS,
        le=DAY_SECONDS,
        description="seconds between two full looks, which find what events miss",
    )
    settle_seconds: float = Field(
        2.0,
        ge=0,
        le=DAY_SECONDS,
        description="a file without its end mark counts as still being written for so long after a change",
    )


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
        30.0, ge=SHORTEST_SECONDS, le=DAY_SECONDS, description="seconds that one filing may take in a worker"
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
        le=TEN_YEARS_HOURS,
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
        le=DAY_SECONDS,
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
    filings: bool = Field(False, description="whether it is told of every filing that is saved, beside alerts")
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
    retention: RetentionSettings = RetentionSettings()
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
    def is_store_shared(self) -> bool:
        """Whether the store is a server's database, which several daemons may have at once."""
        return self.store_url.startswith(POSTGRESQL)

    @property
    def store_name(self) -> str:
        """The store for people: a URL without its password."""
        parts = urlsplit(self.store_url)
        if not self.is_store_shared or not parts.password:
            return self.store_url
        return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")))

    @property
    def has_store(self) -> bool:
        """Whether there is a store already; of a server's database that is not known before it is asked."""
        return self.is_store_shared or self.store_path.exists()

    @property
    def store_path(self) -> Path:
        """The SQLite file; for a server's database, where it would be: the data folder's lock lies beside it."""
        return self.data_dir / "eightk.db" if self.is_store_shared else Path(self.store_url.removeprefix(_SQLITE))

    @property
    def archive(self) -> Path:
        """The folder of raw filings."""
        return Path(self.store.archive) if self.store.archive else self.data_dir / "raw"


def _checked_server(url: str) -> str:
    """Raise ``ValueError`` for the URL of a server that names no database, and never repeat it: see there."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # read to be checked
    except ValueError:
        raise ValueError("cannot be read: give a URL such as postgresql://user@host/name") from None
    if not parts.path.strip("/") or "/" in parts.path.strip("/"):
        raise ValueError("names no database: give a URL such as postgresql://user@host/name")
    return url
