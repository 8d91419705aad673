"""Revisions: what a rule said when it raised an old alert, and what a list held on a day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from _stores import store_url

from watcher.models import Severity
from watcher.rulebook import ListInfo, RuleInfo
from watcher.store import revisions
from watcher.store.database import Store

pytestmark = pytest.mark.usefixtures("either_store")

# 17:00 in New York.
MONDAY = datetime(2026, 1, 12, 22, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


def rule(revision: str, identity: str = "r") -> RuleInfo:
    return RuleInfo(
        id=identity,
        title=f"Title {revision}",
        severity=Severity.LOW,
        status="stable",
        revision=revision,
        where="a.yaml:1:1",
        notify=("desk",),
        source=f'{{"revision":"{revision}"}}',
        tree="",
        found_by="every filing",
        test_count=0,
    )


def watch(revision: str, *values: str) -> ListInfo:
    return ListInfo("a.yaml/watch", revision, values)


def note(store: Store, at: datetime, *found: RuleInfo | ListInfo) -> None:
    rules = [one for one in found if isinstance(one, RuleInfo)]
    lists = [one for one in found if isinstance(one, ListInfo)]
    store.write_now(revisions.note, rules, lists, at)


def values_on(store: Store, day: date) -> tuple[str, ...] | None:
    found = store.read_now(revisions.list_as_of, "a.yaml/watch", day)
    return found and found.values


def test_each_revision_of_a_rule_is_kept_with_when_it_was_first_used(store: Store):
    note(store, MONDAY, rule("1"))
    note(store, MONDAY + DAY, rule("2"))
    note(store, MONDAY + 2 * DAY, rule("1"))

    first = store.read_now(revisions.of, "r", "1")
    assert first == revisions.RuleRevision("r", "1", "Title 1", '{"revision":"1"}', MONDAY)
    assert store.read_now(revisions.of, "r", "2").first_used_at == MONDAY + DAY


def test_a_revision_that_was_never_in_use_is_not_known(store: Store):
    note(store, MONDAY, rule("1"))

    assert store.read_now(revisions.of, "r", "2") is None
    assert store.read_now(revisions.of, "s", "1") is None


def test_a_list_is_as_it_stood_at_the_end_of_the_day_in_new_york(store: Store):
    note(store, MONDAY, watch("1", "320"))
    note(store, MONDAY + 8 * timedelta(hours=1), watch("2", "320", "7"))

    found = [values_on(store, date(2026, 1, day)) for day in (11, 12, 13, 30)]

    assert found == [None, ("320",), ("320", "7"), ("320", "7")]


def test_a_list_that_is_again_as_it_was_is_found_so(store: Store):
    for days, revision in enumerate(("1", "2", "1")):
        note(store, MONDAY + days * DAY, watch(revision, revision))

    assert [values_on(store, date(2026, 1, day)) for day in (12, 13, 14)] == [("1",), ("2",), ("1",)]


def test_reading_the_same_again_writes_nothing(store: Store):
    for days in range(3):
        note(store, MONDAY + days * DAY, watch("1", "320"), rule("1"))

    assert store.read_now(revisions.list_as_of, "a.yaml/watch", date(2026, 1, 30)).read_at == MONDAY


def test_the_last_reading_counts_although_the_clock_was_set_back(store: Store):
    note(store, MONDAY, watch("1", "320"))
    note(store, MONDAY - DAY, watch("2", "7"))

    assert values_on(store, date(2026, 1, 12)) == ("7",)


def test_an_empty_list_is_a_list(store: Store):
    note(store, MONDAY, watch("1"))

    assert values_on(store, date(2026, 1, 12)) == ()
