"""Options that several commands share."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from watcher.config import DEFAULT_FILE, load_settings
from watcher.settings import Settings

__all__ = [
    "CIK",
    "DATE",
    "LIMIT",
    "AccessionType",
    "check_period",
    "config_option",
    "is_terminal",
    "rule_settings",
    "settings_of",
    "store_of",
]

CIK = click.IntRange(0, 9_999_999_999)
LIMIT = click.IntRange(1, 1_000_000_000)  # no database counts further than some bits
FIRST_YEAR, LAST_YEAR = 1900, 2999
ACCESSION = re.compile(r"\d{10}-\d{2}-\d{6}")


class DayType(click.DateTime):
    """A day with which one can count on: years of four digits have ends at which reckoning with zones breaks."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return it, or fail with what was expected."""
        day = super().convert(value, param, ctx)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.fail(f"{value!r} is no day of the years {FIRST_YEAR} to {LAST_YEAR}", param, ctx)
        return day


DATE = DayType(["%Y-%m-%d"])


class AccessionType(click.ParamType[str]):
    """An accession number, with or without its dashes."""

    name = "accession"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it with its dashes, or fail with what was expected."""
        text = f"{value[:10]}-{value[10:12]}-{value[12:]}" if value.isdigit() and len(value) == 18 else value
        if not ACCESSION.fullmatch(text):
            self.fail(f"{value!r} is no accession number such as 0001144204-17-013452", param, ctx)
        return text


config_option: Callable[[Any], Any] = click.option(
    "--config",
    "config",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"The settings; {DEFAULT_FILE} of the current folder if not given.",
)


def check_period(since: datetime | None, until: datetime | None) -> None:
    """Raise a usage error for a span that ends before it begins."""
    if since is not None and until is not None and since > until:
        raise click.UsageError(f"nothing lies between them: {since.date()} is after {until.date()}")


def settings_of(config: Path | None) -> Settings:
    """The settings of the file that was given, else of the default file. Raises ``ConfigError``."""
    return load_settings(config or DEFAULT_FILE)


def rule_settings(config: Path | None) -> Settings:
    """The settings; where there is no file, their defaults will do to look at rules. Raises ``ConfigError``."""
    return load_settings(config or (DEFAULT_FILE if DEFAULT_FILE.exists() else None))


def store_of(config: Path | None) -> Any:
    """The store of these settings, for reading. Raises ``ConfigError`` or ``StoreError``."""
    from watcher.store.database import Store

    return Store(settings_of(config).store_url, only_read=True)


def is_terminal(*, err: bool = False) -> bool:
    """Whether a person looks at standard output (or standard error)."""
    return (sys.stderr if err else sys.stdout).isatty()
