"""Pacing in the store: throttles, held deliveries and digests outlive a restart, and a digest is told once."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from _running import Place
from _stores import NOW, alert, filing, message, report, store_url
from sqlalchemy import Connection, text

from watcher.daemon import Daemon
from watcher.engine.port import JobKind
from watcher.models import ActiveHours, Alert, DeliveryState, Filer, Grouping, Origin, Pacing, Report, Throttle
from watcher.payload.alert import MAX_DIGEST_ENTRIES, MAX_PAYLOAD_BYTES
from watcher.ready import examine
from watcher.store import alarms, alerts, deliveries, digests, filings, reports, silences
from watcher.store.database import Store

pytestmark = pytest.mark.usefixtures("either_store")

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
GROUPED = Pacing(grouping=Grouping("filed_on=2026-01-12", 900, 100))
OFFICE = ActiveHours("America/New_York", (0, 1, 2, 3, 4), 6 * 60, 22 * 60, holds=True)
NIGHT = datetime(2026, 1, 13, 4, 0, tzinfo=UTC)
MORNING = datetime(2026, 1, 13, 11, 0, tzinfo=UTC)
PAGE = "http://127.0.0.1:8000"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return store_url(tmp_path / "eightk.db")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store(url) as opened:
        yield opened


def accession(number: int) -> str:
    return f"0000000001-26-{number:06}"


def raised(number: int, pacing: Pacing, *, rule: str = "r", notify: tuple[str, ...] = ("desk",)) -> Alert:
    return replace(alert(accession(number), rule, notify), pacing=pacing)


def keep(store: Store, number: int, *found: Alert, at: datetime = NOW, **changes) -> tuple[str, ...]:
    """Spot and save a filing with these alerts; return the endpoints that are owed something."""
    made = report(accession(number), *found)
    made = replace(made, filing=replace(filing(accession(number)), **changes))
    return keep_report(store, made, at)


def keep_report(store: Store, made: Report, at: datetime = NOW) -> tuple[str, ...]:
    store.write_now(filings.spot, [made.filing], at)
    messages = {one.id: message(one) for one in made.alerts}
    return store.write_now(reports.save, made, messages, at, late_hours=72, endpoints=frozenset({"desk", "ops"}))


def owed(store: Store, at: datetime = NOW, endpoint: str = "desk") -> tuple[deliveries.Owed, ...]:
    return store.read_now(deliveries.owed_to, endpoint, at, 100)


def untold(store: Store, number: int) -> list[str | None]:
    return [one.untold for one in store.read_now(alerts.find, accession(number))]


# Throttles and held deliveries.


def test_a_throttle_counts_over_a_restart(url: str) -> None:
    pacing = Pacing(Throttle("cik=320", 3600, 1))
    with Store(url) as store:
        keep(store, 1, raised(1, pacing))
    with Store(url) as store:
        keep(store, 2, raised(2, pacing), at=NOW + MINUTE)
        keep(store, 3, raised(3, pacing), at=NOW + HOUR)

        assert untold(store, 1) == [None]
        assert untold(store, 2) == ["throttled: 1 of cik=320 told in the window that began 2026-01-12 17:00 UTC"]
        assert untold(store, 3) == [None]


def test_a_save_that_is_undone_counts_nothing(store: Store) -> None:
    """Throttle and digest change in the save's own transaction."""
    pacing = Pacing(Throttle("", 3600, 1), Grouping("", 60, 9))

    def fails(connection: Connection) -> None:
        made = report(accession(1), raised(1, pacing))
        filings.spot(connection, [made.filing], NOW)
        messages = {one.id: message(one) for one in made.alerts}
        reports.save(connection, made, messages, NOW, late_hours=72, endpoints=frozenset({"desk"}))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write_now(fails)
    keep(store, 2, raised(2, pacing))

    assert untold(store, 2) == [None]
    assert store.write_now(digests.close_due, NOW + HOUR, url=PAGE) == ("desk",)
    assert [one.message.summary for one in owed(store, NOW + HOUR)] == ["A title: 1 alert"]


def test_what_is_held_is_due_when_the_hours_begin_after_a_restart_too(url: str) -> None:
    with Store(url) as store:
        keep(store, 1, raised(1, Pacing(active=OFFICE)), at=NIGHT)
    with Store(url) as store:
        early, due = owed(store, MORNING - MINUTE), owed(store, MORNING)

    assert (len(early), len(due)) == (0, 1)


def test_when_a_delivery_expires_is_kept(store: Store) -> None:
    keep(store, 1, raised(1, Pacing(expires_seconds=3600)))

    assert [one.delivery.expires_at for one in owed(store)] == [NOW + HOUR]


def test_a_reread_owes_nothing_and_says_so(store: Store) -> None:
    keep(store, 1)
    store.write_now(filings.retry, accession(1), NOW)
    keep_report(store, report(accession(1), raised(1, Pacing())))

    assert untold(store, 1) == ["origin: reread is no news"]


def test_what_an_alert_inhibits_was_raised_with_it_or_before(store: Store) -> None:
    great = replace(alert(accession(1), "great"), inhibits=("small",))
    keep(store, 1, great, alert(accession(1), "small"))

    assert untold(store, 1) == ["inhibited: by rule great, which fired on the same filing", None]


# Digests.


def test_a_digest_owes_one_delivery_for_all_its_alerts(store: Store) -> None:
    for number in (1, 2, 3):
        assert keep(store, number, raised(number, GROUPED), at=NOW + number * MINUTE) == ()
    early = store.write_now(digests.close_due, NOW + 15 * MINUTE, url=PAGE)
    endpoints = store.write_now(digests.close_due, NOW + 16 * MINUTE, url=PAGE)

    (one,) = owed(store, NOW + 16 * MINUTE)
    assert (early, endpoints) == ((), ("desk",))
    assert one.message.id.startswith("dig_")
    assert (one.message.type, one.message.url) == ("rule.digest", PAGE)


def test_a_digest_tells_of_each_alert_in_the_order_in_which_they_were_raised(store: Store) -> None:
    for number in (1, 2):
        keep(store, number, raised(number, GROUPED), at=NOW + number * MINUTE, filers=(Filer(number, f"No. {number}"),))
    store.write_now(digests.close_due, NOW + HOUR, url=PAGE)

    (one,) = owed(store, NOW + HOUR)
    told = json.loads(one.message.payload)
    assert told["type"] == "rule.digest"
    assert told["timestamp"] == "2026-01-12T18:00:00Z"
    assert told["data"] == {
        "schema_version": 1,
        "id": one.message.id,
        "sequence": 3,
        "summary": "A title: 2 alerts (filed_on=2026-01-12)",
        "rule": {"id": "r", "title": "A title", "severity": "high", "revision": "1"},
        "digest": {
            "key": "filed_on=2026-01-12",
            "count": 2,
            "left_out": 0,
            "opened_at": "2026-01-12T17:01:00Z",
        },
        "alerts": [
            {
                "id": alert(accession(number)).id,
                "accession": accession(number),
                "form": "8-K",
                "cik": number,
                "company": f"No. {number}",
                "items": ["7.01"],
                "accepted_at": "2026-01-12T17:00:00Z",
                "summary": "a summary",
                "urls": {
                    "edgar": f"https://www.sec.gov/Archives/edgar/data/{number}/{accession(number).replace('-', '')}/"
                    f"{accession(number)}-index.htm",
                    "page": "http://127.0.0.1/",
                },
            }
            for number in (1, 2)
        ],
        "urls": {"page": PAGE},
    }


def test_a_digest_with_many_alerts_stays_small_and_tells_how_many_there_are(store: Store) -> None:
    hostile = ('"\\\x00😀<!channel>\n' * 9_000)[:90_000]
    for number in range(1, MAX_DIGEST_ENTRIES + 11):
        one = replace(raised(number, GROUPED), title=hostile, rule="r")
        keep(store, number, one, filers=(Filer(320, hostile),))
    store.write_now(digests.close_due, NOW + HOUR, url=PAGE)

    (one,) = owed(store, NOW + HOUR)
    told = json.loads(one.message.payload)["data"]
    assert len(one.message.payload) < MAX_PAYLOAD_BYTES
    assert 10 < len(told["alerts"]) <= MAX_DIGEST_ENTRIES
    assert told["digest"]["count"] == MAX_DIGEST_ENTRIES + 10
    assert told["digest"]["left_out"] == MAX_DIGEST_ENTRIES + 10 - len(told["alerts"])


def test_a_digest_outlives_a_restart_and_is_told_once(url: str) -> None:
    """Between gathering and closing, and between closing and sending."""
    with Store(url) as store:
        keep(store, 1, raised(1, GROUPED))
    with Store(url) as store:
        keep(store, 2, raised(2, GROUPED), at=NOW + MINUTE)
        store.write_now(digests.close_due, NOW + HOUR, url=PAGE)
    with Store(url) as store:
        again = store.write_now(digests.close_due, NOW + HOUR, url=PAGE)
        (one,) = owed(store, NOW + HOUR)

    assert again == ()
    assert json.loads(one.message.payload)["data"]["digest"]["count"] == 2


def test_a_closing_that_is_cut_off_is_done_again_under_the_same_id(url: str) -> None:
    found: list[str] = []

    def close(connection: Connection, *, dies: bool) -> None:
        digests.close_due(connection, NOW + HOUR, url=PAGE)
        found.extend(one.id for one in alerts.find(connection) if one.id.startswith("dig_"))
        if dies:
            raise RuntimeError

    with Store(url) as store:
        keep(store, 1, raised(1, GROUPED))
        with pytest.raises(RuntimeError):
            store.write_now(close, dies=True)
        assert owed(store, NOW + HOUR) == ()
    with Store(url) as store:
        store.write_now(close, dies=False)

        assert [one.message.id for one in owed(store, NOW + HOUR)] == found[:1]
    assert found[0] == found[1]


def test_after_a_digest_has_closed_the_next_alert_opens_another(store: Store) -> None:
    keep(store, 1, raised(1, GROUPED))
    store.write_now(digests.close_due, NOW + HOUR, url=PAGE)
    keep(store, 2, raised(2, GROUPED), at=NOW + HOUR)
    store.write_now(digests.close_due, NOW + 2 * HOUR, url=PAGE)

    assert len({one.message.id for one in owed(store, NOW + 2 * HOUR)}) == 2


def test_a_digest_whose_alerts_were_deleted_closes_without_a_word(store: Store) -> None:
    keep(store, 1, raised(1, GROUPED))
    store.write_now(lambda connection: connection.execute(text("DELETE FROM alert")).rowcount)
    store.write_now(digests.close_due, NOW + HOUR, url=PAGE)

    assert owed(store, NOW + HOUR) == ()
    assert not store.read_now(digests.is_any_due, NOW + HOUR)


def test_a_full_digest_is_due_at_once(store: Store) -> None:
    full = Pacing(grouping=Grouping("", 900, 2))
    keep(store, 1, raised(1, full))
    before = store.read_now(digests.is_any_due, NOW)
    keep(store, 2, raised(2, full))

    assert (before, store.read_now(digests.is_any_due, NOW)) == (False, True)


def test_a_digest_that_closes_at_night_waits_for_its_rule_s_hours(store: Store) -> None:
    pacing = Pacing(grouping=Grouping("", 900, 2), active=OFFICE)
    for number in (1, 2):
        keep(store, number, raised(number, pacing), at=NIGHT)
    store.write_now(digests.close_due, NIGHT, url=PAGE)

    assert (len(owed(store, NIGHT)), len(owed(store, MORNING))) == (0, 1)


def test_each_endpoint_is_told_by_a_digest_of_its_own(store: Store) -> None:
    keep(store, 1, raised(1, GROUPED, notify=("desk", "ops")))
    endpoints = store.write_now(digests.close_due, NOW + HOUR, url=PAGE)

    assert sorted(endpoints) == ["desk", "ops"]
    assert [len(owed(store, NOW + HOUR, name)) for name in ("desk", "ops")] == [1, 1]


def test_an_alert_tells_how_far_its_digest_is(store: Store) -> None:
    keep(store, 1, raised(1, GROUPED))
    (gathering,) = store.read_now(alerts.find, accession(1))
    store.write_now(digests.close_due, NOW + HOUR, url=PAGE)
    (closed,) = store.read_now(alerts.find, accession(1))

    assert [one.state for one in gathering.told] == ["gathering"]
    assert [one.state for one in closed.told] == [DeliveryState.PENDING]
    assert gathering.told[0].digest == closed.told[0].digest


# Lists of alerts.


def test_alerts_are_listed_the_newest_first_with_company_and_who_is_told(store: Store) -> None:
    keep(store, 1, alert(accession(1), "r"))
    keep(store, 2, alert(accession(2), "s", ("desk", "ops")), at=NOW + MINUTE)

    found = store.read_now(alerts.find)

    assert [(one.rule, one.company, one.title) for one in found] == [
        ("s", "Made Up, Inc.", "A title"),
        ("r", "Made Up, Inc.", "A title"),
    ]
    assert [(one.endpoint, one.state) for one in found[0].told] == [("desk", "pending"), ("ops", "pending")]


def test_alerts_are_found_by_rule_by_time_and_by_being_silenced(store: Store) -> None:
    keep(store, 1, alert(accession(1), "r"))
    store.write_now(silences.add, rule="s", cik=None, why="w", by="", now=NOW, until=NOW + HOUR)
    keep(store, 2, alert(accession(2), "s"), at=NOW + MINUTE)

    asked = ({"rule": "r"}, {"since": NOW + MINUTE}, {"is_silenced": True}, {"limit": 1})
    found = [[one.rule for one in store.read_now(alerts.find, **which)] for which in asked]

    assert found == [["r"], ["s"], ["s"], ["s"]]


def test_an_alarm_can_be_silenced_by_its_rule(store: Store) -> None:
    store.write_now(silences.add, rule="eightk.quiet", cik=None, why="w", by="", now=NOW, until=NOW + HOUR)
    told = store.write_now(alarms.begin, "quiet", "nothing came", NOW, endpoints=("log",), url="")

    assert told == ()
    assert [one.untold for one in store.read_now(alerts.find)] == ["silenced: silence 1 until 2026-01-12 18:00 UTC: w"]


def test_what_came_as_history_is_recorded_and_says_why_nobody_is_told(store: Store) -> None:
    keep(store, 1, alert(accession(1)), origin=Origin.BACKFILL)

    assert untold(store, 1) == ["origin: backfill is no news"]


def test_the_daemon_closes_what_is_due_and_tells_it(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up()
    with Store(store_url(tmp_path / "data" / "eightk.db")) as store:
        keep(store, 1, raised(1, GROUPED))

    done = place.eightk("run", "--once")
    told = json.loads(place.eightk("deliveries", "--json").stdout)
    table = place.eightk("deliveries").stdout

    assert done.returncode == 0, done.stderr
    assert [(one["endpoint"], one["state"], one["accession"]) for one in told] == [("desk", "delivered", None)]
    assert "  digest of r  " in table
    assert told[0]["summary"] == "A title: 1 alert (filed_on=2026-01-12)"


async def test_what_another_look_closed_meanwhile_is_owed_and_seen(tmp_path: Path) -> None:
    """Or ``eightk run --once`` would end before it is told."""
    place = Place(tmp_path).set_up()
    with Store(store_url(tmp_path / "data" / "eightk.db")) as store:
        keep(store, 1, raised(1, GROUPED))
    async with Daemon.open(examine(place.config)) as daemon:
        read = daemon.store.read

        async def read_later(function: Any, *given: Any) -> Any:
            if function is digests.is_any_due:
                await daemon.store.write(digests.close_due, datetime.now(UTC), url="")
            return await read(function, *given)

        daemon.store.read = read_later

        assert await daemon._due(JobKind.ENDPOINT, 1, ()) == ("desk",)
