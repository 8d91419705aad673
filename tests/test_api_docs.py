"""What docs/api.md shows: its calls are answered, its consumer misses nothing, and it names what there is."""

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from _stores import ACCESSION, alert, report
from test_stream import number, save, served

from watcher.keyring import Keyring
from watcher.store.database import Store
from watcher.web import feed
from watcher.web.access import Access
from watcher.web.feed import Feed, Portion

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "api.md").read_text(encoding="utf-8")
CALLS = re.findall(r"^curl (.*?)'http://127\.0\.0\.1:8000(\S+?)'", TEXT, re.MULTILINE)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'eightk.db'}") as opened:
        yield opened


async def test_every_call_is_one_that_can_be_made(store: Store) -> None:
    await save(store, report(ACCESSION, alert(), alert(rule="my-disclosures")))
    async with served(store, Feed(store)) as url, httpx.AsyncClient(base_url=url) as client:
        described = (await client.get("/v1/openapi.json")).json()
        for options, call in CALLS:
            asked = urlsplit(call)
            method = (re.findall(r"-X (\w+)", options) or ["GET"])[0].lower()
            fitting = [
                path for path in described["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), asked.path)
            ]
            told = (described["paths"][path] for path in fitting)
            operation = next(one[method] for one in told if method in one)
            known = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
            assert set(parse_qs(asked.query)) <= known, call
            if method == "get" and not asked.path.endswith(("/raw", "/stream")):
                assert (await client.get(call)).status_code == 200, call

    assert len(CALLS) >= 10


def consumer() -> dict[str, Any]:
    """What the Python of the document defines."""
    (source,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(source, "api.md", "exec"), names)
    return names


async def test_with_a_token_set_every_call_that_shows_one_is_let_in_and_no_other(store: Store) -> None:
    keyring, token = Keyring().with_token("desk", may_write=True)
    access = Access("lock", read=lambda: keyring)
    async with served(store, Feed(store), access) as url, httpx.AsyncClient(base_url=url) as client:
        for options, call in CALLS:
            shown = re.findall(r'-H "Authorization: (Bearer) \$TOKEN"', options)
            method = (re.findall(r"-X (\w+)", options) or ["GET"])[0]
            headers = {"Authorization": f"{shown[0]} {token}"} if shown else {}
            async with client.stream(method, call, headers=headers) as answer:
                assert (answer.status_code == 401) == (not shown), call

    methods = {method for options, _ in CALLS for method in re.findall(r"-X (\w+)", options)}
    assert methods == {"POST", "PUT", "DELETE"}
    assert [call for options, call in CALLS if "-X" in options and "$TOKEN" not in options] == []


@pytest.mark.parametrize(
    ("token", "query", "status", "told"),
    [("wrong", "", 401, "a token is needed"), ("", "", 401, "a token is needed"), ("right", "?item=5.2", 422, "5.02")],
)
async def test_the_consumer_stops_when_it_is_refused_for_good(
    store: Store, token: str, query: str, status: int, told: str
) -> None:
    keyring, right = Keyring().with_token("desk", may_write=False)
    access = Access("lock", read=lambda: keyring)
    names = consumer()
    names["time"] = SimpleNamespace(sleep=lambda _: pytest.fail("it asks again"))
    async with served(store, Feed(store), access) as url:
        asked = f"{url}/v1/stream{query}"
        events = names["follow"](asked, "0", right if token == "right" else token)
        with pytest.raises(RuntimeError, match=rf"answers {status}: .*{told}"):
            await asyncio.to_thread(next, events)


async def test_the_consumer_waits_longer_each_time_while_nobody_can_answer(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No room for it at first; then it is let in by its token."""
    keyring, token = Keyring().with_token("desk", may_write=False)
    access = Access("lock", read=lambda: keyring)
    names, live, waited = consumer(), Feed(store), []
    most = feed.MOST_CLIENTS
    monkeypatch.setattr(feed, "MOST_CLIENTS", 0)

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 8:
            monkeypatch.setattr(feed, "MOST_CLIENTS", most)

    names["time"] = SimpleNamespace(sleep=wait)
    await save(store, report(ACCESSION))
    async with served(store, live, access) as url:
        events = names["follow"](f"{url}/v1/stream", "0", token)
        _, kind, _ = await asyncio.to_thread(next, events)
        await asyncio.to_thread(events.close)

    assert (kind, waited) == ("filing", [1, 2, 4, 8, 16, 32, 60, 60])


async def test_the_consumer_goes_on_where_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each connection ends after a few events."""
    names = consumer()
    names["time"] = SimpleNamespace(sleep=lambda _: time.sleep(0.01))
    after, count, asked = Feed.after, 60, 0

    async def cut_short(self: Feed, place: int, seconds: float) -> Portion | None:
        nonlocal asked
        asked += 1
        found = await after(self, place, seconds)
        if found is None or not found.told or not asked % 3:
            return None
        return Portion(found.told[:7], found.told[:7][-1].sequence)

    monkeypatch.setattr(Feed, "after", cut_short)

    def consume(url: str) -> list[str]:
        seen: list[str] = []
        for _, kind, data in names["follow"](url, "0"):
            assert kind == "filing"
            seen.append(data["accession"])
            if len(seen) == count:
                break
        return seen

    for place in range(count):
        await save(store, report(number(place)))
    async with served(store, Feed(store)) as url:
        seen = await asyncio.to_thread(consume, f"{url}/v1/stream")

    assert seen == [number(place) for place in range(count)]
    assert asked > 10
