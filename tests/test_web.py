"""The page and the API, over a real store and without a network."""

import html
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from _stores import ACCESSION, NOW, alert, filing, report, save, store_url

from watcher.audit_hours import Audit, AuditState
from watcher.clock import Clock
from watcher.errors import EightkError, StoreError
from watcher.models import Event, Evidence, Exhibit, Filer, Item
from watcher.sources.audit import AuditResult
from watcher.sources.backfill_progress import BackfillRequest, Progress
from watcher.store import audits, filings, silences
from watcher.store.database import Store
from watcher.web.app import make_app
from watcher.web.desk import Desk, Health

pytestmark = pytest.mark.usefixtures("either_store")

TOMORROW = NOW.date() + timedelta(days=1)
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


class Asked:
    """What the daemon was asked to do."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.retried: list[str] = []
        self.audited: list[date | None] = []
        self.progress: Progress | None = None

    async def retry(self, accession: str) -> None:
        await self.store.read(filings.get, accession)
        self.retried.append(accession)

    async def audit(self, day: date | None) -> AuditResult:
        if day == TOMORROW:
            raise ValueError("still to come")
        self.audited.append(day)
        return AuditResult(Audit(day or NOW.date(), AuditState.DONE, NOW, 3, 1), True, (filing(),))

    async def ask(self, request: BackfillRequest) -> Progress:
        request.check(NOW.date())
        if self.progress is not None:
            raise EightkError("another is under way")
        self.progress = Progress(request, request.first)
        return self.progress

    async def stop(self) -> Progress | None:
        return self.progress and replace(self.progress, state="stopped")


@pytest.fixture
def asked(store: Store) -> Asked:
    return Asked(store)


@pytest.fixture
def client(store: Store, asked: Asked) -> httpx.AsyncClient:
    desk = Desk(
        store=store,
        token="right",
        retry=asked.retry,
        audit=asked.audit,
        backfill=asked,
        health=lambda: Health(is_well=True, edgar="polling"),
    )
    transport = httpx.ASGITransport(app=make_app(desk))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")


async def get(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_front_page_lists_what_arrived_last_first(client: httpx.AsyncClient, store: Store) -> None:
    store.write_now(filings.spot, [replace(filing("0000000001-26-000009"), filers=(Filer(1, "Early"),))], NOW)
    later = NOW.replace(hour=18)
    store.write_now(filings.spot, [replace(filing(), filers=(Filer(2, "Late"),), accepted_at=None)], later)

    page = (await client.get("/")).text

    assert 0 < page.index("Late") < page.index("Early")


async def test_a_filing_s_page_shows_items_alerts_and_who_was_told(client: httpx.AsyncClient, store: Store) -> None:
    save(store, report(ACCESSION, alert()))

    page = (await client.get(f"/filings/{ACCESSION}")).text

    assert all(words in page for words in ("7.01", "Regulation FD Disclosure", "A title", "desk", "pending"))


async def test_a_filing_s_page_says_what_happened(client: httpx.AsyncClient, store: Store) -> None:
    words = Evidence(1, 0, 9, HOSTILE)
    event = Event("cfo-departure", 0.91, (words,), is_expected=False, facts={"effective_on": HOSTILE})
    save(store, replace(report(ACCESSION), events=(event,)))

    page = (await client.get(f"/filings/{ACCESSION}")).text

    assert all(part in page for part in ("cfo-departure", "0.91", "under an unusual item", "effective on:"))
    assert "<script>" not in page
    assert "<img" not in page


async def test_a_hostile_filing_shows_as_harmless_text(client: httpx.AsyncClient, store: Store) -> None:
    found = report(ACCESSION, replace(alert(), title=HOSTILE))
    item = Item("7.01", HOSTILE, declared=True, found=True, document=1, start=0, end=9, text=HOSTILE)
    bad = replace(
        found,
        filing=replace(found.filing, filers=(Filer(1, HOSTILE),)),
        items=(item,),
        exhibits=(Exhibit("99.1", HOSTILE, text=HOSTILE),),
        warnings=[HOSTILE],
    )
    save(store, bad)

    pages = (await client.get("/")).text + (await client.get(f"/filings/{ACCESSION}")).text

    assert "<script>" not in pages
    assert "<img" not in pages
    assert "&lt;script&gt;" in pages


async def test_no_page_may_run_a_script_of_its_own_or_load_from_elsewhere(client: httpx.AsyncClient) -> None:
    policy = (await client.get("/")).headers["content-security-policy"].split("; ")

    assert policy[0] == "default-src 'none'"
    assert {one.partition(" ")[2] for one in policy[1:]} <= {"'self'", "'none'"}


async def test_the_api_gives_a_report_as_the_command_line_does(client: httpx.AsyncClient, store: Store) -> None:
    save(store, report(ACCESSION, alert()))

    one = await get(client, f"/v1/filings/{ACCESSION}")

    assert (one["state"], one["report"]["items"][0]["number"]) == ("saved", "7.01")
    assert [told["endpoint"] for told in one["deliveries"]] == ["desk"]


async def test_the_list_can_be_narrowed_by_item_company_and_form(client: httpx.AsyncClient, store: Store) -> None:
    save(store, report(ACCESSION))

    async def count(query: str) -> int:
        return len((await get(client, f"/v1/filings?{query}"))["filings"])

    found = [await count(q) for q in ("item=7.01", "item=5.02", "cik=320", "cik=1", "form=8-K", "form=8-K/A")]
    assert found == [1, 0, 1, 0, 1, 0]


@pytest.mark.parametrize("path", ["/v1/filings/0000000009-26-000009", "/filings/0000000009-26-000009"])
async def test_an_unknown_filing_is_404(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "right"])
async def test_nothing_is_changed_without_the_token(
    client: httpx.AsyncClient, store: Store, asked: Asked, authorization: str | None
) -> None:
    save(store, report())
    headers = {"Authorization": authorization} if authorization else {}

    answer = await client.post(f"/v1/filings/{ACCESSION}/retry", headers=headers)

    assert (answer.status_code, asked.retried) == (401, [])


async def test_a_filing_is_run_again_for_who_has_the_token(
    client: httpx.AsyncClient, store: Store, asked: Asked
) -> None:
    save(store, report())

    answer = await client.post(f"/v1/filings/{ACCESSION}/retry", headers={"Authorization": "Bearer right"})

    assert (answer.status_code, asked.retried) == (202, [ACCESSION])


async def test_a_name_that_was_pointed_at_this_address_is_turned_away(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/filings", headers={"Host": "evil.example"})

    assert answer.status_code == 421


async def test_health_counts_what_stands_where(client: httpx.AsyncClient, store: Store) -> None:
    save(store, report(ACCESSION, alert()))

    health = await get(client, "/healthz")

    assert (health["filings"], health["deliveries"], health["edgar"]) == ({"saved": 1}, {"pending": 1}, "polling")


async def test_the_api_describes_itself(client: httpx.AsyncClient) -> None:
    described = await get(client, "/v1/openapi.json")

    assert {"/v1/filings", "/v1/filings/{accession}", "/v1/filings/{accession}/retry"} <= set(described["paths"])


@pytest.mark.parametrize("query", ["offset=" + "9" * 30, "cik=" + "9" * 30, "limit=0", "limit=100000", "state=odd"])
async def test_an_absurd_question_is_refused_and_no_error_of_ours(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/v1/filings?{query}")).status_code == 422


@pytest.mark.parametrize(
    "host", ["127.0.0.1@evil.example", "evil.example@127.0.0.1", "[::1", "", "127.0.0.1.evil.example"]
)
async def test_a_malformed_host_is_turned_away(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/v1/filings", headers={"Host": host})).status_code == 421


RIGHT = {"authorization": "Bearer right"}


async def test_an_audit_can_be_asked_for_with_the_token_only(client: httpx.AsyncClient, asked: Asked) -> None:
    refused = await client.post("/v1/audits?day=2026-01-09", headers={"authorization": "Bearer wrong"})
    done = await client.post("/v1/audits?day=2026-01-09", headers=RIGHT)
    last = await client.post("/v1/audits", headers=RIGHT)

    assert (refused.status_code, done.status_code, last.status_code) == (401, 200, 200)
    assert asked.audited == [date(2026, 1, 9), None]
    assert done.json()["missing_filings"] == [{"accession": ACCESSION, "form": "8-K", "company": "Made Up, Inc."}]
    assert (done.json()["state"], done.json()["listed"], done.json()["has_index"]) == ("done", 3, True)


async def test_an_audit_of_a_day_to_come_is_refused_in_words(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/v1/audits?day={TOMORROW}", headers=RIGHT)

    assert (answer.status_code, answer.json()["detail"]) == (422, "still to come")


async def test_the_last_audits_are_listed_and_the_last_one_is_on_the_page(
    client: httpx.AsyncClient, store: Store
) -> None:
    for day, state in ((8, AuditState.DONE), (9, AuditState.FAILED)):
        made = Audit(date(2026, 1, day), state, NOW, listed=200, missing=2, reason="<no index>")
        store.write_now(audits.note, made)

    listed = (await get(client, "/v1/audits"))["audits"]
    page = (await client.get("/")).text

    assert [(one["day"], one["state"], one["missing"]) for one in listed] == [
        ("2026-01-09", "failed", 2),
        ("2026-01-08", "done", 2),
    ]
    assert "not compared with EDGAR&#39;s index of 2026-01-09: &lt;no index&gt;" in page


async def test_a_backfill_can_be_asked_for_followed_and_stopped(client: httpx.AsyncClient) -> None:
    wanted = {"first": "2026-01-05", "last": "2026-01-09", "index": "daily", "archives": "", "notify": False}
    before = await client.get("/v1/backfill")
    begun = await client.post("/v1/backfill", json=wanted, headers=RIGHT)
    followed = await get(client, "/v1/backfill")
    again = await client.post("/v1/backfill", json=wanted, headers=RIGHT)
    stopped = await client.delete("/v1/backfill", headers=RIGHT)

    assert (before.status_code, begun.status_code, again.status_code) == (404, 202, 409)
    assert begun.json()["request"] == wanted
    assert (followed["state"], stopped.json()["state"]) == ("running", "stopped")


@pytest.mark.parametrize(
    "wanted",
    [
        {"first": "2026-01-09", "last": "2026-01-05"},
        {"first": "1992-12-31", "last": "1993-01-05"},
        {"first": "2026-01-05", "last": str(TOMORROW)},
        {"first": "2026-01-05", "last": "2026-01-05", "index": "weekly"},
        {"first": "today", "last": "2026-01-05"},
    ],
)
async def test_a_span_that_cannot_be_is_refused(client: httpx.AsyncClient, wanted: dict[str, str]) -> None:
    answer = await client.post("/v1/backfill", json=wanted, headers=RIGHT)

    assert answer.status_code == 422


async def test_a_backfill_without_the_token_is_refused(client: httpx.AsyncClient, asked: Asked) -> None:
    wanted = {"first": "2026-01-05", "last": "2026-01-09"}
    answers = [await client.post("/v1/backfill", json=wanted), await client.delete("/v1/backfill")]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert asked.progress is None


async def test_what_is_gone_from_edgar_is_marked_on_its_page(client: httpx.AsyncClient, store: Store) -> None:
    store.write_now(filings.spot, [filing()], NOW)
    store.write_now(filings.mark_gone, [ACCESSION], NOW.date())

    assert (await get(client, f"/v1/filings/{ACCESSION}"))["gone_on"] == "2026-01-12"
    assert "not in its index any more, as seen on 2026-01-12" in (await client.get(f"/filings/{ACCESSION}")).text


async def test_silences_are_added_listed_and_ended(client: httpx.AsyncClient, store: Store) -> None:
    token = {"Authorization": "Bearer right"}
    asked = {"rule": "r", "cik": 320, "why": "an exercise", "by": "A. Person", "seconds": 3600}
    added = await client.post("/v1/silences", json=asked, headers=token)
    listed = await get(client, "/v1/silences")
    ended = await client.delete("/v1/silences/1", headers=token)

    assert added.status_code == 201
    assert (added.json()["is_open"], added.json()["is_rule_known"]) == (True, False)
    assert [one["why"] for one in listed["silences"]] == ["an exercise"]
    assert (ended.status_code, ended.json()["is_open"]) == (200, False)
    assert (await get(client, "/v1/silences"))["silences"] == []
    assert len((await get(client, "/v1/silences?every=true"))["silences"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"why": "w", "seconds": 60},
        {"rule": "r", "why": "w"},
        {"rule": "r", "why": "w", "seconds": 60, "until": "2099-01-01T00:00:00Z"},
        {"rule": "r", "why": "w", "until": "2099-01-01T00:00:00"},
        {"rule": "r", "why": "w", "until": "2000-01-01T00:00:00Z"},
        {"rule": "r", "why": "", "seconds": 60},
        {"rule": "r", "why": "w", "seconds": 1e300},
        {"rule": "r", "why": "w", "seconds": 60, "other": 1},
    ],
)
async def test_a_silence_that_cannot_be_is_refused(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    answer = await client.post("/v1/silences", json=body, headers={"Authorization": "Bearer right"})

    assert answer.status_code == 422


async def test_silences_are_for_who_has_the_token_and_for_numbers_that_are_there(client: httpx.AsyncClient) -> None:
    refused = [
        await client.post("/v1/silences", json={"rule": "r", "why": "w", "seconds": 60}),
        await client.delete("/v1/silences/1"),
    ]
    unknown = await client.delete("/v1/silences/1", headers={"Authorization": "Bearer right"})

    assert [answer.status_code for answer in refused] == [401, 401]
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "no silence 1 in the store")


async def test_pages_show_open_silences_and_what_they_kept_untold(client: httpx.AsyncClient, store: Store) -> None:
    until = Clock().now() + timedelta(hours=1)
    store.write_now(silences.add, rule="r", cik=None, why=HOSTILE, by="", now=NOW, until=until)
    save(store, report(ACCESSION, alert()))

    front, page = (await client.get("/")).text, (await client.get(f"/filings/{ACCESSION}")).text

    assert "rule r: silenced until" in front
    assert "Rule r: nobody is told. silenced: silence 1" in page
    assert "<script>" not in front + page
    raised = (await get(client, f"/v1/filings/{ACCESSION}"))["raised"]
    assert [one["untold"][:18] for one in raised] == ["silenced: silence "]


async def test_the_front_page_is_of_one_moment(
    client: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is saved while it is read stands in the rows and in the counts, or in neither."""
    store.write_now(filings.spot, [filing()], NOW)
    read = store.read

    async def read_and_change(*arguments: Any, **named: Any) -> Any:
        found = await read(*arguments, **named)
        store.write_now(filings.skip, ACCESSION, "seen enough", NOW)
        return found

    monkeypatch.setattr(store, "read", read_and_change)
    page = (await client.get("/")).text

    assert (">spotted</td>" in page, "<b>1</b> filing under way" in page) == (True, True)


async def test_a_filing_is_told_as_of_one_moment(
    client: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write_now(filings.spot, [filing()], NOW)
    read = store.read
    count = 0

    async def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        return await read(*arguments, **named)

    monkeypatch.setattr(store, "read", counted)
    for path in (f"/filings/{ACCESSION}", f"/v1/filings/{ACCESSION}", "/v1/filings", "/healthz"):
        assert (await client.get(path)).status_code == 200

    assert count == 4


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"Acme Corp", "Bolt & Nut Inc", "50% Off Ltd"}),
        ("company=acme", {"Acme Corp"}),
        ("company=nut+inc", {"Bolt & Nut Inc"}),
        ("company=%25", {"50% Off Ltd"}),
        ("company=2", {"Bolt & Nut Inc"}),
        ("company=0000000002", {"Bolt & Nut Inc"}),
        ("company=" + "9" * 30, set()),
        ("form=8-K%2FA", {"Bolt & Nut Inc"}),
        ("since=2026-01-13", {"Bolt & Nut Inc", "50% Off Ltd"}),
        ("until=2026-01-12", {"Acme Corp"}),
        ("since=2026-01-13&until=2026-01-13&form=8-K", {"50% Off Ltd"}),
        ("item=&company=&form=&since=&until=", {"Acme Corp", "Bolt & Nut Inc", "50% Off Ltd"}),
    ],
)
async def test_the_front_page_can_be_narrowed(
    client: httpx.AsyncClient, store: Store, query: str, shown: set[str]
) -> None:
    names = ("Acme Corp", "Bolt & Nut Inc", "50% Off Ltd")
    for number, name in enumerate(names, 1):
        one = replace(filing(f"0000000001-26-00000{number}"), filers=(Filer(number, name),))
        one = replace(one, form="8-K/A" if number == 2 else "8-K", filed_on=date(2026, 1, 12 + (number > 1)))
        store.write_now(filings.spot, [one], NOW)

    page = html.unescape((await client.get(f"/?{query}")).text)

    assert {name for name in names if f">{name}</a>" in page} == shown


@pytest.mark.parametrize("query", ["since=soon", "until=0000-13-45", "since=2026-02-02&until=2026-01-01"])
async def test_a_day_that_cannot_be_is_told_on_the_page(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/?{query}")

    assert (answer.status_code, 'class="bad"' in answer.text) == (200, True)


async def test_older_filings_are_those_that_were_asked_for(client: httpx.AsyncClient, store: Store) -> None:
    many = [replace(filing(f"0000000001-26-{number:06}"), filers=(Filer(7, "A & B"),)) for number in range(60)]
    store.write_now(filings.spot, many, NOW)

    page = (await client.get("/?company=A+%26+B&form=8-K")).text
    link = html.unescape(page.split('">Older</a>')[0].rsplit('href="', 1)[1])
    older = (await client.get(link)).text

    assert older.count(">A &amp; B</a>") == 10


async def test_a_trouble_of_ours_is_told_with_its_cause(store: Store, asked: Asked) -> None:
    health = Health(is_well=False, edgar="polling", trouble="eightk.db: database or disk is full")
    desk = Desk(store=store, token="", retry=asked.retry, audit=asked.audit, backfill=asked, health=lambda: health)
    transport = httpx.ASGITransport(app=make_app(desk))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        page = (await client.get("/")).text
        told = await get(client, "/healthz")

    assert '<p class="bad">eightk.db: database or disk is full</p>' in page
    assert (told["status"], told["trouble"]) == ("failing", "eightk.db: database or disk is full")


async def test_a_store_that_cannot_do_it_is_told_in_words(
    client: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*arguments: Any, **named: Any) -> Any:
        raise StoreError("eightk.db: disk I/O error")

    monkeypatch.setattr(store, "read", refuse)
    answer, page = await client.get("/healthz"), await client.get("/")

    told = "the store cannot be used now; the log has why"
    assert (answer.status_code, answer.json()["detail"]) == (503, told)
    assert (page.status_code, told in page.text, "eightk.db" in page.text) == (503, True, False)


@pytest.mark.parametrize("path", ["/", "/style.css", f"/filings/{ACCESSION}", "/v1/filings", "/healthz"])
async def test_a_head_is_answered_as_a_get_without_the_body(client: httpx.AsyncClient, store: Store, path: str) -> None:
    save(store, report(ACCESSION, alert()))
    whole, head = await client.get(path), await client.head(path)

    assert (head.status_code, head.content) == (whole.status_code, b"")
    same = ("content-type", "content-length", "etag", "cache-control", "content-security-policy")
    assert [head.headers.get(name) for name in same] == [whole.headers.get(name) for name in same]


async def test_a_head_asks_as_a_get_does_whether_anything_changed(client: httpx.AsyncClient) -> None:
    etag = (await client.head("/v1/filings")).headers["etag"]
    again = await client.head("/v1/filings", headers={"If-None-Match": etag})

    assert (again.status_code, again.headers["etag"]) == (304, etag)


async def test_a_head_of_what_is_not_there_or_takes_no_get_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.head("/v1/nothing")).status_code == 404
    assert (await client.head(f"/v1/filings/{ACCESSION}/retry")).status_code == 405


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/silences", "GET, HEAD, POST"),
        ("PATCH", "/v1/rules/files/mine.yaml", "DELETE, GET, HEAD, PUT"),
        ("PUT", "/v1/backfill", "DELETE, GET, HEAD, POST"),
        ("HEAD", f"/v1/filings/{ACCESSION}/retry", "POST"),
        ("DELETE", "/silences", "POST"),
        ("POST", "/", "GET, HEAD"),
        ("POST", "/style.css", "GET, HEAD"),
    ],
)
async def test_a_method_that_is_not_taken_is_told_with_all_that_are(
    client: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    answer = await client.request(method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
