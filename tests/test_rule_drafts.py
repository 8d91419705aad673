"""Drafts of rules: tried out beside a running daemon, and saved whole or not at all, over nothing that was not seen."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from _running import Place, Running, wait_until
from _stores import report
from test_stream import Nothing, save, unasked

from watcher.config import load_settings
from watcher.errors import EightkError
from watcher.registry import line_spec, prepare_line
from watcher.rules import bounded, drafts
from watcher.rules.bounded import run_bounded
from watcher.rules.drafts import DraftBusy, DraftChanged, DraftFaults, RuleDrafts
from watcher.serving import serving
from watcher.store.database import Store
from watcher.web.app import make_app
from watcher.web.desk import Desk, Health

RIGHT = {"authorization": "Bearer right"}
DRAFT = """\
version: 1
groups:
- name: mine
  rules:
  - {id: mine, title: Regulation FD, match: {items|has: "7.01"}, notify: [desk]}
"""
OTHER = DRAFT.replace("mine", "other").replace("7.01", "5.02")
BAD = DRAFT.replace("items|has", "itmes|has").replace("[desk]", "[nobody]")


class Kept:
    """A folder of rules, with what is asked of whoever reads it."""

    def __init__(self, folder: Path) -> None:
        place = Place(folder).set_up(rules=OTHER)
        (folder / "config" / "watch.csv").write_text("cik\n320\n")
        self.rules = folder / "config" / "rules"
        self.settings = load_settings(place.config, environ={})
        self.asked = 0
        spec = prepare_line(line_spec(self.settings))
        self.drafts = RuleDrafts(
            lambda: self.settings, spec, renew=lambda _: None, ask=self._ask, trouble=lambda: "none"
        )

    def _ask(self) -> None:
        self.asked += 1


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


@pytest.fixture
def store(kept: Kept) -> Iterator[Store]:
    with Store(kept.settings.store_url) as opened:
        yield opened


@pytest.fixture
def client(kept: Kept, store: Store) -> httpx.AsyncClient:
    desk = Desk(
        store=store,
        token="right",
        retry=unasked,
        audit=unasked,
        backfill=Nothing(),
        health=lambda: Health(is_well=True, edgar="polling"),
        rules=kept.drafts,
    )
    transport = httpx.ASGITransport(app=make_app(desk))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=RIGHT)


async def test_the_rules_in_force_are_listed_and_told(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/v1/rules")).json()
    one = (await client.get("/v1/rules/other")).json()
    none = await client.get("/v1/rules/none")

    assert [(rule["id"], rule["file"], rule["line"], rule["notify"]) for rule in listed["rules"]] == [
        ("other", "test.yaml", 5, ["desk"])
    ]
    assert listed["trouble"] == "none"
    assert "items|has" in one["text"]
    assert (none.status_code, none.json()["detail"]) == (404, "no rule none is in force")


async def test_every_fault_of_a_draft_is_told_with_its_place(client: httpx.AsyncClient, kept: Kept) -> None:
    answer = await client.post("/v1/rules/check", json={"text": BAD, "name": "mine.yaml"})
    found = answer.json()

    assert (answer.status_code, found["faults"]) == (200, 2)
    assert {(one["file"], one["line"]) for one in found["findings"]} == {("mine.yaml", 5)}
    assert not (kept.rules / "mine.yaml").exists()


async def test_a_draft_is_checked_beside_the_others(client: httpx.AsyncClient) -> None:
    """An id that is taken is a fault; and a list beside the folder is found."""
    taken = await client.post("/v1/rules/check", json={"text": OTHER, "name": "mine.yaml"})
    listed = DRAFT.replace("groups:", "lists: {mine: {file: ../watch.csv, column: cik}}\ngroups:")
    listed = listed.replace('items|has: "7.01"', "ciks|in: '@mine'").replace("ciks|in", "cik|in")
    found = await client.post("/v1/rules/check", json={"text": listed})

    assert "duplicate" in {one["code"] for one in taken.json()["findings"]}
    assert found.json()["findings"] == []


async def test_a_new_file_is_saved_and_never_over_another(client: httpx.AsyncClient, kept: Kept) -> None:
    unsaid = await client.put("/v1/rules/files/mine.yaml", json={"text": DRAFT})
    made = await client.put("/v1/rules/files/mine.yaml", json={"text": DRAFT}, headers={"If-None-Match": "*"})
    again = await client.put("/v1/rules/files/mine.yaml", json={"text": DRAFT}, headers={"If-None-Match": "*"})
    read = await client.get("/v1/rules/files/mine.yaml")

    assert (unsaid.status_code, made.status_code, again.status_code) == (428, 201, 412)
    assert (read.json()["text"], read.headers["etag"]) == (DRAFT, made.headers["etag"])
    assert kept.asked == 1
    assert {path.name for path in kept.rules.iterdir()} == {"mine.yaml", "test.yaml"}


async def test_a_file_is_saved_over_what_was_seen_alone(client: httpx.AsyncClient, kept: Kept) -> None:
    etag = (await client.get("/v1/rules/files/test.yaml")).headers["etag"]
    changed = OTHER.replace("Regulation FD", "Other")
    saved = await client.put("/v1/rules/files/test.yaml", json={"text": changed}, headers={"If-Match": etag})
    late = await client.put("/v1/rules/files/test.yaml", json={"text": OTHER}, headers={"If-Match": etag})
    gone = await client.put("/v1/rules/files/gone.yaml", json={"text": DRAFT}, headers={"If-Match": etag})

    assert (saved.status_code, late.status_code, gone.status_code) == (200, 412, 412)
    assert (kept.rules / "test.yaml").read_text() == changed


async def test_what_would_not_check_is_not_saved(client: httpx.AsyncClient, kept: Kept) -> None:
    answer = await client.put("/v1/rules/files/mine.yaml", json={"text": BAD}, headers={"If-None-Match": "*"})

    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert {one["where"].rsplit(":", 1)[0] for one in answer.json()["errors"]} == {"mine.yaml:5"}
    assert [path.name for path in kept.rules.iterdir()] == ["test.yaml"]
    assert kept.asked == 0


@pytest.mark.parametrize("name", ["..%2Fmine.yaml", ".mine.yaml", "mine.txt", "Mine.yaml", "a" * 80 + ".yaml"])
async def test_a_name_that_leads_elsewhere_is_refused(client: httpx.AsyncClient, kept: Kept, name: str) -> None:
    answer = await client.put(f"/v1/rules/files/{name}", json={"text": DRAFT}, headers={"If-None-Match": "*"})

    assert answer.status_code in (404, 405, 422)
    assert [path.name for path in kept.rules.iterdir()] == ["test.yaml"]


async def test_a_link_to_another_file_is_not_written(kept: Kept, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.yaml"
    elsewhere.write_text(DRAFT)
    (kept.rules / "mine.yaml").symlink_to(elsewhere)

    with pytest.raises(DraftChanged, match="link"):
        await kept.drafts.save(DRAFT, "mine.yaml", seen=drafts.etag_of(DRAFT))


async def test_what_others_wrote_meanwhile_is_left_as_it_is(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = RuleDrafts.check

    async def meanwhile(self: RuleDrafts, text: str, name: str = "") -> list[dict[str, Any]]:
        (kept.rules / "mine.yaml").write_text("# by hand\n")
        return await checked(self, text, name)

    monkeypatch.setattr(RuleDrafts, "check", meanwhile)
    with pytest.raises(DraftChanged, match="already"):
        await kept.drafts.save(DRAFT, "mine.yaml", seen=None)

    assert (kept.rules / "mine.yaml").read_text() == "# by hand\n"


async def test_a_draft_is_tried_on_the_past(client: httpx.AsyncClient, store: Store) -> None:
    await save(store, report("0000000001-26-000001"))
    answer = await client.post("/v1/rules/backtest", json={"text": DRAFT})
    none = await client.post("/v1/rules/backtest", json={"text": DRAFT, "since": "2026-02-01"})
    faulty = await client.post("/v1/rules/backtest", json={"text": BAD})
    upside = {"text": DRAFT, "since": "2026-02-01", "until": "2026-01-01"}
    refused = await client.post("/v1/rules/backtest", json=upside)
    made = answer.json()

    assert answer.status_code == 200, made
    assert (made["filings"], [(rule["rule"], rule["matched"]) for rule in made["rules"]]) == (1, [("mine", 1)])
    assert made["rules"][0]["matches"][0]["accession"] == "0000000001-26-000001"
    assert none.json()["filings"] == 0
    assert (faulty.status_code, refused.status_code) == (422, 422)


async def test_one_draft_is_tried_at_a_time(kept: Kept) -> None:
    first = asyncio.create_task(kept.drafts.check(DRAFT))
    await asyncio.sleep(0)
    with pytest.raises(DraftBusy):
        await kept.drafts.check(DRAFT)

    assert await first == []


async def test_who_hangs_up_ends_what_was_asked_for(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    killed = os.killpg

    def kill(group: int, number: int) -> None:
        ended.append(number)
        killed(group, number)

    monkeypatch.setattr(bounded.os, "killpg", kill)
    trying = asyncio.create_task(kept.drafts.check(DRAFT))
    await asyncio.sleep(0.1)
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying

    assert ended == [signal.SIGKILL]
    assert await kept.drafts.check(DRAFT) == []


async def test_a_client_that_hangs_up_ends_it_too(
    client: httpx.AsyncClient, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def endless(arguments: list[str], *, seconds: int, megabytes: int) -> Any:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr(drafts, "run_bounded", endless)
    inner: Any = client._transport
    async with serving(inner.app) as url, httpx.AsyncClient(base_url=url, headers=RIGHT) as caller:
        asking = asyncio.create_task(caller.post("/v1/rules/backtest", json={"text": DRAFT}))
        await begun.wait()
        busy = await caller.post("/v1/rules/backtest", json={"text": DRAFT})
        asking.cancel()
        await ended.wait()

    assert (busy.status_code, busy.headers["retry-after"]) == (503, "10")


async def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(EightkError, match="longer than 1 second"):
        await run_bounded(["demo"], seconds=1, megabytes=2048)


async def test_what_takes_too_much_memory_ends_alone(kept: Kept) -> None:
    ended = await run_bounded(["rules", "check", f"--config={kept.settings.file}"], seconds=60, megabytes=16)

    assert ended.code != 0


async def test_what_says_too_much_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "MOST_BYTES", 10)
    with pytest.raises(EightkError, match="more than"):
        await run_bounded(["--help"], seconds=60, megabytes=2048)


async def test_faults_are_told_to_whoever_asks_here(kept: Kept) -> None:
    with pytest.raises(DraftFaults) as refused:
        await kept.drafts.save(BAD, "mine.yaml", seen=None)

    assert len(refused.value.findings) == 2


def test_a_saved_draft_comes_in_force_in_a_running_daemon(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up()
    with Running(place) as running:
        token = json.loads((tmp_path / "data" / "eightk.db.lock").read_text())["token"]
        with httpx.Client(base_url=running.url, headers={"authorization": f"Bearer {token}"}) as client:
            made = client.put("/v1/rules/files/mine.yaml", json={"text": DRAFT}, headers={"If-None-Match": "*"})
            assert made.status_code == 201, made.text
            assert wait_until(lambda: len(client.get("/v1/rules").json()["rules"]) == 2)
            assert [one["name"] for one in client.get("/v1/endpoints").json()["endpoints"]] == ["desk", "log"]
            assert {one["name"] for one in client.get("/v1/sources").json()["sources"]} >= {"poller", "folder"}


def test_sigterm_ends_a_daemon_at_once_while_somebody_follows(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up()
    with (
        Running(place) as running,
        httpx.Client(base_url=running.url) as client,
        client.stream("GET", "/v1/stream") as answer,
    ):
        lines = answer.iter_lines()
        next(lines)
        running.process.send_signal(signal.SIGTERM)
        assert [line for line in lines if line.startswith("data")] == []
        assert running.process.wait(timeout=20) == 0
