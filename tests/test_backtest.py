"""The backtest: over stored filings, by the daemon's own code, the same to the byte each time."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from _stores import message
from click.testing import CliRunner

from handlers.alert import MatchRules
from handlers.classify import FilingTiming, OfficialTitles
from handlers.parse import ParseEightK
from watcher.cli import cli
from watcher.cli.rules_history import file_names
from watcher.errors import ConfigError
from watcher.models import Filing, Report
from watcher.rulebook import ListInfo, RuleBook
from watcher.rules.backtest import backtest
from watcher.rules.dated import DatedBook
from watcher.rules.telling import backtest_json, backtest_lines
from watcher.simulator.generator import Generator
from watcher.store import alerts, filings, reports, revisions
from watcher.store.database import Store
from watcher.store.saved import Period, reports_in

ENDPOINTS = frozenset({"desk", "log"})
RULES = """
version: 1
lists:
  watch: {values: [WATCHED], type: cik}
groups:
- name: g
  rules:
  - id: any-fd
    title: Regulation FD
    match: {items|has: "7.01"}
    notify: [desk]
    throttle: {key: [form], window: 7d, max: 1}
  - id: watched
    title: A watched company
    match: {cik|in: "@watch"}
    notify: [desk, log]
  - id: results
    title: Results
    match: {items|has: "2.02"}
    notify: [desk]
    group: {by: [form], wait: 1d, max: 100}
"""


def book_of(folder: Path, *, watched: int, text: str = RULES) -> RuleBook:
    path = folder / "rules.yaml"
    path.write_text(text.replace("WATCHED", str(watched)))
    return MatchRules.read_book([path], ENDPOINTS)


@pytest.fixture(scope="module")
def read() -> list[Report]:
    """Forty filings, one a day, as the daemon's line reads them without rules."""
    generator = Generator(seed=11)
    line = (ParseEightK(), OfficialTitles(), FilingTiming())
    made = []
    for number in range(40):
        items = ("2.02", "9.01") if number % 4 == 0 else ("7.01", "9.01") if number % 4 == 1 else ("1.01", "9.01")
        report = Report(Filing(""), raw=generator.submission(items=items).raw)
        for handler in line:
            handler.handle(report)
        report.raw, report.submission = b"", None
        at = datetime(2025, 3, 3, 15, tzinfo=UTC) + timedelta(days=number)
        report.filing = replace(report.filing, accepted_at=at, filed_on=at.date())
        made.append(report)
    return made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'eightk.db'}") as opened:
        yield opened


def save_all(store: Store, read: list[Report], book: RuleBook) -> None:
    """Save them as the daemon does, as they come."""
    for one in read:
        at = one.filing.accepted_at
        assert at is not None
        found = replace(one, alerts=book.alerts(one))
        messages = {alert.id: message(alert) for alert in found.alerts}
        store.write_now(filings.spot, [found.filing], at)
        store.write_now(reports.save, found, messages, at, late_hours=72, endpoints=ENDPOINTS)


def test_it_raises_and_tells_what_the_daemon_did(store: Store, read: list[Report], tmp_path: Path):
    book = book_of(tmp_path, watched=read[7].filing.filers[0].cik)
    save_all(store, read, book)
    made = backtest(reports_in(store, Period()), book, endpoints=ENDPOINTS)
    raised = store.read_now(alerts.find)

    assert {one.alert.id for result in made.results for one in result.matches} == {one.id for one in raised}
    assert {one.alert.id: one.untold for result in made.results for one in result.matches if one.untold} == {
        one.id: one.untold for one in raised if one.untold
    }
    assert made.filings == 40
    assert all(result.matches for result in made.results)


def test_it_is_the_same_to_the_byte_each_time(store: Store, read: list[Report], tmp_path: Path):
    book = book_of(tmp_path, watched=read[7].filing.filers[0].cik)
    save_all(store, read[::-1], book)

    def text() -> str:
        made = backtest(reports_in(store, Period()), book, endpoints=ENDPOINTS, baseline=book)
        return "\n".join([*backtest_lines(made, samples=3), json.dumps(backtest_json(made))])

    assert text() == text()


def test_filings_come_in_the_order_of_acceptance_page_by_page(store: Store, read: list[Report], monkeypatch):
    monkeypatch.setattr("watcher.store.saved.PAGE", 7)
    undated = replace(read[3], filing=replace(read[3].filing, accepted_at=None, accession="0000000009-25-000009"))
    for one in (*reversed(read), undated):
        store.write_now(filings.spot, [one.filing], datetime(2026, 1, 1, tzinfo=UTC))
        store.write_now(
            reports.save, one, {}, datetime(2026, 1, 1, tzinfo=UTC), late_hours=72, endpoints=frozenset[str]()
        )
    found = list(reports_in(store, Period()))
    days = list(reports_in(store, Period(date(2025, 3, 5), date(2025, 3, 7))))

    assert [at for at, _ in found] == sorted(at for at, _ in found)
    assert len({report.filing.accession for _, report in found}) == 41
    assert [at.day for at, _ in days] == [5, 6, 6, 7]


def test_a_throttle_counts_by_the_time_of_the_filings(read: list[Report], tmp_path: Path):
    book = book_of(tmp_path, watched=1)
    dated = [(one.filing.accepted_at or datetime.now(UTC), one) for one in read]
    result = backtest(dated, book, endpoints=ENDPOINTS).results[0]
    told = [one.at for one in result.matches if not one.untold]

    assert result.untold.keys() == {"throttled"}
    assert all(later - earlier >= timedelta(days=7) for earlier, later in pairwise(told))


def test_a_baseline_shows_what_is_gained_and_lost(read: list[Report], tmp_path: Path):
    book = book_of(tmp_path, watched=read[7].filing.filers[0].cik)
    (tmp_path / "old").mkdir()
    old = book_of(tmp_path / "old", watched=read[9].filing.filers[0].cik)
    dated = [(one.filing.accepted_at or datetime.now(UTC), one) for one in read]
    made = backtest(dated, book, endpoints=ENDPOINTS, baseline=old)
    watched = next(one for one in made.results if one.rule.id == "watched")

    assert read[7].filing.accession in (watched.gained or ())
    assert read[9].filing.accession in (watched.lost or ())
    assert made.results[0].gained == made.results[0].lost == ()


def test_labels_give_precision_and_recall(read: list[Report], tmp_path: Path):
    book = book_of(tmp_path, watched=read[7].filing.filers[0].cik)
    labels = {("watched", one.filing.accession): number in (7, 8) for number, one in enumerate(read)}
    dated = [(one.filing.accepted_at or datetime.now(UTC), one) for one in read]
    made = backtest(dated, book, endpoints=ENDPOINTS, labels=labels)
    score = next(one.score for one in made.results if one.rule.id == "watched")

    assert score.precision == 1
    assert score.recall == 0.5


def test_lists_count_as_they_stood_on_the_day(store: Store, read: list[Report], tmp_path: Path):
    first, second = read[5].filing.filers[0].cik, read[20].filing.filers[0].cik
    book = book_of(tmp_path, watched=second)
    was = ListInfo("rules.yaml/watch", "older", (str(first),))
    store.write_now(revisions.note, [], [was], datetime(2025, 3, 1, tzinfo=UTC))
    store.write_now(revisions.note, [], book.lists, datetime(2025, 3, 15, tzinfo=UTC))
    dated = [(one.filing.accepted_at or datetime.now(UTC), one) for one in read]

    def matched(made_by) -> set[str]:
        made = backtest(dated, book, as_of=made_by, endpoints=ENDPOINTS)
        return {one.accession for result in made.results if result.rule.id == "watched" for one in result.matches}

    as_was = matched(DatedBook(book, store).as_of)
    assert {read[5].filing.accession, read[20].filing.accession} <= as_was
    assert read[5].filing.accession not in matched(None)


def test_a_list_of_a_day_that_does_not_fit_is_told(store: Store, tmp_path: Path):
    book = book_of(tmp_path, watched=1)
    store.write_now(
        revisions.note, [], [ListInfo("rules.yaml/watch", "x", ("none",))], datetime(2025, 3, 1, tzinfo=UTC)
    )

    with pytest.raises(ConfigError, match="'none'"):
        DatedBook(book, store).as_of(datetime(2025, 3, 2, tzinfo=UTC))


@pytest.fixture
def home(tmp_path: Path, read: list[Report], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings, rules and a store, as a user has it."""
    (tmp_path / "config" / "rules").mkdir(parents=True)
    (tmp_path / "config" / "eightk.toml").write_text('[endpoint.desk]\nkind = "log"\n')
    book = book_of(tmp_path / "config" / "rules", watched=read[7].filing.filers[0].cik)
    (tmp_path / "data").mkdir()
    with Store(f"sqlite:///{tmp_path / 'data' / 'eightk.db'}") as opened:
        save_all(opened, read, book)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, arguments)
    return result.exit_code, result.stdout, result.stderr


def test_the_command_prints_a_line_for_each_rule(home: Path):
    code, out, err = run("rules", "backtest", "--since", "2025-03-03", "--until", "2025-04-20", "--out", "matches")

    assert code == 0
    assert out.startswith("40 filings from 2025-03-03 to 2025-04-11")
    assert {line.split()[0] for line in out.splitlines()[2:]} >= {"any-fd", "watched", "results"}
    assert "µs for each filing" in err
    matches = [json.loads(line) for line in (home / "matches" / "watched.jsonl").read_text().splitlines()]
    assert matches[0]["alert"]["rule"] == "watched"


def test_a_limit_that_is_passed_is_told_and_exits_with_1(home: Path):
    assert run("rules", "backtest", "--limit-per-week", "0")[0] == 1
    assert "is the limit" in run("rules", "backtest", "--limit-per-week", "0")[2]
    assert run("rules", "backtest", "--limit-per-week", "1000")[0] == 0


def test_over_no_filings_there_is_no_table(home: Path):
    code, out, err = run("rules", "backtest", "--since", "2030-01-01", "--until", "2030-02-01")

    other_days = "its newest is of 2025-04-11: try --since 2025-03-12"
    assert code == 0
    assert out == f"there are no filings in the store from 2030-01-01 to 2030-02-01; {other_days}\n"
    assert "µs" not in err
    assert "in the store until 2001-01-01;" in run("rules", "backtest", "--until", "2001-01-01")[1]
    assert json.loads(run("rules", "backtest", "--until", "2001-01-01", "--json")[1])["filings"] == 0


def test_a_sample_without_words_ends_with_its_company(home: Path, read: list[Report]):
    _, out, _ = run("rules", "backtest", "--samples", "1")

    assert f"  {read[7].filing.accession} {read[7].filing.company}\n" in out


def test_each_rule_has_a_file_of_its_own_whatever_its_id():
    names = file_names(["Watched", "watched", "a/b", "a b", "..", "plain", "nul\0"])

    assert names["plain"] == "plain.jsonl"
    assert len({name.lower() for name in names.values()}) == 7
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.jsonl", name) for name in names.values())


def test_labels_of_filings_that_the_store_does_not_have_are_told(home: Path, read: list[Report]):
    rows = [read[7].filing.accession, *(f"0000000009-25-{number:06}" for number in range(12))]
    (home / "labels.csv").write_text("rule,accession,expect\n" + "".join(f"watched,{one},match\n" for one in rows))
    code, out, err = run("rules", "backtest", "--labels", "labels.csv")

    assert code == 0
    assert "12 labels are of filings that the store does not have: 0000000009-25-000000, " in err
    assert "0000000009-25-000009 and 2 more" in err
    assert "against labels: precision 1.000, recall 1.000" in out
    assert run("rules", "backtest", "--labels", "labels.csv", "--strict")[0] == 1
    (home / "labels.csv").write_text(f"rule,accession,expect\nwatched,{rows[0].replace('-', '')},match\n")
    assert run("rules", "backtest", "--labels", "labels.csv", "--strict")[0] == 0


def test_labels_with_mistakes_are_told_with_their_lines(home: Path):
    rows = "watched,0000000001-25-000001,perhaps\nnone,x,match\n"
    (home / "labels.csv").write_text(f"rule,accession,expect\n{rows}")
    runner = CliRunner().invoke(cli, ["rules", "backtest", "--labels", "labels.csv"])

    assert isinstance(runner.exception, ConfigError)
    assert "labels.csv:2: expect: expected match or no-match, came 'perhaps'" in str(runner.exception)
    assert "labels.csv:3: rule: there is no rule 'none'" in str(runner.exception)
    assert "labels.csv:3: accession: 'x' is no accession number such as" in str(runner.exception)


def test_explain_says_why_and_why_not(home: Path, read: list[Report]):
    code, out, _ = run("rules", "explain", "watched", read[7].filing.accession)
    assert code == 0
    assert "cik|in: @watch" in out
    code, out, _ = run("rules", "explain", "watched", read[8].filing.accession)
    assert code == 1
    assert f"the filing has: {read[8].filing.filers[0].cik}" in out


def test_explain_tells_that_an_alert_came_of_another_revision(home: Path, read: list[Report]):
    rules = home / "config" / "rules" / "rules.yaml"
    with Store(f"sqlite:///{home / 'data' / 'eightk.db'}") as store:
        old = MatchRules.read_book([rules], ENDPOINTS)
        store.write_now(revisions.note, old.rules, old.lists, datetime(2025, 3, 1, tzinfo=UTC))
    rules.write_text(rules.read_text().replace("A watched company", "Somebody watched"))
    _, out, _ = run("rules", "explain", "watched", read[7].filing.accession)

    assert "was raised by revision" in out
    assert "A watched company" in out
