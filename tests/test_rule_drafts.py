"""Drafts of rules: tried out beside a running daemon, and saved whole or not at all, over nothing that was not seen."""

import asyncio
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import _warm
import httpx
import pytest
from _running import Place, Running, wait_until
from _stores import report
from test_stream import Nothing, save, unasked

from watcher.config import load_settings
from watcher.errors import EightkError
from watcher.registry import line_spec, prepare_line
from watcher.rules import bounded, drafts
from watcher.rules.bounded import Ended, run_bounded
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


def with_list(file: str, column: str = "cik") -> str:
    """The draft, with a list in this file."""
    listed = DRAFT.replace("groups:", f"lists: {{mine: {{file: {file}, column: {column}}}}}\ngroups:")
    return listed.replace('items|has: "7.01"', "cik|in: '@mine'")


class Kept:
    """A folder of rules, with what is asked of whoever reads it."""

    def __init__(self, folder: Path) -> None:
        place = Place(folder).set_up(rules=OTHER)
        self.rules = folder / "config" / "rules"
        (self.rules / "lists").mkdir()
        for place_of_list in (self.rules / "lists", folder / "config"):
            (place_of_list / "watch.csv").write_text("cik\n320\n")
        self.settings = load_settings(place.config, environ={})
        self.asked = 0
        spec = prepare_line(line_spec(self.settings))
        self.drafts = RuleDrafts(
            lambda: self.settings, spec, renew=lambda _: None, ask=self._ask, trouble=lambda: "none"
        )

    def _ask(self) -> None:
        self.asked += 1


async def run_warm(arguments: Sequence[str], *, seconds: int, megabytes: int) -> Ended:
    """As `run_bounded`, in a process that is bounded as well and has imported eightk already, which is most of it."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = _warm.start(
            [str(megabytes), str(seconds), *arguments],
            env=os.environ,
            stdout=out.fileno(),
            stderr=err.fileno(),
            program="watcher.cli._bounded:run",
        )
        code = await asyncio.to_thread(process.wait)
        out.seek(0)
        err.seek(0)
        return Ended(code, out.read(), err.read().decode("utf-8", "replace"))


@pytest.fixture(autouse=True)
def _warm_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon in a process of its own, and who asks `run_bounded` itself, still have a fresh interpreter."""
    monkeypatch.setattr(drafts, "run_bounded", run_warm)


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


HOME = "http://127.0.0.1:8000"


@asynccontextmanager
async def at_the_page(client: httpx.AsyncClient) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """A browser that has the page open, and what its forms are known by."""
    inner: Any = client._transport
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=inner.app), base_url=HOME) as page:
        found = re.search(r'name="csrf" value="([^"]+)"', (await page.get("/draft")).text)
        assert found
        yield page, found[1]


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
    """An id that is taken is a fault; and a list of the folder is found."""
    taken = await client.post("/v1/rules/check", json={"text": OTHER, "name": "mine.yaml"})
    found = await client.post("/v1/rules/check", json={"text": with_list("lists/watch.csv")})

    assert "duplicate" in {one["code"] for one in taken.json()["findings"]}
    assert found.json()["findings"] == []


@pytest.mark.parametrize(
    "file", ["../watch.csv", "../../data/eightk.db.lock", "/etc/passwd", "out.csv", "out/watch.csv", "round.csv"]
)
async def test_a_draft_reads_no_list_outside_the_folder(client: httpx.AsyncClient, kept: Kept, file: str) -> None:
    """Nor does any way to try it or save it."""
    (kept.rules / "out.csv").symlink_to(kept.rules.parent / "watch.csv")
    (kept.rules / "out").symlink_to(kept.rules.parent)
    (kept.rules / "round.csv").symlink_to("lists/round.csv")
    (kept.rules / "lists" / "round.csv").symlink_to("../round.csv")
    text = with_list(file)
    checked = (await client.post("/v1/rules/check", json={"text": text, "name": "mine.yaml"})).json()
    tried = await client.post("/v1/rules/backtest", json={"text": text})
    saved = await client.put("/v1/rules/files/mine.yaml", json={"text": text}, headers={"If-None-Match": "*"})

    assert [(one["code"], one["file"], one["line"]) for one in checked["findings"]] == [("bad-value", "mine.yaml", 2)]
    assert "does not lie in the folder" in checked["findings"][0]["problem"]
    assert (tried.status_code, saved.status_code) == (422, 422)
    assert not (kept.rules / "mine.yaml").exists()


@pytest.mark.parametrize("name", ["../{}", "{folder}/config/{}", "lists/../../{}", "out/{}"])
async def test_a_test_of_a_draft_does_not_tell_what_lies_outside_the_folder(
    client: httpx.AsyncClient, kept: Kept, name: str
) -> None:
    (kept.rules / "out").symlink_to(kept.rules.parent)
    (kept.rules.parent / "there.txt").write_text("x")
    answers = []
    for file in ("there.txt", "gone.txt"):
        path = name.format(file, folder=kept.rules.parent.parent)
        more = f"notify: [desk], tests: [{{name: n, filing: {path}, expect: match}}]"
        answer = await client.post("/v1/rules/check", json={"text": DRAFT.replace("notify: [desk]", more)})
        answers.append(json.dumps(answer.json()).replace(file, "FILE"))

    assert answers[0] == answers[1]
    assert "does not lie in the folder of the rule files" in answers[0]


async def test_links_that_stay_in_the_folder_are_followed_in_a_draft(client: httpx.AsyncClient, kept: Kept) -> None:
    (kept.rules / "watch.csv").symlink_to("lists/watch.csv")
    (kept.rules / "same").symlink_to(kept.rules / "lists")
    for file in ("watch.csv", "same/watch.csv", "lists/../watch.csv"):
        found = await client.post("/v1/rules/check", json={"text": with_list(file)})
        assert found.json()["findings"] == []


async def test_what_a_list_holds_is_not_told(client: httpx.AsyncClient, kept: Kept) -> None:
    (kept.rules / "lists" / "watch.csv").write_text("cik,hush\nhushhush,2\n")
    for column in ("cik", "none"):
        found = await client.post("/v1/rules/check", json={"text": with_list("lists/watch.csv", column)})
        assert found.json()["faults"] == 1
        assert "hush" not in found.text


@pytest.mark.parametrize("name", ["../../out.yaml", "/tmp/out.yaml", ""])
async def test_a_draft_is_laid_nowhere_else(kept: Kept, name: str) -> None:
    for trying in (kept.drafts.check, kept.drafts.backtest):
        with pytest.raises(ValueError, match="has a name such as"):
            await trying(DRAFT, name=name)


def rules_of(count: int, line: str) -> str:
    """A file of so many rules."""
    head, one = DRAFT.split("  - ")
    return head + "".join(
        f"  - {one.replace('mine', f'r{number}').replace('items|has', line)}" for number in range(count)
    )


async def test_a_draft_may_hold_so_many_rules(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST_RULES", 2)
    few = await kept.drafts.check(rules_of(2, "items|has"))
    many = await kept.drafts.check(rules_of(3, "items|has"))

    assert not any("a draft may have" in one["problem"] for one in few)
    assert many[0]["problem"] == "3 rules are more than the 2 that a draft may have"
    with pytest.raises(DraftFaults):
        await kept.drafts.save(rules_of(3, "items|has"), "mine.yaml", seen=None)


async def test_so_many_findings_are_told_of_a_draft(kept: Kept) -> None:
    found = await kept.drafts.check(rules_of(drafts.MOST_FINDINGS + 5, "itmes|has"))

    assert len(found) == drafts.MOST_FINDINGS
    assert found[-1]["problem"] == "6 more were found"


async def test_what_writes_too_much_is_ended(tmp_path: Path) -> None:
    code = (
        "import sys, os; sys.argv[1:] = ['1024', '60', '--version']\n"
        "from watcher.cli import _bounded\n"
        "_bounded.main = lambda: os.truncate(sys.argv[0], (_bounded.FILE_MEGABYTES << 20) + 1)\n"
        "sys.argv[0] = os.environ['TARGET']; _bounded.run()"
    )
    (tmp_path / "out").write_bytes(b"")
    ended = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env={**os.environ, "TARGET": str(tmp_path / "out")}, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await ended.communicate()

    assert b"File too large" in errors
    assert (tmp_path / "out").stat().st_size == 0


async def test_a_rule_file_that_is_the_same_is_not_sent_again(client: httpx.AsyncClient) -> None:
    first = await client.get("/v1/rules/files/test.yaml")
    etag = first.headers["etag"]
    same = await client.get("/v1/rules/files/test.yaml", headers={"If-None-Match": etag})
    other = await client.get("/v1/rules/files/test.yaml", headers={"If-None-Match": '"other"'})

    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    assert (other.status_code, other.json()) == (200, first.json())


async def test_the_page_tells_of_another_file_by_its_name(client: httpx.AsyncClient, kept: Kept) -> None:
    (kept.rules / "other.yaml").write_text(BAD)
    async with at_the_page(client) as (page, secret):
        form = {"csrf": secret, "name": "mine.yaml", "text": DRAFT, "do": "check"}
        answer = await page.post("/draft", data=form, headers={"Origin": HOME})
        lost = await page.post("/draft", data=form | {"name": "../mine.yaml"}, headers={"Origin": HOME})

    assert answer.status_code == 200
    assert "<strong>other.yaml, line 5</strong>" in answer.text
    assert (
        "<code>" not in answer.text.partition("<form method")[0].partition('role="alert"')[2].partition("mine.yaml")[0]
    )
    assert (lost.status_code, "has a name such as" in lost.text) == (409, True)


async def test_a_browser_that_leaves_ends_what_it_asked_for(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
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
    async with serving(inner.app) as url, httpx.AsyncClient(base_url=url) as caller:
        secret = re.search(r'name="csrf" value="([^"]+)"', (await caller.get("/draft")).text)
        assert secret
        form = {"csrf": secret[1], "name": "mine.yaml", "text": DRAFT, "do": "backtest"}
        asking = asyncio.create_task(caller.post("/draft", data=form, headers={"Origin": str(url)}))
        async with asyncio.timeout(60):
            await begun.wait()
            asking.cancel()
            await ended.wait()


async def test_a_new_file_is_saved_and_never_over_another(client: httpx.AsyncClient, kept: Kept) -> None:
    unsaid = await client.put("/v1/rules/files/mine.yaml", json={"text": DRAFT})
    made = await client.put("/v1/rules/files/mine.yaml", json={"text": DRAFT}, headers={"If-None-Match": "*"})
    again = await client.put("/v1/rules/files/mine.yaml", json={"text": DRAFT}, headers={"If-None-Match": "*"})
    read = await client.get("/v1/rules/files/mine.yaml")

    assert (unsaid.status_code, made.status_code, again.status_code) == (428, 201, 412)
    assert (read.json()["text"], read.headers["etag"]) == (DRAFT, made.headers["etag"])
    assert kept.asked == 1
    assert {path.name for path in kept.rules.glob("*.*")} == {"mine.yaml", "test.yaml"}


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
    assert [path.name for path in kept.rules.glob("*.*")] == ["test.yaml"]
    assert kept.asked == 0


@pytest.mark.parametrize("name", ["..%2Fmine.yaml", ".mine.yaml", "mine.txt", "Mine.yaml", "a" * 80 + ".yaml"])
async def test_a_name_that_leads_elsewhere_is_refused(client: httpx.AsyncClient, kept: Kept, name: str) -> None:
    answer = await client.put(f"/v1/rules/files/{name}", json={"text": DRAFT}, headers={"If-None-Match": "*"})

    assert answer.status_code in (404, 405, 422)
    assert [path.name for path in kept.rules.glob("*.*")] == ["test.yaml"]


@pytest.fixture
async def two_files(client: httpx.AsyncClient, kept: Kept) -> dict[str, str]:
    """A second file of rules, and the etags of both."""
    made = await client.put("/v1/rules/files/mine.yaml", json={"text": DRAFT}, headers={"If-None-Match": "*"})
    kept.asked = 0
    first = await client.get("/v1/rules/files/test.yaml")
    return {"mine.yaml": made.headers["etag"], "test.yaml": first.headers["etag"]}


def names(kept: Kept) -> set[str]:
    return {path.name for path in kept.rules.glob("*.*")}


async def test_a_file_is_deleted_as_it_was_seen_alone(
    client: httpx.AsyncClient, kept: Kept, two_files: dict[str, str]
) -> None:
    unsaid = await client.delete("/v1/rules/files/mine.yaml")
    other = await client.delete("/v1/rules/files/mine.yaml", headers={"If-Match": two_files["test.yaml"]})
    nobody = await client.delete(
        "/v1/rules/files/mine.yaml", headers={"If-Match": two_files["mine.yaml"], "Authorization": ""}
    )
    before = (names(kept), kept.asked)
    done = await client.delete("/v1/rules/files/mine.yaml", headers={"If-Match": two_files["mine.yaml"]})
    again = await client.delete("/v1/rules/files/mine.yaml", headers={"If-Match": two_files["mine.yaml"]})

    assert (unsaid.status_code, other.status_code, nobody.status_code) == (428, 412, 401)
    assert before == ({"mine.yaml", "test.yaml"}, 0)
    assert (done.status_code, done.json()["name"], again.status_code) == (200, "mine.yaml", 404)
    assert (names(kept), kept.asked) == ({"test.yaml"}, 1)


async def test_the_last_file_of_rules_stays(client: httpx.AsyncClient, kept: Kept) -> None:
    etag = (await client.get("/v1/rules/files/test.yaml")).headers["etag"]
    answer = await client.delete("/v1/rules/files/test.yaml", headers={"If-Match": etag})

    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert "the last file of rules" in answer.json()["detail"]
    assert (names(kept), kept.asked) == ({"test.yaml"}, 0)


async def test_a_file_stays_that_others_need(
    client: httpx.AsyncClient, kept: Kept, two_files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    laid: list[set[str]] = []

    async def checked(arguments: list[str], *, seconds: int, megabytes: int) -> drafts.Ended:
        laid.append({path.name for path in Path(arguments[-1]).glob("*.yaml")})
        found = {"file": "test.yaml", "line": 5, "column": 3, "code": "missing", "key": "k", "problem": "p"}
        findings = [found | {"remedy": "", "is_warning": False}]
        return drafts.Ended(1, json.dumps({"findings": findings, "rules_in": {}}).encode(), "")

    monkeypatch.setattr(drafts, "run_bounded", checked)
    answer = await client.delete("/v1/rules/files/mine.yaml", headers={"If-Match": two_files["mine.yaml"]})

    assert (answer.status_code, [one["where"] for one in answer.json()["errors"]]) == (409, ["test.yaml:5:3"])
    assert laid == [{"test.yaml"}]
    assert (names(kept), kept.asked) == ({"mine.yaml", "test.yaml"}, 0)


async def test_a_file_is_renamed_with_all_its_rules(
    client: httpx.AsyncClient, kept: Kept, two_files: dict[str, str]
) -> None:
    async def renamed(name: str, text: str, **headers: str) -> httpx.Response:
        asked = {key.replace("_", "-"): value for key, value in headers.items()}
        return await client.put(
            f"/v1/rules/files/{name}", params={"instead_of": "mine.yaml"}, json={"text": text}, headers=asked
        )

    seen = two_files["mine.yaml"]
    refused = [
        await renamed("new.yaml", DRAFT, if_none_match="*"),
        await renamed("new.yaml", DRAFT, if_match=two_files["test.yaml"]),
        await renamed("test.yaml", DRAFT, if_match=seen),
        await renamed("new.yaml", BAD, if_match=seen),
    ]
    before = (names(kept), kept.asked)
    done = await renamed("new.yaml", DRAFT.replace("Regulation FD", "Other"), if_match=seen)
    again = await renamed("newer.yaml", DRAFT, if_match=seen)

    assert [one.status_code for one in refused] == [428, 412, 412, 422]
    assert before == ({"mine.yaml", "test.yaml"}, 0)
    assert (done.status_code, again.status_code) == (201, 404)
    assert (names(kept), kept.asked) == ({"new.yaml", "test.yaml"}, 1)
    assert "Other" in (kept.rules / "new.yaml").read_text()


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

    read, is_read = bounded._read, asyncio.Event()

    async def note_and_read(stream: asyncio.StreamReader | None) -> bytes:
        is_read.set()
        return await read(stream)

    monkeypatch.setattr(drafts, "run_bounded", run_bounded)
    monkeypatch.setattr(bounded.os, "killpg", kill)
    monkeypatch.setattr(bounded, "_read", note_and_read)
    trying = asyncio.create_task(kept.drafts.check(DRAFT))
    await is_read.wait()
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
        assert running.process.wait(timeout=60) == 0
