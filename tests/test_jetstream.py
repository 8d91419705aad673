"""A stream over which consumers read: from the outbox to the consumer, while the server is killed and comes back."""

import asyncio
import json
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("nats", reason="the package nats-py is not installed")

import nats.errors
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig

from handlers.notify import Nats
from tests._nats import Server, add_stream, connected, serving, stored
from tests._running import Place, Running
from tests._stores import NOW
from tests._telling import matched, report, saved
from watcher.clock import Clock
from watcher.config import load_settings
from watcher.deliver import Deliverer, Endpoint
from watcher.models import Alert, Filer, Message, Report, Severity, alert_id
from watcher.simulator.generator import Generator
from watcher.store import deliveries, filings, reports
from watcher.store.database import Store
from watcher.tasks import end_loops
from watcher.testing import FakePost

COMPANIES = 5


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'eightk.db'}") as opened:
        yield opened


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "nats") as running:
        yield running


def fill(store: Store, count: int, *, with_filings: bool = False) -> list[tuple[int, str]]:
    """Save filings of a few companies that owe so many messages; return company and id of each, as raised.

    Each raises an alert. ``with_filings`` owes word of the filings, too, of which then only each second has an alert.
    """
    raised: list[tuple[int, str]] = []
    number = 0
    while len(raised) < count:
        cik, accession = 100 + number % COMPANIES, f"0000000001-26-{number:06}"
        alert = Alert(alert_id(accession, "r"), "r", "A title", Severity.LOW, "1", ("desk",))
        about = report(accession=accession, filers=(Filer(cik, "Made Up, Inc."),))
        about.alerts = () if with_filings and number % 2 else (alert,)
        told = [saved(about)] if with_filings else []
        told += [matched(one, about) for one in about.alerts]
        keep(store, about, told, with_filings=with_filings)
        raised += [(cik, one.id) for one in told]
        number += 1
    return raised


def keep(store: Store, about: Report, told: list[Message], *, with_filings: bool) -> None:
    desk = frozenset({"desk"})
    filings_to = desk if with_filings else frozenset[str]()
    messages = {one.id: one for one in told}
    store.write_now(filings.spot, [about.filing], NOW)
    store.write_now(reports.save, about, messages, NOW, late_hours=72, endpoints=desk, filings=filings_to)


def by_company(seen: list[tuple[int, str]]) -> dict[int, list[str]]:
    """The ids in order, each where it was seen first."""
    found: dict[int, list[str]] = {}
    for cik, id_ in dict.fromkeys(seen):
        found.setdefault(cik, []).append(id_)
    return found


class Consumer:
    """Reads a durable consumer, acknowledges what it has, and outlives its server."""

    def __init__(self, js: JetStreamContext, name: str = "desk") -> None:
        self._js = js
        self._name = name
        self.seen: list[tuple[int, str]] = []

    async def run(self) -> None:
        # One under way at a time: with more, one that is sent again comes behind those after it.
        config = ConsumerConfig(ack_wait=1, max_ack_pending=1)
        subscription = await self._js.pull_subscribe("eightk.*.>", self._name, stream="EIGHTK", config=config)
        while True:
            with suppress(nats.errors.Error):  # the server is away: ask again
                for message in await subscription.fetch(1, timeout=0.5):
                    self.seen.append((int(message.subject.rpartition(".")[2]), message.headers["Nats-Msg-Id"]))
                    await message.ack()
            await asyncio.sleep(0)


async def drain_until(deliverer: Deliverer, is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not is_so():
            await deliverer.drain("desk")
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("with_filings", [False, True], ids=["alerts", "alerts and filings"])
async def test_a_consumer_sees_each_id_in_order_while_the_server_is_killed_in_mid_stream(store, server, with_filings):
    raised = fill(store, 150, with_filings=with_filings)
    # The waits of the outbox pass quickly: five minutes are one second.
    clock = Clock(scale=300, start=NOW)
    notifier = Nats(server=f"nats://{server.place}", allow=(server.place,), stream="EIGHTK")
    desk = Endpoint(notifier, FakePost(), ordered=True, requests_per_second=0)
    deliverer = Deliverer(store=store, endpoints={"desk": desk}, clock=clock, jitter=lambda: 1.0)

    def told() -> int:
        return sum(one.delivery.state.value == "delivered" for one in store.read_now(deliveries.find, limit=500))

    async with connected(server) as js:
        await add_stream(js)
        consumer = Consumer(js)
        reading = asyncio.create_task(consumer.run())
        delivering = asyncio.create_task(drain_until(deliverer, lambda: told() == len(raised)))
        for kill_at in (20, 60, 100):
            while len(consumer.seen) < kill_at:
                await asyncio.sleep(0.005)
            server.kill()
            await asyncio.sleep(0.3)
            await asyncio.to_thread(server.start)
        await delivering
        async with asyncio.timeout(60):
            while len(set(consumer.seen)) < len(raised):
                await asyncio.sleep(0.02)
        reading.cancel()
        messages = await stored(js)
    await notifier.aclose()

    assert by_company(consumer.seen) == by_company(raised)
    assert [one.headers["Nats-Msg-Id"] for one in messages] == [id_ for _, id_ in raised]  # doubles were dropped
    tries = [len(one.tries) for one in store.read_now(deliveries.find, limit=500)]
    assert max(tries) > 1  # it was killed while something was under way


async def test_what_was_sent_and_not_noted_is_dropped_when_it_is_sent_again(store, server):
    """As after a crash between the stream's word and our note of it."""
    ((_, id_),) = fill(store, 1)
    (owed,) = store.read_now(deliveries.find)
    notifier = Nats(server=f"nats://{server.place}", allow=(server.place,))
    async with connected(server) as js:
        await add_stream(js)
        await notifier.notify(replace(matched(), id=id_), FakePost(), 0.0)
        desk = Endpoint(notifier, FakePost())
        await Deliverer(store=store, endpoints={"desk": desk}, clock=Clock(scale=1e-15, start=NOW)).drain("desk")
        messages = await stored(js)
    await notifier.aclose()

    assert owed.delivery.state.value == "pending"
    assert store.read_now(deliveries.find)[0].delivery.state.value == "delivered"
    assert [one.headers["Nats-Msg-Id"] for one in messages] == [id_]


STREAMING = """
[endpoint.desk-stream]
kind = "nats"
server = "nats://{place}"
allow = ["{place}"]
stream = "EIGHTK"
ordered = true
"""
RULES = """\
version: 1
groups:
- name: stream
  rules:
  - {id: every, title: Every filing, match: {form|exists: "true"}, include_amendments: "true", notify: [desk-stream]}
"""
NO_RULES = "version: 1\ngroups: []\n"


@pytest.mark.parametrize(
    ("more", "rules", "subject"),
    [("", RULES, "eightk.alert.every.8-K"), ("filings = true\n", NO_RULES, "eightk.filing._.8-K")],
    ids=["by a rule", "by a setting"],
)
async def test_a_daemon_tells_the_stream_of_every_filing_and_ends_in_order(tmp_path, server, more, rules, subject):
    place = Place(tmp_path / "place").set_up(more=STREAMING.format(place=server.place) + more, rules=rules)
    place.inbox.mkdir()
    making = Generator(seed=1)
    for number in range(3):
        (place.inbox / f"{number}.txt").write_bytes(making.submission().raw)

    async with connected(server) as js:
        await add_stream(js)
        running = await asyncio.to_thread(Running, place)
        try:
            async with asyncio.timeout(60):
                while (await js.stream_info("EIGHTK")).state.messages < 3:
                    await asyncio.sleep(0.1)
        finally:
            code = await asyncio.to_thread(running.end, signal.SIGTERM)
        messages = await stored(js)

    assert code == 0
    filed = {json.loads(one.data)["data"]["filing"]["accession"] for one in messages}
    assert filed == {one["accession"] for one in place.filings()}
    assert all(one.subject.startswith(subject) for one in messages)
    sequences = [int(one.headers["Eightk-Sequence"]) for one in messages]
    assert sequences == sorted(sequences)
    assert "Traceback" not in (place.folder / "log.txt").read_text()


async def test_endpoint_test_tells_the_stream(tmp_path, server):
    place = Place(tmp_path / "place").set_up(more=STREAMING.format(place=server.place), rules=RULES)
    async with connected(server) as js:
        await add_stream(js)
        done = await asyncio.to_thread(place.eightk, "endpoint", "test", "desk-stream")
        (message,) = await stored(js)

    assert (done.returncode, done.stderr) == (0, "")
    assert message.subject == "eightk.test._._._._._"


def of_the_docs(language: str) -> str:
    text = (Path(__file__).resolve().parents[1] / "docs" / "stream.md").read_text(encoding="utf-8")
    (block,) = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return block


def test_the_endpoint_of_the_docs_can_be_used(tmp_path):
    rule = '{id: a, title: A, match: {items|has: "7.01"}, notify: []}'
    rules = f"version: 1\ngroups:\n- name: g\n  rules:\n  - {rule}\n"
    place = Place(tmp_path).set_up(more=of_the_docs("toml"), rules=rules)

    done = place.eightk("check")

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert load_settings(place.config, {}).endpoint["stream"].filings


@pytest.mark.parametrize(
    ("subject", "told", "other"), [("eightk.alert.>", matched(), saved()), ("eightk.filing.>", saved(), matched())]
)
async def test_the_consumer_of_the_docs_consumes(server, subject, told, other):
    block = of_the_docs("python")
    example: dict[str, Any] = {"__name__": "example"}
    exec(compile(block, "stream.md", "exec"), example)
    seen: list[str] = []
    is_enough = asyncio.Event()

    async def handle(identity: str, payload: dict[str, Any]) -> None:
        seen.append(identity)
        assert payload["type"] == told.type
        if len(seen) == 3:
            is_enough.set()

    notifier = Nats(server=f"nats://{server.place}", allow=(server.place,))
    async with connected(server) as js:
        await add_stream(js)
        for id_ in ("a_1", "a_2", "a_3"):
            await notifier.notify(replace(other, id=f"other_{id_}"), FakePost(), 0.0)
            await notifier.notify(replace(told, id=id_), FakePost(), 0.0)
        consuming = asyncio.create_task(example["consume"](f"nats://{server.place}", handle, "desk", subject))
        async with asyncio.timeout(30):
            await is_enough.wait()
        await end_loops([consuming])
    await notifier.aclose()

    assert seen == ["a_1", "a_2", "a_3"]
