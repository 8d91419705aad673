"""The pages without a browser: their forms, their lists, and what keeps them harmless."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from _stores import ACCESSION, NOW, alert, filing, report, save, store_url

from watcher.edgar.calendar import NEW_YORK
from watcher.errors import EightkError, EndpointDisabled, UnknownDelivery
from watcher.models import Document, Event, Evidence, Filer, Item, Severity
from watcher.store import deliveries, endpoints, filings, glance, journal, pictures, reports, silences
from watcher.store.database import Store
from watcher.store.pictures import Arrival
from watcher.store.redelivery import Redelivery
from watcher.verdict import EndpointState
from watcher.web.app import make_app
from watcher.web.desk import Desk, Health
from watcher.web.pages.charts import Picture, Series, columns, columns_and_curve, small_columns, stacked_columns
from watcher.web.pages.choice import Choice
from watcher.web.pages.deliveries import endpoint_words
from watcher.web.pages.pictures import _arrivals
from watcher.web.pages.templating import TEMPLATES, back_to

pytestmark = pytest.mark.usefixtures("either_store")

HOME = "http://127.0.0.1:8000"
HOSTILE = "<script>alert(1)</script>\"'&"
DAY = NOW.date()


class Asked:
    """What the daemon was asked to do."""

    def __init__(self) -> None:
        self.done: list[str] = []

    async def retry(self, accession: str) -> None:
        self.done.append(f"retry {accession}")

    async def redeliver(self, wanted: Any) -> Redelivery:
        if wanted == "unknown":
            raise UnknownDelivery("no such delivery")
        if wanted == "disabled":
            raise EndpointDisabled("desk is disabled")
        self.done.append(f"redeliver {wanted}")
        return Redelivery((), 0)

    async def nothing(self, *_: Any) -> Any:
        raise EightkError("not here")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def client(store: Store, asked: Asked) -> httpx.AsyncClient:
    desk = Desk(
        store=store,
        token="right",
        retry=asked.retry,
        audit=asked.nothing,
        backfill=SimpleNamespace(progress=None),  # type: ignore[arg-type]
        health=lambda: Health(is_well=True, edgar="polling"),
        now=lambda: NOW,
        redeliver=asked.redeliver,
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=make_app(desk)), base_url=HOME)


async def post(client: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """Send a form as a page of ours does."""
    page = (await client.get(f"/filings/{ACCESSION}")).text
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page
    return await client.post(path, data={"csrf": found[1], **fields}, headers={"Origin": HOME})


async def test_every_page_is_there_with_an_empty_store_and_with_a_full_one(
    client: httpx.AsyncClient, store: Store
) -> None:
    paths = ["/", "/alerts", "/deliveries", "/rules", "/activity", "/health", "/search", "/search?q=words"]
    empty = [(await client.get(path)).status_code for path in paths]
    event = Event("cfo-departure", 0.9, (Evidence(1, 0, 5, "words"),), severity=Severity.HIGH)
    save(store, replace(report(ACCESSION, alert()), events=(event,)))
    full = [(await client.get(path)).status_code for path in [*paths, f"/filings/{ACCESSION}", "/companies/320"]]

    assert set(empty) == {200}
    assert set(full) == {200}


async def test_a_form_of_ours_runs_a_filing_again(client: httpx.AsyncClient, store: Store, asked: Asked) -> None:
    save(store, report())
    answer = await post(client, f"/filings/{ACCESSION}/retry")

    assert (answer.status_code, answer.headers["location"]) == (303, f"/filings/{ACCESSION}?done=retried")
    assert asked.done == [f"retry {ACCESSION}"]


@pytest.mark.parametrize("path", [f"/filings/{ACCESSION}/retry", "/deliveries/x/redeliver", "/silences", "/draft"])
async def test_a_form_that_is_not_ours_changes_nothing(
    client: httpx.AsyncClient, store: Store, asked: Asked, path: str
) -> None:
    save(store, report())
    answer = await client.post(path, data={"csrf": "guessed"}, headers={"Origin": HOME})

    assert (answer.status_code, asked.done) == (403, [])


@pytest.mark.parametrize(("number", "status"), [("dlv_1", 303), ("unknown", 404), ("disabled", 409)])
async def test_a_delivery_is_told_again_or_it_is_said_why_not(
    client: httpx.AsyncClient, store: Store, number: str, status: int
) -> None:
    save(store, report(ACCESSION, alert()))

    assert (await post(client, f"/deliveries/{number}/redeliver", back="/deliveries")).status_code == status


async def test_a_silence_is_set_by_a_form_shown_and_ended(client: httpx.AsyncClient, store: Store) -> None:
    save(store, report(ACCESSION, alert()))
    added = await post(client, "/silences", cik="320", why=HOSTILE, hours="24", back="/companies/320")
    (made,) = store.read_now(silences.find_open, NOW)
    page = (await client.get("/companies/320")).text
    ended = await post(client, f"/silences/{made.id}/end", back="/companies/320")

    assert (added.status_code, added.headers["location"]) == (303, "/companies/320?done=silenced")
    assert (made.cik, made.until) == (320, NOW + timedelta(hours=24))
    assert "<script>" not in page
    assert "End it" in page
    assert (ended.status_code, store.read_now(silences.find_open, NOW)) == (303, ())


@pytest.mark.parametrize(
    "fields",
    [
        {"cik": "320", "why": "", "hours": "1"},
        {"cik": "x", "why": "w", "hours": "1"},
        {"why": "w", "hours": "1"},
        {"rule": "r", "why": "w", "hours": "0"},
        {"rule": "r", "why": "w", "hours": "9" * 30},
        {"rule": "r", "why": "w", "hours": "-1"},
        {"rule": "r", "why": "w"},
    ],
)
async def test_a_silence_that_cannot_be_is_refused_in_words(
    client: httpx.AsyncClient, store: Store, fields: dict[str, str]
) -> None:
    save(store, report())

    assert (await post(client, "/silences", **fields)).status_code == 422


@pytest.mark.parametrize("place", ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\nb"])
def test_no_form_leads_away(place: str) -> None:
    assert back_to(place, "retried").headers["location"] == "/?done=retried"


def test_a_form_leads_back_to_its_place() -> None:
    assert back_to("/alerts?rule=r#x", "ended").headers["location"] == "/alerts?rule=r&done=ended#x"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/?before=odd", 200),
        ("/?severity=awful", 200),
        ("/?before=1&after=2", 200),
        ("/activity?day=soon", 422),
        ("/activity?day=0001-01-01", 422),
        ("/companies/1?before=odd", 422),
        ("/companies/99", 404),
        ("/rules/none", 404),
        ("/draft", 404),
        ("/alerts?before=-1", 422),
        ("/alerts?severity=awful", 200),
        ("/deliveries?state=odd", 200),
        ("/search?q=%22", 200),
        ("/search?q=words&severity=high", 200),
        (f"/filings/{ACCESSION}?at=1-2", 200),
        (f"/filings/{ACCESSION}?at=1-{'9' * 9}-3", 200),
        ("/static/../app.py", 404),
        ("/static/live.js", 200),
    ],
)
async def test_what_cannot_be_asked_is_no_error_of_ours(
    client: httpx.AsyncClient, store: Store, path: str, status: int
) -> None:
    save(store, report())

    assert (await client.get(path)).status_code == status


async def test_words_that_were_looked_for_are_marked(client: httpx.AsyncClient, store: Store) -> None:
    text = "Item 7.01 some words here"
    item = Item("7.01", "Regulation FD", declared=True, found=True, document=1, start=0, end=len(text), text=text)
    found = replace(report(), documents=(Document(1, "8-K", "m.htm", "", 9, text),), items=(item,))
    save(store, found)

    page = (await client.get(f"/filings/{ACCESSION}?at=1-15-20")).text

    assert '<mark id="d1-15">words</mark>' in page


async def test_a_narrowed_list_goes_on_where_it_ended(client: httpx.AsyncClient, store: Store) -> None:
    for number in range(60):
        one = replace(filing(f"0000000001-26-{number:06}"), accepted_at=NOW + timedelta(seconds=number))
        store.write_now(filings.spot, [one], NOW)

    page = (await client.get("/?form=8-K")).text
    link = re.search(r'<a rel="next" href="([^"]+)"', page)
    assert link
    older = (await client.get(link[1].replace("&amp;", "&"))).text

    assert (page.count('<tr id="f-'), older.count('<tr id="f-')) == (50, 10)
    assert 'rel="prev"' in older


def test_today_and_the_names_of_events_are_told_at_a_glance(store: Store) -> None:
    events = (Event("cfo-departure", 0.9, severity=Severity.HIGH), Event("buyback", 0.9))
    save(store, replace(report(ACCESSION, alert()), events=events))
    old = "0000000001-26-000002"
    save(store, replace(report(old), filing=replace(filing(old), accepted_at=NOW - timedelta(days=3))))

    told = store.read_now(glance.today, DAY)

    assert (told.filings, told.grave_events, told.failed) == (1, 1, 0)
    assert store.read_now(glance.event_names) == ("buyback", "cfo-departure")
    assert [one.event for one in store.read_now(glance.events_of, [ACCESSION])[ACCESSION]] == [
        "cfo-departure",
        "buyback",
    ]


def test_the_numbers_behind_the_pictures(store: Store) -> None:
    save(store, report(ACCESSION, alert()))
    lost = "0000000001-26-000002"
    save(store, replace(report(lost), filing=replace(filing(lost), accepted_at=NOW - timedelta(days=2))))
    monday = DAY - timedelta(days=DAY.weekday())

    assert store.read_now(pictures.items_by_day, DAY - timedelta(days=2), 3) == {"7.01": [1, 0, 1]}
    assert [one.accepted_at for one in store.read_now(pictures.arrivals, DAY)] == [NOW]
    assert store.read_now(pictures.alerts_by_week, monday, 2) == {"r": [1, 0]}
    assert store.read_now(pictures.tellings, 10) == ()
    assert store.read_now(reports.count_alerts, [ACCESSION]) == {ACCESSION: 1}
    assert len(store.read_now(deliveries.find)) == 1


def arrivals_at(*hours: float) -> Picture:
    begin = datetime.combine(DAY, time(), NEW_YORK)
    at = [(begin + timedelta(hours=one)).astimezone(UTC) for one in hours]
    return _arrivals(DAY, [Arrival(one, one + timedelta(seconds=9)) for one in at])


def test_a_filing_outside_edgar_s_hours_stands_where_it_came() -> None:
    assert [row[:2] for row in arrivals_at(3.25, 6, 23.9).rows] == [["03:10", "1"], ["06:00", "1"], ["23:50", "1"]]


def test_the_axis_of_a_day_is_edgar_s_hours_and_no_wider_than_it_takes() -> None:
    def first_label(picture: Picture) -> str:
        return re.findall(r">(\d\d:\d\d)<", picture.svg)[0]

    assert (first_label(arrivals_at(12)), first_label(arrivals_at(4.9, 12))) == ("06:00", "04:00")


def drawn() -> list[Picture]:
    labels = [HOSTILE, "b", "c"]
    series = [Series(HOSTILE, [1, 0, 3]), Series("two", [0, 2, 0])]
    words = {1.0: "1 s", 60.0: "1 min"}
    return [
        stacked_columns(HOSTILE, labels, series, unit="things", first="Day"),
        columns(HOSTILE, labels, [5, 0, 17], unit="things", first="Took"),
        columns_and_curve(HOSTILE, labels, series[0], [3.0, None, 999.0], curve_name="s", first="At", words=words),
        small_columns(HOSTILE, labels, series, unit="things", first="Rule"),
    ]


@pytest.mark.parametrize("place", range(4))
def test_a_picture_is_sound_has_no_style_and_no_script_and_tells_its_numbers_in_a_table(place: int) -> None:
    one = drawn()[place]
    root = ET.fromstring(one.svg)

    names = {element.tag for element in root.iter()}
    attributes = {name for element in root.iter() for name in element.attrib}
    assert names <= {"svg", "rect", "line", "text", "title", "polyline", "circle"}
    assert not {name for name in attributes if name == "style" or name.startswith("on")}
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"]
    assert all(len(row) == len(one.head) for row in one.rows)
    assert HOSTILE in {element.text for element in root.iter("text")} or HOSTILE in one.legend[0]


@pytest.mark.parametrize("draw", [lambda: columns("t", [], [], unit="u", first="f")])
def test_a_picture_of_nothing_says_so(draw: Any) -> None:
    assert draw().is_empty
    assert draw().says == "No u."


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"since": "2026-02-01", "until": "2026-01-01"}, "2026-02-01 is after 2026-01-01"),
        ({"since": "soon"}, "a day reads like 2026-03-09"),
        ({"company": "\0"}, "company: has a NUL character in it"),
        ({"severity": "awful"}, "a severity is one of low, medium, high, critical"),
        ({"item": "5.02", "odd": "x"}, ""),
    ],
)
def test_a_choice_says_what_is_wrong_with_it(asked: dict[str, str], problem: str) -> None:
    assert Choice.of(asked).problem == problem


def test_a_choice_keeps_what_was_asked_in_its_links() -> None:
    choice = Choice.of({"company": " A & B ", "before": "12"})

    assert choice.link(before="7") == "/?company=A+%26+B&before=7"
    assert Choice().link() == "/"


def test_events_are_told_in_words() -> None:
    words = TEMPLATES.env.filters["event_words"]

    assert [words(name) for name in ("cfo-departure", "buyback", "")] == ["CFO departure", "Buyback", ""]


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        (EndpointState("a"), "good", "well"),
        (EndpointState("a", failures=2, last_error="refused"), "warn", "failing: refused"),
        (EndpointState("a", failures=6, resumes_at=NOW), "warn", "paused after 6 failures"),
        (EndpointState("a", disabled_at=NOW, disabled_reason="410"), "bad", "disabled since 2026-01-12 17:00 UTC: 410"),
    ],
)
def test_how_an_endpoint_fares_is_told_in_words(state: EndpointState, kind: str, words: str) -> None:
    told = endpoint_words(state)

    assert told[1] == kind
    assert told[0].startswith(words)


async def test_what_a_filer_wrote_is_text_on_every_page(client: httpx.AsyncClient, store: Store) -> None:
    words = Evidence(1, 0, 5, HOSTILE)
    event = Event(HOSTILE, 0.9, (words,), facts={"person": HOSTILE}, severity=Severity.CRITICAL)
    bad = replace(report(ACCESSION, replace(alert(), title=HOSTILE, evidence=(words,))), events=(event,))
    save(store, replace(bad, filing=replace(bad.filing, filers=(Filer(320, HOSTILE, tickers=(HOSTILE,)),))))
    paths = ("/", f"/filings/{ACCESSION}", "/companies/320", "/alerts", "/deliveries", "/rules", "/activity", "/health")

    for path in paths:
        page = (await client.get(path)).text
        assert "<script>" not in page, path


async def test_a_filing_s_page_tells_how_often_it_happened_and_what_amends_it(
    client: httpx.AsyncClient, store: Store
) -> None:
    event = Event("cfo-departure", 0.9, severity=Severity.HIGH, family="CFO change", kin=("cfo-departure",))
    for number, days in ((1, 400), (2, 200), (3, 0)):
        at = NOW - timedelta(days=days)
        one = replace(filing(f"0000000001-26-{number:06}"), accepted_at=at, filed_on=at.date())
        save(store, replace(report(one.accession), filing=one, events=(event,), period_of_report=at.date()))
    later = replace(filing("0000000001-26-000004"), form="8-K/A", accepted_at=NOW + timedelta(hours=1))
    save(store, replace(report(later.accession), filing=later, period_of_report=DAY))

    page = (await client.get("/filings/0000000001-26-000003")).text
    amendment = (await client.get("/filings/0000000001-26-000004")).text

    assert "third CFO change in 24 months" in page
    assert '<span class="tag critical">critical</span>' in page
    assert 'href="/filings/0000000001-26-000001"' in page
    assert "Amended by" in page
    assert 'href="/filings/0000000001-26-000004"' in page
    assert "It amends" in amendment


async def test_the_stream_is_followed_from_where_the_list_was_read(client: httpx.AsyncClient, store: Store) -> None:
    """What is saved between the two, while the browser loads the page, is not missed."""
    save(store, report(ACCESSION, alert()))
    page = (await client.get("/")).text

    assert f'data-stream="/v1/stream?after={store.read_now(journal.last)}"' in page
    assert store.read_now(journal.last) > 0


async def test_not_all_is_well_while_an_endpoint_is_disabled(client: httpx.AsyncClient, store: Store) -> None:
    store.write_now(endpoints.adopt, {"gone": "a"})
    before = (await client.get("/health")).text
    store.write_now(endpoints.save, EndpointState("gone", disabled_at=NOW, disabled_reason="410"))

    after = (await client.get("/health")).text

    assert "All is well." in before
    assert "Something needs you." in after
    assert "Endpoint gone is disabled" in after
