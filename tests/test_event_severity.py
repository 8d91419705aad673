"""How much an event matters, by its name and the filing's items; and what counts as the same thing happening again."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from handlers.classify import FindEvents
from handlers.classify.events.reading import read_book
from watcher import ConfigError, Document, Event, Filing, Item, Report, Severity
from watcher.cli import cli
from watcher.config import load_settings
from watcher.event_names import names_in_force
from watcher.report_json import report_from_json, report_line
from watcher.saveable import faults_of

BOOK = read_book()
DEPARTURE = "On March 5, 2026, Ann Bell resigned as Chief Financial Officer, effective March 31, 2026."
OWN = """\
version: 1
events:
  cfo-departure: {severity: {usual: low, "5.02": critical}, family: change of a treasurer}
  treasurer-change:
    meaning: Another treasurer.
    items: ["5.02"]
    severity: high
    family: change of a treasurer
    clues: [{find: [[new treasurer]], weight: 0.6}]
"""


def found(text: str, *numbers: str, path: Path | None = None) -> dict[str, Event]:
    document = Document(1, "8-K", "a.htm", "", 0, text)
    items = tuple(Item(one, "", True, True, document=1, start=0, end=len(text), text=text) for one in numbers)
    given = Report(Filing("", form="8-K"), documents=(document,), items=items)
    FindEvents(path=path).handle(given)
    assert not list(faults_of(given, ""))
    return {one.event: one for one in given.events}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "own.yaml").write_text(OWN, encoding="utf-8")
    return tmp_path / "own.yaml"


def test_every_event_has_a_severity_and_routine_is_low() -> None:
    severity = {one.event: one.severity for one in BOOK.events}

    low = {"monthly-report", "investor-presentation", "shareholder-vote", "executive-pay", "other"}
    assert {severity[name] for name in low} == {Severity.LOW}
    assert severity["cfo-departure"] is Severity.HIGH


@pytest.mark.parametrize(
    ("event", "item"),
    [("bankruptcy", "1.03"), ("cyber-incident", "1.05"), ("debt-default", "2.04"), ("restatement", "4.02")],
)
def test_what_the_company_itself_reports_under_the_item_made_for_it_is_critical(event: str, item: str) -> None:
    assert found("Something happened.", item)[event].severity is Severity.CRITICAL


def test_the_same_under_another_item_is_high() -> None:
    text = "The Company identified a cybersecurity incident involving unauthorized access to its systems."

    assert found(text, "8.01")["cyber-incident"].severity is Severity.HIGH


def test_a_departure_and_an_appointment_to_one_office_are_kin() -> None:
    event = found(DEPARTURE, "5.02")["cfo-departure"]

    assert (event.family, event.kin) == ("CFO change", ("cfo-departure", "cfo-appointment"))


def test_a_file_of_ones_own_sets_severity_and_family(own: Path) -> None:
    assert found(DEPARTURE, "8.01", path=own)["cfo-departure"].severity is Severity.LOW
    event = found(DEPARTURE, "5.02", path=own)["cfo-departure"]
    assert event.severity is Severity.CRITICAL
    assert (event.family, event.kin) == ("change of a treasurer", ("cfo-departure", "treasurer-change"))
    assert found("There is a new treasurer.", "5.02", path=own)["treasurer-change"].severity is Severity.HIGH


@pytest.mark.parametrize(
    ("severity", "problem"),
    [
        ("hihg", "there is no 'hihg' did you mean 'high'?"),
        ("[low, high]", "expected one of low, medium, high, critical"),
        ("{usual: low, rare: high}", "expected usual, or the number of an item of today's form, such as 4.02"),
        ('{"4.02": hihg}', "there is no 'hihg' did you mean 'high'?"),
    ],
)
def test_a_severity_that_is_none_is_a_fault(tmp_path: Path, severity: str, problem: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(f"version: 1\nevents: {{dividend: {{severity: {severity}}}}}\n", encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        read_book([path])

    assert [f"{one.problem} {one.remedy}".strip() for one in caught.value.faults] == [problem]


def test_severity_and_kin_come_back_from_the_line_and_lines_of_before_have_none() -> None:
    event = Event("cfo-departure", 0.9, severity=Severity.HIGH, family="CFO change", kin=("cfo-departure",))
    line = report_line(Report(Filing("1", form="8-K"), events=(event,)))

    assert report_from_json(line, {}).events == (event,)

    for name in ("severity", "family", "kin"):
        del line["events"][0][name]
    assert report_from_json(line, {}).events == (Event("cfo-departure", 0.9),)


def test_the_list_of_events_tells_their_severity() -> None:
    lines = CliRunner().invoke(cli, ["events", "list"]).output.splitlines()

    assert next(one for one in lines if one.startswith("restatement")).split()[1:5] == [
        "high,",
        "critical",
        "with",
        "4.02",
    ]


def test_the_check_of_rules_knows_the_events_in_force(tmp_path: Path, own: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.yaml").write_text(
        "version: 1\ngroups: [{name: g, rules: [{id: r, title: t, notify: [log], match: "
        "{events|has_any: [treasurer-change, treasurer-chagne]}}]}]\n",
        encoding="utf-8",
    )
    config = tmp_path / "eightk.toml"
    config.write_text(f'[handler.events]\npath = "{own.name}"\n[endpoint.log]\nkind = "log"\n', encoding="utf-8")

    done = CliRunner().invoke(cli, ["rules", "check", str(rules), "--config", str(config)])

    assert done.exit_code == 0, done.output
    told = [line for line in done.output.splitlines() if "unknown-event" in line]
    assert len(told) == 1
    assert "'treasurer-chagne'" in told[0]
    assert "did you mean 'treasurer-change'?" in told[0]


OWN_BOOK = """
from watcher import EventBook, EventInfo, Handler, Stage


class Recalls(Handler):
    name = "a-recalls"
    stage = Stage.CLASSIFY

    @classmethod
    def read_events(cls, paths):
        return EventBook((EventInfo("vehicle-recall", "a recall", (), 1, 0, __file__),), lambda: ())

    def handle(self, report):
        pass
"""


def test_the_check_of_rules_asks_a_handler_of_ones_own_which_events_it_finds(tmp_path: Path) -> None:
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "recalls.py").write_text(OWN_BOOK, encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text(
        "version: 1\ngroups: [{name: g, rules: [{id: r, title: t, notify: [log], match: "
        "{events|has_any: [vehicle-recall, cfo-departure]}}]}]\n",
        encoding="utf-8",
    )
    config = tmp_path / "eightk.toml"
    config.write_text('[handlers]\npath = "handlers"\n[endpoint.log]\nkind = "log"\n', encoding="utf-8")

    done = CliRunner().invoke(cli, ["rules", "check", str(tmp_path / "rules"), "--config", str(config)])

    assert (done.exit_code, "unknown-event" in done.output) == (0, False), done.output


DECLARED = """
from watcher import Handler, Stage


class Recalls(Handler):
    name = "recalls"
    stage = Stage.CLASSIFY
    events = ("vehicle-recall", "dividend")

    def handle(self, report):
        pass
"""


@pytest.fixture
def declaring(tmp_path: Path) -> Path:
    """Settings with a handler of one's own that says which events it finds."""
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "recalls.py").write_text(DECLARED, encoding="utf-8")
    config = tmp_path / "eightk.toml"
    config.write_text('[handlers]\npath = "handlers"\n[endpoint.log]\nkind = "log"\n', encoding="utf-8")
    return config


def test_an_event_that_a_handler_declares_is_no_mistake_in_a_rule(tmp_path: Path, declaring: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text(
        "version: 1\ngroups: [{name: g, rules: [{id: r, title: t, notify: [log], match: "
        "{events|has_any: [vehicle-recall, vehicle-recal]}}]}]\n",
        encoding="utf-8",
    )

    done = CliRunner().invoke(cli, ["rules", "check", str(tmp_path / "rules"), "--config", str(declaring)])

    told = [line for line in done.output.splitlines() if "unknown-event" in line]
    assert ["did you mean 'vehicle-recall'?" in line for line in told] == [True], done.output


def test_an_event_that_a_handler_declares_is_listed_once(declaring: Path) -> None:
    done = CliRunner().invoke(cli, ["events", "list", "--json", "--config", str(declaring)])
    found = json.loads(done.output)

    own = [one for one in found if one["event"] == "vehicle-recall"]
    assert [one["meaning"] for one in own] == ["found by the handler recalls, which says how severe it is"]
    assert own[0]["where"].endswith("recalls.py")
    assert [one["event"] for one in found].count("dividend") == 1


def test_a_handler_that_is_left_out_finds_no_event(declaring: Path) -> None:
    text = declaring.read_text(encoding="utf-8").replace('"handlers"\n', '"handlers"\ndisabled = ["recalls"]\n')
    declaring.write_text(text, encoding="utf-8")

    assert "vehicle-recall" not in names_in_force(load_settings(declaring))


def test_what_is_declared_is_known_where_no_rules_find_events(declaring: Path) -> None:
    text = declaring.read_text(encoding="utf-8").replace('"handlers"\n', '"handlers"\ndisabled = ["events"]\n')
    declaring.write_text(text, encoding="utf-8")

    assert names_in_force(load_settings(declaring)) == {"vehicle-recall", "dividend"}
