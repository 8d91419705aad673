"""Who is who: EDGAR's list of companies, kept and refreshed, and what filings add to it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from _stores import store_url
from _wire import CONTACT, ManualClock

from watcher.companies import WhoIsWho
from watcher.edgar.client import EdgarClient
from watcher.edgar.companies import Company, CompanyList, Listing
from watcher.edgar.submissions_api import CompanyFacts, FormerName
from watcher.errors import EdgarError
from watcher.models import Filer, Filing
from watcher.simulator.server import Simulator
from watcher.store import companies
from watcher.store.companies import KnownCompany
from watcher.store.database import Store
from watcher.web.app import make_app
from watcher.web.desk import Desk, Health

pytestmark = pytest.mark.usefixtures("either_store")

NOON = datetime(2026, 1, 12, 17, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


def note_list(store: Store, *rows: tuple[int, str, str], at: datetime = NOON) -> int:
    """Keep a list of (CIK, name, tickers)."""
    made = tuple(Company(cik, name, tuple(Listing(one, "NYSE") for one in told.split())) for cik, name, told in rows)
    return store.write_now(companies.note_list, CompanyList(made, at))


def known(store: Store, cik: int = 1) -> KnownCompany:
    found = store.read_now(companies.get, cik)
    assert found is not None
    return found


# The list.


def test_a_company_is_found_by_its_cik(store: Store) -> None:
    note_list(store, (1, "Larkspur, Inc.", "LARK LARK-WT"))

    assert known(store) == KnownCompany(1, "Larkspur, Inc.", ("LARK", "LARK-WT"), "NYSE", (), NOON)
    assert store.read_now(companies.get, 2) is None


@pytest.mark.parametrize("written", ["SALT-B", "salt.b", "$SALT/B"])
def test_a_company_is_found_by_its_ticker_however_it_is_written(store: Store, written: str) -> None:
    note_list(store, (1, "Larkspur", "LARK"), (2, "Salt", "SALT-A SALT-B"), (3, "Saltier", "SALT-BX"))

    assert [one.cik for one in store.read_now(companies.by_ticker, written)] == [2]


def test_a_company_is_found_by_a_part_of_its_name_or_of_a_former_one(store: Store) -> None:
    note_list(store, (1, "Larkspur 100% Pure", "LARK"), (2, "Salt", "SALT"))
    note_list(store, (1, "Larkspur 100% Pure", "LARK"), (2, "Pepper", "SALT"), at=NOON + DAY)

    found = {words: [one.cik for one in store.read_now(companies.by_name, words)] for words in ("100%", "salt", "0%P")}
    assert found == {"100%": [1], "salt": [2], "0%P": []}


def test_a_name_that_changes_becomes_a_former_one_of_that_day(store: Store) -> None:
    note_list(store, (1, "Larkspur, Inc.", "LARK"))
    note_list(store, (1, "LARKSPUR INC", "LARK"), at=NOON + DAY)  # the same one, written otherwise
    note_list(store, (1, "Thistle", "THIS"), at=NOON + 2 * DAY)

    assert known(store).former_names == (FormerName("LARKSPUR INC", until=date(2026, 1, 14)),)


def test_one_that_left_the_list_keeps_its_name_and_loses_its_tickers(store: Store) -> None:
    """They may be another's by now."""
    note_list(store, (1, "Larkspur", "LARK"), (2, "Salt", "SALT"))
    changed = note_list(store, (2, "Salt", "SALT LARK"), at=NOON + DAY)

    assert (known(store).name, known(store).tickers, changed) == ("Larkspur", (), 2)
    assert [one.cik for one in store.read_now(companies.by_ticker, "LARK")] == [2]


def test_the_same_list_again_changes_nothing_but_its_age(store: Store) -> None:
    note_list(store, (1, "Larkspur", "LARK"))

    assert note_list(store, (1, "Larkspur", "LARK"), at=NOON + DAY) == 0
    assert store.read_now(companies.listed_at) == NOON + DAY


def test_a_list_that_lost_half_of_its_companies_is_not_believed(store: Store) -> None:
    rows = [(number, f"Company {number}", f"T{number}") for number in range(1, 6)]
    note_list(store, *rows)

    with pytest.raises(EdgarError, match="2 companies, of 5 before: not believed"):
        note_list(store, *rows[:2], at=NOON + DAY)

    assert (known(store, 5).tickers, store.read_now(companies.listed_at)) == (("T5",), NOON)


def test_filers_without_tickers_are_given_those_of_the_list(store: Store) -> None:
    note_list(store, (1, "Larkspur", "LARK"), (2, "Salt", "SALT"))
    one = Filing("0000000001-26-000001", filers=(Filer(1, "x"), Filer(2, "y", tickers=("OWN",)), Filer(3, "z")))

    found = store.read_now(companies.with_tickers, one)

    assert [filer.tickers for filer in found.filers] == [("LARK",), ("OWN",), ()]


# What filings add.


def note(store: Store, *filers: Filer, at: datetime = NOON) -> None:
    store.write_now(companies.note_filers, filers, at)


RENAMED = Filer(
    1,
    "Thistle",
    former_names=("LARKSPUR INC", "LARK CO"),
    former_names_changed_on=(date(2020, 5, 1), date(1974, 1, 1)),
)


def test_a_filing_adds_former_names_with_their_days(store: Store) -> None:
    note_list(store, (1, "Thistle", "THIS"))
    note(store, RENAMED)
    note(store, replace(RENAMED, former_names=("Larkspur, Inc.",), former_names_changed_on=(None,)))

    assert known(store).former_names == (
        FormerName("LARKSPUR INC", until=date(2020, 5, 1)),
        FormerName("LARK CO", until=date(1974, 1, 1)),
    )


def test_the_list_names_a_company_and_its_filings_do_not(store: Store) -> None:
    note_list(store, (1, "Thistle, Inc.", "THIS"))
    note(store, Filer(1, "OLD NAME"), at=NOON + DAY)

    assert (known(store).name, known(store).former_names) == ("Thistle, Inc.", ())


def test_a_company_without_tickers_is_known_by_its_latest_filing(store: Store) -> None:
    note(store, Filer(1, "Larkspur Trust"))
    note(store, Filer(1, "Thistle Trust"), at=NOON + DAY)
    note(store, Filer(1, "Oldest Trust"), at=NOON - 3000 * DAY)

    assert known(store).name == "Thistle Trust"
    assert known(store).former_names == (FormerName("Larkspur Trust", until=date(2026, 1, 13)),)


def test_a_company_s_own_file_adds_its_former_names_too(store: Store) -> None:
    facts = CompanyFacts(1, "Thistle", former_names=(FormerName("Larkspur", date(2001, 1, 1), date(2020, 5, 1)),))
    note(store, facts.filer)

    assert known(store).former_names == (FormerName("Larkspur", until=date(2020, 5, 1)),)


def ciks(store: Store, ticker: str) -> list[int]:
    return [one.cik for one in store.read_now(companies.by_ticker, ticker)]


def test_a_company_that_no_list_names_is_found_by_the_ticker_that_its_filing_tells(store: Store) -> None:
    note(store, Filer(1, "Larkspur", tickers=("LARK.B", "LARK")))
    note(store, Filer(1, "Larkspur", tickers=("OLD",)), at=NOON - DAY)
    note(store, Filer(1, "Larkspur"), at=NOON + DAY)

    assert (known(store).tickers, ciks(store, "lark/b"), ciks(store, "OLD")) == (("LARK-B", "LARK"), [1], [])

    note(store, Filer(1, "Larkspur", tickers=("NEW",)), at=NOON + 2 * DAY)
    assert (ciks(store, "NEW"), ciks(store, "LARK")) == ([1], [])


def test_what_the_list_tells_of_a_ticker_counts_more_than_a_filing(store: Store) -> None:
    note_list(store, (1, "Larkspur", "LARK"))
    note(store, Filer(1, "Larkspur", tickers=("OLD",)), Filer(2, "Salt", tickers=("LARK", "SALT")), at=NOON + DAY)

    assert {one: ciks(store, one) for one in ("LARK", "OLD", "SALT")} == {"LARK": [1], "OLD": [], "SALT": [2]}


def test_a_new_list_takes_away_only_what_it_gives_to_another_or_gave_before(store: Store) -> None:
    note_list(store, (1, "Larkspur", "LARK"), (2, "Salt", "SALT"))
    note(store, Filer(3, "Thistle", tickers=("THIS",)), Filer(4, "Pepper", tickers=("PEP", "PEPW")))
    note_list(store, (2, "Salt", "SALT PEP"), at=NOON + DAY)

    assert {one: ciks(store, one) for one in ("LARK", "THIS", "PEP", "PEPW")} == {
        "LARK": [], "THIS": [3], "PEP": [2], "PEPW": [4],
    }  # fmt: skip


def test_companies_of_filings_do_not_make_a_list_look_short(store: Store) -> None:
    note_list(store, (1, "Larkspur", "LARK"))
    note(store, *(Filer(number, f"C {number}", tickers=(f"T{number}",)) for number in range(2, 9)))

    note_list(store, (1, "Larkspur", "LARK"), at=NOON + DAY)
    assert store.read_now(companies.listed_at) == NOON + DAY


def test_reports_are_given_the_tickers_of_the_list_alone(store: Store) -> None:
    """What a report says must not hang on which others were read before it."""
    note(store, Filer(1, "Larkspur", tickers=("LARK",)))

    found = store.read_now(companies.with_tickers, Filing("0000000001-26-000001", filers=(Filer(1, "Larkspur"),)))
    assert found.filers[0].tickers == ()


def test_a_filer_without_a_number_or_a_name_is_nobody(store: Store) -> None:
    note(store, Filer(0, "Nobody"), Filer(7, ""))

    assert [store.read_now(companies.get, cik) for cik in (0, 7)] == [None, None]


# Keeping it up to date.


class Source:
    """EDGAR's list; ``errors`` are raised first, one for each request."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.asked = 0

    async def company(self, cik: int) -> bytes:
        raise AssertionError("not asked for here")

    async def company_tickers(self) -> bytes:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        fields = ["cik", "name", "ticker", "exchange"]
        return json.dumps({"fields": fields, "data": [[1, f"Larkspur {self.asked}", "LARK", "Nasdaq"]]}).encode()


async def after(who: WhoIsWho, clock: ManualClock, *hours: float) -> None:
    """Look so many hours later, one after the other."""
    for some in hours:
        clock.at += some * 3600
        await who.refresh_when_due()


async def test_the_list_is_had_at_once_and_then_once_a_day(store: Store, clock: ManualClock) -> None:
    source = Source()
    who = WhoIsWho(source, store=store, clock=clock, hours=24)
    await after(who, clock, 0)
    at_once = source.asked
    await after(who, clock, 1, 12, 10.9)
    before, name = source.asked, known(store).name
    await after(who, clock, 0.1)

    assert (at_once, before, source.asked) == (1, 1, 2)
    assert (name, known(store).name) == ("Larkspur 1", "Larkspur 2")


async def test_a_restart_asks_for_no_list_that_is_young_enough(store: Store, clock: ManualClock) -> None:
    note_list(store, (1, "Larkspur", "LARK"))
    source = Source()
    who = WhoIsWho(source, store=store, clock=clock, hours=24)

    await after(who, clock, 23)

    assert source.asked == 0


@pytest.mark.parametrize("error", [EdgarError("gone"), OverflowError("odd")])
async def test_a_failed_refresh_keeps_the_old_list_and_is_tried_again_in_an_hour(
    store: Store, clock: ManualClock, error: Exception
) -> None:
    note_list(store, (1, "Larkspur", "LARK"))
    source = Source(error)
    who = WhoIsWho(source, store=store, clock=clock, hours=24)
    await after(who, clock, 25, 0.9)
    kept, asked = known(store).name, source.asked
    await after(who, clock, 0.2)

    assert (kept, asked) == ("Larkspur", 1)
    assert (known(store).name, source.asked) == ("Larkspur 2", 2)


async def test_with_zero_hours_it_is_never_asked(store: Store, clock: ManualClock) -> None:
    source = Source()
    who = WhoIsWho(source, store=store, clock=clock, hours=0)

    await who.run()
    await after(who, clock, 1000)

    assert (source.asked, who.trouble()) == (0, "")


async def test_a_list_of_more_than_a_week_is_told(store: Store, clock: ManualClock) -> None:
    note_list(store, (1, "Larkspur", "LARK"))
    who = WhoIsWho(Source(*[EdgarError("gone")] * 9), store=store, clock=clock, hours=24)
    told = []
    for hours in (0, 6.9 * 24, 0.2 * 24):
        await after(who, clock, hours)
        told.append(who.trouble())

    assert told == ["", "", "EDGAR's list of companies is 7 days old"]


async def test_a_list_that_was_never_had_is_told_with_the_reason(store: Store, clock: ManualClock) -> None:
    who = WhoIsWho(Source(EdgarError("gone")), store=store, clock=clock, hours=24)
    unasked = who.trouble()
    await after(who, clock, 0)

    assert (unasked, who.trouble()) == ("", "EDGAR's list of companies was never had: gone")


async def test_a_wanted_ticker_that_nobody_has_is_told(
    store: Store, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    who = WhoIsWho(Source(), store=store, clock=clock, hours=24, tickers=["LARK", "LRAK"])

    await who.refresh()

    assert [vars(one)["names"] for one in caplog.records if one.levelname == "WARNING"] == ["LRAK"]


async def test_the_pretend_edgars_list_is_kept(store: Store, clock: ManualClock) -> None:
    simulator = Simulator.from_generator(3, 20, clock=clock)
    async with EdgarClient(contact=CONTACT, clock=clock, transport=httpx.ASGITransport(simulator.app)) as edgar:
        await WhoIsWho(edgar, store=store, clock=clock, hours=24).refresh()

    row = simulator.catalog.tickers()[0]
    assert row.cik in [one.cik for one in store.read_now(companies.by_ticker, row.ticker)]


# How it is shown.


@pytest.fixture
def client(store: Store) -> httpx.AsyncClient:
    async def nothing(*_: object) -> Any:
        raise AssertionError("not asked for here")

    health = Health(is_well=True, edgar="polling")
    desk = Desk(store, "", nothing, nothing, nothing, lambda: health)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=httpx.ASGITransport(make_app(desk)), base_url="http://127.0.0.1")


@pytest.mark.parametrize("query", ["cik=1", "ticker=lark", "name=spur"])
async def test_the_api_finds_a_company(client: httpx.AsyncClient, store: Store, query: str) -> None:
    note_list(store, (1, "Larkspur", "LARK"), (2, "Salt", "SALT"))

    told = (await client.get(f"/v1/companies?{query}")).json()

    assert told == {
        "companies": [
            {
                "cik": 1,
                "name": "Larkspur",
                "tickers": ["LARK"],
                "exchange": "NYSE",
                "former_names": [],
                "seen_at": "2026-01-12T17:00:00Z",
            }
        ],
        "listed_at": "2026-01-12T17:00:00Z",
    }


@pytest.mark.parametrize("query", ["", "cik=1&ticker=lark", "name=x"])
async def test_the_api_refuses_a_question_that_is_none_or_two(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/v1/companies?{query}")).status_code == 422
