"""The live stream: who was away misses nothing, who is slow harms nobody, and it ends when the program does."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from _stores import NOW, alert, filing, message, report, store_url

from watcher.keyring import Keyring
from watcher.models import Event, Filer, Report, Severity
from watcher.serving import serving
from watcher.store import filings, journal, reports
from watcher.store.alerts import raise_alert
from watcher.store.database import Store
from watcher.web import event_stream, feed
from watcher.web.access import COOKIE, Access
from watcher.web.app import make_app
from watcher.web.desk import Desk, Health
from watcher.web.feed import Feed

pytestmark = pytest.mark.usefixtures("either_store")

Seen = tuple[int, str, dict[str, Any]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


class Nothing:
    """Whatever else a desk has: nothing of it is asked for here."""

    progress = None

    async def ask(self, request: Any) -> Any:
        raise AssertionError

    async def stop(self) -> None:
        raise AssertionError


async def unasked(*_: Any) -> Any:
    raise AssertionError


@asynccontextmanager
async def served(store: Store, live: Feed, access: Access | None = None) -> AsyncIterator[str]:
    desk = Desk(
        store=store,
        token="right",
        retry=unasked,
        audit=unasked,
        backfill=Nothing(),
        health=lambda: Health(is_well=True, edgar="polling"),
        feed=live,
        access=access,
    )
    async with serving(make_app(desk)) as url:
        yield url
        live.close()


def number(count: int) -> str:
    return f"0000000001-26-{count:06}"


async def save(store: Store, found: Report) -> None:
    await store.write(filings.spot, [found.filing], NOW)
    messages = {one.id: message(one) for one in found.alerts}
    await store.write(reports.save, found, messages, NOW, late_hours=72, endpoints=frozenset({"desk"}))


async def follow(url: str, wanted: int, *, query: str = "", last: int | None = None) -> list[Seen]:
    """Follow until so many events have come, and leave without a word."""
    seen: list[Seen] = []
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    async with (
        httpx.AsyncClient(timeout=30) as client,
        client.stream("GET", f"{url}/v1/stream{query}", headers=headers) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        async for one in events_of(answer):
            seen.append(one)
            if len(seen) == wanted:
                return seen
    return seen


async def events_of(answer: httpx.Response) -> AsyncIterator[Seen]:
    number, kind, data = -1, "", ""
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "id":
            number = int(value)
        elif name == "event":
            kind = value
        elif name == "data":
            data = value
        elif not line and data:
            yield number, kind, json.loads(data)
            kind = data = ""


async def test_what_is_saved_is_told_as_it_happens(store: Store) -> None:
    live = Feed(store)
    async with served(store, live) as url:
        following = asyncio.create_task(follow(url, 2, query="?after=0"))
        one = report(number(1), alert(number(1)))
        await save(store, one)
        live.wake()
        (first, kind, told), (second, other, raised) = await following

    assert (kind, told["accession"], told["items"]) == ("filing", number(1), ["7.01"])
    assert (other, raised["rule"], raised["filing"]["accession"]) == ("alert", "r", number(1))
    assert second == first + 1


async def test_who_is_cut_off_and_comes_back_sees_each_once_and_in_order(store: Store) -> None:
    """A thousand reports are saved meanwhile; each time the connection is dropped in the middle."""
    live, count = Feed(store), 1000

    async def save_all() -> None:
        for place in range(count):
            await save(store, report(number(place)))
            live.wake()

    seen: list[Seen] = []
    async with served(store, live) as url:
        saving = asyncio.create_task(save_all())
        while len(seen) < count:
            portion = min(137, count - len(seen))
            seen += await follow(url, portion, query="?after=0", last=seen[-1][0] if seen else None)
        await saving

    assert [told["accession"] for _, _, told in seen] == [number(place) for place in range(count)]
    numbers = [one for one, _, _ in seen]
    assert numbers == sorted(set(numbers))


async def test_who_comes_after_one_who_left_as_something_was_saved_is_told_each_once(store: Store) -> None:
    """Whatever read the journal for the one that left has ended, in whichever step it was then."""
    live = Feed(store)
    for steps in range(4):
        await live.enter()
        await asyncio.sleep(0.2)  # until its reader waits for news
        live.wake()
        for _ in range(steps):
            await asyncio.sleep(0)
        live.leave()
        await asyncio.sleep(0.05)

        assert [one for one in asyncio.all_tasks() if one.get_name() == "feed"] == [], steps


async def test_one_who_follows_from_now_on_is_told_where_that_is(store: Store) -> None:
    """So even one who is cut off before the first event misses nothing."""
    await save(store, report(number(1)))
    live = Feed(store)
    async with (
        served(store, live) as url,
        httpx.AsyncClient() as client,
        client.stream("GET", f"{url}/v1/stream") as answer,
    ):
        lines = answer.aiter_lines()
        head = [await anext(lines) for _ in range(2)]
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert "content-encoding" not in answer.headers

    assert head == ["retry: 2000", f"id: {await store.read(journal.last)}"]


async def test_what_the_journal_no_longer_holds_is_said_before_it_goes_on(store: Store) -> None:
    for place in range(1, 5):
        await store.write(filings.spot, [filing(number(place))], NOW)
        at = NOW + timedelta(days=place)
        await store.write(reports.save, report(number(place)), {}, at, late_hours=72, endpoints=frozenset[str]())
    await store.write(journal.prune, NOW + timedelta(days=3))
    live = Feed(store)
    async with served(store, live) as url:
        (place, kind, told), *others = await follow(url, 3, last=1)

    assert (place, kind, told["after"], told["goes_on_after"]) == (2, "reset", 1, 2)
    assert [one for one, _, _ in others] == [3, 4]


async def test_a_place_of_another_store_is_said_too(store: Store) -> None:
    await save(store, report(number(1)))
    live = Feed(store)
    async with served(store, live) as url:
        ((place, kind, told),) = await follow(url, 1, last=99)
        await save(store, report(number(2)))
        ((_, _, after),) = await follow(url, 1, last=place)

    assert (kind, told["after"], told["goes_on_after"]) == ("reset", 99, 1)
    assert after["accession"] == number(2)


CASES = [
    ("form=8-K%2FA", [2]),
    ("item=7.01", [1, 2, 3]),
    ("item=5.02", []),
    ("event=cfo-departure", [3]),
    ("cik=7", [2]),
    ("ticker=mdup", [2]),
    ("severity=critical", [3]),
    ("kind=alert", []),
    ("rule=r", []),
]


@pytest.mark.parametrize(("query", "expected"), CASES)
async def test_a_stream_can_be_narrowed(store: Store, query: str, expected: list[int]) -> None:
    await save(store, report(number(1)))
    other = report(number(2))
    party = Filer(7, "Made Up, Inc.", tickers=("MDUP",))
    other.filing = replace(other.filing, form="8-K/A", filers=(party,))
    await save(store, other)
    event = Event("cfo-departure", 0.9, severity=Severity.CRITICAL)
    await save(store, replace(report(number(3)), events=(event,)))
    one = replace(alert(number(4), "last", ()), severity=Severity.LOW)
    await store.write(raise_alert, None, one, message(one), NOW)
    live = Feed(store)
    async with served(store, live) as url:
        seen = await follow(url, len(expected), query=f"?after=0&{query}") if expected else []
        last = await follow(url, 1, query="?after=0&rule=last&severity=low&kind=alarm")

    assert [told["accession"] for _, _, told in seen] == [number(place) for place in expected]
    assert [(kind, told["filing"]) for _, kind, told in last] == [("alarm", None)]


async def test_there_is_room_for_so_many_and_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MOST_CLIENTS", 1)
    live = Feed(store)
    async with served(store, live) as url, httpx.AsyncClient() as client:
        async with client.stream("GET", f"{url}/v1/stream") as answer:
            await anext(answer.aiter_lines())
            refused = await client.get(f"{url}/v1/stream")
        while live._clients:
            await asyncio.sleep(0.01)
        async with client.stream("GET", f"{url}/v1/stream") as again:
            assert again.status_code == 200

    assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
    assert refused.headers["retry-after"] == "5"


async def test_nobody_reads_the_journal_while_nobody_follows(store: Store) -> None:
    live = Feed(store)
    async with served(store, live) as url, httpx.AsyncClient() as client:
        async with client.stream("GET", f"{url}/v1/stream") as answer:
            await anext(answer.aiter_lines())
            assert live._reader is not None
        while live._clients:
            await asyncio.sleep(0.01)

        assert live._reader is None


async def test_who_takes_nothing_is_cut_off(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "SEND_SECONDS", 0.3)
    live = Feed(store)
    big = replace(report(number(0)), filing=replace(filing(number(0)), filers=(Filer(1, "N" * 200_000),)))
    async with served(store, live) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.sendall(b"GET /v1/stream?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            while not live._clients:
                await asyncio.sleep(0.01)
            for place in range(60):
                one = replace(big, filing=replace(big.filing, accession=number(place)))
                await save(store, one)
                live.wake()
            while live._clients:
                await asyncio.sleep(0.05)


async def test_streams_end_when_the_program_does(store: Store) -> None:
    live = Feed(store)
    async with served(store, live) as url, httpx.AsyncClient() as client:
        async with client.stream("GET", f"{url}/v1/stream") as answer:
            lines = answer.aiter_lines()
            await anext(lines)
            live.close()
            rest = [line async for line in lines]
        refused = await client.get(f"{url}/v1/stream")

    assert [line for line in rest if line.startswith("data")] == []
    assert (refused.status_code, refused.json()["detail"]) == (503, "eightk is stopping")


class Guard:
    """A keyring that changes, with a password and a token."""

    def __init__(self) -> None:
        self.keyring, self.token = Keyring().with_password("correct horse battery").with_token("desk", may_write=False)
        self.access = Access("lock", read=lambda: self.keyring)

    async def headers(self, by: str) -> dict[str, str]:
        """What somebody comes in by."""
        if by == "session":
            return {"Cookie": f"{COOKIE}={await self.access.log_in('correct horse battery', '')}"}
        return {"Authorization": f"Bearer {self.token if by == 'token' else 'lock'}"}

    async def end(self, how: str, headers: dict[str, str]) -> None:
        """Take back what somebody came in by, or something else."""
        before = self.keyring
        if how == "token removed":
            self.keyring = before.without_token("desk").knowing(before)
        elif how == "token added":
            self.keyring = before.with_token("other", may_write=False)[0].knowing(before)
        elif how == "password changed":
            self.keyring = before.with_password("battery horse correct").knowing(before)
        else:
            visitor = await self.access.visitor("", headers["Cookie"].partition("=")[2], "")
            assert visitor is not None
            self.access.log_out(visitor)


@pytest.mark.parametrize(
    ("by", "how"), [("token", "token removed"), ("session", "password changed"), ("session", "logged out")]
)
async def test_a_stream_ends_with_what_opened_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, by: str, how: str
) -> None:
    monkeypatch.setattr(event_stream, "LOOK_SECONDS", 0.01)
    live, guard = Feed(store), Guard()
    headers = await guard.headers(by)
    async with served(store, live, guard.access) as url, httpx.AsyncClient(headers=headers) as client:
        async with client.stream("GET", f"{url}/v1/stream") as answer:
            lines = answer.aiter_lines()
            await anext(lines)
            await guard.end(how, headers)
            rest = [line async for line in lines]
        again = await client.get(f"{url}/v1/stream")

    assert [line for line in rest if line.startswith("data")] == []
    assert (live._clients, again.status_code) == (0, 401)


@pytest.mark.parametrize(
    ("by", "how"), [("token", "password changed"), ("token", "token added"), ("lock", "token removed")]
)
async def test_a_stream_goes_on_while_what_opened_it_counts(
    store: Store, monkeypatch: pytest.MonkeyPatch, by: str, how: str
) -> None:
    monkeypatch.setattr(event_stream, "LOOK_SECONDS", 0.01)
    live, guard = Feed(store), Guard()
    headers = await guard.headers(by)
    async with (
        served(store, live, guard.access) as url,
        httpx.AsyncClient(headers=headers) as client,
        client.stream("GET", f"{url}/v1/stream") as answer,
    ):
        told = events_of(answer)
        await save(store, report(number(1)))
        live.wake()
        await anext(told)
        await guard.end(how, headers)
        await asyncio.sleep(0.1)  # many looks
        await save(store, report(number(2)))
        live.wake()
        _, _, row = await anext(told)

    assert row["accession"] == number(2)


@pytest.mark.parametrize("asked", ["last", "-1", "1e3", "9" * 30])
async def test_a_place_that_is_none_is_refused(store: Store, asked: str) -> None:
    live = Feed(store)
    async with served(store, live) as url, httpx.AsyncClient() as client:
        by_header = await client.get(f"{url}/v1/stream", headers={"Last-Event-ID": asked})
        by_query = await client.get(f"{url}/v1/stream?after={asked}")

    assert (by_header.status_code, by_query.status_code) == (422, 422)


async def test_a_head_of_the_stream_ends_at_once_and_leaves_its_place_to_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "MOST_CLIENTS", 1)
    live = Feed(store)
    async with served(store, live) as url, httpx.AsyncClient(timeout=30) as client:
        heads = [await client.head(f"{url}/v1/stream") for _ in range(3)]
        await save(store, report(number(1)))
        seen = await follow(url, 1, query="?after=0")

    assert [(one.status_code, one.headers["content-type"], one.content) for one in heads] == [
        (200, "text/event-stream; charset=utf-8", b"")
    ] * 3
    assert [kind for _, kind, _ in seen] == ["filing"]
