"""How the daemon's log looks: one line per step, fixed words, facts as fields.

What is done for one filing bears its accession number on every line, whoever writes it: see `about`.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TextIO

__all__ = ["LogForm", "about", "set_up_logging"]

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
# Libraries whose steps are not ours to tell.
_QUIET = ("alembic", "apscheduler", "httpx", "httpcore", "uvicorn", "watchdog", "asyncio")
# What anybody who connects can cause as often as they like; each begins with these words.
_FLOODS = ("socket.accept() out of system resource", "connections turned away", "Invalid HTTP request received.")
_FLOOD_SECONDS = 60.0
# What the lines are about that are written now; never changed in place.
_subject: ContextVar[Mapping[str, str]] = ContextVar("subject", default={})  # noqa: B039


def set_up_logging(level: str, form: Literal["text", "json"], stream: TextIO | None = None) -> None:
    """Log to the stream (standard error) from this level on; libraries only from warnings on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    handler.addFilter(Seldom())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class LogForm:
    """How a process writes its log."""

    level: str
    form: Literal["text", "json"]

    def set_up(self) -> None:
        """Have this process write so, to its standard error."""
        set_up_logging(self.level, self.form)


@contextmanager
def about(**facts: str | None) -> Iterator[None]:
    """Have every line that is written inside bear these facts, also a library's or a stranger's; None is left out."""
    told = {name: value for name, value in facts.items() if value is not None}
    token = _subject.set({**_subject.get(), **told})
    try:
        yield
    finally:
        _subject.reset(token)


class Seldom(logging.Filter):
    """Lets a line that strangers can cause through once a minute, with the number of those left out in between."""

    def __init__(self) -> None:
        super().__init__()
        self._since: dict[str, float] = {}
        self._left_out: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write the line."""
        message = record.getMessage()
        words = next((one for one in _FLOODS if message.startswith(one)), None)
        if words is None:
            return True
        if 0 <= record.created - self._since.get(words, -_FLOOD_SECONDS) < _FLOOD_SECONDS:
            self._left_out[words] = self._left_out.get(words, 0) + 1
            return False
        self._since[words] = record.created
        if count := self._left_out.pop(words, 0):
            record.left_out = count
        return True


class TextFormatter(logging.Formatter):
    """``12:00:01 INFO saved accession=... endpoints=1``, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record. A filing cannot fake a line: breaks are escaped in facts, and lines of a trace stand in."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        facts = "".join(f" {name}={_fact(value)}" for name, value in _facts(record).items())
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        lines = "".join(f"\n    {_plain(line)}" for line in trace.splitlines())
        return f"{at} {record.levelname:<7} {_plain(record.getMessage())}{facts}{lines}"


class JsonFormatter(logging.Formatter):
    """One JSON object per line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=_text)


def _facts(record: logging.LogRecord) -> dict[str, object]:
    return {**_subject.get(), **{name: value for name, value in vars(record).items() if name not in _STANDARD}}


def _plain(text: str) -> str:
    return text if text.isprintable() else json.dumps(text)


def _text(value: object) -> str:
    """A fact as text: an instant as the log's own times are."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def _fact(value: object) -> str:
    text = _text(value)
    is_plain = text.isprintable() and not any(character in text for character in ' "=')
    return text if is_plain and text else json.dumps(text)
