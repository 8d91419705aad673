"""Rules about events: a user's own files, faults with their places, and the command."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from handlers.classify import FindEvents
from handlers.classify.events.reading import read_book
from handlers.classify.events.trials import run_trials
from watcher import ConfigError, Document, Filing, Item, Report
from watcher.cli import cli
from watcher.registry import build_handlers, line_spec
from watcher.settings import Settings

OWN = """\
version: 1
phrases:
  leaders: [chairman, (lead|presiding) director]
events:
  chairman-change:
    meaning: The board has another chairman.
    items: ["5.02"]
    facts: [person]
    clues:
    - {find: ["&joins", "&leaders"], within: 12, in_order: true, weight: 0.6}
    tests:
    - {in: "5.02", text: "On June 3, Pat Doe was appointed Chairman.", expect: match}
    - {in: "5.02", text: "Pat Doe was appointed Chief Financial Officer.", expect: no-match}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(OWN, encoding="utf-8")
    return path


def told(find: FindEvents, text: str, number: str = "5.02") -> set[str]:
    document = Document(1, "8-K", "a.htm", "", 0, text)
    items = (Item(number, "", True, True, document=1, start=0, end=len(text), text=text),)
    given = Report(Filing(""), documents=(document,), items=items)
    find.handle(given)
    return {one.event for one in given.events}


def faults(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_book([path])
    return [
        f"{fault.where.removeprefix(str(path))} {fault.key} {fault.problem} {fault.remedy}"
        for fault in caught.value.faults
    ]


def test_a_file_of_ones_own_adds_an_event(own: Path) -> None:
    text = "On June 3, the Board elected Pat Doe presiding director."

    assert "chairman-change" in told(FindEvents(path=own), text)
    assert "chairman-change" not in told(FindEvents(), text)


def test_its_tests_run_with_those_of_the_built_in_rules(own: Path) -> None:
    trials = run_trials(read_book([own.parent]))

    assert all(is_ok for _, is_ok in trials)
    assert [one.expected for one, _ in trials if one.event == "chairman-change"] == [True, False]


def test_clues_are_added_to_a_known_event_or_put_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    more = 'version: 1\nevents:\n  dividend:\n    clues: [{find: [[variable payout]], in: ["8.01"], weight: 0.6}]\n'
    path.write_text(more, encoding="utf-8")
    added = FindEvents(path=path)
    path.write_text(more.replace("    clues", "    meaning: A payout.\n    replace: true\n    clues"), encoding="utf-8")
    replaced = FindEvents(path=path)
    old, new = "On June 3, the Board declared a quarterly cash dividend.", "A variable payout follows."

    assert ["dividend" in told(find, text, "8.01") for find in (added, replaced) for text in (old, new)] == [
        True,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("version: 1", "version: 2"), ":1:10 version expected version 1"),
        (('"&joins"', '"&jonis"'), ":10:15 events.chairman-change.clues.find there is no set '&jonis' did you mean"),
        (("within: 12", "within: many"), ":10:46 events.chairman-change.clues.within 'many': expected a number"),
        (("weight: 0.6", "weight: 6"), ":10:74 events.chairman-change.clues.weight '6': expected a number"),
        ((", weight: 0.6", ""), ":10:7 events.chairman-change.clues needs either a weight or an against"),
        (('find: ["&joins", "&leaders"], ', ""), ":10:7 events.chairman-change.clues asks for nothing"),
        (("in_order", "in_ordr"), ":10:50 events.chairman-change.clues.in_ordr unknown key did you mean 'in_order'?"),
        (('["5.02"]', '["502"]'), ":7:13 events.chairman-change.items '502' is not the number of an item"),
        (("[person]", "[persons]"), ":8:13 events.chairman-change.facts there is no 'persons' did you mean 'person'?"),
        (("expect: match", "expect: yes"), ":12:7 events.chairman-change.tests.expect expected match or no-match"),
        (("chairman-change", "Chairman change"), ":6:5 events.Chairman change 'Chairman change' is no name"),
        (("    meaning: The board has another chairman.\n", ""), ":6:5 events.chairman-change a new event needs"),
        (("meaning:", "unless: [nothing]\n    meaning:"), ":6:5 events.chairman-change.unless there is no 'nothing'"),
        (
            ("(lead|presiding)", "(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b)"),
            ":3:23 phrases.leaders stands for more than",
        ),
        (("phrases:", "phrases: ["), ":4:1  is not YAML here"),
        ((OWN, ""), "  is empty"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    found = faults(tmp_path / "own.yaml", OWN.replace(*change))

    assert any(one.startswith(expected) for one in found), found


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_book([tmp_path / "none.yaml"])
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_book([tmp_path])


def test_the_setting_path_starts_at_the_folder_of_the_settings(own: Path) -> None:
    settings = Settings(base=own.parent, handler={"events": {"path": "own.yaml"}})

    line = build_handlers(line_spec(settings, rules=False))

    assert next(one.describe() for one in line if one.name == "events") == "48 events"


def test_the_command_lists_checks_and_tests(own: Path) -> None:
    run = CliRunner().invoke

    assert "chairman-change" in run(cli, ["events", "list", str(own)]).output
    assert run(cli, ["events", "check", str(own)]).output.startswith("48 events")
    done = run(cli, ["events", "test", str(own)])
    assert (done.exit_code, done.output.endswith("tests, 0 failed\n")) == (0, True)
    own.write_text(OWN.replace("expect: match", "expect: no-match"), encoding="utf-8")
    done = run(cli, ["events", "test", str(own)])
    assert done.exit_code == 1
    assert f"FAILED  {own}:12:7: chairman-change not expected under 5.02" in done.output
    own.write_text(OWN.replace("weight", "wait"), encoding="utf-8")
    done = run(cli, ["events", "check", str(own)])
    assert (done.exit_code, f"{own}:10:" in done.output) == (1, True)
