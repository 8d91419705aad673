"""Upgrades: a store that each earlier schema's own daemon left behind goes on under this version, with nothing lost.

`stores/` has one for each revision of the schema, with its archive: made-up filings that the daemon of that time read,
told to one endpoint and owed another. (0003 is what the fourth version's own way back made of its store; and the alarm
in each was put there by hand.)
"""

import asyncio
import json
import sqlite3
import tarfile
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from _postgres import drop_database, fresh_database
from _running import Place, Running, wait_until
from sqlalchemy import text

from watcher.errors import StoreError
from watcher.simulator.generator import Generator
from watcher.simulator.receiver import Receiver, receive
from watcher.store import upgrade
from watcher.store.database import Store

STORES = Path(__file__).with_name("stores")
VERSIONS = sorted(path.name.removesuffix(".tar.gz") for path in STORES.iterdir())
each_version = pytest.mark.parametrize("version", VERSIONS)
# What the index is made of is SQLite's own; how many there are of each, and how they lie, is found out anew.
DERIVED = ("search", "sqlite_", "tally", "alembic_version")
OPS = '[endpoint.ops]\nkind = "webhook"\nurl = "{url}/ops"\nsecret_file = "secret"\nallow = ["{host}"]\n'

Rows = dict[str, list[dict[str, Any]]]


def place_of(version: str, folder: Path) -> Place:
    with tarfile.open(STORES / f"{version}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return Place(folder)


def database(place: Place) -> sqlite3.Connection:
    return sqlite3.connect(place.folder / "data" / "eightk.db")


def rows_of(place: Place) -> Rows:
    """All that is in the store, but for what is made of the rest."""
    connection = database(place)
    connection.row_factory = sqlite3.Row
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
    found = {
        name: [dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2")]
        for name in names
        if not name.startswith(DERIVED)
    }
    connection.close()
    return found


def known_before(after: Rows, before: Rows) -> Rows:
    """What there was before, as it is now: with the columns that it had then."""
    return {
        table: [{column: row[column] for column in old} for row, old in zip(after[table], rows, strict=True)]
        for table, rows in before.items()
    }


def test_there_is_a_store_of_every_revision_of_the_schema() -> None:
    migrations = Path(upgrade.__file__).with_name("migrations") / "versions"

    assert sorted(path.name[:4] for path in migrations.glob("[0-9]*.py")) == VERSIONS


@each_version
def test_every_table_of_the_earlier_version_holds_something(version: str, tmp_path: Path) -> None:
    """What is empty could be lost without anybody seeing it."""
    assert [table for table, rows in rows_of(place_of(version, tmp_path)).items() if not rows] == []


@each_version
def test_nothing_is_lost(version: str, tmp_path: Path) -> None:
    place = place_of(version, tmp_path)
    before = rows_of(place)

    Store(f"sqlite:///{place.folder / 'data' / 'eightk.db'}").close()

    assert known_before(rows_of(place), before) == before


def asked(place: Place, *words: str) -> Any:
    done = place.eightk(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def fetched(url: str) -> Any:
    with urllib.request.urlopen(url) as answer:
        return json.loads(answer.read())


def seen_by_commands(place: Place, before: Rows) -> None:
    accessions = {row["accession"] for row in before["filing"]}
    texts = {(row["accession"], row["text"]) for row in before["document"]}

    assert {one["accession"] for one in asked(place, "filings")} == accessions
    assert {one["id"] for one in asked(place, "alerts")} >= {row["id"] for row in before["alert"] if row["accession"]}
    assert {one["id"] for one in asked(place, "deliveries")} == {row["id"] for row in before["delivery"]}
    for accession in accessions:
        shown = asked(place, "show", accession)
        assert [one["number"] for one in shown["items"]] == [
            row["number"] for row in before["item"] if row["accession"] == accession
        ]
        stored = "\n".join(text for of, text in texts if of == accession)
        assert any(one["text"] and one["text"][:40] in stored for one in shown["items"])


def seen_by_the_api(url: str, before: Rows) -> None:
    filings = fetched(f"{url}/v1/filings?limit=100")["filings"]
    assert {row["accession"] for row in before["filing"]} <= {one["accession"] for one in filings}
    for row in before["filing"]:
        assert fetched(f"{url}/v1/filings/{row['accession']}")["accession"] == row["accession"]
        with urllib.request.urlopen(f"{url}/filings/{row['accession']}") as page:
            assert row["accession"] in page.read().decode()


def due_at_once(place: Place) -> set[str]:
    """Let what is owed be due, whatever the day; return the alerts that it is of."""
    with database(place) as connection:
        connection.execute("UPDATE delivery SET run_at = '2026-01-12 17:00:00.000000' WHERE state = 'pending'")
        owed = "SELECT alert_id FROM delivery WHERE state = 'pending' AND endpoint = 'ops'"
        found = {alert for (alert,) in connection.execute(owed)}
    connection.close()
    return found


def goes_on(place: Place, receiver: Receiver, owed: set[str], before: Rows) -> None:
    made = Generator(seed=77).submission()
    place.inbox.mkdir()

    def is_told() -> bool:
        return any(post.path == "/hook" and made.accession.encode() in post.body for post in receiver.accepted)

    with Running(place) as running:
        seen_by_the_api(running.url, before)
        (place.inbox / f"{made.accession}.txt").write_bytes(made.raw)
        assert wait_until(lambda: any(one["accession"] == made.accession for one in place.filings("--state", "saved")))
        assert wait_until(lambda: owed <= {post.message_id for post in receiver.accepted if post.path == "/ops"})
        assert wait_until(is_told)


@each_version
async def test_it_is_read_by_commands_and_api_and_the_daemon_goes_on(version: str, tmp_path: Path) -> None:
    place = place_of(version, tmp_path)
    before, owed = rows_of(place), due_at_once(place)
    receiver = Receiver(secret=place.secret)
    async with receive(receiver) as url:
        host = url.removeprefix("http://")
        place.set_up(receiver=url, more=OPS.format(url=url, host=host))
        refused = await asyncio.to_thread(place.eightk, "filings")
        await asyncio.to_thread(goes_on, place, receiver, owed, before)

    assert owed
    # Only the daemon upgrades; until then a command says what to do.
    is_old = version != upgrade.LATEST
    assert (refused.returncode, "eightk run upgrades it" in refused.stderr) == ((3, True) if is_old else (0, False))
    after = rows_of(place)
    assert {row["id"] for row in before["alert"]} <= {row["id"] for row in after["alert"]}
    tried = [{tuple(row.values()) for row in rows["attempt"]} for rows in (before, after)]
    assert tried[0] <= tried[1]


@each_version
def test_commands_see_all_that_there_was(version: str, tmp_path: Path) -> None:
    place = place_of(version, tmp_path).set_up()
    before = rows_of(place)
    Store(f"sqlite:///{place.folder / 'data' / 'eightk.db'}").close()

    seen_by_commands(place, before)


@pytest.mark.parametrize("words", [("run",), ("filings",), ("check",)], ids=" ".join)
def test_going_back_is_refused_with_what_to_do(tmp_path: Path, words: tuple[str, ...]) -> None:
    """To the version before, a store that was upgraded is a newer one's."""
    place = place_of(upgrade.LATEST, tmp_path).set_up()
    with database(place) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = rows_of(place)

    done = place.eightk(*words)

    assert done.returncode in (2, 3)
    said = done.stdout + done.stderr
    assert f"written by a newer version (schema 9999, this one knows {upgrade.LATEST})" in said
    assert "use that version, or another data_dir" in said
    assert "Traceback" not in said
    assert rows_of(place) == before


def test_a_newer_store_in_postgresql_is_refused_too() -> None:
    url = fresh_database("newer")
    with Store(url) as store:
        store.write_now(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(StoreError, match=r"written by a newer version \(schema 9999, this one knows"):
        Store(url)
    drop_database(url)


def test_postgresql_has_known_one_revision_only() -> None:
    """A store there is made from the newest schema; the first migration that one goes through asks for a test here."""
    assert upgrade.LATEST == "0005"
