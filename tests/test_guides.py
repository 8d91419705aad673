"""What the how-to guides tell their readers to type is typed, and prints what they say it does."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from _running import COMMAND, ENVIRONMENT
from _shell import Shell, type_page

from docs._make.pages import DOCS, Block, blocks_of
from watcher.testing import submission


def is_typed(name: str) -> bool:
    return any(block.language == "console" for block in blocks_of(DOCS / "howto" / name))


GUIDES = sorted(path.stem for path in (DOCS / "howto").glob("*.md") if is_typed(path.name))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a reader of the guides has: a folder made by ``eightk init``, with three filings in its store."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "past").mkdir()
    for seed in (1, 2, 3):
        (folder / "past" / f"{seed}.txt").write_bytes(submission(seed=seed, items=("5.02", "7.01", "9.01")))
    for arguments in (["init", "."], ["backfill", "--from-disk", "past", "--jobs", "1"]):
        subprocess.run([*COMMAND, *arguments], cwd=folder, check=True, capture_output=True, env=ENVIRONMENT)
    return folder


@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_does_what_it_says(name: str, place: Path, tmp_path: Path) -> None:
    filings = tmp_path / "filings"
    shutil.copytree(place, filings)
    # What a guide installs goes beside everything else.
    aside = {"PYTHONPATH": str(tmp_path / "aside"), "PIP_TARGET": str(tmp_path / "aside"), "PIP_NO_INDEX": "1"}
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    shell = Shell(tmp_path, filings, path, aside | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"})

    type_page(blocks_of(DOCS / "howto" / f"{name}.md"), shell)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path, tmp_path, "/usr/bin:/bin")


def shown(text: str, *words: str) -> Block:
    return Block("page.md", 1, "console", words, text)


@pytest.mark.parametrize(
    "text",
    [
        "$ echo one; echo two\none\ntwo\n",
        "$ echo one; echo two\n...\ntwo\n",
        "$ echo one; echo two\none\n...\n",
        "$ echo one, two\none, ...\n",
        "$ cd ..\n$ cd -  # exit code 0\n...\n",
        "$ export A=b\n$ echo $A\nb\n",
        "$ false  # exit code 1\n",
        "$ echo $HOME\n/home/you\n",
    ],
)
def test_what_is_printed_as_it_is_shown_passes(shell: Shell, text: str) -> None:
    type_page([shown(text)], shell)


@pytest.mark.parametrize(
    "text",
    [
        "$ echo one; echo two\none\n",
        "$ echo one\n",
        "$ echo one\ntwo\n",
        "$ echo one; echo two\n...\none\n",
        "$ true\none\n",
        "$ false\n",
        "$ true  # exit code 1\n",
    ],
)
def test_what_is_printed_otherwise_fails(shell: Shell, text: str) -> None:
    with pytest.raises(AssertionError, match=r"page\.md:1"):
        type_page([shown(text)], shell)


def test_a_command_of_another_terminal_goes_on_until_it_is_ended(shell: Shell) -> None:
    going = "$ echo here; trap 'echo bye; exit 0' INT; sleep 60 & wait\nhere\n"

    type_page([shown(going, "other"), shown("$ echo mine\nmine\n"), shown("^C\n", "other")], shell)
    assert (shell.home / ".other.log").read_text() == "here\nbye\n"


def test_what_still_runs_when_a_page_is_over_is_ended(shell: Shell) -> None:
    type_page([shown("$ echo here; sleep 60\nhere\n", "other")], shell)
    assert shell.terminal("other")._running.poll() is not None
