"""The settings: one TOML file, checked whole, every fault told at once.

Relative paths start at the folder that holds ``config/`` when the file lies in a folder of that name, else at
the file's own folder; so a checkout, ``eightk init DIR`` and a lone file in ``/etc`` each mean what they seem to.
This is the only module that reads the environment.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from watcher.edgar.address import check_base_url, check_contact
from watcher.errors import ConfigError, Fault
from watcher.guard import parse_allow

__all__ = [
    "DEFAULT_FILE",
    "EndpointSettings",
    "Settings",
    "examine_settings",
    "load_settings",
    "problem_of",
    "template_folder",
]

DEFAULT_FILE = Path("config/eightk.toml")
# Facts about the file that stand among the settings, and cannot be set in it.
_OWN = ("file", "base")
_MAX_DEPTH = 50
_SHORTEST_SECONDS = 0.05  # below that a loop does nothing but turn
_DAY_SECONDS = 86_400
_TEN_YEARS_HOURS = 87_600
_PROBLEMS = {
    **dict.fromkeys(("model_type", "mapping_type", "dict_type"), "should be a table"),
    **dict.fromkeys(("tuple_type", "list_type"), "should be a list"),
    "string_type": "should be text",
    "path_type": "should be a path",
}


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
        "https://www.sec.gov",
        description="another address, such as the simulator's, stands for all of the SEC's",
    )
    requests_per_second: float = Field(5.0, ge=0.01, le=10, description="over all of the SEC's hosts; never above 10")
    poll_seconds: float = Field(
        30.0, ge=_SHORTEST_SECONDS, le=_DAY_SECONDS, description="seconds from one look at the list to the next"
    )
    poll_cron: str = Field(
        "", description='polls by this cron expression (New York time) instead, such as "* 6-22 * * mon-fri"'
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

    @field_validator("poll_cron")
    @classmethod
    def _is_cron(cls, expression: str) -> str:
        if expression:
            from watcher.schedule import cron_trigger  # noqa: PLC0415  # its library is heavy and seldom needed

            cron_trigger(expression)
        return expression


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

    @field_validator("allow")
    @classmethod
    def _can_be_read(cls, allow: tuple[str, ...]) -> tuple[str, ...]:
        parse_allow(allow)
        return allow

    @property
    def notifier_settings(self) -> dict[str, Any]:
        """The settings that only its notifier knows."""
        return dict(self.__pydantic_extra__ or {})


class Settings(Section):
    """All settings, checked, with every path made absolute."""

    data_dir: PathFromBase = Field(Path("data"), description="the store, its lock and the archive of raw filings")
    store: StoreSettings = StoreSettings()
    edgar: EdgarSettings = EdgarSettings()
    folder: FolderSettings = FolderSettings()
    web: WebSettings = WebSettings()
    rules: RulesSettings = RulesSettings()
    handlers: HandlersSettings = HandlersSettings()
    limits: LimitsSettings = LimitsSettings()
    delivery: DeliverySettings = DeliverySettings()
    log: LogSettings = LogSettings()
    endpoint: Mapping[str, EndpointSettings] = {}
    handler: Mapping[str, Mapping[str, Any]] = {}

    # Not settings but facts about the file, set by load_settings.
    file: str = Field("", exclude=True)
    base: Path = Field(Path(), exclude=True)

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


def load_settings(file: Path | None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the file; None gives every setting at its default, for the current folder.

    ``EIGHTK_CONTACT`` in the environment stands for ``edgar.contact``. Raises ``ConfigError`` with all faults.
    """
    settings, faults = examine_settings(file, environ)
    if faults:
        raise ConfigError(faults)
    return settings


def examine_settings(file: Path | None, environ: Mapping[str, str] | None = None) -> tuple[Settings, tuple[Fault, ...]]:
    """Read the file and return what could be used of it, with its faults, so that more can be looked for.

    Raises ``ConfigError`` when the file cannot be read at all.
    """
    environ = os.environ if environ is None else environ
    values = {} if file is None else _read(file)
    base = Path.cwd() if file is None else _base_of(file)
    where = "defaults" if file is None else str(file)
    faults = tuple(Fault(where, name, "unknown key", _suggest([name])) for name in _OWN if name in values)
    contact = environ.get("EIGHTK_CONTACT")
    if contact:
        _table(values, "edgar")["contact"] = contact
    values |= {"file": where, "base": base}
    found: tuple[Fault, ...] = ()
    while True:
        for name, section in Settings.model_fields.items():
            # A default made with the class knows no base folder; an empty table is checked against this one.
            if isinstance(section.default, Section):
                values.setdefault(name, {})
        try:
            return Settings.model_validate(values, context={"base": base}), (*faults, *found)
        except ValidationError as error:
            # A second round's faults come from what was taken out in the first.
            found = found or tuple(_faults(error, where, is_contact_from_environ=bool(contact)))
            dropped = [_drop(values, one["loc"], missing=one["type"] == "missing") for one in error.errors()]
            if not any(dropped):
                raise ConfigError((*faults, *found)) from error


def _drop(values: dict[str, Any], path: tuple[int | str, ...], *, missing: bool) -> bool:
    """Take a faulty key out, or the table that lacks one, so that the rest can be checked. False: it was not there."""
    if path[0] == "endpoint" and len(path) > 2:
        # The whole endpoint: without its allow list, say, its URL would be called forbidden, which may not be so.
        path, missing = path[:2], False
    *parents, last = path[:-1] if missing else path
    table: Any = values
    for parent in parents:
        table = table.get(parent) if isinstance(table, dict) else None
    if isinstance(table, dict):
        return table.pop(last, None) is not None
    # A fault inside a list: the whole list goes.
    return bool(parents) and _drop(values, tuple(parents), missing=False)


def template_folder() -> Path:
    """The folder that ``eightk init`` copies: in an installed package its own, in a checkout ``config``."""
    package = Path(__file__).parent
    inside = package / "template"
    return inside if inside.is_dir() else package.parent / "config"


def _base_of(file: Path) -> Path:
    # Not resolved: a file may be a link into a folder of another name, as mounted settings often are.
    folder = file.absolute().parent
    return folder.parent if folder.name == "config" else folder


def _table(values: dict[str, Any], name: str) -> dict[str, Any]:
    table = values.setdefault(name, {})
    return table if isinstance(table, dict) else {}


def _read(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        remedy = "write one with: eightk init" if isinstance(error, FileNotFoundError) else ""
        raise ConfigError([Fault(str(file), "", f"cannot be read: {error.strerror}", remedy)]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([Fault(str(file), "", "is not UTF-8 text", "save it as UTF-8")]) from error
    except RecursionError as error:
        raise _too_deep(file) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([Fault(str(file), "", f"is not TOML: {error}", "see https://toml.io")]) from error
    # Deeper ones would fail later: when shown, or when sent to a worker.
    level: list[Any] = [values]
    for _ in range(_MAX_DEPTH + 1):
        level = [inner for value in level for inner in _inside(value)]
    if level:
        raise _too_deep(file)
    return values


def _too_deep(file: Path) -> ConfigError:
    return ConfigError([Fault(str(file), "", f"nests deeper than {_MAX_DEPTH} levels")])


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def problem_of(detail: ErrorDetails) -> str:
    """What a checking library found, as the end of a fault's sentence and in the words of a TOML file."""
    problem = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return _PROBLEMS.get(detail["type"], problem[:1].lower() + problem[1:])


def _faults(error: ValidationError, where: str, *, is_contact_from_environ: bool) -> Iterator[Fault]:
    for detail in error.errors():
        path = [str(part) for part in detail["loc"]]
        key = ".".join(path)
        if key == "edgar.contact" and is_contact_from_environ:
            yield Fault("the environment", "EIGHTK_CONTACT", problem_of(detail), f"got {detail['input']!r}")
            continue
        if detail["type"] == "extra_forbidden":
            yield Fault(where, key, "unknown key", _suggest(path))
        elif detail["type"] == "missing":
            yield Fault(where, key, "is missing", _describe(path))
        else:
            yield Fault(where, key, problem_of(detail), f"got {detail['input']!r}")


def _section(path: list[str]) -> type[BaseModel]:
    if path[0] == "endpoint":
        return EndpointSettings
    field = Settings.model_fields.get(path[0])
    annotation = field.annotation if field else None
    return (
        annotation if len(path) > 1 and isinstance(annotation, type) and issubclass(annotation, BaseModel) else Settings
    )


def _suggest(path: list[str]) -> str:
    known = [name for name in _section(path).model_fields if name not in _OWN]
    close = difflib.get_close_matches(path[-1], known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known))}"


def _describe(path: list[str]) -> str:
    field = _section(path).model_fields.get(path[-1])
    return field.description or "" if field else ""
