"""Fetching alerts: the same bodies as a webhook's, in order, and none is passed over."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from _stores import ACCESSION, NOW, alert, filing, report, save, store_url
from sqlalchemy import Connection

from watcher.errors import AheadOfStore
from watcher.models import Alert, Document, Evidence, Severity
from watcher.payload.alert import message_for
from watcher.places import edgar_place
from watcher.store import deliveries, filings, reports
from watcher.store.alert_pages import AlertFilter, page_after
from watcher.store.database import Store
from watcher.store.schema import alert as alert_table
from watcher.web.app import make_app
from watcher.web.desk import Desk, Health

pytestmark = pytest.mark.usefixtures("either_store")

EVERY = AlertFilter()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


@pytest.fixture
def client(store: Store) -> httpx.AsyncClient:
    async def nothing(*_: object) -> Any:
        raise AssertionError

    desk = Desk(store, "token", nothing, nothing, None, lambda: Health(is_well=True, edgar=""))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=make_app(desk)), base_url="http://127.0.0.1:8000")


def accession(number: int) -> str:
    return f"0000000001-26-{number:06}"


def raise_one(store: Store, number: int, **changes: Any) -> Alert:
    """Save a report that raises one alert, as the route does, with the message that is really sent."""
    one = replace(alert(accession(number)), **changes)
    found = report(accession(number), one)
    message = message_for(one, found, saved_at=NOW, page_url="http://127.0.0.1:8000/filings/x")
    store.write_now(filings.spot, [found.filing], NOW)
    endpoints = frozenset({"desk", "other"})
    store.write_now(reports.save, found, {one.id: message}, NOW, late_hours=72, endpoints=endpoints)
    return one


def ids(page: dict[str, Any]) -> list[str]:
    return [one["data"]["id"] for one in page["alerts"]]


async def get(client: httpx.AsyncClient, **wanted: Any) -> dict[str, Any]:
    answer = await client.get("/v1/alerts", params=wanted)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_alerts_come_in_the_order_in_which_they_were_raised(client: httpx.AsyncClient, store: Store) -> None:
    raised = [raise_one(store, number) for number in (3, 1, 2)]

    page = await get(client)

    assert ids(page) == [one.id for one in raised]
    assert [one["data"]["sequence"] for one in page["alerts"]] == [1, 2, 3]
    assert (page["next"], page["has_more"]) == (3, False)


async def test_a_body_is_the_one_that_a_webhook_is_sent(client: httpx.AsyncClient, store: Store) -> None:
    raise_one(store, 1)
    (owed,) = store.read_now(deliveries.owed_to, "desk", NOW, 10)

    assert (await get(client))["alerts"] == [json.loads(owed.message.payload)]
    assert json.loads(owed.message.payload)["data"]["sequence"] == 1


async def test_each_attempt_is_sent_the_same_bytes(store: Store) -> None:
    raise_one(store, 1)

    first, second = (store.read_now(deliveries.owed_to, "desk", NOW, 10)[0].message.payload for _ in range(2))

    assert first == second


async def test_one_page_follows_the_other_until_there_is_no_more(client: httpx.AsyncClient, store: Store) -> None:
    raised = [raise_one(store, number) for number in range(5)]
    read: list[str] = []
    after, has_more = 0, True
    while has_more:
        page = await get(client, after=after, limit=2)
        read += ids(page)
        after, has_more = page["next"], page["has_more"]

    assert read == [one.id for one in raised]
    assert ids(await get(client, after=after)) == []


async def test_what_an_endpoint_is_owed_can_be_fetched_alone(client: httpx.AsyncClient, store: Store) -> None:
    raise_one(store, 1)
    other = raise_one(store, 2, notify=("other",))
    both = raise_one(store, 3, notify=("other", "desk"))

    assert ids(await get(client, endpoint="other")) == [other.id, both.id]


async def test_alerts_can_be_chosen_by_rule_and_by_severity(client: httpx.AsyncClient, store: Store) -> None:
    raise_one(store, 1)
    low = raise_one(store, 2, severity=Severity.LOW)
    mine = raise_one(store, 3, rule="mine")

    assert ids(await get(client, severity="low")) == [low.id]
    assert ids(await get(client, rule="mine")) == [mine.id]
    assert ids(await get(client, rule="mine", severity="low")) == []


async def test_what_was_looked_through_in_vain_is_not_looked_through_again(
    client: httpx.AsyncClient, store: Store
) -> None:
    for number in range(3):
        raise_one(store, number)

    page = await get(client, rule="eightk.quiet", limit=1)

    assert (page["alerts"], page["next"], page["has_more"]) == ([], 3, False)


async def test_an_empty_store_has_an_empty_page(client: httpx.AsyncClient) -> None:
    assert await get(client) == {"alerts": [], "next": 0, "has_more": False}


async def test_who_read_another_store_is_told_so(client: httpx.AsyncClient, store: Store) -> None:
    raise_one(store, 1)

    answer = await client.get("/v1/alerts", params={"after": 2})

    assert answer.status_code == 409
    assert answer.json()["detail"] == "this store's last alert has the sequence 1, so 2 is another one's; begin at 0"


@pytest.mark.parametrize("wrong", [{"after": -1}, {"limit": 0}, {"limit": 501}, {"severity": "great"}, {"rule": ""}])
async def test_what_cannot_be_asked_is_refused(client: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    assert (await client.get("/v1/alerts", params=wrong)).status_code == 422


async def test_an_alert_of_an_earlier_version_is_numbered_when_it_is_read(store: Store) -> None:
    one = raise_one(store, 1)

    def forget(connection: Connection) -> None:
        unnumbered = message_for(one, report(accession(1), one), saved_at=NOW).payload
        connection.execute(alert_table.update().values(payload=unnumbered))

    store.write_now(forget)
    (payload,) = store.read_now(page_after, 0, 10, EVERY).payloads

    assert json.loads(payload)["data"]["sequence"] == 1


def test_what_is_read_while_others_write_has_no_gap(store: Store) -> None:
    """Several threads save; the reader, who never goes back, sees every alert, for each endpoint and in all."""
    each, writers = 15, 4

    def write(first: int) -> None:
        for number in range(first, first + each):
            raise_one(store, number, notify=("desk",) if number % 2 else ("desk", "other"))

    threads = [threading.Thread(target=write, args=(n * each,)) for n in range(writers)]
    read: dict[str | None, list[int]] = {None: [], "other": []}
    after = dict.fromkeys(read, 0)
    for thread in threads:
        thread.start()
    is_last = False
    while not is_last:
        is_last = not any(thread.is_alive() for thread in threads)
        for endpoint, seen in read.items():
            page = store.read_now(page_after, after[endpoint], 7, AlertFilter(endpoint))
            after[endpoint] = page.next
            seen += [json.loads(payload)["data"]["sequence"] for payload in page.payloads]
            is_last = is_last and not page.has_more
    for thread in threads:
        thread.join()

    assert read[None] == list(range(1, each * writers + 1))
    assert len(read["other"]) == each * writers // 2
    assert read["other"] == sorted(set(read["other"]))


def test_a_page_ahead_of_the_store_is_an_error_of_its_own(store: Store) -> None:
    with pytest.raises(AheadOfStore):
        store.read_now(page_after, 1, 1, EVERY)


async def test_a_filing_s_alerts_say_where_their_words_can_be_read(client: httpx.AsyncClient, store: Store) -> None:
    words = Evidence(1, 3, 9, "some words")
    found = replace(
        report(ACCESSION, replace(alert(), evidence=(words,))),
        documents=(Document(1, "8-K", "a.htm", "", 9, "x" * 20),),
    )
    save(store, found)

    (told,) = (await client.get(f"/v1/filings/{ACCESSION}")).json()["report"]["alerts"]

    assert told["evidence"][0]["url"] == f"http://127.0.0.1:8000/filings/{ACCESSION}#d1-3"
    assert told["evidence"][0]["edgar_url"] == edgar_place(filing(), found.documents, words)
