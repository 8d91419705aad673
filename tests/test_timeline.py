"""When filings appear in EDGAR's lists: its own hours, held evenings, and what faults make of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from _asking import ATOM, Hands, accessions, ask, feed

from watcher.edgar.calendar import NEW_YORK
from watcher.models import EIGHT_K_FORMS
from watcher.simulator.catalog import Catalog, CatalogFiling
from watcher.simulator.faults import Faults
from watcher.simulator.generator import Generator
from watcher.simulator.made import MadeSubmission
from watcher.simulator.posting import AsAccepted, Spoiled
from watcher.simulator.server import Simulator
from watcher.simulator.timeline import Listing, Timeline
from watcher.simulator.week import Week

FRIDAY = date(2026, 1, 9)
MONDAY = date(2026, 1, 12)


def new_york(day: date, *at: int) -> datetime:
    return datetime.combine(day, time(*at), NEW_YORK)


def accepted(*at: int, day: date = FRIDAY, filed_on: date | None = None) -> CatalogFiling:
    made = Generator(1).submission(accepted_at=new_york(day, *at).astimezone(UTC))
    (filing,) = Catalog.from_submissions([made]).filings
    return replace(filing, filed_on=filed_on or filing.filed_on)


def posted(filing: CatalogFiling) -> datetime:
    return datetime.fromtimestamp(AsAccepted()(0, filing, 0.0).appears_at, NEW_YORK)


# --- EDGAR's own hours


def test_a_filing_of_the_day_is_listed_within_a_minute_or_so() -> None:
    late = posted(accepted(16, 5)) - new_york(FRIDAY, 16, 5)

    assert timedelta(seconds=20) <= late <= timedelta(seconds=75)


def test_a_filing_of_friday_evening_is_held_until_six_on_monday() -> None:
    listing = AsAccepted()(0, accepted(18, 12), 0.0)
    at = datetime.fromtimestamp(listing.appears_at, NEW_YORK)

    assert new_york(MONDAY, 6) <= at <= new_york(MONDAY, 6, 1)
    assert listing.updated == new_york(FRIDAY, 18, 12)


def test_a_filing_just_after_half_past_five_that_kept_the_day_is_shown_at_once() -> None:
    assert posted(accepted(17, 31, filed_on=FRIDAY)).date() == FRIDAY


def test_held_filings_can_be_spread_over_the_morning() -> None:
    schedule = AsAccepted(held_seconds=4_500)
    filings = [replace(accepted(19, 0), accession=f"0009500012-26-{number:06d}") for number in range(60)]

    times = [schedule(0, filing, 0.0).appears_at - new_york(MONDAY, 6).timestamp() for filing in filings]

    assert min(times) < 600
    assert max(times) > 3_600


def test_nothing_waits_beyond_the_last_moment() -> None:
    end = new_york(FRIDAY, 18, 2).timestamp()

    assert AsAccepted(latest=end)(0, accepted(18, 1, 50), 0.0).appears_at == end


def test_hours_do_not_depend_on_who_looks_first() -> None:
    filing = accepted(10, 0)

    assert AsAccepted()(0, filing, 1.0) == AsAccepted()(0, filing, 2.0)


def test_a_held_filing_appears_deep_in_the_list_with_the_evenings_time() -> None:
    week = Week(date(2025, 3, 3), days=2, family_per_day=120, others_per_day=360, family_before=5)
    clock = Hands(new_york(date(2025, 3, 4), 5, 59))
    simulator = Simulator.from_week(week, clock=clock)
    before = set(accessions(feed(simulator, type="")))
    clock.move(150)
    held = {
        one.accession
        for one in simulator.family()
        if one.filed_on == date(2025, 3, 4) and one.time < new_york(date(2025, 3, 4), 0)
    }

    entries = feed(simulator, type="") + feed(simulator, type="", start="100")
    places = [place for place, one in enumerate(accessions(entries)) if one in held]

    assert not held & before
    assert len(set(accessions(entries)) & held) == len(held) > 3
    assert places[0] > 5
    assert all((entries[place].findtext(f"{ATOM}updated") or "").startswith("2025-03-03T") for place in places)


# --- faults that befall filings


def settled(*faults: str, count: int = 200) -> list[Listing]:
    schedule = Spoiled(AsAccepted(), Faults(faults))
    filings = [replace(accepted(10, 0), accession=f"0009500012-26-{number:06d}") for number in range(count)]
    return [schedule(place, filing, 0.0) for place, filing in enumerate(filings)]


def test_without_faults_every_filing_can_be_read_as_soon_as_it_is_listed() -> None:
    assert all(one.readable_at == one.appears_at and one.is_listed for one in settled())


def test_late_documents_come_so_many_seconds_after_their_entry() -> None:
    late = [one for one in settled("late=300%10") if one.readable_at == one.appears_at + 300]

    assert 8 <= len(late) <= 35


def test_a_share_of_filings_is_never_in_the_list() -> None:
    assert 8 <= sum(not one.is_listed for one in settled("unlisted%10")) <= 35


def test_a_withdrawn_filing_goes_after_its_time() -> None:
    gone = [one for one in settled("withdrawn=60%10") if one.withdrawn_at == one.appears_at + 60]

    assert 8 <= len(gone) <= 35
    assert all(one.successor is None for one in gone)


def test_a_replaced_filing_comes_again_under_a_number_of_its_own() -> None:
    replaced = [one for one in settled("replaced=60%10") if one.successor is not None]
    successors = [one.successor for one in replaced if one.successor is not None]

    assert 8 <= len(replaced) <= 35
    assert [one.appears_at for one in successors] == [one.withdrawn_at for one in replaced]
    assert len({one.filing.accession for one in successors} - {one.filing.accession for one in replaced}) == len(
        replaced
    )


def test_a_fault_befalls_filings_of_its_own_hours_only() -> None:
    assert {one.is_listed for one in settled("unlisted@10:00/600")} == {False}
    assert {one.is_listed for one in settled("unlisted@11:00/600")} == {True}


def test_the_same_seed_befalls_the_same_filings_and_another_does_not() -> None:
    def hidden(seed: int) -> list[bool]:
        schedule = Spoiled(AsAccepted(), Faults(["unlisted%30"], seed=seed))
        return [
            schedule(0, replace(accepted(10, 0), accession=f"0-26-{number}"), 0.0).is_listed for number in range(60)
        ]

    assert hidden(1) == hidden(1)
    assert hidden(1) != hidden(2)


def test_a_successor_is_served_under_its_new_number() -> None:
    clock = Hands(new_york(FRIDAY, 10, 0))
    made = Generator(1).submission(accepted_at=clock.now())
    simulator = Simulator.from_submissions([made], clock=clock, schedule=AsAccepted(), faults=["replaced=600"])
    clock.move(900)
    (successor,) = simulator.family()

    path = f"/Archives/edgar/data/{made.filers[0].cik}"
    old, new = (ask(simulator, f"{path}/{one}.txt") for one in (made.accession, successor.accession))

    assert old.status == 404
    assert new.body == made.raw.replace(made.accession.encode(), successor.accession.encode())


# --- what a test may do


@pytest.fixture
def made() -> MadeSubmission:
    return Generator(1).submission(items=("7.01",), accepted_at=new_york(FRIDAY, 10, 0).astimezone(UTC))


@pytest.fixture
def simulator(made: MadeSubmission) -> Simulator:
    """A simulator at noon on Friday, with one filing of that morning."""
    return Simulator.from_submissions([made], clock=Hands(new_york(FRIDAY, 12, 0)), schedule=AsAccepted())


def other(number: int = 1) -> MadeSubmission:
    return Generator(2).submission(accession=f"0009500012-26-{number:06d}")


def test_a_filing_can_be_posted_now(simulator: Simulator) -> None:
    added = simulator.add(other())

    assert accessions(feed(simulator))[0] == added.filing.accession
    assert (
        ask(simulator, f"/Archives/edgar/data/{added.filing.filers[0].cik}/{added.filing.accession}.txt").status == 200
    )


def test_a_filing_can_be_posted_later_and_deep_in_the_list(simulator: Simulator, made: MadeSubmission) -> None:
    added = simulator.add(other(), at=new_york(FRIDAY, 12, 10), updated_at=new_york(FRIDAY, 9, 0))
    before = accessions(feed(simulator))
    simulator.clock.move(600)  # type: ignore[attr-defined]

    assert before == [made.accession]
    assert accessions(feed(simulator)) == [made.accession, added.filing.accession]


def test_a_filing_can_be_listed_before_it_can_be_read(simulator: Simulator) -> None:
    added = simulator.add(other(), late_seconds=300)
    path = f"/Archives/edgar/data/{added.filing.filers[0].cik}/{added.filing.accession}.txt"
    before = ask(simulator, path).status
    simulator.clock.move(300)  # type: ignore[attr-defined]

    assert (before, ask(simulator, path).status) == (404, 200)


def test_a_filing_can_be_kept_out_of_the_list(simulator: Simulator, made: MadeSubmission) -> None:
    added = simulator.add(other(), is_listed=False)

    assert accessions(feed(simulator)) == [made.accession]
    assert {one.accession for one in simulator.family()} == {made.accession, added.filing.accession}


def test_a_withdrawn_filing_is_nowhere(simulator: Simulator, made: MadeSubmission) -> None:
    simulator.withdraw(made.accession)

    assert feed(simulator) == []
    assert ask(simulator, f"/Archives/edgar/data/{made.filers[0].cik}/{made.accession}.txt").status == 404
    assert ask(simulator, f"/submissions/CIK{made.filers[0].cik:010d}.json").status == 404
    assert simulator.family() == ()


def test_what_is_not_shown_cannot_be_withdrawn(simulator: Simulator) -> None:
    with pytest.raises(KeyError):
        simulator.withdraw("0009500012-26-000009")


def test_a_filing_can_be_replaced_under_its_own_number(simulator: Simulator, made: MadeSubmission) -> None:
    corrected = made.raw.replace(b"7.01", b"7.0l")
    simulator.replace(made.accession, corrected)

    assert ask(simulator, f"/Archives/edgar/data/{made.filers[0].cik}/{made.accession}.txt").body == corrected
    assert accessions(feed(simulator)) == [made.accession]


def test_a_filing_can_be_replaced_by_another_one(simulator: Simulator, made: MadeSubmission) -> None:
    simulator.replace(made.accession, other(5))

    assert accessions(feed(simulator)) == ["0009500012-26-000005"]


def test_a_look_back_shows_what_was_public_then() -> None:
    filings = [replace(accepted(10, minute), accession=f"0009500012-26-{minute:06d}") for minute in range(10)]
    timeline = Timeline(filings, AsAccepted(), 0.0)
    timeline.begin(0.0)
    timeline.advance(new_york(FRIDAY, 11, 0).timestamp())

    then = timeline.public(new_york(FRIDAY, 10, 5, 30).timestamp())

    assert 4 <= len(list(then)) <= 6


# --- a week of real volume


@pytest.fixture(scope="module")
def week() -> Catalog:
    return Week(date(2025, 3, 3), days=2).catalog()


def day_of(week: Catalog, day: date) -> list[CatalogFiling]:
    return [one for one in week.filings if one.time.astimezone(NEW_YORK).date() == day and one.form in EIGHT_K_FORMS]


def test_a_day_of_the_week_has_as_many_filings_as_asked_for(week: Catalog) -> None:
    assert [len(day_of(week, date(2025, 3, day))) for day in (3, 4)] == [700, 700]


def test_there_are_about_three_entries_to_two_filings(week: Catalog) -> None:
    assert 1.4 <= sum(len(one.filers) for one in week.filings) / len(week.filings) <= 1.6


def test_most_come_at_eight_and_after_the_close(week: Catalog) -> None:
    hours = Counter(one.time.astimezone(NEW_YORK).hour for one in day_of(week, date(2025, 3, 3)))

    assert [hour for hour, _ in hours.most_common(3)] == [16, 8, 17]
    assert min(hours) == 6
    assert max(hours) == 21


def test_a_tenth_is_held_and_some_of_the_first_evening_minute_are_not(week: Catalog) -> None:
    evening = [
        one for one in week.filings if one.form in EIGHT_K_FORMS and one.time.astimezone(NEW_YORK).time() > time(17, 30)
    ]
    kept = [one for one in evening if one.filed_on == one.time.astimezone(NEW_YORK).date()]

    assert 80 <= len(evening) <= 260
    assert 0 < len(kept) < 20
    assert max(one.time.astimezone(NEW_YORK).time() for one in kept) < time(17, 32)


def test_ownership_forms_keep_the_day(week: Catalog) -> None:
    late = [one for one in week.filings if one.form == "4" and one.time.astimezone(NEW_YORK).hour >= 18]

    assert len(late) > 20
    assert all(one.filed_on == one.time.astimezone(NEW_YORK).date() for one in late)


def test_a_form_that_begins_like_an_8_k_is_among_them(week: Catalog) -> None:
    assert {one.form for one in week.filings if one.form.startswith("8-K")} - EIGHT_K_FORMS == {"8-KT"}


def test_each_filing_of_the_family_is_written_as_the_catalog_tells(week: Catalog) -> None:
    for one in day_of(week, date(2025, 3, 3))[::20]:
        split = week.submission(one)
        told = (one.accession, one.form, one.filers, one.items, one.filed_on, one.accepted_at)
        assert told == (
            *(split.accession, split.form, split.filers, split.declared_items),
            *(split.filed_on, split.accepted_at),
        )


def test_two_weeks_of_one_seed_are_the_same(week: Catalog) -> None:
    again = Week(date(2025, 3, 3), days=2).catalog()

    assert again.filings == week.filings
