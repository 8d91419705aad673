"""All that EDGAR serves beside its list: our own readers find nothing odd in it, and it comes at EDGAR's hours."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest
from _asking import CONTACT, NOON, Hands, ask, opened

from watcher.clock import Clock
from watcher.edgar.assumptions import check_assumptions
from watcher.edgar.calendar import NEW_YORK
from watcher.edgar.client import EdgarClient
from watcher.edgar.companies import parse_companies
from watcher.edgar.full_text import parse_full_text
from watcher.edgar.index import eight_k_filings, parse_index
from watcher.edgar.submissions_api import parse_company_file
from watcher.edgar.xbrl_feed import parse_xbrl_feed
from watcher.models import EIGHT_K_FORMS
from watcher.simulator.eras import Era
from watcher.simulator.exchange import Ask, Reply
from watcher.simulator.generator import Generator
from watcher.simulator.server import Simulator, serve
from watcher.simulator.week import Week

MASTER = "/Archives/edgar/full-index/2025/QTR2/master.gz"
OTHER = "0009500012-26-000777"
DAILY = "/Archives/edgar/daily-index/2025/QTR2/master.20250401.idx"
SEARCH = {"q": "", "forms": "8-K", "dateRange": "custom", "startdt": "2026-01-12", "enddt": "2026-01-12"}


def new_york(*at: int) -> datetime:
    return datetime(*at, tzinfo=NEW_YORK)


def quarters_first_days(at: datetime) -> Simulator:
    """The last day of March 2025 and three days of April, each with thirty 8-Ks."""
    week = Week(date(2025, 3, 31), days=4, family_per_day=30, others_per_day=40, family_before=2)
    return Simulator.from_week(week, clock=Hands(at))


def family_of(reply: Reply, *, packed: bool = False) -> set[str]:
    index = parse_index(gzip.decompress(reply.body) if packed else reply.body)

    assert index.problems == ()
    return {filing.accession for filing in eight_k_filings(index.rows)}


# --- indexes


@pytest.mark.parametrize(("hour", "minute", "status"), [(22, 9, 403), (22, 11, 200)])
def test_a_daily_index_is_written_at_ten_past_ten_in_the_evening(hour: int, minute: int, status: int) -> None:
    simulator = quarters_first_days(new_york(2025, 4, 1, hour, minute))

    assert ask(simulator, DAILY).status == status


def test_a_daily_index_holds_all_that_was_posted_on_its_day_and_no_more() -> None:
    simulator = quarters_first_days(new_york(2025, 4, 2, 12))

    posted = {one.accession for one in simulator.family() if one.filed_on == date(2025, 4, 1)}

    assert family_of(ask(simulator, DAILY)) == posted
    assert len(posted) > 20


def test_a_weekend_never_has_an_index_and_a_quiet_business_day_has_an_empty_one() -> None:
    week = Week(date(2025, 4, 1), days=1, family_per_day=3, others_per_day=3, family_before=1)
    simulator = Simulator.from_week(week, clock=Hands(new_york(2025, 4, 9, 12)))
    statuses = [
        ask(simulator, f"/Archives/edgar/daily-index/2025/QTR2/master.202504{day}.idx").status for day in ("05", "07")
    ]

    assert statuses == [403, 200]
    assert family_of(ask(simulator, "/Archives/edgar/daily-index/2025/QTR2/master.20250407.idx")) == set()


def test_at_the_start_of_a_quarter_its_index_has_a_header_only() -> None:
    simulator = quarters_first_days(new_york(2025, 4, 1, 12))

    assert family_of(ask(simulator, MASTER), packed=True) == set()


def test_a_quarters_index_goes_through_the_last_business_day() -> None:
    simulator = quarters_first_days(new_york(2025, 4, 3, 12))
    through = {one.accession for one in simulator.family() if date(2025, 4, 1) <= one.filed_on <= date(2025, 4, 2)}

    assert family_of(ask(simulator, MASTER), packed=True) == through


def test_the_index_of_a_quarter_that_is_over_tells_its_last_day() -> None:
    simulator = quarters_first_days(new_york(2025, 4, 3, 12))

    text = gzip.decompress(ask(simulator, MASTER.replace("QTR2", "QTR1")).body).decode()

    assert "Last Data Received:    March 31, 2025\n" in text


def test_a_quarter_that_has_not_begun_has_no_index() -> None:
    simulator = quarters_first_days(new_york(2025, 3, 31, 23))

    assert ask(simulator, MASTER).status == 403


def test_a_quarters_index_is_not_sent_again_while_it_is_the_same() -> None:
    simulator = quarters_first_days(new_york(2025, 4, 3, 12))
    changed = ask(simulator, MASTER).headers["Last-Modified"]
    again = Ask(MASTER, {}, CONTACT, changed)
    during_the_day = simulator.answer(again).status
    simulator.clock.move(12 * 3600)  # type: ignore[attr-defined]

    assert (during_the_day, simulator.answer(again).status) == (304, 200)


def test_a_quarters_folder_lists_what_it_has() -> None:
    simulator = quarters_first_days(new_york(2025, 4, 3, 12))

    listing = json.loads(ask(simulator, "/Archives/edgar/full-index/2025/QTR2/index.json").body)["directory"]

    assert {"master.gz", "master.idx", "form.gz"} <= {item["name"] for item in listing["item"]}


def test_what_is_withdrawn_stays_in_its_days_index_and_leaves_its_quarters() -> None:
    simulator = quarters_first_days(new_york(2025, 4, 2, 12))
    gone = next(one.accession for one in simulator.family() if one.filed_on == date(2025, 4, 1))
    simulator.withdraw(gone)
    simulator.clock.move(24 * 3600)  # type: ignore[attr-defined]

    assert gone in family_of(ask(simulator, DAILY))
    assert gone not in family_of(ask(simulator, MASTER), packed=True)


def test_what_is_withdrawn_before_the_evening_is_in_no_index() -> None:
    simulator = quarters_first_days(new_york(2025, 4, 1, 18))
    gone = next(one.accession for one in simulator.family() if one.filed_on == date(2025, 4, 1))
    simulator.withdraw(gone)
    simulator.clock.move(5 * 3600)  # type: ignore[attr-defined]

    assert gone not in family_of(ask(simulator, DAILY))


# --- other lists


@pytest.fixture
def day() -> Simulator:
    """A simulator that listed three filings at noon: two of today's shape, one of them by two filers; an old one."""
    generator = Generator(1)
    made = [
        generator.submission(items=("2.02", "9.01"), accepted_at=NOON, era=Era.INLINE),
        generator.submission(items=("7.01",), accepted_at=NOON, era=Era.INLINE, co_registrants=1, form="8-K/A"),
        generator.submission(items=("5",), accepted_at=datetime(2004, 3, 4, 15, 0, tzinfo=UTC)),
    ]
    return opened(Simulator.from_submissions(made, clock=Hands()))


@pytest.mark.parametrize("feed", ["usgaap.rss.xml", "xbrl-inline.rss.xml", "xbrlrss.all.xml"])
def test_the_xbrl_feeds_tell_what_is_tagged_ten_minutes_late_at_most(day: Simulator, feed: str) -> None:
    path = f"/Archives/edgar/{feed}"
    day.clock.move(600)  # type: ignore[attr-defined]

    read = parse_xbrl_feed(ask(day, path).body)

    assert read.problems == ()
    assert {one.accession for one in read.filings} == {one.accession for one in day.catalog.filings[:2]}
    assert read.newest_at == NOON


def test_the_xbrl_feeds_change_every_ten_minutes_only(day: Simulator) -> None:
    day.clock.move(300)  # type: ignore[attr-defined]
    added = day.add(Generator(1).submission(accession=OTHER, era=Era.INLINE))
    day.clock.move(200)  # type: ignore[attr-defined]
    early = ask(day, "/Archives/edgar/usgaap.rss.xml").body
    day.clock.move(100)  # type: ignore[attr-defined]
    late = ask(day, "/Archives/edgar/usgaap.rss.xml").body

    assert [added.filing.accession.encode() in body for body in (early, late)] == [False, True]


@pytest.mark.parametrize(("seconds", "found"), [(29, 0), (46, 2)])
def test_the_search_knows_a_filing_half_a_minute_after_it_is_listed(day: Simulator, seconds: int, found: int) -> None:
    day.clock.move(seconds)  # type: ignore[attr-defined]

    page = parse_full_text(ask(day, "/LATEST/search-index", **SEARCH).body)

    assert len({one.accession for one in page.filings}) == found


def test_a_search_gives_each_document_of_a_filing_with_its_items(day: Simulator) -> None:
    day.clock.move(60)  # type: ignore[attr-defined]
    content = json.loads(ask(day, "/LATEST/search-index", **SEARCH).body)
    first = day.catalog.filings[0]

    hits = [hit for hit in content["hits"]["hits"] if hit["_source"]["adsh"] == first.accession]

    assert [hit["_id"] for hit in hits] == [f"{first.accession}:{part.filename}" for part in day.catalog.parts(first)]
    assert {tuple(hit["_source"]["items"]) for hit in hits} == {("2.02", "9.01")}


@pytest.mark.parametrize(("forms", "count"), [("8-K", 2), ("8-K,-8-K/A", 1), ("8-K/A", 1), ("10-K", 0), ("-0", 2)])
def test_a_search_for_a_form_is_one_for_its_root(day: Simulator, forms: str, count: int) -> None:
    day.clock.move(60)  # type: ignore[attr-defined]

    hits = json.loads(ask(day, "/LATEST/search-index", **(SEARCH | {"forms": forms})).body)["hits"]["hits"]

    assert len({hit["_source"]["adsh"] for hit in hits}) == count


def test_a_search_says_nothing_of_parameters_that_it_does_not_know(day: Simulator) -> None:
    day.clock.move(60)  # type: ignore[attr-defined]

    plain, odd = (ask(day, "/LATEST/search-index", **SEARCH, **more).body for more in ({}, {"items": "1.01"}))

    assert json.loads(plain)["hits"] == json.loads(odd)["hits"]


def test_companies_stand_in_the_lists_of_tickers(day: Simulator) -> None:
    simulator = Simulator.from_generator(3, 40, clock=Hands())
    known = {one.cik: one for one in simulator.catalog.tickers()}

    read = parse_companies(ask(simulator, "/files/company_tickers_exchange.json").body, fetched_at=NOON)
    plain = json.loads(ask(simulator, "/files/company_tickers.json").body)

    assert {one.cik: one.tickers for one in read.companies} == {cik: (one.ticker,) for cik, one in known.items()}
    assert {row["cik_str"]: row["ticker"] for row in plain.values()} == {cik: one.ticker for cik, one in known.items()}


@pytest.mark.parametrize(("faults", "clock"), [((), "utc"), (("false-z",), "new_york")])
def test_a_companys_file_may_tell_new_yorks_time_as_if_it_were_utc(faults: tuple[str, ...], clock: str) -> None:
    made = Generator(1).submission(accepted_at=NOON)
    simulator = opened(Simulator.from_submissions([made], clock=Hands(), faults=faults))

    body = ask(simulator, f"/submissions/CIK{made.filers[0].cik:010d}.json").body
    told = json.loads(body)["filings"]["recent"]["acceptanceDateTime"]

    assert told == ["2026-01-12T17:00:00.000Z" if clock == "utc" else "2026-01-12T12:00:00.000Z"]
    assert parse_company_file(body, known={made.accession: NOON}).page.rows[0].accepted_at == NOON


# --- over the wire


@pytest.fixture
async def edgar() -> AsyncIterator[tuple[Simulator, EdgarClient]]:
    """Eight days, seen on the evening of the sixth."""
    clock = Clock(start=new_york(2025, 3, 10, 18, 30), scale=20)
    simulator = Simulator.from_week(Week(date(2025, 3, 3), 8, 60, 100), clock=clock)
    async with serve(simulator) as url, EdgarClient(contact=CONTACT, clock=clock, base_url=url) as client:
        yield simulator, client


async def test_all_that_we_assume_of_edgar_holds_of_the_simulator(edgar: tuple[Simulator, EdgarClient]) -> None:
    simulator, client = edgar

    findings = await check_assumptions(client, simulator.clock.now())

    # The form that EDGAR does not have is there to be left alone.
    assert [one for one in findings if one.holds is not True and "8-KT" not in one.found] == []


async def test_our_client_reads_indexes_of_days_and_quarters(edgar: tuple[Simulator, EdgarClient]) -> None:
    simulator, client = edgar
    filed = {one.accession for one in simulator.family() if one.filed_on == date(2025, 3, 7)}

    rows = (await client.daily_index(date(2025, 3, 7))).rows
    quarter = await client.quarter_index(2025, 1)
    again = await client.quarter_index(2025, 1, unless=quarter.version if quarter else None)

    assert {row.accession for row in rows if row.form in EIGHT_K_FORMS} == filed
    assert quarter is not None
    assert again is None
