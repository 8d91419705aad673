"""If it is not documented, a test fails; see `test_reference` and `test_docs_examples`, too."""

import re
import tomllib
from pathlib import Path

import pytest

from watcher.cli import cli
from watcher.config import load_settings
from watcher.registry import discover
from watcher.settings import Section, Settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
DEFAULTS = (ROOT / "config" / "eightk.toml").read_text(encoding="utf-8")


def settings() -> dict[str, object]:
    """Every setting with its default, by its full name."""
    found: dict[str, object] = {}
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, Section):
            section = type(field.default).model_fields
            found |= {f"{name}.{key}": one.default for key, one in section.items()}
        elif name not in ("endpoint", "handler", "file", "base"):
            found[name] = field.default
    return found


def test_the_default_file_shows_every_setting_at_its_default() -> None:
    uncommented = re.sub(r"^# ([a-z_]+ = )", r"\1", DEFAULTS, flags=re.MULTILINE)
    uncommented = re.sub(
        r'^(minimum_billion = |kind = |secret_file = |allow = |url = "http).*$', "", uncommented, flags=re.MULTILINE
    )
    uncommented = uncommented.replace("[endpoint.log]", '[endpoint.log]\nkind = "log"')
    shown = {
        f"{table}.{key}" if isinstance(value, dict) else table: inner
        for table, value in tomllib.loads(uncommented).items()
        if table != "endpoint"
        for key, inner in (value.items() if isinstance(value, dict) else [("", value)])
    }

    plain = {
        name: str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value
        for name, value in settings().items()
    }
    plain["store.url"] = ""
    assert {name: shown.get(name) for name in plain if name != "store.url"} == {
        name: value for name, value in plain.items() if name != "store.url"
    }


def test_the_default_file_is_a_valid_one() -> None:
    loaded = load_settings(ROOT / "config" / "eightk.toml", environ={})

    assert loaded.endpoint["log"].kind == "log"


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"`eightk {name}" in README


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_says_what_it_does(name: str) -> None:
    assert cli.commands[name].help


@pytest.mark.parametrize("found", discover(None), ids=lambda found: found.name)
def test_every_built_in_handler_is_in_the_docs(found: object) -> None:
    name = getattr(found, "name", "")

    assert any(f"`{name}`" in text for text in (*DOCS.values(), README))


def test_every_dependency_has_its_reason() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = [re.split(r"[>=<]", line)[0] for line in declared]

    assert [name for name in names if name not in DOCS["dependencies.md"].lower()] == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt", "requirements-release.txt"])
def test_the_lock_files_name_no_host_and_hash_everything(name: str) -> None:
    text = (ROOT / name).read_text()

    pinned = len(re.findall(r"^[a-z0-9._-]+==", text, flags=re.MULTILINE))
    assert "://" not in text
    assert pinned == len(re.findall(r"^[a-z0-9._-]+==[^\n]*\\\n +--hash=sha256:", text, flags=re.MULTILINE))
