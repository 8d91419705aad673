"""Endpoints that are told of every filing: each once, with or without a rule, and no list of alerts shows it."""

import asyncio
import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from _running import Place, Running
from _stores import ACCESSION, NOW, alert, filing, report, store_url

from watcher.clock import Clock
from watcher.dispatch import Dispatcher, Policy
from watcher.edgar.calendar import NEW_YORK
from watcher.every_filing import RULE, filing_alert
from watcher.models import (
    Alert,
    Attempt,
    DeliveryState,
    Event,
    Filing,
    Origin,
    Pacing,
    Report,
    Severity,
    Throttle,
    saved_id,
)
from watcher.outbox import note_settings
from watcher.payload.schema import validate
from watcher.settings import EndpointSettings
from watcher.simulator.generator import Generator
from watcher.store import alerts, deliveries, endpoints, filings, glance, journal, pictures, reports, silences
from watcher.store.alert_pages import AlertFilter, page_after, payload_of
from watcher.store.archive import Archive
from watcher.store.database import Store
from watcher.store.notices import Owner
from watcher.store.redelivery import redeliver
from watcher.store.settling import Settled, settle_all
from watcher.verdict import Outcome

pytestmark = pytest.mark.usefixtures("either_store")

ID = saved_id(ACCESSION)
OTHER = "0000000001-26-000002"


class Route:
    """A dispatcher that finds what it is told to in every filing, at a time that stands still."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(store_url(folder / "eightk.db"))
        self.policy = Policy(frozenset({"desk", "stream"}), filings=frozenset({"stream"}), page_url="http://x/filings/")
        self.alerts: tuple[Alert, ...] = ()
        self.events: tuple[Event, ...] = ()
        self.woken: list[str] = []
        self._archive = Archive(folder / "raw", self.store.id)

    async def submission(self, cik: int, accession: str, *, is_live: bool) -> bytes:
        return b"<SEC-DOCUMENT>made up</SEC-DOCUMENT>"

    header = submission

    async def examine(self, filing: Filing, raw: bytes) -> Report:
        mine = tuple(replace(one, id=f"{one.id}{filing.accession[-1]}") for one in self.alerts)
        return replace(report(filing.accession, *mine), filing=filing, events=self.events)

    async def run(self, one: Filing | None = None, *, again: bool = False) -> None:
        """Bring a filing as far as it goes: one that is spotted now, or one that is run again."""
        one = one or filing()
        if again:
            self.store.write_now(filings.retry, one.accession, NOW)
        else:
            self.store.write_now(filings.spot, [one], NOW)
        dispatcher = Dispatcher(
            store=self.store,
            archive=self._archive,
            examiner=self,
            fetcher=self,
            clock=Clock(scale=1e-15, start=NOW),
            policy=self.policy,
            owed=self.woken.append,
        )
        await dispatcher.dispatch(one.accession)

    def told(self) -> list[tuple[str, str]]:
        """Who is owed which alert, in the order in which they were raised."""
        found = self.store.read_now(deliveries.find)
        return sorted((one.delivery.alert, one.delivery.endpoint) for one in found)

    def payload(self, one: str = ID) -> dict[str, Any]:
        body = self.store.read_now(payload_of, one)
        validate(body)
        found: dict[str, Any] = json.loads(body)["data"]
        return found


@pytest.fixture
def route(tmp_path: Path) -> Iterator[Route]:
    made = Route(tmp_path)
    yield made
    made.store.close()


# Who is told of what.


async def test_a_filing_that_no_rule_matched_is_told(route: Route) -> None:
    await route.run()

    assert (route.told(), route.woken) == ([(ID, "stream")], ["stream"])
    assert (route.payload()["filing"]["accession"], route.payload()["sequence"]) == (ACCESSION, 1)


async def test_one_that_a_rule_matched_is_told_beside_its_alert_and_before_it(route: Route) -> None:
    route.alerts = (alert(notify=("desk", "stream")),)

    await route.run()

    raised = f"{alert().id}{ACCESSION[-1]}"
    assert route.told() == sorted([(ID, "stream"), (raised, "desk"), (raised, "stream")])
    owed = route.store.read_now(deliveries.owed_to, "stream", NOW, 9, order=deliveries.Order.AS_RAISED)
    assert [one.message.type for one in owed] == ["filing.saved", "filing.matched"]
    assert [one.accession for one in owed] == [ACCESSION] * 2
    assert sorted(route.woken) == ["desk", "stream"]


async def test_two_endpoints_are_each_told_by_one_alert(route: Route) -> None:
    route.policy = replace(route.policy, filings=frozenset({"desk", "stream"}))

    await route.run()

    assert route.told() == [(ID, "desk"), (ID, "stream")]


async def test_nobody_is_told_unless_an_endpoint_asks(route: Route) -> None:
    route.policy = replace(route.policy, filings=frozenset())

    await route.run()

    assert route.told() == []
    assert route.store.read_now(alerts.find, rule=RULE) == ()


async def test_one_that_the_settings_lack_is_owed_nothing(route: Route) -> None:
    route.policy = replace(route.policy, filings=frozenset({"gone"}))

    await route.run()

    assert route.told() == []


@pytest.mark.parametrize(
    ("origin", "hours", "is_told"),
    [(Origin.LATE, 71, True), (Origin.LATE, 73, False), (Origin.BACKFILL, 0, False), (Origin.LIVE, 999, True)],
)
async def test_what_is_no_news_is_not_told(route: Route, origin: Origin, hours: float, is_told: bool) -> None:
    await route.run(replace(filing(), origin=origin, accepted_at=NOW - timedelta(hours=hours)))

    assert route.told() == ([(ID, "stream")] if is_told else [])
    assert len(route.store.read_now(alerts.find, rule=RULE)) == is_told  # nor is it kept


async def test_a_reread_owes_nothing_new(route: Route) -> None:
    await route.run()
    before = route.payload()
    route.policy = replace(route.policy, filings=frozenset({"desk", "stream"}))
    route.events = (Event("auditor-change", 0.9),)

    await route.run(again=True)

    assert (route.told(), route.payload()) == ([(ID, "stream")], before)


async def test_a_reread_of_what_was_never_told_owes_nothing(route: Route) -> None:
    await route.run(replace(filing(), origin=Origin.BACKFILL))

    await route.run(again=True)

    assert route.told() == []


async def test_silences_and_throttles_do_not_touch_it(route: Route) -> None:
    once = Pacing(throttle=Throttle("cik=320", 3600, 1))
    route.alerts = (replace(alert(rule="r"), pacing=once), replace(alert(rule="s"), pacing=once))
    until = NOW + timedelta(hours=1)
    for rule in (None, RULE):
        route.store.write_now(silences.add, rule=rule, cik=320, why="noise", by="", now=NOW, until=until)

    await route.run()
    await route.run(filing(OTHER))

    assert route.told() == sorted([(ID, "stream"), (saved_id(OTHER), "stream")])


async def test_a_silence_of_it_is_known_to_do_nothing(route: Route) -> None:
    await route.run()

    assert not route.store.read_now(silences.is_rule_known, RULE)


async def test_it_is_told_again_by_its_id_and_under_it(route: Route) -> None:
    await route.run()
    (owed,) = route.store.read_now(deliveries.owed_to, "stream", NOW, 9)
    told = Settled(owed.delivery, Attempt(NOW, 1, ok=True), Outcome(ok=True), NOW)
    route.store.write_now(settle_all, [told], Owner())

    made = route.store.write_now(redeliver, ID, NOW)

    (again,) = route.store.read_now(deliveries.owed_to, "stream", NOW, 9)
    assert [one.id for one in made.deliveries] == [owed.delivery.id]
    assert (again.message, again.delivery.manual_from) == (owed.message, DeliveryState.DELIVERED)


def test_it_is_as_severe_as_the_gravest_event() -> None:
    events = (Event("a", 0.5, severity=Severity.HIGH), Event("b", 0.9, severity=Severity.LOW))

    assert filing_alert(replace(report(), events=events), {"stream"}).severity is Severity.HIGH
    assert filing_alert(report(), {"stream"}).severity is Severity.LOW


# Where it is not shown.


async def test_lists_and_counts_of_alerts_are_as_they_were(route: Route) -> None:
    route.alerts = (alert(),)
    await route.run()
    raised = f"{alert().id}{ACCESSION[-1]}"
    read, day = route.store.read_now, NOW.astimezone(NEW_YORK).date()
    monday = day - timedelta(days=day.weekday())

    assert [one.id for one in read(alerts.find)] == [one.id for one in read(alerts.find, ACCESSION)] == [raised]
    assert read(reports.count_alerts, [ACCESSION]) == {ACCESSION: 1}
    assert read(glance.today, day).alerts == 1
    assert read(pictures.alerts_by_week, monday, 1) == {"r": [1]}
    kinds = [(one.kind, one.alert_id) for one in read(journal.after, 0, 9)]
    assert kinds == [("filing", None), ("alert", raised)]


async def test_programs_that_fetch_alerts_are_given_it_only_when_they_ask(route: Route) -> None:
    route.alerts = (alert(),)
    await route.run()

    def ids(**wanted: Any) -> list[str]:
        page = route.store.read_now(page_after, 0, 9, AlertFilter(**wanted))
        assert page.next == 2
        return [json.loads(one)["data"]["id"] for one in page.payloads]

    raised = f"{alert().id}{ACCESSION[-1]}"
    assert ids() == ids(endpoint="desk") == ids(rule="r") == [raised]
    assert ids(endpoint="stream") == ids(rule=RULE) == [ID]


async def test_it_is_shown_to_whoever_asks_for_it(route: Route) -> None:
    await route.run()

    assert [one.id for one in route.store.read_now(alerts.find, number=ID)] == [ID]
    (one,) = route.store.read_now(alerts.find, rule=RULE)
    assert (one.id, one.accession, one.told[0].endpoint) == (ID, ACCESSION, "stream")
    (owed,) = route.store.read_now(deliveries.find, ACCESSION)
    assert owed.is_of_filing


# By the settings.


def test_to_ask_for_filings_makes_no_other_endpoint(tmp_path: Path) -> None:
    with Store(store_url(tmp_path / "eightk.db")) as store:
        note_settings(store, {"desk": EndpointSettings(kind="log")})
        store.write_now(endpoints.save, replace(store.read_now(endpoints.load, "desk"), failures=3))

        note_settings(store, {"desk": EndpointSettings(kind="log", filings=True)})

        assert store.read_now(endpoints.load, "desk").failures == 3


ASKING = '\n[endpoint.all]\nkind = "file"\npath = "told.jsonl"\nfilings = true\n'
NO_RULES = "version: 1\ngroups: []\n"


async def test_a_daemon_tells_of_filings_saved_after_it_read_that_setting(tmp_path: Path) -> None:
    place = Place(tmp_path / "place").set_up(rules=NO_RULES)
    place.inbox.mkdir()
    made, told = Generator(seed=1), place.folder / "told.jsonl"

    async def put(number: int) -> None:
        (place.inbox / f"{number}.txt").write_bytes(made.submission().raw)
        while len(await asyncio.to_thread(place.filings, "--state", "saved")) < number:
            await asyncio.sleep(0.1)

    with Running(place) as running:
        async with asyncio.timeout(120):
            await put(1)
            with place.config.open("a") as file:
                file.write(ASKING)
            running.process.send_signal(signal.SIGHUP)
            while "endpoints read again" not in (place.folder / "log.txt").read_text():
                await asyncio.sleep(0.05)
            await put(2)
            while not told.exists():
                await asyncio.sleep(0.05)

    seen = [json.loads(line) for line in told.read_text().splitlines()]
    assert [one["type"] for one in seen] == ["filing.saved"]
    assert seen[0]["data"]["filing"]["accession"] in {one["accession"] for one in place.filings()}
    assert json.loads(place.eightk("alerts", "--json").stdout) == []
    (owed,) = json.loads(place.eightk("deliveries", "--json").stdout)
    assert (owed["endpoint"], owed["state"]) == ("all", "delivered")
