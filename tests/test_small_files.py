"""Files that settings and rules name: what has no end, or is none, is told and not waited for."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from _running import Place
from click.testing import CliRunner

from watcher.cli import cli
from watcher.config import load_settings
from watcher.errors import ConfigError
from watcher.registry import discover
from watcher.small_files import read_small, read_small_text

RULES = """
version: 1
lists:
  watch: {file: LIST, column: cik, type: cik}
groups:
- name: g
  rules:
  - {id: watched, title: t, match: {cik|in: "@watch"}, notify: [desk]}
"""


@pytest.fixture(params=["fifo", "endless", "folder"])
def odd(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Something that is no file for a person."""
    if request.param == "endless":
        return Path("/dev/zero")
    path = tmp_path / "odd"
    if request.param == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    return path


def test_a_file_is_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes("é\r\n".encode())

    assert (read_small(file, 4), read_small_text(file, 4)) == ("é\r\n".encode(), "é\n")


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").symlink_to("a")

    assert read_small_text(tmp_path / "b", 10) == "a"


def test_a_larger_one_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")

    with pytest.raises(OSError, match="Larger than 4 bytes"):
        read_small(tmp_path / "a", 4)


def test_what_is_no_file_is_told_at_once(odd: Path) -> None:
    with pytest.raises(OSError, match=r"Not a regular file|Is a directory"):
        read_small(odd, 10)


def test_settings_that_are_no_file_are_told(odd: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read: (Not a regular file|Is a directory)"):
        load_settings(odd, {})


def test_settings_without_end_are_told(tmp_path: Path) -> None:
    file = tmp_path / "eightk.toml"
    file.write_bytes(b"#" * (2**20 + 1))

    with pytest.raises(ConfigError, match="cannot be read: Larger than 1,048,576 bytes"):
        load_settings(file, {})


def test_a_handler_that_is_no_file_is_told(odd: Path, tmp_path: Path) -> None:
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "mine.py").symlink_to(odd)

    with pytest.raises(ConfigError, match=r"mine\.py: is not a regular file"):
        discover(tmp_path / "handlers")


def test_rules_that_are_no_file_are_told(odd: Path, tmp_path: Path) -> None:
    place = Place(tmp_path).set_up()
    (tmp_path / "config" / "rules" / "odd.yaml").symlink_to(odd)

    done = CliRunner().invoke(cli, ["check", "--config", str(place.config)])

    assert isinstance(done.exception, ConfigError)
    assert "odd.yaml" in str(done.exception)
    assert "cannot be read" in str(done.exception)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["fifo", "folder"])
def test_a_list_that_is_no_file_is_told(make: Callable[[Path], None], tmp_path: Path) -> None:
    place = Place(tmp_path).set_up(rules=RULES.replace("LIST", "odd.csv"))
    make(place.config.parent / "rules" / "odd.csv")

    done = CliRunner().invoke(cli, ["check", "--config", str(place.config)])

    assert isinstance(done.exception, ConfigError)
    assert "odd.csv cannot be read: " in str(done.exception)


def test_a_list_without_end_lies_outside_the_folder_and_is_not_read(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up(rules=RULES.replace("LIST", "odd.csv"))
    (place.config.parent / "rules" / "odd.csv").symlink_to("/dev/zero")

    done = CliRunner().invoke(cli, ["check", "--config", str(place.config)])

    assert isinstance(done.exception, ConfigError)
    assert "does not lie in the folder of the rule files" in str(done.exception)
