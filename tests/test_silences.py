"""Silences: added, counted, ended, kept; by command, with a daemon and without, and by the API."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from _running import Place, Running
from _stores import ACCESSION, NOW, alert, report, save

from watcher.store import alerts, filings, silences
from watcher.store.database import Store

HOUR = timedelta(hours=1)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'eightk.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store(url) as opened:
        yield opened


def add(store: Store, rule: str | None = "r", cik: int | None = None, **changes) -> silences.Silence:
    asked = {"why": "an exercise", "by": "A. Person", "now": NOW, "until": NOW + HOUR} | changes
    return store.write_now(silences.add, rule=rule, cik=cik, **asked)


def untold(store: Store) -> list[str | None]:
    return [one.untold for one in store.read_now(alerts.find, ACCESSION)]


@pytest.mark.parametrize(("rule", "cik"), [("r", None), (None, 320), ("r", 320)])
def test_a_silenced_alert_is_recorded_and_says_who_wanted_that(store: Store, rule: str | None, cik: int | None):
    add(store, rule, cik)
    save(store, report(ACCESSION, alert()))

    assert untold(store) == ["silenced: silence 1 by A. Person until 2026-01-12 18:00 UTC: an exercise"]


@pytest.mark.parametrize(("rule", "cik"), [("s", None), (None, 7), ("r", 7)])
def test_a_silence_about_something_else_changes_nothing(store: Store, rule: str | None, cik: int | None):
    add(store, rule, cik)
    save(store, report(ACCESSION, alert()))

    assert untold(store) == [None]


def test_a_silence_counts_after_a_restart(url: str):
    with Store(url) as store:
        add(store)
    with Store(url) as store:
        save(store, report(ACCESSION, alert()))

        assert "silenced" in str(untold(store))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rule": None}, "needs a rule, a company, or both"),
        ({"why": " "}, "needs a reason"),
        ({"until": NOW}, "would be over already"),
    ],
)
def test_a_silence_that_says_too_little_is_refused(store: Store, changes: dict, words: str):
    with pytest.raises(ValueError, match=words):
        add(store, **changes)


def test_an_ended_silence_counts_no_more_and_is_kept(store: Store):
    first = add(store)
    ended = store.write_now(silences.end, first.id, NOW)
    save(store, report(ACCESSION, alert()))

    assert ended == replace(first, ended_at=NOW)
    assert untold(store) == [None]
    assert store.read_now(silences.find_open, NOW) == ()
    assert store.read_now(silences.find) == (ended,)


def test_ending_one_that_is_over_leaves_it_as_it_was(store: Store):
    first = add(store)

    assert store.write_now(silences.end, first.id, NOW + 2 * HOUR) == first
    assert store.write_now(silences.end, 99, NOW) is None


def test_a_number_is_never_given_twice(store: Store):
    assert [add(store).id, add(store).id] == [1, 2]


def test_a_rule_is_known_once_it_raised_an_alert(store: Store):
    before = store.read_now(silences.is_rule_known, "r")
    save(store, report(ACCESSION, alert()))

    assert (before, store.read_now(silences.is_rule_known, "r")) == (False, True)


# By command.


def silence(place: Place, *arguments: str, code: int = 0) -> str:
    done = place.eightk("silence", *arguments)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def listed(place: Place, *arguments: str) -> list[dict]:
    return json.loads(silence(place, "list", "--json", *arguments))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path).set_up()
    Store(f"sqlite:///{tmp_path / 'data' / 'eightk.db'}").close()
    return made


def test_a_silence_is_added_listed_and_ended_by_command(place: Place):
    added = silence(
        place, "add", "--rule", "every", "--company", "320", "--for", "7d", "--why", "noise", "--by", "A. Person"
    )
    (one,) = listed(place)
    ended = silence(place, "end", "1")

    assert "rule every, company 320 by A. Person: noise" in added
    assert "has seen no rule 'every' yet" in added
    assert (one["rule"], one["cik"], one["is_open"], one["ended_at"]) == ("every", 320, True, None)
    assert "ended" in ended
    assert listed(place) == []
    assert [found["is_open"] for found in listed(place, "--all")] == [False]
    assert silence(place, "list") == "no silences\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--for", "7d", "--why", "w"), "name a rule, a company, or both"),
        (("--rule", "r", "--why", "w"), "say how long"),
        (("--rule", "r", "--for", "7d", "--until", "2099-01-01", "--why", "w"), "say how long"),
        (("--rule", "r", "--for", "7"), "is no span"),
        (("--rule", "r", "--until", "tomorrow"), "is no time"),
        (("--rule", "r", "--for", "7d"), "--why"),
        (("--rule", "r", "--until", "2000-01-01", "--why", "w"), "would be over already"),
        (("--rule", "r", "--for", "7d", "--why", " "), "needs a reason"),
    ],
)
def test_what_cannot_be_silenced_is_wrong_usage(place: Place, arguments: tuple[str, ...], words: str):
    assert words in silence(place, "add", *arguments, code=2)


def test_ending_a_silence_that_is_not_there_is_a_no(place: Place):
    assert "no silence 9 in the store" in silence(place, "end", "9", code=1)


def test_with_a_daemon_a_silence_goes_through_it_and_counts_at_once(place: Place):
    with Running(place):
        silence(place, "add", "--rule", "every", "--for", "2h", "--why", "noise")
        usage = silence(place, "add", "--rule", "every", "--until", "2000-01-01", "--why", "w", code=2)
        unknown = silence(place, "end", "9", code=1)
        open_now = [one["rule"] for one in listed(place)]
        silence(place, "end", "1")

        assert listed(place) == []
    assert open_now == ["every"]
    assert "would be over already" in usage
    assert "no silence 9" in unknown


def test_alerts_and_show_tell_who_was_told_and_why_nobody_was(place: Place, tmp_path: Path):
    with Store(f"sqlite:///{tmp_path / 'data' / 'eightk.db'}") as store:
        store.write_now(silences.add, rule="s", cik=None, why="noise", by="", now=NOW, until=NOW + HOUR)
        save(store, report(ACCESSION, alert(), alert(rule="s")))
        assert store.read_now(filings.get, ACCESSION)

    table = place.eightk("alerts").stdout
    silenced = json.loads(place.eightk("alerts", "--json", "--silenced").stdout)
    none = place.eightk("alerts", "--rule", "gone").stdout
    later = place.eightk("alerts", "--since", "2026-01-13", "--json").stdout
    shown = place.eightk("show", ACCESSION).stdout

    assert "[desk pending]" in table
    assert "[nobody told, silenced: silence 1 until 2026-01-12 18:00 UTC: noise]" in table
    assert [(one["rule"], one["told"]) for one in silenced] == [("s", [])]
    assert (none, json.loads(later)) == ("no alerts\n", [])
    assert "rule s: nobody told, silenced: silence 1" in shown
