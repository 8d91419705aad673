"""What is asked of the lists is checked: a filter that can find nothing is told, and no number breaks the store."""

import pytest
from _running import Place
from _stores import ACCESSION, NOW, alert, report, save
from click.testing import CliRunner, Result

from watcher.cli import cli
from watcher.models import Filing, FilingState
from watcher.store import filings
from watcher.store.database import Store

HUGE = "9" * 20


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("place")
    place = Place(folder).set_up()
    (folder / "data").mkdir()
    with Store(f"sqlite:///{folder}/data/eightk.db") as store:
        save(store, report(ACCESSION, alert()))
        other = Filing("0000000001-26-000002", "10-Q", filed_on=NOW.date())
        store.write_now(filings.spot, [other], NOW, state=FilingState.SKIPPED)
    return place


def asked(place: Place, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--config", str(place.config)])


@pytest.mark.parametrize(
    "command",
    [
        ("filings", "--cik", HUGE),
        ("filings", "--cik", "-1"),
        ("filings", "--limit", HUGE),
        ("alerts", "--limit", HUGE),
        ("deliveries", "--limit", HUGE),
        ("silence", "end", HUGE),
        ("silence", "add", "--company", HUGE, "--for", "1d", "--why", "x"),
        ("rules", "backtest", "--until", "9999-12-31"),
        ("rules", "backtest", "--since", "0001-01-01"),
        ("audit", "--date", "9999-12-31"),
        ("audit", "--date", "0001-01-01"),
        ("backfill", "--from", "0001-01-01", "--to", "0001-01-02"),
        ("filings", "--since", "0001-01-01"),
        ("company", HUGE, "--fetch"),
    ],
    ids=" ".join,
)
def test_a_number_or_day_past_all_sense_is_wrong_usage(place: Place, command: tuple[str, ...]) -> None:
    done = asked(place, *command)

    assert done.exit_code == 2, repr(done.exception)
    assert "Error: " in done.output


def test_digits_that_are_no_cik_are_nobodys(place: Place) -> None:
    """The end of a longer number is another company's CIK."""
    done = asked(place, "company", "10000000320")

    assert (done.exit_code, done.output) == (1, "nobody is known by 10000000320\n")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (("--item", "99"), "'99' is no item of Form 8-K"),
        (("--item", "5.2"), "'5.2' is no item of Form 8-K"),
        (("--form", "10-K"), "no filing of form '10-K' is in the store"),
        (("--event", "cfo-departur"), "did you mean cfo-departure?"),
        (("--event", "zzz"), "no event 'zzz' is known; eightk events list names them all"),
        (("--severity", "hihg"), "'hihg' is not one of"),
        (("--since", "2026-02-01", "--until", "2026-01-01"), "2026-02-01 is after 2026-01-01"),
        (("--json", "--csv"), "one of --json and --csv"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_filter_that_can_find_nothing_is_told(place: Place, query: tuple[str, ...], told: str) -> None:
    done = asked(place, "filings", *query)

    assert done.exit_code == 2, done.output
    assert told in done.output


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (("--item", "Item 7.01"), 1),
        (("--item", "5.02"), 0),
        (("--item", "5"), 0),
        (("--item", "701"), 1),
        (("--event", "CFO departure"), 0),
        (("--form", "8-k"), 1),
        (("--form", "8K"), 1),
        (("--form", "8-K/A"), 0),
        (("--form", "10-q"), 1),
        (("--since", "2026-01-12", "--until", "2026-01-12"), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_filter_that_can_find_something_is_heeded(place: Place, query: tuple[str, ...], count: int) -> None:
    done = asked(place, "filings", *query)

    assert done.exit_code == 0, done.output
    assert sum("0000000001-26" in line for line in done.output.splitlines()) == count


@pytest.mark.parametrize(
    ("rule", "code", "told"),
    [
        ("r", 0, ACCESSION),
        ("rr", 2, "no rule 'rr' was ever in force here or raised an alert"),
        ("eightk.quiet", 0, "no alerts"),
        ("every", 0, "no alerts"),  # in the files, and in force with the next start
        ("rules", 0, "no alerts"),  # a handler that may raise some under its own name
    ],
)
def test_alerts_of_a_rule_that_nobody_ever_had_are_not_asked_for(place: Place, rule: str, code: int, told: str) -> None:
    done = asked(place, "alerts", "--rule", rule)

    assert (done.exit_code, told in done.output) == (code, True), done.output


@pytest.mark.parametrize(
    ("more", "told"),
    [(("dsk",), "there is no endpoint 'dsk'"), (("desk", "--rule", "rr"), "no rule 'rr' was ever in force here")],
)
def test_nothing_is_told_again_for_a_name_that_nobody_ever_had(place: Place, more: tuple[str, ...], told: str) -> None:
    done = asked(place, "redeliver", "--endpoint", *more)

    assert (done.exit_code, told in done.output) == (2, True), done.output


def test_a_backtest_from_the_future_to_the_past_is_wrong_usage(place: Place) -> None:
    done = asked(place, "rules", "backtest", "--since", "2026-02-01", "--until", "2026-01-01")

    assert (done.exit_code, "2026-02-01 is after 2026-01-01" in done.output) == (2, True)
