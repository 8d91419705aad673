"""A running daemon whose rule files are edited: the next filing is judged by them, if nothing is wrong with them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from _running import Place

from watcher.daemon import Daemon
from watcher.ready import examine
from watcher.rules import reload
from watcher.simulator.generator import Generator
from watcher.store import alerts, reports, revisions

RULES = """
version: 1
groups:
- name: g
  rules:
  - {id: first, title: TITLE, match: {items|has: "7.01"}, notify: [desk]}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(reload, "LOOK_SECONDS", 0.05)
    return Place(tmp_path).set_up(rules=RULES)


@asynccontextmanager
async def running(place: Place) -> AsyncIterator[Daemon]:
    place.inbox.mkdir(exist_ok=True)
    async with Daemon.open(examine(place.config)) as daemon:
        task = asyncio.create_task(daemon.run(lambda line: None, handle_signals=False))
        try:
            yield daemon
        finally:
            daemon.stop()
            await task


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.02)


async def alerts_of(daemon: Daemon, place: Place, seed: int) -> list[tuple[str, str]]:
    """Drop a filing into the folder; return the rules that fired on it, with their titles."""
    made = Generator(seed=seed).submission(items=("7.01", "9.01"))
    await asyncio.to_thread((place.inbox / f"{seed}.txt").write_bytes, made.raw)
    async with asyncio.timeout(30):
        while True:
            found = await daemon.store.read(alerts.find)
            mine = [one for one in found if one.accession == made.accession]
            if mine:
                report = await daemon.store.read(reports.load, made.accession)
                return [(one.rule, one.title) for one in report.alerts]
            await asyncio.sleep(0.05)


def rules_of(daemon: Daemon) -> reload.Reloader:
    assert daemon._rules is not None
    return daemon._rules


async def test_the_next_filing_is_judged_by_the_new_rules(place: Place):
    async with running(place) as daemon:
        await until(lambda: rules_of(daemon).version != "")
        before = rules_of(daemon).version
        assert await alerts_of(daemon, place, 1) == [("first", "TITLE")]
        (place.config.parent / "rules" / "test.yaml").write_text(RULES.replace("TITLE", "Edited"))
        await until(lambda: rules_of(daemon).version != before)
        assert await alerts_of(daemon, place, 2) == [("first", "Edited")]
        report = await daemon.store.read(alerts.find)
        kept = [await daemon.store.read(revisions.of, one.rule, one.revision) for one in report]

    assert [one.title for one in kept if one] == ["Edited", "TITLE"]


async def test_a_broken_file_leaves_the_old_rules_also_to_workers_that_start_later(place: Place):
    rules = place.config.parent / "rules" / "test.yaml"
    async with running(place) as daemon:
        await until(lambda: rules_of(daemon).version != "")
        rules.write_text(RULES.replace("TITLE", "Edited").replace("items|has", "itmes|has"))
        await until(lambda: rules_of(daemon).trouble != "")
        for process in daemon._workers._processes:
            process._replace("tried")
        assert await alerts_of(daemon, place, 3) == [("first", "TITLE")]
        assert "itmes" in rules_of(daemon).trouble
        rules.write_text(RULES.replace("TITLE", "Mended"))
        await until(lambda: rules_of(daemon).trouble == "")
        assert await alerts_of(daemon, place, 4) == [("first", "Mended")]


async def test_an_endpoint_that_is_added_while_it_runs_can_be_named_by_a_rule_at_once(place: Place):
    rules = place.config.parent / "rules" / "test.yaml"
    settings = place.config.read_text()
    async with running(place) as daemon:
        await until(lambda: rules_of(daemon).version != "")
        place.config.write_text(settings + '\n[endpoint.other]\nkind = "log"\n')
        rules.write_text(RULES.replace("[desk]", "[desk, other]"))
        daemon._reloader.ask()
        await until(lambda: "other" in daemon._endpoints)
        await until(lambda: rules_of(daemon).trouble == "")
        await alerts_of(daemon, place, 5)
        # Beside it there may be an alarm: for a moment the rules named an endpoint that was not there.
        (told,) = [one for one in await daemon.store.read(alerts.find) if one.accession is not None]
        place.config.write_text(settings + "\n[endpoint.other]\nkind = 'none'\n")
        daemon._reloader.ask()
        await until(lambda: daemon._reloader.trouble != "")
        assert set(daemon._endpoints) == {"desk", "log", "other"}

    assert {one.endpoint for one in told.told} == {"desk", "other"}


async def test_the_revisions_in_force_are_kept_before_the_first_alert(place: Place):
    """Also when the files are at fault right after the start, and when the daemon looks once only."""
    place.inbox.mkdir()
    made = Generator(seed=6).submission(items=("7.01", "9.01"))
    (place.inbox / "6.txt").write_bytes(made.raw)
    ready = examine(place.config)
    (place.config.parent / "rules" / "test.yaml").write_text("version: 2")
    async with Daemon.open(ready) as daemon:
        await daemon.run_once()
        (raised,) = await daemon.store.read(alerts.find)
        kept = await daemon.store.read(revisions.of, raised.rule, raised.revision)

    assert kept is not None
    assert kept.title == "TITLE"
