"""Several daemons on one PostgreSQL, in short: some are killed, the database is ended; and the judge of such a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bench.many.daemons import SPOTS, Life, Line
from bench.many.findings import Findings, Kill, Told, day_table
from bench.many.plan import Plan, ShortDay, contact
from bench.many.rate import Rate, measure_rate, rate_table
from bench.many.run import run_day
from bench.many.takeovers import Takeover, Takeovers
from bench.settings import RULE
from watcher.models import FilingState, alert_id
from watcher.simulator.traffic import Request

SHORT = Plan(
    seed=3,
    filings=60,
    listed=5,
    seconds=24,
    kill_seconds=3,
    most_kills=2,
    spotter_every=2,  # the first one
    restart_at=0.6,
    crash_at=None,
    limit=8,
    poll_seconds=1,
)


async def test_three_daemons_of_which_two_are_killed_lose_nothing_and_save_nothing_twice(tmp_path: Path) -> None:
    found = await run_day(SHORT, tmp_path, lambda line: None)

    assert found.faults() == [], day_table(found)
    assert len(found.kills) == 2
    assert len(found.away) == 1
    assert len(found.turns) >= 2
    assert len({one.accession for one in found.told}) >= SHORT.filings * 0.9  # but for what came before the first look


async def test_the_bench_counts_filings_a_second(tmp_path: Path) -> None:
    (one,) = await measure_rate(tmp_path, lambda line: None, filings=6, daemons=(2,))

    assert (one.daemons, one.filings) == (2, 6)
    assert 0 < one.first_seconds <= one.seconds


def test_rates_are_shown_beside_that_of_the_fewest_daemons() -> None:
    table = rate_table([Rate(1, 100, 8.0, 0.5, 1.0), Rate(2, 100, 4.0, 0.5, 1.0)])

    assert [row[-2:] for row in table.rows] == [("12.5", "1.00"), ("25.0", "2.00")]
    assert table.notes[-1] == "MISSED by 1 daemons."


# --- the judge


def accession(number: int) -> str:
    return f"0000000001-25-{number:06}"


def told(number: int) -> Told:
    return Told(alert_id(accession(number), RULE), accession(number))


def look(at: float, name: str) -> Request:
    return Request(at, "www.sec.gov", "current", "/cgi-bin/browse-edgar", contact(name))


def turn(at: float, name: str) -> Line:
    return Line(at, name, SPOTS, "info", "{}")


WELL = Findings(
    plan=Plan(daemons=2),
    kills=[Kill(20.0, "d1", was_spotter=True)],
    away=[(50.0, 53.0)],
    listed={accession(1): 5.0, accession(2): 12.0},
    watched_from=10.0,
    states={accession(1): FilingState.LISTED, accession(2): FilingState.SAVED},
    saves=[accession(2)],
    alerts=[(accession(2), RULE, alert_id(accession(2), RULE))],
    told=[told(2), told(2)],
    looks=[look(10.0, "d1"), look(18.0, "d1"), look(23.5, "d2")],
    peak=5,
    requests=9,
    lines=[turn(9.0, "d1"), turn(23.0, "d2")],
    lives={"d1": [Life(0.0, 3.0, 20.0), Life(22.0, 26.0)], "d2": [Life(0.0, 3.0)]},
    takeovers=[Takeover(accession(2), 34.0, 16.0)],
)


def test_a_day_on_which_nothing_was_lost_is_well() -> None:
    assert (WELL.faults(), WELL.delays()) == ([], [])
    assert WELL.told_again == 1
    assert WELL.replaced == [3.0]
    assert WELL.looked_again == [3.5]
    assert WELL.taken_over == [16.0]
    assert "WRONG" not in str(day_table(WELL))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"states": {accession(2): FilingState.SAVED}}, "missing: 1, such as 0000000001-25-000001"),
        ({"states": WELL.states | {accession(2): FilingState.FAILED}}, "unread: 1"),
        ({"saves": [accession(2)] * 2}, "saved_twice: 1"),
        ({"alerts": [*WELL.alerts, (accession(2), RULE, "alr_1")]}, "alerts_with_two_ids: 1"),
        ({"told": []}, "untold: 1"),
        ({"told": [told(2), Told("alr_1", accession(2))]}, "told_under_another_id: 1"),
        ({"looks": [*WELL.looks, look(24.0, "d1")]}, "two spotted at once: 1"),
        ({"looks": [look(8.0, "d1")]}, "two spotted at once: 1"),
        ({"peak": 11}, "11 requests within a second; the SEC allows 10"),
        ({"given_up": [Life(30.0, None, 32.0)]}, "a daemon ended by itself: 1 times"),
        ({"is_settled": False}, "something is still owed"),
        ({"exit_codes": {"d1": 0, "d2": 3}}, "d2: its last exit code is 3"),
    ],
)
def test_whatever_goes_wrong_is_told(changes: dict[str, Any], fault: str) -> None:
    (words,) = replace(WELL, **changes).faults()

    assert words.startswith(fault)


@pytest.mark.parametrize(
    ("changes", "delay"),
    [
        ({"lines": [turn(9.0, "d1"), turn(26.5, "d2")]}, "a spotter was replaced after 6.5 s"),
        ({"takeovers": [Takeover("desk", 48.0, 31.0)]}, "the work of a dead daemon was taken over after 31.0 s"),
    ],
)
def test_what_took_too_long_is_told(changes: dict[str, Any], delay: str) -> None:
    assert replace(WELL, **changes).delays() == [delay]


def test_a_start_that_met_a_database_that_is_away_is_no_fault() -> None:
    assert replace(WELL, given_up=[Life(50.5, None, 51.0)]).faults() == []


def test_a_spotter_is_replaced_only_by_who_is_there() -> None:
    nobody = {"d1": WELL.lives["d1"], "d2": [Life(0.0, 3.0, 15.0), Life(16.0, 22.5)]}

    assert replace(WELL, lives=nobody, lines=[turn(9.0, "d1"), turn(40.0, "d2")]).replaced == []


def test_a_takeover_counts_from_when_somebody_was_there_to_do_it() -> None:
    late = replace(WELL, takeovers=[Takeover("desk", 60.0, 40.0)])

    assert late.taken_over == [7.0]


def test_what_a_dead_worker_had_is_noted_when_others_are_given_it() -> None:
    takeovers = Takeovers("")
    takeovers.note([(1, 7, "desk", 100.0), (2, 8, "mine", 111.0)], 112.0)
    takeovers.note([], 113.0)

    assert takeovers.found == [Takeover("desk", 113.0, 13.0)]


def test_a_short_day_keeps_the_hours_of_a_long_one_and_what_came_before_it() -> None:
    plan = Plan(filings=50, listed=5, seconds=32.0)
    schedule = ShortDay(plan.day, plan.seconds)
    listed = [schedule(place, one, 1_000.0) for place, one in enumerate(plan.catalog().filings)]

    before = [one for one in listed if one.appears_at <= 1_000.0]
    assert len(before) >= 5
    assert all(one.filing.time.date() < date(2025, 3, 4) for one in before)
    assert max(one.appears_at for one in listed) <= 1_032.0
    assert [one.appears_at for one in listed] == sorted(one.appears_at for one in listed)
