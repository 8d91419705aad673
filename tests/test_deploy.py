"""What `deploy/` gives to run eightk with: that systemd takes it, and that all it names is there."""

import re
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml
from _required import program

from tests._running import Place
from watcher.cli import cli
from watcher.config import load_settings
from watcher.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
GUIDE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
UNIT, CONTAINERFILE = DEPLOY / "eightk.service", (DEPLOY / "Containerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
# The level that `systemd-analyze security` gives it is 1.5; 10 is a service without any bound.
MOST_EXPOSED = 2.0


def systemd_analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program("systemd-analyze", "systemd"), *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there: systemd looks for it."""
    copy = tmp_path / "eightk.service"
    copy.write_text(UNIT.read_text().replace("/opt/eightk/bin/eightk", sys.executable))
    return copy


def setting(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)


def test_systemd_takes_the_unit(unit: Path) -> None:
    done = systemd_analyze("verify", "--man=no", str(unit))

    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_is_exposed_no_more_than_was_meant(unit: Path) -> None:
    done = systemd_analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:g}", str(unit))

    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert (done.returncode, float(found[1]) <= MOST_EXPOSED) == (0, True)


def test_the_unit_is_made_of_known_sections() -> None:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.read(UNIT)

    assert parser.sections() == ["Unit", "Service", "Install"]


def test_nothing_but_the_place_can_be_written() -> None:
    assert setting("ProtectSystem") == ["strict"]
    assert setting("ReadWritePaths") == [setting("WorkingDirectory")[0]] == ["/var/lib/eightk"]


def test_both_run_commands_that_there_are(tmp_path: Path) -> None:
    """With the settings' file where `eightk init` puts it: so all lies in the one folder that can be written."""
    (start,) = setting("ExecStart")
    words = re.findall(r'"([^"]*)"', re.search(r"^CMD (\[.*\])$", CONTAINERFILE, re.MULTILINE)[1])  # type: ignore[index]

    assert start.split()[1:] == ["run", "--config", "/var/lib/eightk/config/eightk.toml"]
    assert words == ["run", "--config", "/data/config/eightk.toml"]
    assert words[0] in cli.commands
    assert Place(tmp_path).config.relative_to(tmp_path) == Path("config/eightk.toml")
    loaded = load_settings(ROOT / "config" / "eightk.toml", environ={})
    assert all(path.is_relative_to(loaded.base) for path in (loaded.data_dir, loaded.folder.path, loaded.rules.path))


def test_the_memory_that_both_allow_is_enough_for_the_workers() -> None:
    limits = Settings().limits
    least = limits.workers * limits.memory_megabytes
    given = {setting("MemoryMax")[0].upper(), COMPOSE["services"]["eightk"]["mem_limit"].upper()}

    assert {int(one.removesuffix("G")) * 1024 >= 2 * least for one in given} == {True}


def test_the_exit_code_that_ends_it_is_that_of_wrong_settings(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up(more="[nonsense]")

    assert str(place.eightk("run").returncode) == setting("RestartPreventExitStatus")[0]


def test_the_container_copies_what_is_there_and_what_the_package_needs() -> None:
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE) for name in line.split()
    }

    ignored = (DEPLOY / "Containerfile.dockerignore").read_text().splitlines()
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == copied
    assert {"requirements.txt", "pyproject.toml", "watcher", "handlers", "config", "README.md", "LICENSE"} <= copied


def test_the_container_installs_by_the_lock_file_and_runs_as_nobody_special() -> None:
    installs = re.findall(r"pip install (.*?)(?:\\$|$)", CONTAINERFILE, re.MULTILINE)

    assert all("--require-hashes -r requirements.txt" in one or "--no-deps" in one for one in installs)
    assert len(installs) == 2
    assert CONTAINERFILE.index("\nUSER eightk\n") < CONTAINERFILE.index("\nENTRYPOINT")
    assert "http://127.0.0.1:8000/healthz" in CONTAINERFILE


def test_the_compose_file_bounds_the_container() -> None:
    service = COMPOSE["services"]["eightk"]

    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["volumes"] == ["eightk:/data"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_all_settings_and_commands_of_the_guide_exist() -> None:
    tables = set(Settings.model_fields)
    named = re.findall(r"`([a-z]+)\.([a-z_]+)`", GUIDE)

    for block in re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL):
        named += [(table, key) for table, keys in tomllib.loads(block).items() for key in keys]
    assert len(named) > 5
    for table, key in named:
        if table in tables:
            assert key in type(Settings.model_fields[table].default).model_fields, f"{table}.{key}"
    assert {"init", "check", "backup"} <= {*re.findall(r"\beightk ([a-z]+)", GUIDE)} & {*cli.commands}


def test_the_guide_speaks_of_every_file() -> None:
    assert [one.name for one in DEPLOY.iterdir() if one.name not in GUIDE] == []
