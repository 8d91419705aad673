"""The made-up week, in short: half a day with every fault, the daemon killed at random; and the judge of such a run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.settings import RULE
from bench.week.findings import Findings, Shown, week_table
from bench.week.plan import Plan, set_up
from bench.week.run import run_week
from watcher.models import Filing, FilingState, Origin, alert_id
from watcher.store.filings import StoredFiling

HALF_A_DAY = Plan(
    seed=4,
    starts=time(14, 0),
    ends=time(7, 0),
    days=1,
    per_day=80,
    speed=1_500,
    kill_seconds=5,
    channels=(),  # so that the audit has to find what the list never shows
    # More often than a bad week has them, so that there are some; gone so late that a restart does not hide it.
    faults=("every", "withdrawn=14400%8", "replaced=14400%5", "unlisted%5"),
)


async def test_half_a_day_of_every_fault_and_some_kills_loses_nothing_and_never_asks_too_fast(tmp_path: Path) -> None:
    found = await run_week(HALF_A_DAY, tmp_path, lambda line: None)

    assert found.faults() == [], week_table(found)
    assert found.kills >= 2
    assert len(found.told) >= 10
    assert found.peaks["www.sec.gov"] > 0


# --- the judge

NOON = datetime(2025, 3, 3, 17, 0, tzinfo=UTC)


def accession(number: int) -> str:
    return f"0000000001-25-{number:06}"


def shown(number: int, *, gone_hours: float | None = None, is_listed: bool = True) -> Shown:
    gone_at = None if gone_hours is None else NOON + timedelta(hours=gone_hours)
    return Shown(accession(number), NOON, is_listed, gone_at)


def stored(number: int, state: FilingState = FilingState.SAVED, gone_on: date | None = None) -> StoredFiling:
    return StoredFiling(Filing(accession(number)), state, Origin.LIVE, None, 0, None, NOON, NOON, None, gone_on)


def requests(**peaks: int) -> Mapping[str, Any]:
    return {"peak_by_host": peaks, "total": 100, "while_blocked": 0, "longest_after_block": 0.0}


WELL = Findings(
    plan=Plan(),
    kills=3,
    shown=[shown(1), shown(2, gone_hours=2)],
    stored=[stored(1), stored(2, gone_on=date(2025, 3, 3))],
    watched_from=NOON - timedelta(hours=1),
    told=[alert_id(accession(1), RULE), alert_id(accession(2), RULE), alert_id(accession(1), RULE)],
    refused=[],
    saves=[accession(1), accession(2)],
    requests=requests(www=5),
    audited={date(2025, 3, 3): 0},
    is_settled=True,
)


def test_a_run_that_lost_nothing_is_well() -> None:
    assert WELL.faults() == []
    assert "WRONG" not in str(week_table(WELL))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"stored": [stored(2, gone_on=date(2025, 3, 3))]}, "missing: 1, such as 0000000001-25-000001"),
        ({"stored": [stored(1)]}, "missing: 1, such as 0000000001-25-000002"),
        ({"stored": [stored(1, FilingState.FAILED), *WELL.stored[1:]]}, "unread: 1"),
        ({"stored": [stored(1), stored(2)]}, "unmarked: 1"),
        ({"stored": [stored(1, gone_on=date(2025, 3, 3)), *WELL.stored[1:]]}, "unmarked: 1"),
        ({"stored": [*WELL.stored, stored(3)]}, "strangers: 1"),
        ({"saves": [accession(1), accession(1)]}, "saved_twice: 1"),
        ({"told": WELL.told[1:2]}, "untold: 1"),
        ({"told": [*WELL.told, "alr_0"]}, "told_by_mistake: 1"),
        ({"audited": {date(2025, 3, 3): 1}}, "eightk audit --date 2025-03-03: exit code 1"),
        ({"requests": requests(www=6)}, "www: 6 requests within a second; the limit is 5"),
        ({"is_settled": False}, "something is still owed"),
        ({"exit_code": 3}, "the daemon's last exit code: 3"),
    ],
)
def test_whatever_goes_wrong_is_told(changes: dict[str, Any], fault: str) -> None:
    (told,) = replace(WELL, **changes).faults()

    assert told.startswith(fault)


def test_what_stood_in_no_list_and_was_gone_before_an_index_was_written_is_not_missing() -> None:
    found = replace(WELL, shown=[*WELL.shown, shown(3, gone_hours=2, is_listed=False)])

    assert found.faults() == []


def test_what_stood_in_no_list_on_a_day_that_nobody_watched_is_not_missing() -> None:
    before = replace(shown(3, is_listed=False), shown_at=NOON - timedelta(days=3))

    assert replace(WELL, shown=[*WELL.shown, before]).faults() == []


def test_what_was_there_before_anybody_watched_owes_nobody_an_alert() -> None:
    assert replace(WELL, told=[], watched_from=NOON).faults() == []


def test_a_plan_ends_on_the_morning_after_its_last_day() -> None:
    plan = Plan(first=date(2025, 3, 6), days=2)

    assert plan.business_days == [date(2025, 3, 6), date(2025, 3, 7)]
    assert plan.ends_at.isoformat() == "2025-03-10T13:15:00-04:00"


@pytest.mark.parametrize(("poll_seconds", "written"), [(None, []), (1_800, [1_800, 1_800])])
def test_a_plan_says_how_often_the_list_is_looked_at_or_leaves_it_as_it_comes(
    tmp_path: Path, poll_seconds: int | None, written: list[int]
) -> None:
    set_up(tmp_path, Plan(poll_seconds=poll_seconds), edgar="http://127.0.0.1:1", receiver="http://127.0.0.1:2")

    edgar = tomllib.loads((tmp_path / "config" / "eightk.toml").read_text())["edgar"]
    assert [edgar[name] for name in ("poll_seconds", "busy_poll_seconds") if name in edgar] == written
