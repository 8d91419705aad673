"""``eightk company``: who is who, from the store and from EDGAR's own file of a company."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from _running import Place, Running
from _stores import store_url
from _wire import ManualClock

from watcher.companies import WhoIsWho
from watcher.edgar.companies import Company, CompanyList, Listing
from watcher.edgar.submissions_api import FormerName
from watcher.errors import EdgarError, EightkError
from watcher.simulator.server import Simulator, serve
from watcher.store import companies
from watcher.store.database import Store

pytestmark = pytest.mark.usefixtures("either_store")

NOON = datetime(2026, 1, 12, 17, 0, tzinfo=UTC)


class Source:
    """EDGAR's own file of one company."""

    def __init__(self, **facts: object) -> None:
        recent = {"accessionNumber": [], "filingDate": [], "form": []}
        self.file = {"cik": "1", "name": "Thistle, Inc.", "filings": {"recent": recent}, **facts}

    async def company_tickers(self) -> bytes:
        raise EdgarError("not asked for here")

    async def company(self, cik: int) -> bytes:
        return json.dumps(self.file).encode()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        made = Company(1, "Thistle, Inc.", (Listing("THIS", "NYSE"),))
        opened.write_now(companies.note_list, CompanyList((made,), NOON))
        yield opened


async def test_a_company_s_own_file_tells_its_former_names(store: Store) -> None:
    names = [{"name": "LARKSPUR INC", "from": "2001-01-01T05:00:00.000Z", "to": "2020-05-01T04:00:00.000Z"}]
    who = WhoIsWho(Source(formerNames=names), store=store, clock=ManualClock(NOON), hours=24)

    told = await who.look_up(1)

    assert told.former_names == (FormerName("LARKSPUR INC", until=date(2020, 5, 1)),)
    assert (told.name, told.tickers) == ("Thistle, Inc.", ("THIS",))
    assert store.read_now(companies.by_name, "larkspur") == (told,)


async def test_the_file_of_another_company_is_not_believed(store: Store) -> None:
    who = WhoIsWho(Source(), store=store, clock=ManualClock(NOON), hours=24)

    with pytest.raises(EdgarError, match="expected company 2, came 1"):
        await who.look_up(2)


async def test_a_file_without_a_name_is_told(store: Store) -> None:
    who = WhoIsWho(Source(cik="2", name=""), store=store, clock=ManualClock(NOON), hours=24)

    with pytest.raises(EightkError, match="company 2: EDGAR tells no name"):
        await who.look_up(2)


@pytest.fixture
def place(tmp_path: Path, store: Store) -> Place:
    store.close()
    made = Place(tmp_path)
    made.set_up(more=f'[store]\nurl = "{store_url(tmp_path / "eightk.db")}"')
    return made


@pytest.mark.parametrize("who", ["1", "0000000001", "this", "thistle"])
def test_a_company_is_shown_by_cik_ticker_or_name(place: Place, who: str) -> None:
    done = place.eightk("company", who)

    shown = "cik       1\nname      Thistle, Inc.\ntickers   THIS (NYSE)\n"
    assert (done.returncode, done.stdout) == (0, shown)


def test_a_company_is_told_as_json(place: Place) -> None:
    (told,) = json.loads(place.eightk("company", "this", "--json").stdout)

    assert (told["cik"], told["tickers"], told["exchange"]) == (1, ["THIS"], "NYSE")


def test_one_that_nobody_knows_ends_with_1(place: Place) -> None:
    done = place.eightk("company", "nobody")

    assert (done.returncode, done.stdout) == (1, "nobody is known by nobody\n")


def test_what_is_fetched_must_be_one_company(place: Place) -> None:
    done = place.eightk("company", "nobody", "--fetch")

    assert done.returncode == 2
    assert "no companies are known by nobody: give the CIK of the one to fetch" in done.stderr


def test_without_a_contact_nothing_is_fetched(place: Place) -> None:
    done = place.eightk("company", "1", "--fetch")

    assert (done.returncode, "no contact is set" in done.stderr) == (3, True)


@pytest.mark.parametrize("has_daemon", [False, True])
async def test_edgar_s_own_file_is_fetched_here_or_by_the_daemon(tmp_path: Path, has_daemon: bool) -> None:
    simulator = Simulator.from_generator(seed=12, count=3, listed=3)
    filer = simulator.catalog.filings[0].filers[0]
    async with serve(simulator) as edgar:
        place = Place(tmp_path).set_up(edgar=edgar)

        def ask() -> tuple[int, str]:
            if has_daemon:
                with Running(place):
                    done = place.eightk("company", str(filer.cik), "--fetch", "--json")
            else:
                place.eightk("run", "--once")
                done = place.eightk("company", str(filer.cik), "--fetch", "--json")
            return done.returncode, done.stdout

        code, output = await asyncio.to_thread(ask)

    assert code == 0
    assert [one["cik"] for one in json.loads(output)] == [filer.cik]
    assert simulator.traffic.by_kind["submissions"] == 1
