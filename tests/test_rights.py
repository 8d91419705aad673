"""What the daemon makes is for its own user alone; what others put into its inbox is taken."""

import stat
import subprocess
from pathlib import Path

import pytest
from _running import COMMAND, ENVIRONMENT, Place

from watcher.simulator.generator import Generator


def run_once(place: Place) -> None:
    done = subprocess.run(
        [*COMMAND, "run", "--once", "--config", str(place.config)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=ENVIRONMENT,
        umask=0o022,
    )
    assert done.returncode == 0, done.stderr


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path).set_up()


def test_store_archive_and_keys_are_for_one_user_alone(place: Place) -> None:
    place.inbox.mkdir()
    (place.inbox / "a.txt").write_bytes(Generator(seed=3).submission().raw)

    run_once(place)

    made = [one for one in (place.folder / "data").rglob("*") if not one.is_symlink()]
    assert any(one.name == "eightk.db" for one in made)
    assert any("raw" in one.parts for one in made)
    assert {one.name: oct(rights(one)) for one in made if rights(one) & 0o077} == {}
    assert len(place.filings()) == 1


def test_the_inbox_keeps_the_rights_that_the_user_gives_new_folders(place: Place) -> None:
    run_once(place)

    assert rights(place.inbox) == 0o755
