"""A captured crawl is replayed entry by entry, and a scenario says all that a run depends on."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count, takewhile
from pathlib import Path

import pytest
from _asking import ATOM, FEED, Hands, accessions, ask, feed

from watcher.clock import shared_clock
from watcher.edgar.calendar import NEW_YORK
from watcher.errors import ConfigError, EightkError
from watcher.models import EIGHT_K_FORMS
from watcher.simulator.crawl import Crawl
from watcher.simulator.faults import EVERY_FAULT
from watcher.simulator.scenario import Scenario
from watcher.simulator.server import Simulator
from watcher.simulator.week import Week

EVENING = datetime(2025, 3, 4, 18, 2, tzinfo=NEW_YORK)
LIST = "/cgi-bin/browse-edgar"


def pages(simulator: Simulator, **query: str) -> list[list[str]]:
    """Page through the list to its end."""
    found = (accessions(feed(simulator, start=str(start), **query)) for start in count(0, 100))
    return list(takewhile(bool, found))


@pytest.fixture(scope="module")
def captured() -> Simulator:
    """What is captured: two days of a made-up EDGAR, seen in the evening of the second."""
    week = Week(date(2025, 3, 3), days=2, family_per_day=60, others_per_day=180, family_before=5)
    return Simulator.from_week(week, clock=Hands(EVENING))


@pytest.fixture(scope="module")
def crawl(captured: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crawl of it: its pages from the first to the last, and the refusal after the end."""
    folder = tmp_path_factory.mktemp("crawl")
    rows = []
    for place, start in enumerate(range(0, 900, 100)):
        name = f"{place:02}_start{start:04}.xml"
        reply = ask(captured, LIST, **(FEED | {"type": "", "start": str(start)}))
        (folder / name).write_bytes(reply.body)
        rows.append({"file": name, "url": f"https://www.sec.gov{LIST}?start={start}", "status": 200})
    rows.append({"file": "99.html", "url": f"https://www.sec.gov{LIST}?start=5100", "status": 503})
    (folder / "manifest.json").write_text(json.dumps(rows))
    return folder


def replayed(crawl: Path, at: datetime) -> Simulator:
    return Simulator.from_crawl(Crawl.read(crawl), clock=Hands(at))


def test_a_crawl_is_listed_entry_by_entry_as_it_was_captured(captured: Simulator, crawl: Path) -> None:
    simulator = Simulator.from_crawl(Crawl.read(crawl))

    for start in ("0", "100", "300"):
        mine, theirs = (feed(one, type="", start=start) for one in (simulator, captured))
        assert [(one.findtext(f"{ATOM}title"), one.findtext(f"{ATOM}updated")) for one in mine] == [
            (one.findtext(f"{ATOM}title"), one.findtext(f"{ATOM}updated")) for one in theirs
        ]


def test_a_crawls_clock_begins_with_its_capture(crawl: Path) -> None:
    assert Simulator.from_crawl(Crawl.read(crawl)).clock.now() == EVENING


def test_a_type_takes_its_prefix_out_of_the_crawl(captured: Simulator, crawl: Path) -> None:
    simulator = Simulator.from_crawl(Crawl.read(crawl))

    assert pages(simulator, type="8-K") == pages(captured, type="8-K")
    assert len(pages(simulator, type="8-K")) == 2


def test_a_submission_is_made_up_for_each_8_k_with_the_entrys_facts(crawl: Path) -> None:
    simulator = Simulator.from_crawl(Crawl.read(crawl))

    for one in simulator.family():
        split = simulator.catalog.submission(one)
        told = (split.accession, split.form, split.declared_items, split.accepted_at, split.filed_on)
        assert told == (one.accession, one.form, one.items, one.accepted_at, one.filed_on)
        assert [(each.cik, each.name) for each in split.filers] == [(each.cik, each.name) for each in one.filers]


def test_a_crawl_that_is_replayed_from_its_beginning_comes_hour_by_hour(crawl: Path) -> None:
    simulator = replayed(crawl, datetime(2025, 3, 4, 5, 55, tzinfo=NEW_YORK))
    before = {one.accession for one in simulator.family()}
    simulator.clock.move(420)  # type: ignore[attr-defined]
    held = {one.accession for one in simulator.family()} - before

    evening = [one for one in simulator.family() if one.accession in held and one.time.astimezone(NEW_YORK).day == 3]
    assert len(evening) > 2
    assert all(one.filed_on == date(2025, 3, 4) for one in evening)


def test_an_entry_that_does_not_say_enough_is_left_out(crawl: Path, tmp_path: Path) -> None:
    page = (crawl / "00_start0000.xml").read_bytes()
    first = page.index(b"<updated>", page.index(b"<entry>"))
    (tmp_path / "a.xml").write_bytes(page[:first] + page[page.index(b"<category", first) :])
    (tmp_path / "manifest.json").write_text('[{"file": "a.xml", "url": "", "status": 200}]')

    whole, cut = (Crawl.read(folder).catalog.filings for folder in (crawl, tmp_path))

    assert 0 < len(cut) < len(whole)


@pytest.mark.parametrize("manifest", [None, "[]", "{", '[{"file": "a.xml"}]', '[{"file": "none.xml", "status": 200}]'])
def test_a_folder_without_a_crawl_is_an_error(tmp_path: Path, manifest: str | None) -> None:
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)

    with pytest.raises(EightkError):
        Crawl.read(tmp_path)


# --- the real one


@pytest.fixture(scope="module")
def real(shared: Path) -> Path:
    folder = shared / "edgar" / "samples" / "getcurrent" / "A_20251212T2302Z"
    if not folder.is_dir():
        pytest.skip("no captured crawl beside this checkout")
    return folder


def test_the_captured_crawl_gives_every_entry_of_its_own(real: Path) -> None:
    simulator = Simulator.from_crawl(Crawl.read(real))

    whole = [one for page in pages(simulator, type="") for one in page]

    assert (len(whole), len(set(whole))) == (5053, 3313)
    assert len({one for page in pages(simulator, type="8-K") for one in page}) == len(simulator.family()) == 281


def test_its_held_filings_come_deep_in_the_list_at_six(real: Path) -> None:
    simulator = replayed(real, datetime(2025, 12, 12, 5, 59, tzinfo=NEW_YORK))
    before = {one.accession for one in simulator.family()}
    simulator.clock.move(120)  # type: ignore[attr-defined]
    held = {one.accession for one in simulator.family()} - before
    listed = [one for page in pages(simulator, type="") for one in page]

    assert len(held) == 17
    assert sum(listed.index(one) > 40 for one in held) == 17
    assert all(form in EIGHT_K_FORMS for form in {one.form for one in simulator.family()})


# --- scenarios


def scenario(tmp_path: Path, text: str, **given: object) -> Scenario:
    file = tmp_path / "scenario.toml"
    file.write_text(text)
    return Scenario.read(file, given)


def test_a_scenario_sets_a_week_up_with_its_clock_and_faults(tmp_path: Path) -> None:
    text = """
        week = 2025-03-03
        days = 1
        per_day = 10
        speed = 600
        skip_idle = true
        faults = ["block@10:00/600", "late=300%10"]
        """

    simulator = scenario(tmp_path, text).simulator()

    assert simulator.clock.now() == datetime(2025, 3, 3, 5, 50, tzinfo=NEW_YORK)
    assert simulator.clock.stands
    assert (simulator.clock.scale, len(simulator.clock.leaps) > 200) == (600, True)
    assert [fault.kind for fault in simulator.faults.on] == ["block", "late"]


def test_what_is_given_goes_before_what_stands_in_the_file(tmp_path: Path) -> None:
    read = scenario(tmp_path, "count = 3\nseed = 5\n", count=4)

    assert (read.count, read.seed) == (4, 5)


def test_paths_in_a_scenario_start_at_its_folder(tmp_path: Path) -> None:
    assert scenario(tmp_path, 'crawl = "pages"').crawl == tmp_path / "pages"


def test_every_stands_for_every_fault(tmp_path: Path) -> None:
    assert scenario(tmp_path, 'faults = ["every", "slow=5"]').faults == (*EVERY_FAULT, "slow=5")


def test_made_up_filings_agree_with_the_scenarios_clock(tmp_path: Path) -> None:
    simulator = scenario(tmp_path, "count = 3\nclock = 2025-06-02T08:00:00-04:00").simulator()

    newest = max(one.time for one in simulator.catalog.filings if one.filed_on.year == 2025)

    assert timedelta(0) < newest - datetime(2025, 6, 2, 12, 0, tzinfo=UTC) < timedelta(minutes=10)


def test_a_crawl_can_run_faster(crawl: Path, tmp_path: Path) -> None:
    simulator = scenario(tmp_path, "speed = 60", crawl=crawl).simulator()

    assert (simulator.clock.scale, simulator.clock.now()) == (60, EVENING)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("storm = 1", "storm: extra inputs"),
        ('faults = ["storm"]', "faults: expected a fault such as"),
        ("skip_idle = true", "skip_idle needs a clock"),
        ('week = 2025-03-03\ncrawl = "x"', "give one of folder, crawl and week"),
        ("clock = 2025-03-03T05:50:00", "clock: input should have timezone info"),
        ("speed = 0", "speed: input should be greater than 0"),
        ("week =", "cannot be read as TOML"),
    ],
)
def test_a_scenario_that_makes_no_sense_is_refused_with_the_reason(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=r"scenario\.toml:") as caught:
        scenario(tmp_path, text)

    assert problem in str(caught.value)


def test_two_runs_of_one_scenario_list_the_same(tmp_path: Path) -> None:
    text = 'week = 2025-03-03\ndays = 1\nper_day = 20\nseed = 9\nfaults = ["unlisted%20", "withdrawn=60%20"]'
    first, second = (scenario(tmp_path, text).simulator() for _ in range(2))
    at = datetime(2025, 3, 3, 17, 0, tzinfo=NEW_YORK)
    for one in (first, second):
        one.clock = replace(one.clock, start=at)

    assert pages(first) == pages(second)
    assert pages(first)


def test_the_command_serves_a_scenario_and_shares_its_clock(tmp_path: Path) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text("count = 3\nspeed = 50\nclock = 2025-03-03T05:50:00-05:00\n")
    command = [sys.executable, "-m", "watcher.cli", "simulate", "--scenario", str(file), "--speed", "100"]
    with subprocess.Popen([*command, "--fault", "slow=1%1"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        url = process.stdout.readline().decode().split()[4]
        clock = shared_clock(url)
        process.terminate()
        process.wait(timeout=60)

    assert (clock.scale, clock.start) == (100, datetime(2025, 3, 3, 10, 50, tzinfo=UTC))


def test_the_command_refuses_a_fault_that_there_is_not() -> None:
    command = [sys.executable, "-m", "watcher.cli", "simulate", "--fault", "storm"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "expected a fault such as block@10:00/600" in done.stderr
