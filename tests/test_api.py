"""The API as programs use it: pages, tables, validators, refusals, raw bytes."""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from _stores import ACCESSION, NOW, alert, filing, message, report, store_url
from test_stream import Nothing, unasked

from watcher.errors import StoreError
from watcher.models import Document, Event, Filer, Item, Report, Severity
from watcher.rulebook import RuleInfo
from watcher.store import endpoints, filings, reports, revisions
from watcher.store.archive import Archive
from watcher.store.database import Store
from watcher.store.parts import RawFiles
from watcher.web.api._pages import cursor_of
from watcher.web.api_docs import _shown
from watcher.web.app import make_app
from watcher.web.bodies import MAX_BODY_BYTES
from watcher.web.desk import Desk, Health

pytestmark = pytest.mark.usefixtures("either_store")

RIGHT = {"authorization": "Bearer right"}
CFO_CHANGE = RuleInfo(
    "cfo-change", "A title", Severity.HIGH, "stable", "1", "a.yaml:1:1", (), "{}", "", "items: 5.02", 0
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


@pytest.fixture
def client(store: Store, tmp_path: Path) -> httpx.AsyncClient:
    desk = Desk(
        store=store,
        token="right",
        retry=unasked,
        audit=unasked,
        backfill=Nothing(),
        health=lambda: Health(is_well=True, edgar="polling"),
        raw=RawFiles(tmp_path / "raw"),
        events=lambda: frozenset({"cfo-departure", "dividend"}),
        alerting=("large-sums",),
    )
    transport = httpx.ASGITransport(app=make_app(desk), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")


def number(count: int) -> str:
    return f"0000000001-26-{count:06}"


def save(store: Store, found: Report) -> None:
    store.write_now(filings.spot, [found.filing], NOW)
    messages = {one.id: message(one) for one in found.alerts}
    store.write_now(reports.save, found, messages, NOW, late_hours=72, endpoints=frozenset({"desk"}))


async def every(client: httpx.AsyncClient, path: str, noun: str) -> list[dict[str, Any]]:
    """Follow the links to the last page."""
    found: list[dict[str, Any]] = []
    link: str | None = path
    while link:
        answer = await client.get(link)
        assert answer.status_code == 200, answer.text
        found += answer.json()[noun]
        link = answer.links.get("next", {}).get("url")
    return found


@pytest.mark.parametrize(
    ("path", "noun", "key"),
    [
        ("/v1/filings?limit=3", "filings", "accession"),
        ("/v1/filings?limit=3&form=8-K&item=7.01", "filings", "accession"),
        ("/v1/filings?limit=3&q=words", "filings", "accession"),
        ("/v1/alerts?limit=3", "alerts", "id"),
        ("/v1/alerts/raised?limit=3&rule=r", "alerts", "id"),
        ("/v1/deliveries?limit=3&endpoint=desk", "deliveries", "id"),
    ],
)
async def test_a_list_is_whole_page_by_page(
    client: httpx.AsyncClient, store: Store, path: str, noun: str, key: str
) -> None:
    for count in range(10):
        documents = (Document(1, "8-K", "a.htm", "", 5, text="words"),)
        found = replace(report(number(count), alert(number(count))), documents=documents)
        found.alerts = (replace(found.alerts[0], notify=("desk",)),)
        save(store, found)

    found = await every(client, path, noun)
    whole = (await client.get(path.replace("limit=3", "limit=100"))).json()

    assert len(found) == 10
    assert found == whole[noun]
    assert whole["next"] in (None, 10)


async def test_what_comes_between_two_pages_shifts_nothing(client: httpx.AsyncClient, store: Store) -> None:
    for count in range(4):
        save(store, report(number(count)))
    first = await client.get("/v1/filings?limit=2")
    save(store, report(number(9)))
    second = await client.get(first.links["next"]["url"])

    shown = [one["accession"] for page in (first, second) for one in page.json()["filings"]]
    assert sorted(shown) == [number(count) for count in range(4)]


async def test_filings_are_narrowed_by_what_was_found_in_them(client: httpx.AsyncClient, store: Store) -> None:
    event = Event("cfo-departure", 0.9, severity=Severity.CRITICAL)
    save(store, replace(report(number(1)), events=(event,)))
    other = report(number(2))
    other.filing = replace(other.filing, filers=(Filer(7, "Other Made Up Corp"),))
    save(store, other)

    async def found(query: str) -> list[str]:
        return [one["accession"] for one in (await client.get(f"/v1/filings?{query}")).json()["filings"]]

    assert await found("event=cfo-departure") == [number(1)]
    assert await found("severity=critical") == [number(1)]
    assert await found("company=other+corp") == [number(2)]
    assert await found("since=2026-01-13") == []
    assert await found("until=2026-01-12&origin=live&state=saved&cik=7") == [number(2)]
    (one,) = (await client.get("/v1/filings?event=cfo-departure")).json()["filings"]
    assert one["events"] == [{"event": "cfo-departure", "severity": "critical", "score": 0.9}]


async def test_a_search_shows_the_words_around(client: httpx.AsyncClient, store: Store) -> None:
    documents = (Document(1, "8-K", "a.htm", "", 5, text="The chief officer left the firm."),)
    save(store, replace(report(number(1)), documents=documents))

    (one,) = (await client.get('/v1/filings?q="chief officer"')).json()["filings"]

    assert one["snippet"] == "The chief officer left the firm."
    assert (await client.get("/v1/filings?q=firm&state=saved")).status_code == 422


async def test_a_search_is_narrowed_by_severity(client: httpx.AsyncClient, store: Store) -> None:
    documents = (Document(1, "8-K", "a.htm", "", 5, text="The chief officer left the firm."),)
    for place, severity in enumerate((Severity.CRITICAL, Severity.LOW), start=1):
        event = Event("cfo-departure", 0.9, severity=severity)
        save(store, replace(report(number(place)), documents=documents, events=(event,)))

    found = (await client.get("/v1/filings?q=firm&severity=critical")).json()["filings"]

    assert [one["accession"] for one in found] == [number(1)]


async def test_a_table_runs_no_formula(client: httpx.AsyncClient, store: Store) -> None:
    names = ['=HYPERLINK("http://x")', "+1", "-1", "@sum", "\tx", 'A "quoted", firm']
    for count, name in enumerate(names):
        found = report(number(count))
        found.filing = replace(found.filing, filers=(Filer(count + 1, name),))
        save(store, found)
    by_name = await client.get("/v1/filings?format=csv")
    by_header = await client.get("/v1/filings", headers={"Accept": "text/csv"})

    rows = list(csv.DictReader(io.StringIO(by_name.text)))
    assert {row["company"] for row in rows} == {*(f"'{name}" for name in names[:-1]), names[-1]}
    assert by_header.content == by_name.content
    assert by_name.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert by_name.content.count(b"\r\n") == len(names) + 1
    assert not by_name.content.startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    "path", ["/v1/filings", "/v1/filings?format=csv", f"/v1/filings/{ACCESSION}", "/v1/deliveries"]
)
async def test_who_has_it_already_is_told_so(client: httpx.AsyncClient, store: Store, path: str) -> None:
    save(store, report(ACCESSION, alert()))
    first = await client.get(path)
    again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
    save(store, report(ACCESSION, alert(), alert(rule="s")))
    changed = await client.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert changed.status_code == (200 if "deliver" in path or path.endswith(ACCESSION) else 304)


async def test_answers_are_packed_for_who_takes_that(client: httpx.AsyncClient, store: Store) -> None:
    for count in range(5):
        save(store, report(number(count)))
    packed = await client.get("/v1/filings", headers={"Accept-Encoding": "gzip"})
    plain = await client.get("/v1/filings", headers={"Accept-Encoding": "identity"})
    page = await client.get("/", headers={"Accept-Encoding": "gzip"})

    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == plain.json()
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in page.headers


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/nothing", None, 404),
        ("GET", f"/v1/filings/{ACCESSION}", None, 404),
        ("GET", "/v1/filings/12", None, 422),
        ("DELETE", "/v1/filings", None, 405),
        ("GET", "/v1/filings?cursor=abc", None, 422),
        ("GET", "/v1/filings?offset=1&cursor=WyJmaWxpbmciLCIxIl0", None, 422),
        ("GET", "/v1/filings?since=2026-02-01&until=2026-01-01", None, 422),
        ("GET", "/v1/deliveries?cursor=WyJmaWxpbmciLCIxIl0", None, 422),
        ("GET", "/v1/alerts?after=99", None, 409),
        ("GET", "/v1/rules", None, 404),
        ("POST", "/v1/silences", b"{", 422),
        ("POST", "/v1/silences", b"[" * 100_000, 400),
        ("POST", "/v1/silences", b'{"why": "w"}', 422),
        ("POST", "/v1/silences", b"{" + b" " * MAX_BODY_BYTES + b"}", 413),
    ],
)
async def test_every_refusal_is_a_problem(
    client: httpx.AsyncClient, method: str, path: str, body: bytes | None, status: int
) -> None:
    headers = {**RIGHT, "Content-Type": "application/json"} if body is not None else RIGHT
    answer = await client.request(method, path, content=body, headers=headers)

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert {"title", "status", "detail"} <= set(answer.json())
    assert answer.json()["status"] == status


async def test_a_body_of_another_kind_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/silences", data={"why": "w"}, headers=RIGHT)

    assert (answer.status_code, answer.headers["accept"]) == (415, "application/json")


async def test_a_long_body_is_refused_as_it_comes(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b" " * 65_536

    answer = await client.post("/v1/silences", content=endless(), headers={**RIGHT, "Content-Type": "application/json"})

    assert answer.status_code == 413
    assert sent * 65_536 <= MAX_BODY_BYTES + 2 * 65_536


async def test_a_word_that_is_not_known_is_not_passed_over(client: httpx.AsyncClient) -> None:
    near = (await client.get("/v1/filings?itme=5.02&limit=5")).json()
    far = (await client.get("/v1/deliveries?zzz=1")).json()

    assert near["errors"] == [{"where": "query.itme", "problem": "there is no such parameter; did you mean item?"}]
    assert "there are" in far["errors"][0]["problem"]


@pytest.mark.parametrize("query", ["company=%00", "form=%00", "q=a%00b", "ticker=%00"])
async def test_a_parameter_with_a_nul_is_refused(client: httpx.AsyncClient, store: Store, query: str) -> None:
    save(store, report())
    answer = await client.get(f"/v1/filings?{query}")

    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"] == [
        {"where": f"query.{query.partition('=')[0]}", "problem": "has a NUL character in it"}
    ]


UNKNOWN_NAMES = [
    ("event=cfo-departur", "event", "no event 'cfo-departur' is known; did you mean cfo-departure?"),
    ("event=zzz", "event", "no event 'zzz' is known; eightk events list names them all"),
    ("item=5.2", "item", "'5.2' is no item of Form 8-K; did you mean 5.02?"),
    ("item=14", "item", "'14' is no item of Form 8-K, such as 5.02"),
    ("form=8-K12C", "form", "no filing of form '8-K12C' is in the store; did you mean 8-K12B?"),
    ("severity=hihg", "severity", "and not 'hihg'; did you mean high?"),
]
UNKNOWN_PLACES = [
    ("/v1/alerts", "endpoint=dsk", "endpoint", "there is no endpoint 'dsk'; did you mean desk?"),
    ("/v1/alerts", "rule=zzz", "rule", "no rule 'zzz' was ever in force here or raised an alert"),
    ("/v1/alerts/raised", "rule=cfo-chnage", "rule", "or raised an alert; did you mean cfo-change?"),
    ("/v1/deliveries", "rule=large-sum", "rule", "or raised an alert; did you mean large-sums?"),
    ("/v1/deliveries", "endpoint=zzz", "endpoint", "there is no endpoint 'zzz'; known are desk"),
    ("/v1/stream", "rule=cfo-chnage", "rule", "or raised an alert; did you mean cfo-change?"),
]
UNKNOWN_STATES = [
    ("state=save", "state", "and not 'save'; did you mean saved?"),
    ("origin=Live", "origin", "and not 'Live'; did you mean live?"),
]


@pytest.mark.parametrize(
    ("path", "query", "field", "problem"),
    [("/v1/filings", *one) for one in UNKNOWN_NAMES + UNKNOWN_STATES]
    + [("/v1/stream", *one) for one in UNKNOWN_NAMES]
    + UNKNOWN_PLACES,
)
async def test_a_name_that_nobody_knows_is_refused_with_the_one_that_is_meant(
    client: httpx.AsyncClient, store: Store, path: str, query: str, field: str, problem: str
) -> None:
    store.write_now(endpoints.adopt, {"desk": "f"})
    store.write_now(revisions.note, [CFO_CHANGE], (), NOW)

    answer = await client.get(f"{path}?{query}")

    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    (fault,) = answer.json()["errors"]
    assert fault["where"] == f"query.{field}"
    assert problem in fault["problem"]
    assert fault["problem"] in answer.json()["detail"]


async def test_what_is_no_more_or_raised_nothing_yet_can_be_asked_for(client: httpx.AsyncClient, store: Store) -> None:
    save(store, report(number(1), alert(number(1))))  # of a rule and to an endpoint that no settings have
    store.write_now(endpoints.adopt, {"ops": "f"})
    store.write_now(revisions.note, [CFO_CHANGE], (), NOW)
    asked = {"rule=r": 1, "rule=cfo-change": 0, "rule=large-sums": 0, "rule=eightk.quiet": 0, "rule=every+filing": 0}

    for query, count in (asked | {"endpoint=desk": 1, "endpoint=ops": 0}).items():
        for noun in ("alerts", "deliveries"):
            answer = await client.get(f"/v1/{noun}?{query}")
            assert (answer.status_code, len(answer.json()[noun])) == (200, count), (noun, query)


async def test_all_names_that_nobody_knows_are_told_at_once(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/filings?event=zzz&item=zzz&form=zzz")

    assert [one["where"] for one in answer.json()["errors"]] == ["query.form", "query.item", "query.event"]


@pytest.mark.parametrize(
    "query",
    [
        "item=502", "item=Item+5.02", "item=5.02", "form=8-k", "form=8K", "event=CFO+departure", "event=cfo_departure",
        "event=told-by-a-handler-of-mine",
    ],
)  # fmt: skip
async def test_what_is_plainly_meant_is_found(client: httpx.AsyncClient, store: Store, query: str) -> None:
    events = (Event("cfo-departure", 0.9), Event("told-by-a-handler-of-mine", 0.9))
    save(
        store, replace(report(number(1)), events=events, items=(Item("5.02", "Departure", declared=True, found=True),))
    )

    answer = await client.get(f"/v1/filings?{query}")

    assert [one["accession"] for one in answer.json()["filings"]] == [number(1)]


async def test_old_items_events_of_no_filing_yet_and_forms_put_in_by_hand_are_known(
    client: httpx.AsyncClient, store: Store
) -> None:
    store.write_now(filings.spot, [replace(filing(number(1)), form="10-Q")], NOW)

    for query, count in (("item=5", 0), ("event=dividend", 0), ("form=8-K/A", 0), ("form=10-q", 1)):
        answer = await client.get(f"/v1/filings?{query}")
        assert (answer.status_code, len(answer.json()["filings"])) == (200, count), query


async def test_each_fault_has_its_place(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/filings?limit=0&state=odd&cik=x")

    assert {one["where"] for one in answer.json()["errors"]} == {"query.limit", "query.state", "query.cik"}


async def test_a_fault_of_ours_tells_nothing_of_it(
    client: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a secret word")

    monkeypatch.setattr(store, "read", broken)
    answer = await client.get("/v1/filings")
    page = await client.get(f"/filings/{ACCESSION}")

    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert page.status_code == 500
    assert "secret" not in answer.text + page.text
    assert "Traceback" not in answer.text + page.text


async def test_a_store_that_cannot_is_told_as_such(
    client: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any, **__: Any) -> Any:
        raise StoreError("/home/of/eightk.db: the disk is full")

    monkeypatch.setattr(store, "read", full)
    answer = await client.get("/v1/filings")

    assert (answer.status_code, answer.json()["detail"], answer.headers["retry-after"]) == (
        503,
        "the store cannot be used now; the log has why",
        "10",
    )


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_an_instant_that_utc_does_not_know_is_refused(client: httpx.AsyncClient, moment: str) -> None:
    asked = {"since": moment}
    answers = [
        await client.get("/v1/deliveries", params=asked),
        await client.get("/v1/alerts/raised", params=asked),
        await client.post("/v1/redeliveries", json={"endpoint": "desk", **asked}, headers=RIGHT),
        await client.post("/v1/silences", json={"rule": "r", "why": "w", "until": moment}, headers=RIGHT),
    ]

    assert [one.status_code for one in answers] == [422] * 4
    assert "no instant of UTC" in answers[0].json()["detail"]


async def test_a_cursor_with_half_a_character_is_refused(client: httpx.AsyncClient) -> None:
    cursor = cursor_of("delivery", 1, "\ud800")

    assert (await client.get("/v1/deliveries", params={"cursor": cursor})).status_code == 422


HOSTILE = b"<SEC-DOCUMENT><script>alert(1)</script>" * 20_000


@pytest.fixture
def archived(store: Store, tmp_path: Path) -> Archive:
    archive = Archive(tmp_path / "raw", store.id)
    store.write_now(filings.spot, [filing()], NOW)
    store.write_now(filings.note_archived, ACCESSION, archive.keep(ACCESSION, NOW.date(), HOSTILE))
    return archive


ENCODINGS = [("br, gzip", "gzip"), ("gzip;q=0.5", "gzip"), ("gzip;q=0.0", "identity"), ("", "identity")]


@pytest.mark.parametrize(("accepted", "encoding"), ENCODINGS)
async def test_raw_bytes_are_given_and_never_shown(
    client: httpx.AsyncClient, archived: Archive, accepted: str, encoding: str
) -> None:
    answer = await client.get(f"/v1/filings/{ACCESSION}/raw", headers={"Accept-Encoding": accepted})
    again = await client.get(f"/v1/filings/{ACCESSION}/raw", headers={"If-None-Match": answer.headers["etag"]})

    assert answer.content == HOSTILE
    assert answer.headers.get("content-encoding", "identity") == encoding
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{ACCESSION}.txt"'
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert again.status_code == 304


@pytest.mark.usefixtures("archived")
async def test_the_head_of_raw_bytes_comes_without_them(client: httpx.AsyncClient) -> None:
    head = await client.head(f"/v1/filings/{ACCESSION}/raw")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-disposition"] == f'attachment; filename="{ACCESSION}.txt"'


async def test_raw_bytes_that_have_gone_are_no_fault(
    client: httpx.AsyncClient, archived: Archive, tmp_path: Path
) -> None:
    next((tmp_path / "raw").rglob("*.gz")).unlink()
    answer = await client.get(f"/v1/filings/{ACCESSION}/raw")

    assert (answer.status_code, "not kept any more" in answer.json()["detail"]) == (404, True)


async def test_raw_bytes_that_were_changed_are_not_passed_off_as_what_was_kept(
    client: httpx.AsyncClient, archived: Archive, tmp_path: Path
) -> None:
    next((tmp_path / "raw").rglob("*.gz")).write_bytes(gzip.compress(b"other words"))
    path = f"/v1/filings/{ACCESSION}/raw"

    with pytest.raises(Exception, match="not what was kept"):
        await _loud(client).get(path, headers={"Accept-Encoding": "identity"})


def _loud(client: httpx.AsyncClient) -> httpx.AsyncClient:
    inner: Any = client._transport
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=inner.app), base_url=client.base_url)


async def test_a_document_s_text_is_that_in_which_evidence_is_counted(client: httpx.AsyncClient, store: Store) -> None:
    text = "<script>Ünïcode\r\n\r\nwords"
    save(store, replace(report(), documents=(Document(1, "8-K", "a.htm", "", 5, text=text),)))
    answer = await client.get(f"/v1/filings/{ACCESSION}/documents/1/text")
    none = await client.get(f"/v1/filings/{ACCESSION}/documents/2/text")

    assert (answer.content.decode(), answer.headers["content-type"]) == (text, "text/plain; charset=utf-8")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert none.status_code == 404


async def test_an_alert_is_told_with_its_payload_and_deliveries(client: httpx.AsyncClient, store: Store) -> None:
    save(store, report(ACCESSION, alert()))
    listed = (await client.get("/v1/alerts/raised")).json()["alerts"]
    one = (await client.get(f"/v1/alerts/{listed[0]['id']}")).json()

    assert one["told"] == [{"endpoint": "desk", "state": "pending", "digest": None}]
    assert [told["endpoint"] for told in one["deliveries"]] == ["desk"]
    assert one["payload"]["type"] == "filing.matched"


async def test_the_api_is_described_on_a_page_without_any_script(client: httpx.AsyncClient) -> None:
    page = (await client.get("/v1/docs")).text
    described = (await client.get("/v1/openapi.json")).json()

    for path in described["paths"]:
        if path.startswith("/v1/"):
            assert f" {path}</code>" in page, path
    assert "<script" not in page
    assert "http://" not in page
    assert json.dumps(described).count("#/components/schemas/HTTPValidationError") == 0


async def test_code_in_a_description_is_shown_as_such(client: httpx.AsyncClient) -> None:
    page = (await client.get("/v1/docs")).text

    assert "`" not in page
    assert "with <code>q</code> the texts of all documents are searched" in page
    assert "as <code>eightk events list</code> has it" in page


def test_a_description_is_words_and_no_page() -> None:
    shown = _shown("Give `<b>` & ``<i>``, not <u>; a lone ` stays")

    assert shown == "Give <code>&lt;b&gt;</code> &amp; <code>&lt;i&gt;</code>, not &lt;u&gt;; a lone ` stays"
