"""Secrets of endpoints come out nowhere: a run with known ones, and a look at all that was written and shown."""

import asyncio
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from _running import Place, Running, wait_until

from watcher.config import load_settings
from watcher.errors import ConfigError
from watcher.outbound import Outbound
from watcher.outbox import endpoints_of
from watcher.ready import examine
from watcher.signing import new_secret
from watcher.simulator.generator import Generator
from watcher.simulator.receiver import Receiver, receive

CHAT_TOKEN, HEADER_TOKEN, PUSH_TOKEN = "T0CHAT0hunter2hunter2", "T0HEADER0hunter2hunter2", "tk_T0PUSH0hunter2hunter2"
PASSWORD = "T0MAIL0hunter2hunter2"
OLD = new_secret()
NAMES = "[desk, chat, inline, phones, post]"
PAGES = ("/", "/healthz", "/v1/filings", "/v1/deliveries", "/v1/alerts", "/v1/openapi.json")


def set_up(place: Place, url: str) -> Place:
    """An endpoint of each kind that has a secret; all but the desk fail."""
    host = url.removeprefix("http://")
    allow = f'allow = ["{host}", "127.0.0.1:1"]'
    more = f"""
[endpoint.chat]
kind = "slack"
url_file = "chat"
{allow}
[endpoint.inline]
kind = "discord"
url = "http://127.0.0.1:1/api/webhooks/{CHAT_TOKEN}"
{allow}
[endpoint.phones]
kind = "ntfy"
server = "http://{host}"
topic = "desk"
token_file = "push"
{allow}
[endpoint.post]
kind = "mail"
host = "127.0.0.1"
port = 1
tls = "tls"
user = "u"
password_file = "password"
sender = "a@example.com"
to = ["b@example.com"]
{allow}
"""
    rules = (
        "version: 1\ngroups:\n- name: test\n  rules:\n"
        f'  - {{id: every, title: Every filing, match: {{items|exists: "true"}}, notify: {NAMES}}}\n'
    )
    place.set_up(receiver=url, more=more, rules=rules)
    place.config.write_text(place.config.read_text() + f'headers = {{Authorization = "Bearer {HEADER_TOKEN}"}}\n')
    (place.folder / "secret").write_text(f"{place.secret}\n{OLD}\n")
    (place.folder / "chat").write_text(f"{url}/services/{CHAT_TOKEN}\n")
    (place.folder / "push").write_text(PUSH_TOKEN + "\n")
    (place.folder / "password").write_text(PASSWORD + "\n")
    return place


def hidden(place: Place) -> tuple[str, ...]:
    texts = (place.secret, OLD, CHAT_TOKEN, HEADER_TOKEN, PUSH_TOKEN, PASSWORD)
    # Of a signing secret the key is the secret, however it is introduced.
    return tuple(text.removeprefix("whsec_") for text in texts)


def fetched(url: str) -> str:
    try:
        with urllib.request.urlopen(url) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


def run(place: Place) -> dict[str, str]:
    """Run a daemon over one filing, look at everything, and return what was shown and written, by where."""
    made = Generator(seed=3).submission(items=("7.01", "9.01"))
    shown: dict[str, str] = {}
    place.inbox.mkdir()
    with Running(place) as running:
        (place.inbox / f"{made.accession}.txt").write_bytes(made.raw)
        assert wait_until(lambda: _log(place).count("delivery failed") >= 3 and "delivered" in _log(place)), _log(place)
        for path in (*PAGES, f"/filings/{made.accession}", f"/v1/filings/{made.accession}"):
            shown[path] = fetched(running.url + path)
        for words in (
            ("check",), ("endpoint", "list"), ("endpoint", "list", "--json"), ("deliveries", "--json"),
            *(("endpoint", "test", name) for name in ("desk", "chat", "inline", "phones", "post")),
            ("show", made.accession, "--json"), ("alerts", "--json"), ("endpoint", "rotate-secret", "desk"),
        ):  # fmt: skip
            done = place.eightk(*words)
            shown[" ".join(words)] = done.stdout + done.stderr
    shown["log"] = _log(place)
    for path in (place.folder / "data").rglob("*"):
        if path.is_file():
            shown[str(path)] = path.read_bytes().decode("latin-1")
    return shown


def _log(place: Place) -> str:
    return (place.folder / "log.txt").read_text()


async def test_no_secret_comes_out_in_log_pages_commands_and_store(tmp_path: Path) -> None:
    receiver = Receiver(status=200)
    async with receive(receiver) as url:
        place = set_up(Place(tmp_path), url)
        shown = await asyncio.to_thread(run, place)

    assert any(HEADER_TOKEN in str(post.headers) for post in receiver.received)
    assert any(PUSH_TOKEN in str(post.headers) for post in receiver.received)
    assert any(CHAT_TOKEN in post.path for post in receiver.received)
    assert any(path.endswith("eightk.db") for path in shown)
    assert [(where, text) for where, out in shown.items() for text in hidden(place) if text in out] == []


async def test_no_secret_comes_out_where_a_part_is_shown(tmp_path: Path) -> None:
    place = set_up(Place(tmp_path), "http://127.0.0.1:9")
    ready = examine(place.config)
    outbound = Outbound()
    parts = repr((ready, ready.settings, dict(ready.notifiers), endpoints_of(ready, outbound)))
    await outbound.aclose()

    assert "endpoint" in parts
    assert [text for text in hidden(place) if text in parts] == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("headers", f'["Authorization: Bearer {HEADER_TOKEN}"]'),
        ("headers", f'{{Authorization = ["{HEADER_TOKEN}"]}}'),
        ("url", f'["https://hooks.example.com/{HEADER_TOKEN}"]'),
        ("url", f'"https://user:{HEADER_TOKEN}@hooks.example.com/"'),
        ("url", f'"ftp://hooks.example.com/{HEADER_TOKEN}"'),
        ("secret", f'"{HEADER_TOKEN}"'),
        ("secret_file", f'["{HEADER_TOKEN}"]'),
    ],
)
def test_no_secret_in_the_wrong_place_comes_out_in_a_fault(tmp_path: Path, key: str, value: str) -> None:
    place = Place(tmp_path).set_up(receiver="http://127.0.0.1:9")
    lines = [line for line in place.config.read_text().splitlines() if not line.startswith(f"{key} =")]
    place.config.write_text("\n".join([*lines, f"{key} = {value}"]) + "\n")

    assert load_settings(place.config, {}).endpoint["desk"].kind == "webhook"
    with pytest.raises(ConfigError) as caught:
        examine(place.config)
    assert HEADER_TOKEN not in str(caught.value)
