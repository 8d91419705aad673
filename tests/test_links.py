"""Amendments and what they amend: linked both ways by what they tell, whichever comes first, and never by a guess."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from _stores import NOW, store_url

from watcher.background import words_of_links
from watcher.models import Amendment, Filer, Filing, Item, Report
from watcher.store import filings, reports
from watcher.store.database import Store
from watcher.store.links import amended_by, amends

pytestmark = pytest.mark.usefixtures("either_store")

MAY_5, MAY_7, JUNE_1 = date(2026, 5, 5), date(2026, 5, 7), date(2026, 6, 1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


def accession(number: int) -> str:
    return f"0000000001-26-{number:06}"


def report(
    number: int,
    filed_on: date,
    *items: str,
    period: date | None = None,
    told: Amendment | None = None,
    form: str = "8-K",
    cik: int = 1,
) -> Report:
    form = form if told is None else f"{form}/A"
    numbered = tuple(Item(one, "", declared=True, found=True) for one in items)
    filing = Filing(accession(number), form, (Filer(cik, "Made Up, Inc."),), filed_on)
    return Report(filing, period_of_report=period, items=numbered, amendment=told)


def keep(store: Store, *found: Report) -> None:
    for one in found:
        store.write_now(filings.spot, [one.filing], NOW)
        store.write_now(reports.save, one, {}, NOW, late_hours=72, endpoints=frozenset())


def linked(store: Store, found: Report) -> list[str]:
    return [one.accession for one in store.read_now(amends, found)]


def amendments(store: Store, found: Report) -> list[str]:
    return [one.accession for one in store.read_now(amended_by, found)]


def test_the_filing_date_that_an_amendment_names_links_it_both_ways(store: Store) -> None:
    original = report(1, MAY_7, "2.01", "9.01", period=MAY_5)
    amendment = report(2, JUNE_1, "9.01", period=MAY_7, told=Amendment(original_filed_on=MAY_7))
    keep(store, original, report(3, MAY_5, "2.01"), amendment)

    assert linked(store, amendment) == [accession(1)]
    assert amendments(store, original) == [accession(2)]
    assert words_of_links(store.read_now(amends, amendment)) == (
        f"{accession(1)} (8-K of 2026-05-07; it names the filing date 2026-05-07)",
    )


def test_an_original_that_comes_later_is_linked_all_the_same(store: Store) -> None:
    original = report(1, MAY_7, "2.01", period=MAY_5)
    amendment = report(2, JUNE_1, "2.01", period=MAY_5, told=Amendment())
    keep(store, amendment)
    assert linked(store, amendment) == []

    keep(store, original)

    assert linked(store, amendment) == [accession(1)]
    assert amendments(store, original) == [accession(2)]


@pytest.mark.parametrize("day", [MAY_5, MAY_7])
def test_the_date_of_the_report_that_an_amendment_names_links_it(store: Store, day: date) -> None:
    keep(store, report(1, MAY_7, "2.01", period=MAY_5))

    assert linked(store, report(2, JUNE_1, "9.01", told=Amendment(original_dated=day))) == [accession(1)]


def test_an_amendment_that_names_no_date_is_linked_by_its_date_of_event_and_an_item(store: Store) -> None:
    keep(store, report(1, MAY_7, "5.02", period=MAY_5), report(2, MAY_7, "8.01", period=MAY_5))
    keep(store, report(3, MAY_7, "5.02", period=MAY_7))

    assert linked(store, report(4, JUNE_1, "5.02", period=MAY_5, told=Amendment())) == [accession(1)]


def test_a_date_that_is_named_and_not_there_is_not_made_up_for_by_another(store: Store) -> None:
    keep(store, report(1, MAY_7, "5.02", period=MAY_5))

    assert linked(store, report(4, JUNE_1, "5.02", period=MAY_5, told=Amendment(original_filed_on=MAY_5))) == []


def test_of_several_the_one_with_the_items_in_question_is_meant(store: Store) -> None:
    keep(store, report(1, MAY_7, "5.02", "9.01"), report(2, MAY_7, "8.01", "9.01"))
    told = Amendment(original_filed_on=MAY_7, items=("8.01",))

    assert linked(store, report(4, JUNE_1, "9.01", told=told)) == [accession(2)]


def test_where_nothing_tells_which_one_is_meant_all_are_told_as_such(store: Store) -> None:
    keep(store, report(1, MAY_7, "5.02"), report(2, MAY_7, "5.02"))
    amendment = report(4, JUNE_1, "5.02", told=Amendment(original_filed_on=MAY_7))

    links = store.read_now(amends, amendment)

    assert [(one.accession, one.is_sure) for one in links] == [(accession(1), False), (accession(2), False)]
    assert all(words.startswith("perhaps ") for words in words_of_links(links))


def test_a_second_amendment_is_of_the_original_and_not_of_the_first_amendment(store: Store) -> None:
    first = report(2, JUNE_1, "5.02", period=MAY_5, told=Amendment(number=1))
    second = report(3, JUNE_1, "5.02", period=MAY_5, told=Amendment(number=2))
    original = report(1, MAY_7, "5.02", period=MAY_5)
    keep(store, original, first, second)

    assert linked(store, second) == [accession(1)]
    assert amendments(store, original) == [accession(2), accession(3)]
    assert amendments(store, first) == []


def test_other_companies_later_reports_and_reports_that_amend_nothing_are_not_linked(store: Store) -> None:
    keep(store, report(1, MAY_7, "5.02", period=MAY_5, cik=2), report(2, JUNE_1, "5.02", period=MAY_5))
    plain = report(3, MAY_7, "5.02", period=MAY_5)

    assert linked(store, report(4, MAY_7, "5.02", period=MAY_5, told=Amendment())) == []
    assert (linked(store, plain), amendments(store, plain)) == ([], [])


def test_what_edgar_withdrew_is_not_linked(store: Store) -> None:
    keep(store, report(1, MAY_7, "5.02", period=MAY_5))
    store.write_now(filings.mark_gone, [accession(1)], JUNE_1)

    assert linked(store, report(2, JUNE_1, "5.02", period=MAY_5, told=Amendment())) == []
