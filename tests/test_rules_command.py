"""``eightk rules check``, the rules that come along, and the rules that the documentation shows."""

import json
import re
from pathlib import Path

import pytest
from _rule_files import ENDPOINTS, one_rule, write

from handlers.alert import MatchRules
from watcher.cli import main
from watcher.config import load_settings, template_folder
from watcher.errors import ConfigError
from watcher.handler import Context
from watcher.models import Filer, Filing, Item, Report
from watcher.rulebook import RuleBookHandler
from watcher.rules.books import read_book, rules_handler

ROOT = Path(__file__).resolve().parents[1]
ITEMS = (Item("5.02", "", declared=True, found=True, text="She resigned."),)
SHIPPED = template_folder() / "rules"
SHOWN = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "rules.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def check(capsys, monkeypatch, tmp_path):
    """Runs the command in an empty folder; gives its exit code and its lines."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, list[str]]:
        with pytest.raises(SystemExit) as ended:
            main(["rules", "check", *arguments])
        told = capsys.readouterr()
        code = ended.value.code
        return code if isinstance(code, int) else 0, (told.out + told.err).splitlines()

    return run


def rules(folder: Path, *texts: str, settings: str = '[endpoint.desk]\nkind = "log"\n') -> None:
    """Write rules where the settings look for them."""
    (folder / "config" / "rules").mkdir(parents=True)
    (folder / "config" / "eightk.toml").write_text(settings)
    write(folder / "config" / "rules", *texts)


def test_rules_without_fault_are_counted(check, tmp_path) -> None:
    rules(tmp_path, one_rule("{cik: 1}"), one_rule("{cik: 2}", id_="s"))

    assert check() == (0, ["2 rules in 2 files, 0 warnings"])


@pytest.mark.parametrize("texts", [(), ("version: 1\ngroups: []\n",)])
def test_where_there_are_no_rules_that_is_said(check, tmp_path, texts) -> None:
    rules(tmp_path, *texts)

    assert check() == (0, ["there are no rules in config/rules"])
    assert check("--strict") == (1, ["there are no rules in config/rules"])
    assert json.loads("\n".join(check("--format", "json")[1]))["rules"] == 0


def test_a_warning_is_told_and_counts_where_one_is_strict(check, tmp_path) -> None:
    rules(tmp_path, one_rule("{cik: 0001}"))
    problem, remedy = "0001 without quotes is another number to other readers of YAML", '(write "0001")'
    lines = [f"config/rules/0.yaml:8:18: ambiguous: {problem} {remedy}", "1 rule in 1 file, 1 warning"]

    assert check() == (0, lines)
    assert check("--strict") == (1, lines)


def test_a_fault_ends_with_1(check, tmp_path) -> None:
    rules(tmp_path, one_rule("{cik: x}", more="tags: [no]"), one_rule("{cik: 2}", id_="s"))
    code, lines = check()

    assert code == 1
    assert lines[1:] == [
        "config/rules/0.yaml:9:18: bad-value: rules.r.match.cik: 'x': expected a CIK of 1 to 10 digits",
        "1 fault, 1 warning: no rule counts while there is a fault",
    ]


def test_files_may_be_named_and_need_no_settings(check, tmp_path) -> None:
    write(tmp_path, one_rule("{cik: 1}").replace("desk", "log"))

    assert check("0.yaml") == (0, ["1 rule in 1 file, 0 warnings"])


def test_endpoints_are_those_of_the_settings(check, tmp_path) -> None:
    rules(tmp_path, one_rule("{cik: 1}"), settings="")
    code, lines = check()

    assert code == 1
    assert lines[0].endswith("unknown-endpoint: rules.r.notify: there is no endpoint 'desk' (known: log)")


def test_other_settings_may_be_named(check, tmp_path) -> None:
    (tmp_path / "other").mkdir()
    rules(tmp_path / "other", one_rule("{cik: 1}"))

    assert check("--config", "other/config/eightk.toml") == (0, ["1 rule in 1 file, 0 warnings"])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("nonsense = 1\n", "nonsense: unknown key"),
        ('[rules]\npath = "none"\n', "none: there is no such folder (make it, or set [rules] path)"),
        ('[handlers]\ndisabled = ["rules"]\n', "there is no handler that keeps rules (take 'rules' out of"),
    ],
)
def test_settings_that_cannot_be_used_end_with_2(check, tmp_path, settings, words) -> None:
    rules(tmp_path, one_rule("{cik: 1}"), settings=settings)
    code, lines = check()

    assert code == 2
    assert words in lines[0]


def test_a_path_that_is_not_there_ends_with_2(check) -> None:
    assert check("none.yaml")[0] == 2


def test_findings_are_given_as_json(check, tmp_path) -> None:
    rules(tmp_path, one_rule("{cik: 0001}"))
    code, lines = check("--format", "json")
    found = json.loads("\n".join(lines))

    assert code == 0
    assert {name: found[name] for name in ("faults", "warnings", "rules", "files")} == {
        "faults": 0,
        "warnings": 1,
        "rules": 1,
        "files": 1,
    }
    assert found["findings"] == [
        {
            "file": "config/rules/0.yaml",
            "line": 8,
            "column": 18,
            "code": "ambiguous",
            "key": "",
            "problem": "0001 without quotes is another number to other readers of YAML",
            "remedy": 'write "0001"',
            "is_warning": True,
        }
    ]


def test_where_there_are_faults_no_rules_are_counted_in_json(check, tmp_path) -> None:
    rules(tmp_path, one_rule("{cik: x}"))
    found = json.loads("\n".join(check("--format", "json")[1]))

    assert (found["faults"], found["rules"], found["files"]) == (1, None, None)


def test_a_rule_is_told_as_it_is_understood(check, tmp_path) -> None:
    rules(tmp_path, one_rule("{cik: [1, 2]}", more="throttle: {window: 1h}"))
    code, lines = check("--explain", "r")

    assert code == 0
    assert lines[0] == "r: A title"
    assert re.fullmatch(r"config/rules/0\.yaml:5:9, revision [0-9a-f]{12}, stable, 0 tests", lines[1])
    assert lines[3:] == [
        "cik: [1, 2]",
        "amendments  not 8-K/A",
        "throttle    at most 1 in 1h",
        "severity    medium",
        "notify      desk",
        "found by    cik: 1, 2",
    ]


def test_a_rule_is_told_as_json(check, tmp_path) -> None:
    rules(tmp_path, one_rule("{cik: [1, 2]}"))
    told = json.loads("\n".join(check("--explain", "r", "--format", "json")[1]))

    assert (told["id"], told["severity"], told["notify"], told["found_by"]) == ("r", "medium", ["desk"], "cik: 1, 2")


def test_the_closest_rule_is_suggested(check, tmp_path) -> None:
    rules(tmp_path, one_rule("{cik: 1}", id_="reg-fd"))
    code, lines = check("--explain", "regfd")

    assert code == 2
    assert "there is no rule 'regfd'; did you mean 'reg-fd'?" in lines[-1]


# The book


def test_the_built_in_handler_keeps_rules() -> None:
    handler = rules_handler(load_settings(None))

    assert handler is MatchRules
    assert isinstance(MatchRules, RuleBookHandler)


def test_a_book_is_read_for_settings(tmp_path) -> None:
    rules(tmp_path, one_rule("{cik: 1}"))
    book = read_book(load_settings(tmp_path / "config" / "eightk.toml"))

    assert [rule.id for rule in book.rules] == ["r"]


def test_a_book_with_a_fault_is_not_read(tmp_path) -> None:
    rules(tmp_path, one_rule("{cik: x}"))
    with pytest.raises(ConfigError):
        read_book(load_settings(tmp_path / "config" / "eightk.toml"))


def test_a_book_names_every_file_that_it_was_read_from(tmp_path) -> None:
    top = "lists: {a: {file: lists/a.csv, column: cik}, b: {values: [1]}}"
    rules(tmp_path, one_rule('{cik|in: ["@a", "@b"]}', top=top).replace("desk", "log"), one_rule("{cik: 1}", id_="s"))
    folder = tmp_path / "config" / "rules"
    (folder / "lists").mkdir()
    (folder / "lists" / "a.csv").write_text("cik\n7\n")

    assert MatchRules.read_book([folder], ENDPOINTS).files == (
        folder / "0.yaml",
        folder / "1.yaml",
        folder / "lists" / "a.csv",
    )


def test_what_is_prepared_gives_the_same_rules_without_any_file(tmp_path) -> None:
    top = "lists: {a: {file: a.csv, column: cik}}\nphrases: {p: [she resigned]}"
    more = "tests: [{name: x, filing: a.txt, expect: match}]\n    throttle: {key: [cik], window: 1h}"
    match = "{cik|in: '@a', text.item.5_02|phrase: '&p', text.item.5_02|re: 'resign\\w+'}"
    for name, text in (("a.csv", "cik\n7\n"), ("a.txt", "{}"), ("0.yaml", one_rule(match, top=top, more=more))):
        (tmp_path / name).write_text(text)
    context = Context(tmp_path, ENDPOINTS)
    read, prepared = MatchRules.build(context), MatchRules.prepare(context)
    for file in tmp_path.iterdir():
        file.unlink()
    made = MatchRules.build(Context(tmp_path, ENDPOINTS, prepared))

    one, other = (Report(Filing("0000000000-26-000001", "8-K", (Filer(7, "A"),)), items=ITEMS) for _ in range(2))
    read.handle(one)
    made.handle(other)
    assert one.alerts == other.alerts != ()
    assert one.versions == other.versions


def test_without_a_folder_nothing_is_prepared() -> None:
    assert MatchRules.prepare(Context()) is None


# What comes along, and what is shown


def test_the_rules_that_come_along_give_no_warning() -> None:
    assert [str(one) for one in MatchRules.check_book([SHIPPED], {"log"})] == []


def test_each_rule_that_comes_along_is_tested_both_ways() -> None:
    book = MatchRules.read_book([SHIPPED], {"log"})
    tested = {(test.rule, bool(test.expectation.fires)) for test in book.tests}

    assert len(book.rules) > 12
    assert [rule.id for rule in book.rules if not {(rule.id, True), (rule.id, False)} <= tested] == []


@pytest.mark.parametrize(
    "test", MatchRules.read_book([SHIPPED], {"log"}).tests, ids=lambda test: f"{test.rule}: {test.name}"
)
def test_each_rule_that_comes_along_does_what_its_tests_say(test) -> None:
    assert isinstance(test.filing, Report)
    fired = {alert.rule for alert in MatchRules.read_book([SHIPPED], {"log"}).alerts(test.filing)}

    assert (test.rule in fired) is bool(test.expectation.fires)


def test_the_rules_that_are_shown_are_without_fault_and_do_what_their_tests_say(tmp_path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "funds.csv").write_text("cik\n3\n")
    write(tmp_path, SHOWN[0])
    book = MatchRules.read_book([tmp_path], ENDPOINTS)

    assert MatchRules.check_book([tmp_path], ENDPOINTS) == ()
    outcomes = [bool(book.alerts(test.filing)) for test in book.tests if isinstance(test.filing, Report)]
    assert outcomes == [bool(test.expectation.fires) for test in book.tests] == [True, False]


def test_the_file_of_tests_that_is_shown_is_about_the_rules_that_are_shown(tmp_path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "funds.csv").write_text("cik\n3\n")
    (tmp_path / "tests").mkdir()
    book = MatchRules.read_book([write(tmp_path, SHOWN[0])], ENDPOINTS)
    path = write(tmp_path / "tests", SHOWN[2]) / "0.yaml"
    (test,) = MatchRules.read_tests(path, book)

    assert MatchRules.rule_files_of(path)[0].resolve() == tmp_path
    assert isinstance(test.filing, Report)
    assert {one.rule for one in book.with_lists(test.lists).alerts(test.filing)} == test.expectation.fires


def test_the_filing_that_is_shown_can_be_read(tmp_path) -> None:
    filing = "\n".join(f"      {line}" for line in SHOWN[1].splitlines())
    text = one_rule('{items|has: "5.02"}', more=f"tests:\n    - name: shown\n{filing}\n      expect: match")
    (test,) = MatchRules.read_book([write(tmp_path, text)], ENDPOINTS).tests

    assert isinstance(test.filing, Report)
    assert test.filing.is_amendment
