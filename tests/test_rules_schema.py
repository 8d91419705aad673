"""The JSON Schema of rule files: what the reader accepts is valid, and what editors are to find is not."""

import ast
import json
import re
import textwrap
from pathlib import Path

import pytest
from _rule_files import ENDPOINTS, one_rule, write
from _rule_schema import complaints
from click.testing import CliRunner

from handlers.alert import MatchRules
from handlers.alert.language.pacing import PACE_KEYS
from handlers.alert.language.rule_reader import RULE_KEYS
from handlers.alert.matching.fields import FIELDS, Operator
from watcher.cli import cli
from watcher.config import template_folder

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = sorted((template_folder() / "rules").glob("*.yaml"))
SHOWN = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "rules.md").read_text(encoding="utf-8"), re.DOTALL)


def rule_files_in_tests() -> list[str]:
    """Every text in a test that looks like a rule file."""
    found = []
    for path in sorted(Path(__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = textwrap.dedent(node.value)
                if re.search(r"^version:", text, re.MULTILINE) and re.search(r"^groups:", text, re.MULTILINE):
                    found.append(text)
    return found


def is_read(folder: Path, text: str) -> bool:
    return all(one.is_warning for one in MatchRules.check_book([write(folder, text)], ENDPOINTS))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_rules_that_come_along_are_valid(path: Path) -> None:
    assert list(complaints(path.read_text(encoding="utf-8"))) == []


def test_the_rules_that_are_shown_are_valid() -> None:
    assert list(complaints(SHOWN[0])) == []


def test_every_rule_file_of_the_tests_that_is_read_is_valid(tmp_path: Path) -> None:
    texts = [text for text in rule_files_in_tests() if is_read(tmp_path, text)]

    assert len(texts) > 5
    assert [list(complaints(text)) for text in texts] == [[]] * len(texts)


@pytest.mark.parametrize("name", [*FIELDS, "text.item.7_01", "text.item.5", "text.ex99", "text.ex10_1"])
def test_each_field_takes_the_modifiers_that_the_reader_has(tmp_path: Path, name: str) -> None:
    keys = [name, *(f"{name}|{one.value}" for one in Operator if one.value), f"{name}|cased", f"{name}|cased|phrase"]
    refused = {
        one.key.rpartition(".match.")[2]
        for key in keys
        for one in MatchRules.check_book([write(tmp_path, one_rule(f"{{{key}: x}}"))], ENDPOINTS)
        if one.code == "wrong-modifier"
    }
    told = [list(complaints(one_rule(f"{{{key}: x}}"))) for key in keys]

    assert {key for key, words in zip(keys, told, strict=True) if any("regexes" in one for one in words)} == refused


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: A title", "titel: A title"),
        ("title: A title", "title: ''"),
        ("version: 1", "version: 2"),
        ("id: r", "id: a b"),
        ("match: {cik: 1}", "match: {}"),
        ("match: {cik: 1}", "match: {cki: 1}"),
        ("match: {cik: 1}", "match: {cik|phrase: 1}"),
        ("match: {cik: 1}", "match: {items|has: []}"),
        ("match: {cik: 1}", "match: {text.body|near: {a: one, b: two}}"),
        ("match: {cik: 1}", "match: {a: {cki: 1}, condition: a}"),
        ("match: {cik: 1}", "severity: hihg\n    match: {cik: 1}"),
        ("match: {cik: 1}", "throttle: {window: 1 day}\n    match: {cik: 1}"),
        ("match: {cik: 1}", "throttle: {key: [text.body], window: 1d}\n    match: {cik: 1}"),
        ("match: {cik: 1}", "active: {days: [mon-fri]}\n    match: {cik: 1}"),
        ("match: {cik: 1}", "tests: [{name: x, filing: {cki: 1}, expect: match}]\n    match: {cik: 1}"),
        ("match: {cik: 1}", "tests: [{name: x, filing: {}, expect: yes}]\n    match: {cik: 1}"),
    ],
)
def test_what_the_reader_refuses_an_editor_underlines(tmp_path: Path, old: str, new: str) -> None:
    text = one_rule("{cik: 1}").replace(old, new)

    assert not is_read(tmp_path, text)
    assert list(complaints(text)) != []


@pytest.mark.parametrize("id_", ["true", "007", "1.5", "1e3"])
def test_an_id_that_an_editor_takes_for_a_number_is_one(tmp_path: Path, id_: str) -> None:
    text = one_rule("{cik: 1}", id_=id_)

    assert is_read(tmp_path, text)
    assert list(complaints(text)) == []


def test_each_key_of_a_rule_says_what_it_means() -> None:
    rule = MatchRules.rule_schema()["definitions"]["rule"]["properties"]

    assert [name for name in RULE_KEYS if not rule[name]["description"]] == []
    assert set(PACE_KEYS) <= rule.keys()


def test_it_is_printed_or_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = CliRunner().invoke(cli, ["rules", "schema"])
    written = CliRunner().invoke(cli, ["rules", "schema", "--out", "schema.json"])

    assert (printed.exit_code, written.exit_code, written.output) == (0, 0, "")
    assert json.loads(printed.stdout) == json.loads(Path("schema.json").read_text()) == MatchRules.rule_schema()
