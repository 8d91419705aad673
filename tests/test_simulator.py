"""Tests of the pretend EDGAR: its shapes are the real one's, its day begins with a client, its counts are true."""

from __future__ import annotations

import asyncio
import gzip
import json
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import httpx
import pytest
from _asking import ATOM, CONTACT, FEED, NOON, Hands, accessions, ask, feed, opened

from watcher.clock import Clock
from watcher.edgar.client import EdgarClient
from watcher.edgar.feed import parse_current
from watcher.edgar.header import read_header
from watcher.edgar.submission import split_submission
from watcher.errors import BlockedError
from watcher.models import EIGHT_K_FORMS
from watcher.signing import new_secret, parse_secret, sign
from watcher.simulator.catalog import Catalog
from watcher.simulator.exchange import Ask
from watcher.simulator.generator import Era, Generator
from watcher.simulator.made import MadeSubmission
from watcher.simulator.receiver import Receiver, receive
from watcher.simulator.server import Simulator, serve
from watcher.simulator.timeline import Listing


def many(count: int, **settings: Any) -> Simulator:
    return Simulator.from_generator(7, count, clock=Hands(), **settings)


def folder_of(made: MadeSubmission, place: int = 0) -> str:
    return f"/Archives/edgar/data/{made.filers[place].cik}/{made.accession.replace('-', '')}"


@pytest.fixture
def made() -> MadeSubmission:
    return Generator(1).submission(items=("2.02", "9.01"), era=Era.INLINE, accepted_at=NOON)


@pytest.fixture
def lone(made: MadeSubmission) -> Simulator:
    """A simulator that lists one filing."""
    return opened(Simulator.from_submissions([made], clock=Hands()))


@pytest.fixture
async def wire(lone: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"User-Agent": CONTACT}
    async with serve(lone) as url, httpx.AsyncClient(base_url=url, headers=headers) as client:
        yield client


# --- the live list


def test_the_first_look_at_the_list_finds_it_empty_but_whole() -> None:
    page = parse_current(ask(many(5), "/cgi-bin/browse-edgar", **FEED).body)

    assert (page.entries, page.generated_at, page.problems) == (0, NOON, ())


def test_the_first_look_finds_those_that_were_listed_before() -> None:
    assert len(feed(many(5, listed=2, pace=1.0))) == 2


def test_after_the_first_look_filings_appear_at_the_pace() -> None:
    simulator = many(20, pace=0.5)
    feed(simulator)
    clock = simulator.clock
    assert isinstance(clock, Hands)

    clock.move(6.5)

    assert len({*accessions(feed(simulator))}) == 3


def test_without_a_pace_all_are_listed_at_once_after_the_first_look() -> None:
    simulator = opened(many(30))

    assert len({*accessions(feed(simulator))}) == 30


def test_an_entry_has_edgars_shape_line_by_line(made: MadeSubmission, lone: Simulator) -> None:
    text = ask(lone, "/cgi-bin/browse-edgar", **FEED).body.decode("latin-1")
    filer = made.filers[0]

    assert text[text.index("<entry>") :] == (
        f"<entry>\n<title>8-K - {escape(filer.name)} ({filer.cik:010d}) (Filer)</title>\n"
        f'<link rel="alternate" type="text/html" href="https://www.sec.gov{folder_of(made)}/{made.accession}-index.htm"/>\n'
        '<summary type="html">\n'
        f" &lt;b&gt;Filed:&lt;/b&gt; 2026-01-12 &lt;b&gt;AccNo:&lt;/b&gt; {made.accession} &lt;b&gt;Size:&lt;/b&gt; "
        f"{len(made.raw) // 1024} KB\n"
        "&lt;br&gt;Item 2.02: Results of Operations and Financial Condition\n"
        "&lt;br&gt;Item 9.01: Financial Statements and Exhibits\n</summary>\n"
        "<updated>2026-01-12T12:00:00-05:00</updated>\n"
        '<category scheme="https://www.sec.gov/" label="form type" term="8-K"/>\n'
        f"<id>urn:tag:sec.gov,2008:accession-number={made.accession}</id>\n</entry>\n</feed>\n"
    )


def test_the_list_begins_with_edgars_title_and_time(lone: Simulator) -> None:
    text = ask(lone, "/cgi-bin/browse-edgar", **FEED).body.decode("latin-1")

    assert text.startswith('<?xml version="1.0" encoding="ISO-8859-1" ?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n')
    assert "<title>Latest Filings - Mon, 12 Jan 2026 12:00:00 EST</title>" in text
    assert "<updated>2026-01-12T12:00:00-05:00</updated>\n<entry>" in text


def test_our_own_reader_finds_nothing_odd_in_a_page() -> None:
    page = parse_current(ask(opened(many(60)), "/cgi-bin/browse-edgar", **FEED).body)

    assert page.problems == ()
    assert page.entries >= 60


def test_the_newest_filing_stands_first() -> None:
    simulator = many(10, pace=1.0)
    feed(simulator)
    simulator.clock.move(20)  # type: ignore[attr-defined]

    times = [entry.findtext(f"{ATOM}updated") for entry in feed(simulator)]

    assert times == sorted(times, reverse=True)
    assert accessions(feed(simulator))[0] == simulator.catalog.filings[-1].accession


def test_updated_is_when_it_was_listed_and_not_when_it_was_accepted() -> None:
    old = Generator(1).submission(items=("5", "7"))
    simulator = opened(Simulator.from_submissions([old], clock=Hands()))

    entry = feed(simulator)[0]

    assert entry.findtext(f"{ATOM}updated") == "2026-01-12T12:00:00-05:00"
    assert f"Filed:</b> {old.filed_on}" in (entry.findtext(f"{ATOM}summary") or "")


def test_a_filing_of_three_filers_is_three_entries_of_one_id() -> None:
    made = Generator(1).submission(co_registrants=2)
    entries = feed(opened(Simulator.from_submissions([made], clock=Hands())))

    assert accessions(entries) == [made.accession] * 3
    assert len({entry.find(f"{ATOM}link").get("href") for entry in entries}) == 3  # type: ignore[union-attr]


def test_a_type_matches_by_its_beginning() -> None:
    generator = Generator(1)
    made = [generator.submission(form=form) for form in ("8-K", "8-K/A", "8-K12B", "10-Q", "424B2", "4")]
    simulator = opened(Simulator.from_submissions(made, clock=Hands()))

    def forms(prefix: str) -> set[str]:
        return {entry.find(f"{ATOM}category").get("term", "") for entry in feed(simulator, type=prefix)}  # type: ignore[union-attr]

    assert forms("8-K") == {"8-K", "8-K/A", "8-K12B"}
    assert forms("8-K/A") == {"8-K/A"}
    assert forms("4") == {"4", "424B2"}
    assert len(forms("")) == 6


def test_owner_leaves_ownership_forms_out_or_leaves_them_alone() -> None:
    generator = Generator(1)
    made = [generator.submission(form=form) for form in ("8-K", "4", "5/A")]
    simulator = opened(Simulator.from_submissions(made, clock=Hands()))

    counts = [len(feed(simulator, type="", owner=owner)) for owner in ("include", "exclude", "only")]

    assert counts == [3, 1, 2]


@pytest.mark.parametrize(
    ("asked", "given"),
    [("10", 10), ("50", 40), ("79", 40), ("80", 80), ("100", 100), ("500", 100), ("3", 10), ("", 40)],
)
def test_a_count_is_rounded_down_to_what_edgar_knows(asked: str, given: int) -> None:
    assert len(feed(opened(many(130)), count=asked)) == given


def test_start_counts_entries() -> None:
    simulator = opened(many(120))
    whole = accessions(feed(simulator)) + accessions(feed(simulator, start="100"))

    assert accessions(feed(simulator, start="7", count="20")) == whole[7:27]


def test_a_page_past_the_end_is_empty() -> None:
    assert feed(opened(many(20)), start="100") == []


def test_the_list_goes_no_deeper_than_5100_entries() -> None:
    simulator = opened(many(3))

    deep = ask(simulator, "/cgi-bin/browse-edgar", **(FEED | {"start": "5100"}))

    assert (deep.status, deep.kind) == (503, "text/html")
    assert b"This page is temporarily unavailable." in deep.body
    assert ask(simulator, "/cgi-bin/browse-edgar", **(FEED | {"start": "5000"})).status == 200


def test_a_letter_beyond_latin_1_is_written_as_a_reference() -> None:
    raw = (
        Generator(1)
        .submission()
        .raw.replace(b"COMPANY CONFORMED NAME:\t\t\t", "COMPANY CONFORMED NAME:\t\t\tŻółć é ".encode())
    )
    simulator = opened(Simulator.from_submissions([raw], clock=Hands()))

    body = ask(simulator, "/cgi-bin/browse-edgar", **FEED).body

    assert b"&#379;\xf3&#322;&#263; \xe9 " in body


# --- documents and pages


@pytest.mark.parametrize("folder", [True, False])
def test_the_full_submission_is_served_in_its_folder_and_beside_it(
    made: MadeSubmission, lone: Simulator, folder: bool
) -> None:
    above = folder_of(made) if folder else folder_of(made).rsplit("/", 1)[0]

    reply = ask(lone, f"{above}/{made.accession}.txt")

    assert (reply.status, reply.kind, reply.body) == (200, "text/plain", made.raw)


def test_what_is_not_listed_yet_is_not_found(made: MadeSubmission) -> None:
    simulator = Simulator.from_submissions([made], clock=Hands(), pace=0.1)
    path = f"{folder_of(made)}/{made.accession}.txt"
    feed(simulator)
    before = ask(simulator, path).status
    simulator.clock.move(10)  # type: ignore[attr-defined]

    assert (before, ask(simulator, path).status) == (404, 200)


def test_what_was_listed_before_the_day_can_be_read_before_the_day_begins(made: MadeSubmission) -> None:
    simulator = Simulator.from_submissions([made], clock=Hands(), listed=1)

    assert ask(simulator, f"{folder_of(made)}/{made.accession}.txt").body == made.raw


def test_any_co_registrants_number_leads_to_the_filing_and_no_strangers_does() -> None:
    made = Generator(1).submission(co_registrants=2)
    simulator = opened(Simulator.from_submissions([made], clock=Hands()))
    stranger = folder_of(made).replace(str(made.filers[0].cik), "320193")

    statuses = [ask(simulator, f"{above}/{made.accession}.txt").status for above in (folder_of(made, 2), stranger)]

    assert statuses == [200, 404]


@pytest.mark.parametrize(
    "path",
    [
        "/Archives/edgar/data/1/0000000001-26-000001.txt",
        "/Archives/edgar/data/1/000000000126000001/0000000001-26-000001-index.htm",
        "/Archives/edgar/data/1/index.json",
        "/submissions/CIK0000000001.json",
        "/somewhere/else",
    ],
)
def test_what_does_not_exist_is_a_404_in_the_archives_xml(lone: Simulator, path: str) -> None:
    reply = ask(lone, path)

    assert (reply.status, reply.kind) == (404, "application/xml")
    assert ET.fromstring(reply.body).findtext("Code") == "NoSuchKey"


@pytest.mark.parametrize("suffix", ["htm", "html"])
def test_an_index_page_tells_dates_items_and_documents(made: MadeSubmission, lone: Simulator, suffix: str) -> None:
    page = ask(lone, f"{folder_of(made)}/{made.accession}-index.{suffix}").body.decode()

    assert '<div class="infoHead">Accepted</div>\n         <div class="info">2026-01-12 12:00:00</div>' in page
    assert "Item 2.02: Results of Operations and Financial Condition<br />Item 9.01: Financial Statements" in page
    assert f'{folder_of(made)}/{made.accession}.txt">{made.accession}.txt</a>' in page
    assert f"{escape(made.filers[0].name)} (Filer)" in page


def test_the_header_in_tags_reads_as_the_archives_header_does(made: MadeSubmission, lone: Simulator) -> None:
    tags = ask(lone, f"{folder_of(made)}/{made.accession}.hdr.sgml").body.decode("latin-1")

    whole = read_header(split_submission(made.raw).header)
    coded = tuple(replace(filer, sic_name=None) for filer in whole.filers)  # tags give an industry by its code alone

    assert "<ITEMS>2.02\n<ITEMS>9.01\n" in tags
    assert read_header(tags) == replace(whole, filers=coded)


def test_the_header_page_holds_the_tags_in_a_comment(made: MadeSubmission, lone: Simulator) -> None:
    page = ask(lone, f"{folder_of(made)}/{made.accession}-index-headers.html").body.decode("latin-1")
    tags = ask(lone, f"{folder_of(made)}/{made.accession}.hdr.sgml").body.decode("latin-1")

    assert f"<!--\n{tags}-->" in page


def test_a_filings_folder_lists_its_documents(made: MadeSubmission, lone: Simulator) -> None:
    listing = json.loads(ask(lone, f"{folder_of(made)}/index.json").body)["directory"]
    sizes = {item["name"]: item["size"] for item in listing["item"]}

    documents = split_submission(made.raw).documents

    assert listing["name"] == folder_of(made)
    assert sizes[documents[0].filename] == str(documents[0].size)
    assert sizes[f"{made.accession}.txt"] == ""


def test_a_companys_folder_lists_its_filings(made: MadeSubmission, lone: Simulator) -> None:
    listing = json.loads(ask(lone, f"/Archives/edgar/data/{made.filers[0].cik}/index.json").body)["directory"]

    assert [item["name"] for item in listing["item"]] == [made.accession.replace("-", "")]


def test_a_document_is_served_by_its_name_without_its_wrapper(made: MadeSubmission, lone: Simulator) -> None:
    main = split_submission(made.raw).documents[0]

    reply = ask(lone, f"{folder_of(made)}/{main.filename}")

    assert reply.kind == "text/html"
    assert reply.body.startswith(b"<?xml version='1.0' encoding='ASCII'?>\n<html")
    assert reply.body.endswith(b"</html>")


# --- daily indexes


@pytest.fixture
def quarter() -> Simulator:
    """A simulator whose clock stands on 12 January and whose filings are of January and of 2005."""
    generator = Generator(1)
    times = (NOON, NOON - timedelta(days=3), datetime(2005, 2, 11, 15, 0, tzinfo=UTC))
    made = [generator.submission(accepted_at=time, co_registrants=place) for place, time in enumerate(times)]
    return opened(Simulator.from_submissions(made, clock=Hands()))


@pytest.mark.parametrize("kind", ["master", "form", "company", "crawler"])
def test_a_daily_index_has_one_row_for_each_filer_of_each_filing_of_that_day(quarter: Simulator, kind: str) -> None:
    text = ask(quarter, f"/Archives/edgar/daily-index/2005/QTR1/{kind}.20050211.idx").body.decode("latin-1")
    filing = quarter.catalog.filings[2]

    rows = [line for line in text.splitlines() if filing.accession in line]

    assert len(rows) == 3
    assert all("20050211" in row for row in rows)


def test_master_rows_are_parted_by_bars(made: MadeSubmission, lone: Simulator) -> None:
    text = ask(lone, "/Archives/edgar/daily-index/2026/QTR1/master.20260112.idx").body.decode("latin-1")
    filer = made.filers[0]

    assert text.startswith(
        "Description:           Daily Index of EDGAR Dissemination Feed\nLast Data Received:    Jan 12, 2026\n"
    )
    assert text.splitlines()[-3:] == [
        "CIK|Company Name|Form Type|Date Filed|File Name",
        "-" * 80,
        f"{filer.cik}|{filer.name}|8-K|20260112|edgar/data/{filer.cik}/{made.accession}.txt",
    ]


def test_company_rows_stand_in_columns_below_a_header_broken_in_two(made: MadeSubmission, lone: Simulator) -> None:
    lines = ask(lone, "/Archives/edgar/daily-index/2026/QTR1/company.20260112.idx").body.decode("latin-1").splitlines()
    row = lines[-1]

    assert lines[-4].endswith("CIK")
    assert lines[-3] == "      Date Filed  File Name"
    assert (row[:62].rstrip(), row[62:74].rstrip(), row[86:98].rstrip()) == (made.filers[0].name, "8-K", "20260112")
    assert len(row) == 150


def test_a_day_of_the_simulation_has_what_was_listed_on_it(quarter: Simulator) -> None:
    text = ask(quarter, "/Archives/edgar/daily-index/2026/QTR1/master.20260112.idx").body.decode("latin-1")

    assert [filing.accession in text for filing in quarter.catalog.filings] == [True, True, True]


def test_a_missing_index_is_a_403_in_the_archives_xml(lone: Simulator) -> None:
    reply = ask(lone, "/Archives/edgar/daily-index/2026/QTR1/master.20260111.idx")

    assert (reply.status, reply.kind) == (403, "application/xml")
    assert ET.fromstring(reply.body).findtext("Code") == "AccessDenied"


def test_an_index_in_the_wrong_quarter_is_missing(lone: Simulator) -> None:
    assert ask(lone, "/Archives/edgar/daily-index/2026/QTR2/master.20260112.idx").status == 403


def test_an_index_holds_nothing_that_is_not_listed_yet() -> None:
    simulator = many(3, pace=0.001)
    feed(simulator)

    assert ask(simulator, "/Archives/edgar/daily-index/2026/QTR1/master.20260112.idx").status == 403


def test_a_quarters_folder_lists_four_files_for_each_day(quarter: Simulator) -> None:
    listing = json.loads(ask(quarter, "/Archives/edgar/daily-index/2026/QTR1/index.json").body)["directory"]

    names = [item["name"] for item in listing["item"]]

    assert names == [
        f"{kind}.202601{day}.idx" for kind in ("company", "crawler", "form", "master") for day in ("09", "12")
    ]


# --- one company


def test_a_companys_submissions_are_parallel_arrays_newest_first() -> None:
    generator = Generator(1)
    company = generator.company(5)
    times = (datetime(2003, 11, 4, 15, 0, tzinfo=UTC), NOON)
    made = [generator.submission(company=company, accepted_at=time) for time in times]
    simulator = opened(Simulator.from_submissions(made, clock=Hands()))

    content = json.loads(ask(simulator, f"/submissions/CIK{company.cik:010d}.json").body)
    recent = content["filings"]["recent"]

    assert (content["cik"], content["name"]) == (f"{company.cik:010d}", company.name)
    assert recent["accessionNumber"] == [made[1].accession, made[0].accession]
    assert recent["items"] == ["7.01,9.01", "5,7"]
    assert recent["acceptanceDateTime"] == ["2026-01-12T17:00:00.000Z", "2003-11-04T15:00:00.000Z"]
    assert recent["isInlineXBRL"] == [1, 0]
    assert {len(column) for column in recent.values()} == {2}


@pytest.mark.parametrize(
    ("items", "described"),
    [
        (("8.01",), "item 8.01"),
        (("8.01", "9.01"), "items 8.01 and 9.01"),
        (("1.01", "7.01", "9.01"), "items 1.01, 7.01and9.01"),
    ],
)
def test_a_companys_feed_describes_items_with_edgars_missing_blanks(items: tuple[str, ...], described: str) -> None:
    made = Generator(1).submission(items=items)
    simulator = opened(Simulator.from_submissions([made], clock=Hands()))
    query = {"action": "getcompany", "CIK": f"{made.filers[0].cik:010d}", "type": "8-K", "output": "atom"}

    entry = ET.fromstring(ask(simulator, "/cgi-bin/browse-edgar", **query).body).find(f"{ATOM}entry")

    assert entry is not None
    assert entry.findtext(f"{ATOM}content/{ATOM}items-desc") == described
    assert entry.findtext(f"{ATOM}title") == "8-K  - Current report"


def test_an_unknown_company_is_told_on_a_page_for_people(lone: Simulator) -> None:
    reply = ask(lone, "/cgi-bin/browse-edgar", action="getcompany", CIK="0000000005", output="atom")

    assert (reply.status, reply.kind) == (200, "text/html")


# --- manners


@pytest.mark.parametrize("agent", ["", "Mozilla/5.0 (X11; Linux x86_64)", "Test Firm"])
def test_a_client_without_a_contact_is_refused_as_undeclared(agent: str) -> None:
    reply = many(3).answer(Ask("/cgi-bin/browse-edgar", FEED, agent))

    assert reply.status == 403
    assert b"<title>SEC.gov | Your Request Originates from an Undeclared Automated Tool</title>" in reply.body


def test_a_refused_client_does_not_begin_the_day() -> None:
    simulator = many(3)
    simulator.answer(Ask("/cgi-bin/browse-edgar", FEED, "nobody"))

    assert feed(simulator) == []


def test_more_than_ten_requests_in_a_second_bring_ten_minutes_of_block_pages() -> None:
    simulator = many(3, enforce_rate=True)
    statuses = [ask(simulator, "/cgi-bin/browse-edgar", **FEED).status for _ in range(11)]
    simulator.clock.move(599)  # type: ignore[attr-defined]
    late = ask(simulator, "/cgi-bin/browse-edgar", **FEED)
    simulator.clock.move(2)  # type: ignore[attr-defined]

    assert statuses == [200] * 10 + [403]
    assert b"Request Rate Threshold Exceeded" in late.body
    assert ask(simulator, "/cgi-bin/browse-edgar", **FEED).status == 200


def test_ten_requests_a_second_for_a_minute_are_allowed() -> None:
    simulator = many(3, enforce_rate=True)
    statuses = set()
    for _ in range(600):
        statuses.add(ask(simulator, "/cgi-bin/browse-edgar", **FEED).status)
        simulator.clock.move(0.1)  # type: ignore[attr-defined]

    assert statuses == {200}


def test_the_rate_is_not_enforced_unless_asked_for() -> None:
    simulator = many(3)

    assert {ask(simulator, "/cgi-bin/browse-edgar", **FEED).status for _ in range(50)} == {200}


def test_requests_are_counted_by_kind_with_their_peak(made: MadeSubmission, lone: Simulator) -> None:
    for path in (f"{folder_of(made)}/{made.accession}.txt", f"{folder_of(made)}/index.json", "/nowhere"):
        ask(lone, path)
    lone.clock.move(5)  # type: ignore[attr-defined]
    ask(lone, "/submissions/CIK0000000001.json")

    told = json.loads(lone.answer(Ask("/simulator/requests")).body)

    assert told == {
        "total": 5,
        "by_kind": {"current": 1, "filing": 1, "other": 1, "submission": 1, "submissions": 1},
        "by_host": {"data.sec.gov": 1, "www.sec.gov": 4},
        "by_agent": {CONTACT: 5},
        "by_status": {"200": 3, "404": 2},
        "peak_per_second": 4,
        "peak_by_host": {"data.sec.gov": 1, "www.sec.gov": 4},
        "while_blocked": 0,
        "longest_after_block": 0.0,
    }


def test_the_state_tells_how_many_are_listed_and_the_clock() -> None:
    simulator = many(10, pace=1.0)
    feed(simulator)
    simulator.clock.move(4)  # type: ignore[attr-defined]

    state = json.loads(simulator.answer(Ask("/simulator/state")).body)

    assert (state["listed"], state["total"]) == (4, 10)
    assert (state["begun_at"], state["now"]) == ("2026-01-12T17:00:00.000+00:00", "2026-01-12T17:00:04.000+00:00")


def test_what_was_shown_is_told_with_what_became_of_it() -> None:
    simulator = many(3, pace=1.0)
    feed(simulator)
    simulator.clock.move(2)  # type: ignore[attr-defined]
    first, second = simulator.family()
    simulator.withdraw(first.accession)

    told = json.loads(simulator.answer(Ask("/simulator/family")).body)

    assert [(one["accession"], one["gone_at"]) for one in told] == [
        (first.accession, "2026-01-12T17:00:02.000+00:00"),
        (second.accession, None),
    ]
    assert told[0] == told[0] | {"form": first.form, "is_listed": True, "shown_at": "2026-01-12T17:00:01.000+00:00"}


def test_a_pace_below_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a pace"):
        many(3, pace=-1.0)


def test_another_schedule_can_hold_a_filing_back_deep_in_the_list() -> None:
    def held(place: int, filing: object, begun_at: float) -> Listing:
        late = 100.0 if place == 0 else 1.0 + place
        return Listing(place, filing, begun_at + late, begun_at + 1 + place, begun_at + late)  # type: ignore[arg-type]

    simulator = Simulator(Catalog.from_generator(7, 3), clock=Hands(), schedule=held)
    feed(simulator)
    simulator.clock.move(50)  # type: ignore[attr-defined]
    before = accessions(feed(simulator))
    simulator.clock.move(60)  # type: ignore[attr-defined]
    after = accessions(feed(simulator))

    assert after[:-1] == before
    assert after[-1] == simulator.catalog.filings[0].accession


# --- over the wire


async def test_the_server_unpacks_to_the_same_bytes_with_and_without_gzip(
    made: MadeSubmission, wire: httpx.AsyncClient
) -> None:
    path = f"{folder_of(made)}/{made.accession}.txt"
    packed = await wire.get(path, headers={"Accept-Encoding": "gzip"})
    plain = await wire.get(path, headers={"Accept-Encoding": "identity"})

    assert (packed.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert packed.content == plain.content == made.raw


async def test_the_list_is_atom_without_an_etag(wire: httpx.AsyncClient) -> None:
    answer = await wire.get("/cgi-bin/browse-edgar", params=FEED)

    assert answer.headers["content-type"] == "application/atom+xml"
    assert answer.headers["cache-control"] == "no-cache"
    assert not {"etag", "last-modified"} & set(answer.headers)


async def test_a_document_says_when_it_was_put_there(made: MadeSubmission, wire: httpx.AsyncClient) -> None:
    answer = await wire.get(f"{folder_of(made)}/{made.accession}.txt")

    assert answer.headers["last-modified"] == "Mon, 12 Jan 2026 17:00:00 GMT"


async def test_nothing_but_reading_is_allowed(wire: httpx.AsyncClient) -> None:
    assert (await wire.post("/cgi-bin/browse-edgar")).status_code == 405


async def test_our_client_reads_list_and_submission(made: MadeSubmission, lone: Simulator) -> None:
    async with (
        serve(lone) as url,
        EdgarClient(contact=CONTACT, clock=Clock(), base_url=url, requests_per_second=10) as client,
    ):
        page = await client.current_filings(0)
        filing = page.filings[0]
        raw = await client.submission(filing.filers[0].cik, filing.accession)

    assert (filing.accession, filing.items, filing.form) == (made.accession, ("2.02", "9.01"), "8-K")
    assert raw == made.raw


async def test_our_client_knows_the_block_page(lone: Simulator) -> None:
    async with serve(lone) as url, EdgarClient(contact="No Address", clock=Clock(), base_url=url) as client:
        with pytest.raises(BlockedError, match="undeclared tool"):
            await client.current_filings(0)


async def test_a_server_that_is_left_gives_its_port_back(lone: Simulator) -> None:
    async with serve(lone) as url:
        port = int(url.rsplit(":", 1)[1])

    async with serve(lone, port=port) as again:
        assert again == url


async def test_a_thousand_filings_are_paged_through_with_every_accession_seen() -> None:
    simulator = opened(Simulator.from_generator(3, 1_000))
    async with serve(simulator) as url, EdgarClient(contact=CONTACT, clock=Clock(scale=100), base_url=url) as client:
        seen: set[str] = set()
        start, is_last = 0, False
        while not is_last:
            page = await client.current_filings(start)
            seen |= {filing.accession for filing in page.filings}
            start, is_last = start + 100, page.is_last

    assert seen == {filing.accession for filing in simulator.catalog.filings}


# --- catalogs


def test_a_folder_is_read_with_what_lies_inside_it(tmp_path: Path) -> None:
    generator = Generator(1)
    (tmp_path / "2025").mkdir()
    first, second = (generator.submission() for _ in range(2))
    (tmp_path / "a.txt").write_bytes(first.raw)
    (tmp_path / "2025" / "b.txt.gz").write_bytes(gzip.compress(second.raw))

    catalog = Catalog.from_folder(tmp_path)

    assert {filing.accession: catalog.raw(filing) for filing in catalog.filings} == {
        first.accession: first.raw,
        second.accession: second.raw,
    }


def test_a_folder_is_listed_oldest_first(tmp_path: Path) -> None:
    generator = Generator(1)
    times = (NOON, datetime(2004, 5, 5, 15, tzinfo=UTC), datetime(1998, 5, 5, 15, tzinfo=UTC))
    for place, time in enumerate(times):
        (tmp_path / f"{place}.txt").write_bytes(generator.submission(accepted_at=time).raw)

    days = [filing.filed_on for filing in Catalog.from_folder(tmp_path).filings]

    assert days == [date(1998, 5, 5), date(2004, 5, 5), date(2026, 1, 12)]


def test_what_is_no_submission_is_told_and_left_out(tmp_path: Path) -> None:
    made = Generator(1).submission()
    (tmp_path / "good.txt").write_bytes(made.raw)
    (tmp_path / "notes.txt").write_text("remember the milk")
    (tmp_path / "cut.txt").write_bytes(made.raw[:5_000])
    (tmp_path / "twin.txt").write_bytes(made.raw)
    (tmp_path / "torn.txt.gz").write_bytes(gzip.compress(made.raw)[:500])

    catalog = Catalog.from_folder(tmp_path)

    assert [filing.accession for filing in catalog.filings] == [made.accession]
    assert [rejected.path.name for rejected in catalog.rejected] == ["cut.txt", "notes.txt", "torn.txt.gz", "twin.txt"]
    assert catalog.rejected[3].reason == f"{made.accession} is in another file, too"


def test_a_header_that_names_no_filer_is_served_under_number_nought(tmp_path: Path) -> None:
    made = Generator(1).submission()
    start, end = made.raw.index(b"\nFILER:"), made.raw.index(b"</SEC-HEADER>")
    (tmp_path / "orphan.txt").write_bytes(made.raw[:start] + made.raw[end:])
    simulator = opened(Simulator.from_folder(tmp_path, clock=Hands()))

    assert feed(simulator)[0].findtext(f"{ATOM}title") == "8-K -  (0000000000) (Filer)"
    assert ask(simulator, f"/Archives/edgar/data/0/{made.accession}.txt").status == 200


def test_a_folder_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        Catalog.from_folder(tmp_path / "nowhere")


def test_made_up_filings_are_served_as_the_generator_makes_them() -> None:
    catalog = Catalog.from_generator(4, 5)
    stream = Generator(4).filings()

    assert [catalog.raw(filing) for filing in catalog.filings] == [next(stream).raw for _ in range(5)]


def test_what_a_catalog_tells_of_made_up_filings_is_what_their_headers_say() -> None:
    catalog = Catalog.from_generator(4, 150)

    for filing in catalog.filings:
        split = catalog.submission(filing)
        told = (filing.accession, filing.form, filing.filers, filing.items, filing.filed_on, filing.period_of_report)
        assert told == (
            *(split.accession, split.form, split.filers, split.declared_items, split.filed_on),
            split.period_of_report,
        )


def test_every_real_filing_of_the_corpus_is_listed_and_served(shared: Path) -> None:
    folder = shared / "corpus" / "full"
    simulator = opened(Simulator.from_folder(folder, clock=Hands()))
    listed = accessions(feed(simulator)) + accessions(feed(simulator, start="100"))

    served = [
        ask(simulator, f"/Archives/edgar/data/{filing.filers[0].cik}/{filing.accession}.txt").status
        for filing in simulator.catalog.filings
    ]

    assert simulator.catalog.rejected == ()
    assert len(set(listed)) == len(list(folder.iterdir())) == 155
    assert {filing.form for filing in simulator.catalog.filings} <= EIGHT_K_FORMS
    assert set(served) == {200}


def test_every_real_header_says_the_same_in_tags(shared: Path) -> None:
    simulator = opened(Simulator.from_folder(shared / "corpus" / "full", clock=Hands()))

    for filing in simulator.catalog.filings:
        above = f"/Archives/edgar/data/{filing.filers[0].cik}/{filing.accession.replace('-', '')}"
        header = read_header(ask(simulator, f"{above}/{filing.accession}.hdr.sgml").body.decode("latin-1"))
        told = (header.accession, header.form, header.filed_on, header.declared_items)
        assert told == (filing.accession, filing.form, filing.filed_on, filing.items)
        assert [(filer.cik, filer.name) for filer in header.filers] == [(each.cik, each.name) for each in filing.filers]


# --- the receiver


def signed(secret: str, body: bytes, at: float, message_id: str = "alr_1") -> dict[str, str]:
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": sign([parse_secret(secret)], message_id, int(at), body),
    }


async def test_a_message_with_a_fitting_signature_is_accepted() -> None:
    secret = new_secret()
    receiver = Receiver(secret=secret)
    async with receive(receiver) as url, httpx.AsyncClient() as client:
        answer = await client.post(f"{url}/hook", content=b"{}", headers=signed(secret, b"{}", receiver.clock.time()))
        accepted = await receiver.wait_for(1)

    assert answer.status_code == 204
    assert [(post.path, post.message_id, post.body, post.fault) for post in accepted] == [("/hook", "alr_1", b"{}", "")]


async def test_a_message_signed_with_another_secret_is_refused_with_the_reason() -> None:
    receiver = Receiver(secret=new_secret())
    async with receive(receiver) as url, httpx.AsyncClient() as client:
        answer = await client.post(url, content=b"{}", headers=signed(new_secret(), b"{}", receiver.clock.time()))

    assert answer.status_code == 401
    assert answer.text.startswith("no signature fits this message")
    assert receiver.accepted == []


async def test_a_message_that_is_six_minutes_old_is_refused() -> None:
    secret = new_secret()
    receiver = Receiver(secret=secret)
    async with receive(receiver) as url, httpx.AsyncClient() as client:
        headers = signed(secret, b"{}", receiver.clock.time() - 360)
        answer = await client.post(url, content=b"{}", headers=headers)

    assert answer.status_code == 401


async def test_the_first_few_can_be_made_to_fail() -> None:
    receiver = Receiver(fail_first=2, fail_status=500)
    async with receive(receiver) as url, httpx.AsyncClient() as client:
        statuses = [(await client.post(url, content=b"{}")).status_code for _ in range(3)]

    assert statuses == [500, 500, 204]
    assert len(receiver.received) == 3


async def test_another_status_and_header_are_answered_when_told_to() -> None:
    receiver = Receiver(status=429, headers={"Retry-After": "30"})
    async with receive(receiver) as url, httpx.AsyncClient() as client:
        answer = await client.post(url, content=b"{}")

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")


async def test_an_answer_can_be_delayed_past_a_clients_patience() -> None:
    receiver = Receiver(delay_seconds=0.5)
    async with receive(receiver) as url, httpx.AsyncClient(timeout=0.1) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(url, content=b"{}")
        await asyncio.sleep(0)


async def test_a_sender_that_dies_amid_its_message_is_no_error_of_the_receiver(
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver = Receiver()
    async with receive(receiver) as url, httpx.AsyncClient() as client:
        address = httpx.URL(url)
        _, dying = await asyncio.open_connection(address.host, address.port)
        dying.write(b"POST /hook HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n{")
        await dying.drain()
        await client.post(url, content=b"{}")  # so that the other has been begun by now
        dying.close()
        await dying.wait_closed()
        await client.post(url, content=b"{}")

    assert [post.body for post in receiver.received] == [b"{}", b"{}"]
    assert [one.getMessage() for one in caplog.records if one.name.startswith("uvicorn")] == []
