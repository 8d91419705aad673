"""Silences: added, counted, ended, kept; by command, with a daemon and without, and by the API."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from _running import Place, Running
from _stores import ACCESSION, NOW, alert, report, save, store_url

from watcher.edgar.companies import Company, CompanyList, Listing
from watcher.store import alerts, companies, filings, silences
from watcher.store.database import Store

pytestmark = pytest.mark.usefixtures("either_store")

HOUR = timedelta(hours=1)
TWO = ((7, "Seven"), (8, "Eight"))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return store_url(tmp_path / "eightk.db")


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
    companies_known = [Company(6, "Six", (Listing("ONE"),)), *(Company(n, w, (Listing("TWO"),)) for n, w in TWO)]
    with Store(store_url(tmp_path / "data" / "eightk.db")) as store:
        store.write_now(companies.note_list, CompanyList(tuple(companies_known), NOW))
    return made


def test_a_silence_is_added_listed_and_ended_by_command(place: Place):
    added = silence(
        place, "add", "--rule", "every", "--company", "320", "--for", "7d", "--why", "noise", "--by", "A. Person"
    )
    (one,) = listed(place)
    ended = silence(place, "end", "1")

    assert "rule every, company 320 by A. Person: noise" in added
    assert "has seen no rule" not in added
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
        (("--rule", "every", "--until", "2000-01-01", "--why", "w"), "would be over already"),
        (("--rule", "every", "--for", "7d", "--why", " "), "needs a reason"),
        (("--rule", "evry", "--for", "7d", "--why", "w"), "there is no rule 'evry'; did you mean 'every'?"),
        (("--rule", "later", "--for", "7d", "--why", "w"), "--even-unknown"),
        (("--ticker", "NONE", "--for", "7d", "--why", "w"), "no company of the ticker 'NONE' is known"),
        (("--ticker", "TWO", "--for", "7d", "--why", "w"), "is the ticker of 7 (Seven) and 8 (Eight): give --cik"),
        (("--ticker", "ONE", "--cik", "7", "--for", "7d", "--why", "w"), "one of --cik and --ticker"),
    ],
)
def test_what_cannot_be_silenced_is_wrong_usage(place: Place, arguments: tuple[str, ...], words: str):
    assert words in silence(place, "add", *arguments, code=2)


@pytest.mark.parametrize("number", ["nope", "0", "1.5", "-1"])
def test_what_is_no_number_of_a_silence_is_told_with_where_they_stand(place: Place, number: str):
    told = silence(place, "end", "--", number, code=2)

    assert f"'{number}' is no number of a silence: they stand first in each line of eightk silence list" in told


def test_a_rule_that_comes_later_is_silenced_on_demand(place: Place):
    told = silence(place, "add", "--rule", "later", "--for", "15s", "--why", "w", "--even-unknown")

    assert "rule later: w" in told
    assert "this store has seen no rule 'later' yet" in told


def test_an_alarm_that_never_rang_can_be_silenced(place: Place):
    assert "rule eightk.quiet: w" in silence(place, "add", "--rule", "eightk.quiet", "--for", "1h", "--why", "w")


def test_a_rule_that_raised_an_alert_is_silenced_though_it_is_gone(place: Place, tmp_path: Path):
    with Store(store_url(tmp_path / "data" / "eightk.db")) as store:
        save(store, report(ACCESSION, alert(rule="gone")))
    (tmp_path / "config" / "rules" / "broken.yaml").write_text("version: 2\n")

    assert "rule gone: w" in silence(place, "add", "--rule", "gone", "--for", "90s", "--why", "w")


def test_a_company_is_silenced_by_its_ticker(place: Place):
    silence(place, "add", "--ticker", "one", "--for", "1h", "--why", "w")
    silence(place, "add", "--cik", "9", "--for", "1h", "--why", "w")

    assert [found["cik"] for found in listed(place)] == [6, 9]


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
    with Store(store_url(tmp_path / "data" / "eightk.db")) as store:
        store.write_now(silences.add, rule="s", cik=None, why="noise", by="", now=NOW, until=NOW + HOUR)
        save(store, report(ACCESSION, alert(), alert(rule="s")))
        assert store.read_now(filings.get, ACCESSION)

    table = place.eightk("alerts").stdout
    silenced = json.loads(place.eightk("alerts", "--json", "--silenced").stdout)
    none = place.eightk("alerts", "--rule", "r", "--silenced").stdout
    later = place.eightk("alerts", "--since", "2026-01-13", "--json").stdout
    shown = place.eightk("show", ACCESSION).stdout

    assert "[desk pending]" in table
    assert "[nobody told, silenced: silence 1 until 2026-01-12 18:00 UTC: noise]" in table
    assert [(one["rule"], one["told"]) for one in silenced] == [("s", [])]
    assert (none, json.loads(later)) == ("no alerts\n", [])
    assert "rule s: nobody told, silenced: silence 1" in shown
