"""Tells an alert by Apprise, which knows more than a hundred services. An extra: the package must be installed.

Apprise dials by itself, so the guard sees nothing of it; its URLs come from the operator's settings alone.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from handlers.notify._apart import run_apart
from handlers.notify._letter import text_of
from handlers.notify._message import Content, read
from handlers.notify._plain import plain
from handlers.notify._reached import Reached
from watcher import DeliveryError, Message, Notifier, Post, Severity, read_small_text

__all__ = ["Apprise"]

_MISSING = "the package apprise is not installed: pip install 'eightk[channels]'"
_SERVICE_SECONDS = 30.0
_MAX_TITLE = 160
_MAX_BYTES = 65_536
# What each service makes of the text is not known here, so what is markup, or calls somebody, in any of them is written
# with characters that only look like it.
_HARMLESS = str.maketrans(
    {
        "@": "＠",
        "<": "‹",
        ">": "›",
        "`": "ˋ",
        "[": "［",
        "]": "］",
        "*": "∗",
        "~": "∼",
        "|": "¦",
        "\\": "＼",
        "{": "｛",
        "}": "｝",
    }
)
_KINDS = {Severity.LOW: "info", Severity.MEDIUM: "info", Severity.HIGH: "warning", Severity.CRITICAL: "failure"}


class Apprise(Notifier):
    """Tell every one of ``urls``, or of the lines of ``urls_file``, as Apprise writes them.

    The file is read again for each attempt; empty lines and ``#`` comments are skipped. Redirects and Apprise's own
    retries are off. Who has been told is not told again when another of them failed.
    """

    name = "apprise"

    def __init__(self, *, urls: tuple[str, ...] = (), urls_file: Path | None = None) -> None:
        if bool(urls) == (urls_file is not None):
            raise ValueError("give urls or urls_file, one of the two")
        self._urls = urls
        self._urls_file = urls_file
        self._apprise = _package()
        self._reached = Reached()
        for url in self._where():
            self._service(url)

    async def notify(self, message: Message, post: Post, now: float) -> None:
        """Tell each once who has not been told. Raises ``DeliveryError``. ``post`` is not used."""
        content = read(message)
        try:
            failed = await run_apart(lambda: self._tell_all(message.id, content), name="apprise")
        except ValueError as error:
            raise DeliveryError(f"no URL to use: {error}") from error
        if failed:
            raise DeliveryError(f"not told: {', '.join(failed)}")
        self._reached.forget(message.id)

    def _tell_all(self, id_: str, content: Content) -> list[str]:
        """Tell each, and return those who could not be told, by number and kind alone: the URLs are secrets."""
        where = self._where()
        failed = []
        for url in self._reached.missing(id_, where):
            if self._tell(url, content):
                self._reached.note(id_, [url])
            else:
                failed.append(f"{where.index(url) + 1} ({_scheme(url)})")
        return failed

    def _tell(self, url: str, content: Content) -> bool:
        one = self._apprise.Apprise()
        one.add(self._service(url))
        title = plain(content.summary, _MAX_TITLE).translate(_HARMLESS)
        body = text_of(_harmless(content))
        return bool(one.notify(body=body, title=title, body_format="text", notify_type=_KINDS[content.severity]))

    def _service(self, url: str) -> Any:
        """Make what tells one URL. Raises ``ValueError``, which does not name it."""
        asset = self._apprise.AppriseAsset(
            http_redirects=False, default_service_retry=0, service_timeout=_SERVICE_SECONDS, storage_mode="memory"
        )
        service = self._apprise.Apprise.instantiate(url, asset=asset)
        if service is None:
            number = self._where().index(url) + 1
            raise ValueError(f"URL {number} ({_scheme(url)}) is none that Apprise can use")
        # The URL itself may ask for either.
        service.redirects, service.retry = False, 0
        return service

    def _where(self) -> tuple[str, ...]:
        if self._urls_file is None:
            return self._urls
        try:
            lines = read_small_text(self._urls_file, _MAX_BYTES).splitlines()
        except OSError as error:
            raise ValueError(f"urls_file: {self._urls_file} cannot be read ({error.strerror})") from error
        except UnicodeDecodeError:
            raise ValueError(f"urls_file: {self._urls_file} is not text") from None
        urls = tuple(dict.fromkeys(_urls_in(lines)))
        if not urls:
            raise ValueError(f"urls_file: {self._urls_file} holds no URL")
        return urls


def _urls_in(lines: Iterable[str]) -> Iterable[str]:
    return (line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _package() -> ModuleType:
    try:
        package = importlib.import_module("apprise")
    except ImportError as error:
        raise ValueError(_MISSING) from error
    # They log what is sent and where to, tokens included.
    for name in ("apprise", "urllib3"):
        logger = logging.getLogger(name)
        if logger.propagate:
            logger.propagate = False
            logger.addHandler(logging.NullHandler())
    return package


def _scheme(url: str) -> str:
    return plain(url.partition("://")[0], 20) if "://" in url else "no kind"


def _harmless(content: Content) -> Content:
    return replace(
        content,
        summary=content.summary.translate(_HARMLESS),
        facts=tuple(replace(fact, value=fact.value.translate(_HARMLESS)) for fact in content.facts),
        snippets=tuple(snippet.translate(_HARMLESS) for snippet in content.snippets),
        lines=tuple(replace(line, text=line.text.translate(_HARMLESS)) for line in content.lines),
    )
