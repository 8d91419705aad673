"""The journal: all that was saved and raised, once each, in the order in which it was committed."""

from datetime import timedelta
from pathlib import Path

import pytest
from _stores import ACCESSION, NOW, alert, report, save, store_url

from watcher.store import alarms, journal, reports
from watcher.store.database import Store

pytestmark = pytest.mark.usefixtures("either_store")


@pytest.fixture
def store(tmp_path: Path):
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


def told(store: Store, after: int = 0) -> list[tuple[str, str | None, str | None]]:
    entries = store.read_now(journal.after, after, 100)
    return [(one.kind, one.accession, one.alert_id) for one in entries]


def test_a_saved_report_and_its_alerts_are_told(store: Store):
    one = alert()
    save(store, report(ACCESSION, one))

    assert told(store) == [("filing", ACCESSION, None), ("alert", ACCESSION, one.id)]


def test_a_report_that_is_saved_again_is_told_again_and_its_alert_is_not(store: Store):
    save(store, report(ACCESSION, alert()))
    last = store.read_now(journal.last)
    save(store, report(ACCESSION, alert()))

    assert told(store, last) == [("filing", ACCESSION, None)]


def test_an_alarm_is_told(store: Store):
    store.write_now(alarms.begin, "quiet", "nothing comes", NOW, endpoints=(), url="")

    ((kind, accession, alert_id),) = told(store)
    assert (kind, accession) == ("alarm", None)
    assert alert_id is not None


def test_what_was_not_saved_is_not_told(store: Store):
    save(store, report())

    def fail(connection):
        reports.save(connection, report(), {}, NOW, late_hours=72, endpoints=frozenset())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write_now(fail)
    assert len(told(store)) == 1


def test_numbers_are_never_given_twice(store: Store):
    """A client that was told a number would take another entry under it for one that it had."""
    save(store, report(ACCESSION, alert()))
    store.write_now(journal.prune, NOW + timedelta(days=1))
    save(store, report())

    assert [one.sequence for one in store.read_now(journal.after, 0, 100)] == [2, 3]


def test_pruning_keeps_what_is_newer_and_the_newest(store: Store):
    save(store, report(ACCESSION, alert()))

    assert store.write_now(journal.prune, NOW) == 0
    assert store.write_now(journal.prune, NOW + timedelta(seconds=1)) == 1
    assert (store.read_now(journal.first), store.read_now(journal.last)) == (2, 2)


def test_an_empty_journal_has_no_first_entry(store: Store):
    assert (store.read_now(journal.first), store.read_now(journal.last)) == (None, 0)
