"""Lists of filings: what narrows them, and pages that follow each other whatever happens between them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from _stores import store_url, update_facts

from watcher.models import Event, Filer, Filing, FilingState, Item, Origin, Report
from watcher.store import companies, filings, listing, reports
from watcher.store.companies import KnownCompany
from watcher.store.database import Store
from watcher.store.listing import Query

pytestmark = pytest.mark.usefixtures("either_store")

NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path):
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


def accession(number: int) -> str:
    return f"0000000001-26-{number:06}"


def filing(number: int, **changes: object) -> Filing:
    """Accepted on its own day of March, by a company of its own."""
    at = NOON + number * DAY
    one = Filing(accession(number), "8-K", (Filer(number, f"Number {number} Co"),), at.date(), at, source="poller")
    return replace(one, **changes)


def spot(store: Store, number: int, **changes: object) -> None:
    store.write_now(filings.spot, [filing(number, **changes)], NOON + number * DAY)


def put(store: Store, number: int, *, items: tuple[str, ...] = (), events: tuple[str, ...] = (), **changes: object):
    spot(store, number, **changes)
    found = Report(
        filing(number, **changes),
        items=tuple(Item(one, "A title", declared=True, found=True) for one in items),
        events=tuple(Event(one, 0.9) for one in events),
    )
    store.write_now(reports.save, found, {}, NOON, late_hours=72, endpoints=frozenset())


def numbers(store: Store, **query: object) -> list[int]:
    return [int(one.filing.accession[-6:]) for one in store.read_now(listing.find, Query(**query))]


def test_a_ticker_that_only_a_filing_tells_finds_its_company(store: Store):
    teller = Filer(9, "Larkspur", tickers=("LARK",))
    put(store, 1, filers=(teller,))
    store.write_now(companies.note_filers, [teller], NOON)  # as it is done when a report is saved

    assert numbers(store, ticker="lark") == [1]


@pytest.fixture
def shelf(store: Store) -> Store:
    put(store, 1, items=("5.02", "9.01"), events=("cfo-departure",))
    put(store, 2, items=("5.02",), form="8-K/A")
    put(store, 3, items=("9.01",), events=("dividend",), origin=Origin.LATE)
    spot(store, 4, filers=(Filer(40, "Stone Mill Corp"), Filer(41, "Mill Stone LP")))
    store.write_now(companies.note_filers, [Filer(40, "Stone Mill Corp")], NOON)
    return store


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [4, 3, 2, 1]),
        ({"form": "8-K"}, [4, 3, 1]),
        ({"item": "5.02"}, [2, 1]),
        ({"item": "5.02", "form": "8-K"}, [1]),
        ({"item": "5.02", "event": "cfo-departure"}, [1]),
        ({"event": "dividend"}, [3]),
        ({"event": "dividend", "item": "5.02"}, []),
        ({"severity": "medium"}, [3, 1]),
        ({"origin": Origin.LATE}, [3]),
        ({"state": FilingState.SPOTTED}, [4]),
        ({"cik": 2}, [2]),
        ({"company": "41"}, [4]),
        ({"company": "mill corp"}, [4]),
        ({"company": "CORP mill"}, [4]),
        ({"company": "co number"}, [3, 2, 1]),
        ({"company": "100%"}, []),
        ({"company": " "}, [4, 3, 2, 1]),
        ({"ticker": "NONE"}, []),
        ({"since": date(2026, 3, 4), "until": date(2026, 3, 5)}, [3, 2]),
        ({"since": date(2026, 3, 4), "item": "5.02"}, [2]),
        ({"since": date.min, "until": date.max}, [4, 3, 2, 1]),
        ({"limit": 2, "offset": 1}, [3, 2]),
        ({"item": "5.02", "limit": 1, "offset": 1}, [1]),
        ({"limit": None, "offset": 3}, [1]),
    ],
    ids=str,
)
def test_a_list_is_narrowed_to_what_is_asked_for(shelf: Store, query: dict[str, object], found: list[int]):
    assert numbers(shelf, **query) == found


def test_the_filings_of_a_ticker_are_those_of_its_company(shelf: Store):
    known = KnownCompany(2, "Number 2 Co", ("TWO",), seen_at=NOON)
    shelf.write_now(lambda connection: companies._put(connection, [known]))

    assert numbers(shelf, ticker="two") == [2]


def test_a_name_that_very_many_have_is_found_in_all(shelf: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listing, "MOST_COMPANIES", 1)

    assert numbers(shelf, company="number") == [3, 2, 1]


def test_an_item_that_stands_twice_in_a_filing_lists_it_once(store: Store):
    put(store, 1, items=("8.01", "8.01"))

    assert numbers(store, item="8.01") == [1]


def test_a_company_under_a_later_name_is_not_found_by_the_words_of_the_other(store: Store):
    spot(store, 1, filers=(Filer(7, "Old Name Co"),))
    spot(store, 2, filers=(Filer(7, "New Name Co"),))

    assert (numbers(store, company="old"), numbers(store, company="name")) == ([1], [2, 1])


def test_filings_of_one_second_have_each_a_place_of_its_own(store: Store):
    for number in (3, 1, 2):
        spot(store, number, accepted_at=NOON)

    keys = [one.sort_key for one in store.read_now(listing.find, Query())]
    assert numbers(store) == [2, 1, 3]
    assert keys == [keys[2] + 2, keys[2] + 1, keys[2]]


def test_a_time_that_no_calendar_of_ours_reaches_has_a_place(store: Store):
    spot(store, 1, accepted_at=datetime(9999, 12, 30, tzinfo=UTC))
    spot(store, 2, accepted_at=datetime(1, 1, 2, tzinfo=UTC))

    assert numbers(store) == [1, 2]


def test_a_filing_moves_when_its_header_tells_another_time(store: Store):
    put(store, 1, items=("8.01",))
    put(store, 2, items=("8.01",))
    update_facts(store, filing(1, accepted_at=NOON + 9 * DAY))

    assert (numbers(store), numbers(store, item="8.01"), numbers(store, cik=1)) == ([1, 2], [1, 2], [1])


def test_a_filing_of_which_nothing_new_is_told_stays_where_it_is(store: Store):
    spot(store, 1, accepted_at=NOON)
    spot(store, 2, accepted_at=NOON)
    before = store.read_now(filings.get, accession(2)).sort_key
    update_facts(store, filing(2, accepted_at=NOON))

    assert store.read_now(filings.get, accession(2)).sort_key == before


@pytest.mark.parametrize("query", [{}, {"item": "8.01"}, {"by_arrival": True}, {"company": "number"}], ids=str)
def test_pages_follow_each_other_forth_and_back(store: Store, query: dict[str, object]):
    for number in range(1, 8):
        put(store, number, items=("8.01",))
    pages = [store.read_now(listing.page, Query(limit=3, **query))]
    while pages[-1].next is not None:
        pages.append(store.read_now(listing.page, Query(limit=3, before=pages[-1].next, **query)))
    shown = [[int(one.filing.accession[-6:]) for one in page.filings] for page in pages]
    back = store.read_now(listing.page, Query(limit=3, after=pages[-1].previous, **query))

    assert shown == [[7, 6, 5], [4, 3, 2], [1]]
    assert back.filings == pages[1].filings
    assert pages[0].previous is None
    assert store.read_now(listing.page, Query(limit=3, after=pages[1].previous, **query)).previous is None


def test_a_filing_that_comes_between_two_pages_moves_nothing(store: Store):
    for number in (1, 2, 3, 4):
        spot(store, number)
    first = store.read_now(listing.page, Query(limit=2))
    spot(store, 5)
    second = store.read_now(listing.page, Query(limit=2, before=first.next))

    assert [one.filing.accession for one in second.filings] == [accession(2), accession(1)]


@pytest.mark.parametrize(
    "query", [{"before": "x"}, {"before": "9" * 20}, {"after": "1.5"}, {"before": "x", "by_arrival": True}], ids=str
)
def test_a_cursor_that_is_none_is_refused(store: Store, query: dict[str, object]):
    with pytest.raises(ValueError, match="is no cursor of this list"):
        store.read_now(listing.page, Query(**query))


def test_two_cursors_are_refused(store: Store):
    with pytest.raises(ValueError, match="cannot both be given"):
        store.read_now(listing.page, Query(before="1", after="1"))


def test_what_narrows_a_list_most_is_what_it_is_walked_along(store: Store, monkeypatch: pytest.MonkeyPatch):
    """Else each filing of a frequent form would be looked up to find the few with a rare item."""
    for number in range(1, 6):
        put(store, number, items=("1.05",) if number == 1 else ())
    walked: list[list[int]] = []
    checked = listing._checked

    def watched(connection, keys, *others, is_back):
        walked.append(keys)
        return checked(connection, keys, *others, is_back=is_back)

    monkeypatch.setattr(listing, "_checked", watched)

    assert numbers(store, form="8-K", item="1.05") == [1]
    assert [len(keys) for keys in walked] == [1]


def test_states_are_counted_as_they_change(store: Store):
    put(store, 1)
    spot(store, 2)
    spot(store, 3)
    store.write_now(filings.skip, accession(2), "not wanted", NOON)
    assert store.read_now(filings.count_by_state) == {
        FilingState.SAVED: 1,
        FilingState.SPOTTED: 1,
        FilingState.SKIPPED: 1,
    }

    store.write_now(lambda connection: connection.exec_driver_sql("DELETE FROM filing WHERE state <> 'saved'"))
    assert store.read_now(filings.count_by_state) == {FilingState.SAVED: 1}
