"""Endpoints as a person sees them: where each tells, how it fares, what it is owed. Never a secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from watcher.report_json import to_json
from watcher.settings import EndpointSettings, Settings
from watcher.small_files import read_small_text
from watcher.store.endpoint_records import EndpointRecord
from watcher.verdict import EndpointState

__all__ = ["endpoint_rows", "where_it_tells"]

# Where an endpoint tells, by the setting that says so. Of a URL only the host is shown: the rest may be a secret.
_URLS, _FILES_OF_URLS = ("url", "server"), ("url_file",)


def endpoint_rows(settings: Settings, found: Mapping[str, EndpointRecord], now: datetime) -> Iterator[dict[str, Any]]:
    """Give a row for each endpoint of the settings, and for each other one that is still owed something."""
    for name in sorted({*settings.endpoint, *(name for name, one in found.items() if one.owed)}):
        one, record = settings.endpoint.get(name), found.get(name)
        yield {
            "name": name,
            "kind": one.kind if one else None,
            "where": where_it_tells(settings, one) if one else None,
            **_fares(record or EndpointRecord(EndpointState(name)), now),
        }


def where_it_tells(settings: Settings, one: EndpointSettings) -> str:
    """A host, a file's or a program's name. Never more of a URL than its host."""
    given = one.notifier_settings
    for key in _URLS:
        if isinstance(given.get(key), str):
            return _host(given[key])
    for key in _FILES_OF_URLS:
        if isinstance(given.get(key), str):
            return _host(_first_line(settings.base / Path(given[key]).expanduser()))
    if isinstance(given.get("host"), str):
        port = given.get("port")
        return f"{given['host']}:{port}" if port else f"{given['host']}"
    command = given.get("command")
    if isinstance(command, list) and command:
        return Path(str(command[0])).name
    return str(given.get("path") or "")


def _fares(one: EndpointRecord, now: datetime) -> dict[str, Any]:
    state = one.state
    last = max(filter(None, (one.last_success_at, one.last_failure_at)), default=None)
    words = (
        "disabled" if state.disabled_at
        else "paused" if state.rests(now)
        else "failing" if state.failures
        else "fine" if last else "not told yet"
    )  # fmt: skip
    return {
        "state": words,
        "owed": one.owed,
        "failed": one.failed,
        "failures": state.failures,
        "failing_since": to_json(state.failing_since),
        "last_success_at": to_json(one.last_success_at),
        "last_failure_at": to_json(one.last_failure_at),
        "last_error": state.disabled_reason or state.last_error,
        "resumes_at": to_json(state.resumes_at) if state.rests(now) else None,
        "disabled_at": to_json(state.disabled_at),
    }


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # no URL: the check of the settings says so
        return ""
    return f"{host}:{port}" if port else host


def _first_line(path: Path) -> str:
    try:
        return read_small_text(path, 65_536).strip().partition("\n")[0]
    except (OSError, UnicodeDecodeError):  # the check of the settings says so
        return ""
