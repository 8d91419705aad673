"""What the pages show is tried: commands by the command line, settings, rules, JSON and Python by their readers."""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from docs._make.pages import DOCS, ROOT, Block, all_pages, blocks_of, inline_of, tokens_of
from docs._make.settings import every_setting
from handlers.alert import MatchRules
from handlers.classify.events import FindEvents
from handlers.notify import __all__ as kinds
from watcher.cli import cli
from watcher.config import load_settings
from watcher.edgar.assumptions import _ASSUMPTIONS
from watcher.errors import ConfigError
from watcher.registry import build_notifiers
from watcher.settings import Settings
from watcher.signing import new_secret
from watcher.simulator.scenario import Scenario

# Apprise itself uses modules that Python is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
PAGES = [page for page in all_pages() if page.parent.name != "reference"]  # those are compared whole
BLOCKS = [block for page in PAGES for block in blocks_of(page)]
SHELLS = ("", "sh", "shell", "console")
# Its examples need files beside them, and `test_rules_command` writes these.
TRIED_ELSEWHERE = {"docs/rules.md"}
EIGHTK = re.compile(r"(?:^|(?<=[\s(])|(?<=bin/))eightk(?= \S)")
ENDS = {"|", "||", "&", "&&", ";", ">", ">>", "<"}
# What looks like a setting, and is a file of the store, or a type of message.
NO_SETTINGS = {"web.key", "operator.alarm", "operator.alarm_over"}


def blocks(*languages: str) -> list[Block]:
    return [block for block in BLOCKS if block.language in languages]


# --- commands


def typed(line: str) -> Iterator[list[str]]:
    """Give the arguments of each eightk command of a line."""
    line = re.split(r"(?:^|\s)# ", line)[0]
    for found in EIGHTK.finditer(line):
        words = shlex.split(line[found.end() :])
        until = next((place for place, word in enumerate(words) if word in ENDS), len(words))
        words = [word.strip("[]()") for word in words[:until]]
        if words and words[0] != "eightk" and not words[0].startswith("-"):
            yield words


def problem_with(words: list[str], command: click.Command = cli) -> str:
    """Say what the command line would not take; "" when it would."""
    words = list(words)
    if isinstance(command, click.Group):
        names = words.pop(0).split("|") if words else []
        unknown = [name for name in names if name not in command.commands]
        if unknown:
            return f"there is no command {unknown[0]}"
        inside = [problem_with(words if len(names) == 1 else [], command.commands[name]) for name in names]
        return next(filter(None, inside), "")
    try:
        command.make_parser(click.Context(command)).parse_args(words)
    except click.UsageError as error:
        return error.format_message()
    return ""


def shown_commands(page: Path) -> Iterator[list[str]]:
    for block in blocks_of(page):
        if block.language in SHELLS:
            for line in block.text.splitlines():
                if block.language != "console" or line.startswith("$ "):
                    yield from typed(line.removeprefix("$ "))
    for token in inline_of(tokens_of(page)):
        if token.type == "code_inline" and token.content.startswith("eightk "):
            yield from typed(token.content.replace("\\|", "|"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_that_is_shown_is_one(page: Path) -> None:
    problems = [(words, problem) for words in shown_commands(page) if (problem := problem_with(words))]

    assert problems == []


@pytest.mark.parametrize("line", ["eightk filing", "eightk filings --colour", "a && eightk rules chek | head"])
def test_a_command_that_is_none_is_found(line: str) -> None:
    assert [problem_with(words) for words in typed(line)] != [""]


def test_commands_are_found_wherever_they_stand() -> None:
    line = "cd x && runuser -u eightk -- /opt/eightk/bin/eightk check --live && ls  # eightk none"

    assert list(typed(line)) == [["check", "--live"]]
    assert list(typed("T=$(eightk web token add 'my desk' --write)")) == [["web", "token", "add", "my desk", "--write"]]
    assert list(typed("docker compose run --rm eightk eightk backup x > log")) == [["backup", "x"]]


# --- settings


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_toml_can_be_used(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: program)
    given = tomllib.loads(block.text)
    if "project" in given:
        assert set(given["project"]["entry-points"]) == {"watcher.handlers"}
    elif given.keys() <= Settings.model_fields.keys():
        settings = load_settings(settings_file(tmp_path, block.text), environ={})
        known = {name: one for name, one in settings.endpoint.items() if f"{one.kind.capitalize()}" in kinds}
        assert set(settings.operator.notify) <= set(settings.endpoint)
        assert set(build_notifiers(settings.model_copy(update={"endpoint": known}))) == set(known)
    else:
        Scenario.read(write(tmp_path / "scenario.toml", block.text), {})


def settings_file(folder: Path, text: str) -> Path:
    """The settings, with the files that they name."""
    for key, name in re.findall(r'^(\w+_file) = "(.*?)"', text, re.MULTILINE):
        told = {"secret_file": new_secret(), "url_file": "https://a.example/x", "urls_file": "json://a.example/x"}
        write(folder / name, told.get(key, "words"))
    return write(folder / "config" / "eightk.toml", text)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_setting_that_is_named_is_one(page: Path) -> None:
    known = every_setting()
    sections = {name.partition(".")[0] for name in known if "." in name} - {"endpoint"}
    named = {
        token.content
        for token in inline_of(tokens_of(page))
        if token.type == "code_inline"
        and re.fullmatch(rf"(?:{'|'.join(sections)}|endpoint\.NAME)\.[a-z_]+", token.content)
    }

    assert named - set(known) - NO_SETTINGS == set()


# --- rules


@pytest.mark.parametrize("block", [one for one in blocks("yaml") if one.page not in TRIED_ELSEWHERE], ids=str)
def test_yaml_can_be_used(block: Block, tmp_path: Path) -> None:
    path = write(tmp_path / "shown.yaml", block.text)
    given = yaml.load(block.text, Loader=yaml.BaseLoader)
    if "events" in given:
        assert [one for one in FindEvents.read_events([path]).run_tests() if not one.is_ok] == []
        return
    told = frozenset(name for rule in rules_in(given) for name in rule["notify"])
    assert [str(one) for one in MatchRules.check_book([path], told) if not one.is_warning] == []


def rules_in(given: dict[str, list[dict[str, list[dict[str, list[str]]]]]]) -> Iterator[dict[str, list[str]]]:
    for group in given["groups"]:
        yield from group["rules"]


# --- the rest


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_can_be_read(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("block", [one for one in blocks("python") if not one.words], ids=str)
def test_python_runs(block: Block) -> None:
    """That with a file's name is run by `test_tutorial` and `test_guides`."""
    exec(compile(block.text, str(block), "exec"), {"__name__": "example"})


def test_every_block_has_a_language_that_is_tried() -> None:
    known = {*SHELLS, "toml", "yaml", "json", "python", "js", "sql"}

    assert sorted(str(block) for block in BLOCKS if block.language not in known) == []


def test_what_eightk_asks_of_edgar_is_in_the_page_about_it() -> None:
    page = (DOCS / "edgar.md").read_text(encoding="utf-8")

    assert re.findall(r"^- (.*)$", page, re.MULTILINE) == list(_ASSUMPTIONS)


def test_settings_that_cannot_be_used_are_found(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_settings(settings_file(tmp_path, '[edgar]\ncontat = ""\n'), environ={})
