"""``eightk rules explain`` of rules that changed, were renamed or removed since they raised an alert."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from _rule_files import book, one_rule
from _stores import ACCESSION, report, save
from click.testing import CliRunner

from handlers.alert import MatchRules
from handlers.alert.language.stored import readable_source, rule_file
from watcher.cli import cli
from watcher.errors import ConfigError
from watcher.models import Report
from watcher.rulebook import RuleBook
from watcher.store import revisions
from watcher.store.database import Store

OTHER = one_rule("{cik: 7}", id_="other")
TOP = 'lists: {watch: {values: ["320", "0000000007"], type: cik}}\nphrases: {p: [words, "no: \'words\' here"]}'
MATCH = '{who: {cik|in: "@watch"}, said: {text.item.7_01|phrase: "&p"}, condition: who and said}'
MORE = 'throttle: {key: [cik], window: 24h}\n    annotations: {summary: "{company}: it said \\"so\\""}'
RICH = one_rule(MATCH, top=TOP, more=MORE)


def change(folder: Path, *texts: str) -> RuleBook:
    """Put other rule files in the place of those that were."""
    rules = folder / "config" / "rules"
    for file in rules.iterdir():
        file.unlink()
    return book(rules, *texts)


def raise_by(folder: Path, found: RuleBook, *, keep: bool = True) -> Report:
    """Save a filing with the alerts of these rules, whose revisions are kept."""
    made = report()
    made.alerts = found.alerts(made)
    with Store(f"sqlite:///{folder / 'data' / 'eightk.db'}") as store:
        if keep:
            store.write_now(revisions.note, found.rules, found.lists, datetime(2026, 1, 1, tzinfo=UTC))
        save(store, made)
    return made


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config" / "rules").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "config" / "eightk.toml").write_text('[endpoint.desk]\nkind = "log"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def explain(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["rules", "explain", *arguments])
    return result.exit_code, result.output


def test_a_rule_that_was_removed_is_explained_by_the_revision_that_raised_its_alert(home: Path):
    raise_by(home, change(home, RICH))
    change(home, OTHER)
    code, out = explain("r", ACCESSION)

    assert code == 0
    assert "rule r is in none of the rule files any more" in out
    assert "r: fires: its condition holds (found: who, said)" in out
    assert "'words'" in out


def test_a_removed_rule_that_raised_no_alert_is_explained_by_its_last_revision(home: Path):
    raise_by(home, change(home, one_rule('{items|has: "8.01"}')))
    change(home, OTHER)
    code, out = explain("r", ACCESSION)

    assert code == 1
    assert "raised no alert on this filing; its last revision is told" in out
    assert "r: does not fire" in out


def test_a_rule_that_was_renamed_is_told_by_its_new_name_too(home: Path):
    raise_by(home, change(home, RICH))
    change(home, RICH.replace("id: r", "id: renamed"))

    assert "'renamed' says the same, and may be its new name" in explain("r", ACCESSION)[1]


def test_a_rule_that_changed_is_told_as_it_was_and_as_it_is(home: Path):
    raise_by(home, change(home, RICH))
    change(home, RICH.replace("A title", "Another title").replace("320", "321"))
    code, out = explain("r", ACCESSION)

    assert code == 1
    assert out.startswith("r: does not fire")
    assert "  title: A title" in out
    assert "  title: Another title" in out
    assert out.index("A title") < out.index("r: fires:")
    assert '{"' not in out


def test_what_changed_is_given_as_json(home: Path):
    raise_by(home, change(home, RICH))
    now = change(home, RICH.replace("A title", "Another title"))
    told = json.loads(explain("r", ACCESSION, "--json")[1])

    assert (told["rule"], told["fires"], told["in_force"]) == ("r", True, True)
    assert told["revision"] == now.rules[0].revision
    (earlier,) = told["earlier"]
    assert (earlier["explanation"]["fires"], earlier["first_used_at"]) == (True, "2026-01-01T00:00:00Z")
    assert "title: A title" in earlier["text"]
    assert "title: Another title" in told["text"]


def test_of_a_revision_that_the_store_never_kept_that_is_said(home: Path):
    raise_by(home, change(home, RICH), keep=False)
    change(home, RICH.replace("A title", "Another title"))
    changed = explain("r", ACCESSION)
    change(home, OTHER)
    removed = explain("r", ACCESSION)

    assert changed[0] == 0
    assert removed[0] == 1
    assert all("what that one said is not known to this store" in out for _, out in (changed, removed))


def test_a_rule_that_nobody_ever_saw_is_wrong_usage_and_old_names_are_suggested(home: Path):
    raise_by(home, change(home, RICH.replace("id: r", "id: resigned")))
    change(home, OTHER)
    code, out = explain("resignd", ACCESSION)

    assert code == 2
    assert "did you mean 'resigned'?" in out


def test_a_revision_that_cannot_be_read_any_more_is_told_with_its_faults(home: Path):
    found = raise_by(home, change(home, RICH))
    with Store(f"sqlite:///{home / 'data' / 'eightk.db'}") as store:
        store.write_now(
            lambda connection: connection.exec_driver_sql(
                "UPDATE rule_revision SET source = replace(source, 'cik|in', 'gone|in')"
            )
        )
    change(home, OTHER)
    code, out = explain("r", ACCESSION)

    assert found.alerts
    assert code == 1
    assert "gone|in" in out
    assert "cannot be run any more" in out
    assert "there is no field 'gone'" in out


@pytest.mark.parametrize(
    "text",
    [
        RICH,
        one_rule(
            '{a: [{items|has: "7.01"}, {form: [8-K]}], condition: a}', top="defaults: {severity: low, expires: 6h}"
        ),
        one_rule("{text.body|re: '\\bone\\b: #two'}", more='include_amendments: "true"\n    tags: ["no", " x", "@y"]'),
        one_rule('{text.item.7_01|near: {a: "x @y", b: [one, "two\\nlines"], within_words: 3}}'),
    ],
)
def test_what_is_kept_of_a_rule_is_read_as_the_same_revision(tmp_path, text):
    (rule,) = book(tmp_path, text).rules
    again = MatchRules.read_source(rule.source)

    assert [one.revision for one in again.rules] == [rule.revision]


def test_a_rule_is_written_as_its_author_would_have_written_it(tmp_path):
    (rule,) = book(tmp_path, RICH).rules

    assert readable_source(rule.source) == (
        "lists:\n"
        "  watch:\n"
        '    values: ["0000000007", 320]\n'
        "phrases:\n"
        "  p: ['no: ''words'' here', words]\n"
        "rule:\n"
        "  id: r\n"
        "  title: A title\n"
        "  match:\n"
        "    said:\n"
        '      text.item.7_01|phrase: "&p"\n'
        "    who:\n"
        '      cik|in: "@watch"\n'
        "    condition: who and said\n"
        "  notify: [desk]\n"
        "  annotations:\n"
        "    summary: '{company}: it said \"so\"'\n"
        "  throttle:\n"
        "    key: [cik]\n"
        "    window: 24h\n"
    )


def test_a_long_list_is_told_in_short_and_read_whole(tmp_path):
    values = ", ".join(str(number) for number in range(1, 101))
    (rule,) = book(tmp_path, one_rule('{cik|in: "@w"}', top=f"lists: {{w: {{values: [{values}]}}}}")).rules

    assert "and 80 more" in readable_source(rule.source)
    assert "and 80 more" not in rule_file(rule.source)


@pytest.mark.parametrize("source", ["{}", '{"revision":"1"}', '{"rule": {"id": "x"}}', "[]", "no JSON"])
def test_what_is_no_source_of_a_rule_is_a_fault(source: str):
    with pytest.raises(ConfigError):
        MatchRules.read_source(source)
