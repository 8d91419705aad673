"""Apprise: an extra, tried against a receiver on loopback; without the package it says what is missing."""

import importlib
import importlib.util
import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import pytest

from handlers.notify import Apprise
from tests._telling import EDGAR, HOSTILE, NOW, alarm, digest, hostile, matched
from watcher.errors import DeliveryError
from watcher.testing import FakePost

IS_THERE = importlib.util.find_spec("apprise") is not None
# Apprise itself uses modules that Python is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
needs_apprise = pytest.mark.skipif(not IS_THERE, reason="the package apprise is not installed")


class Receiver(ThreadingHTTPServer):
    """Keeps what is posted; answers by the status of its path, which is 200 if not set."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.statuses: dict[str, int] = {}

    def url(self, path: str, query: str = "") -> str:
        return f"json://127.0.0.1:{self.server_address[1]}/{path}{query}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        path = self.path.strip("/")
        self.server.posted.append((path, json.loads(body)))
        self.send_response(self.server.statuses.get(path, 200))
        self.send_header("location", "/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.server.posted.append((f"GET {self.path}", {}))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


async def refused(apprise: Apprise) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await apprise.notify(matched(), FakePost(), NOW)
    return caught.value


@needs_apprise
async def test_every_url_is_told_with_title_and_text():
    with receiving() as there:
        await Apprise(urls=(there.url("one"), there.url("two"))).notify(matched(), FakePost(), NOW)

    assert [path for path, _ in there.posted] == ["one", "two"]
    assert there.posted[0][1]["title"] == "Made-up Corp: Regulation FD disclosure"
    assert there.posted[0][1]["type"] == "warning"
    assert f"EDGAR: {EDGAR}" in there.posted[0][1]["message"]


@needs_apprise
async def test_who_has_been_told_is_not_told_again_when_another_failed():
    with receiving() as there:
        apprise = Apprise(urls=(there.url("one"), there.url("two")))
        there.statuses["two"] = 500
        error = await refused(apprise)
        there.statuses.clear()
        await apprise.notify(matched(), FakePost(), NOW)

    assert (str(error), error.permanent) == ("not told: 2 (json)", False)
    assert [path for path, _ in there.posted] == ["one", "two", "two"]


@needs_apprise
async def test_neither_redirects_nor_retries_happen_even_if_the_url_asks_for_them():
    with receiving() as there:
        there.statuses["one"] = 302
        await refused(Apprise(urls=(there.url("one", "?redirect=yes&retry=3&wait=0.1"),)))

    assert [path for path, _ in there.posted] == ["one"]


@needs_apprise
async def test_a_file_of_urls_is_read_for_each_attempt(tmp_path):
    with receiving() as there:
        file = tmp_path / "urls"
        file.write_text(f"# ours\n\n{there.url('one')}\n")
        apprise = Apprise(urls_file=file)
        file.write_text(f"{there.url('two')}\n{there.url('three')}\n")
        await apprise.notify(matched(), FakePost(), NOW)

    assert [path for path, _ in there.posted] == ["two", "three"]


@needs_apprise
async def test_a_file_that_broke_meanwhile_fails_the_attempt(tmp_path):
    file = tmp_path / "urls"
    file.write_text("json://127.0.0.1:9/x\n")
    apprise = Apprise(urls_file=file)
    file.unlink()

    assert str(await refused(apprise)).startswith("no URL to use: urls_file: ")


@needs_apprise
@pytest.mark.parametrize("message", [alarm(), digest(30)])
async def test_other_types_of_messages_are_told(message):
    with receiving() as there:
        await Apprise(urls=(there.url("one"),)).notify(message, FakePost(), NOW)

    assert there.posted[0][1]["title"] == message.summary


@needs_apprise
@pytest.mark.parametrize("name", HOSTILE)
async def test_nothing_that_is_markup_in_any_service_is_left(name):
    with receiving() as there:
        await Apprise(urls=(there.url("one"),)).notify(hostile(HOSTILE[name]), FakePost(), NOW)

    told = there.posted[0][1]
    assert not re.search(r"[@<>`\[\]*~|\\]", told["title"] + told["message"])
    assert (len(told["title"]) <= 160, len(told["message"]) < 5_000) == (True, True)


@needs_apprise
async def test_a_secret_url_is_seen_nowhere(caplog, capfd, monkeypatch):
    caplog.set_level(logging.DEBUG)
    log = logging.StreamHandler(StringIO())  # caplog listens behind the root, too
    monkeypatch.setattr(logging.getLogger(), "handlers", [log])
    with receiving() as there:
        there.statuses["secretsecret"] = 401
        apprise = Apprise(urls=(there.url("secretsecret"),))
        error = await refused(apprise)

    assert "secretsecret" not in repr(apprise) + str(error) + log.stream.getvalue() + "".join(capfd.readouterr())


@needs_apprise
def test_a_url_that_apprise_does_not_know_is_told_by_number_and_kind_alone():
    with pytest.raises(ValueError, match=r"URL 2 \(nothing\) is none that Apprise can use") as caught:
        Apprise(urls=("json://127.0.0.1:9/x", "nothing://secretsecret/x"))

    assert "secretsecret" not in str(caught.value)


@needs_apprise
@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_a_file_without_a_url_is_refused(text, tmp_path):
    file = tmp_path / "urls"
    file.write_text(text)

    with pytest.raises(ValueError, match="holds no URL"):
        Apprise(urls_file=file)


@pytest.mark.parametrize("settings", [{}, {"urls": ("json://x",), "urls_file": "y"}])
def test_one_of_urls_and_urls_file_is_needed(settings):
    with pytest.raises(ValueError, match="give urls or urls_file, one of the two"):
        Apprise(**settings)


def test_without_the_package_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)

    with pytest.raises(ValueError, match=r"not installed: pip install 'eightk\[channels\]'"):
        Apprise(urls=("json://127.0.0.1:9/x",))
