"""The file of signing secrets: which of them sign, and how a new one is put in."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from watcher.secret_file import in_force, is_open_to_others, read_secrets, rotate, rotated
from watcher.signing import new_secret, parse_secret

NOW = datetime(2026, 5, 20, 20, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "desk"


def signing(file: Path, at: datetime) -> list[str]:
    """The secrets that sign at a time, as texts."""
    keys = in_force(read_secrets(file), at.timestamp())
    return [one.text for one in read_secrets(file) if parse_secret(one.text) in keys]


def test_a_new_secret_signs_at_once_and_the_old_one_until_its_time(file: Path) -> None:
    old = new_secret()
    file.write_text(old + "\n")

    new = rotate(file, NOW, DAY)[0].text

    assert new != old
    assert signing(file, NOW) == signing(file, NOW + DAY - timedelta(seconds=1)) == [new, old]
    assert signing(file, NOW + DAY) == [new]


def test_the_new_secret_stands_on_the_first_line_and_the_old_one_below_its_end(file: Path) -> None:
    old = new_secret()
    file.write_text(old)

    new = rotate(file, NOW, DAY)[0].text

    assert file.read_text() == f"{new}\n# until 2026-05-21T20:00:00Z\n{old}\n"


def test_a_file_that_is_not_there_is_made_with_one_secret(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "desk"

    rotate(file, NOW, DAY)

    assert len(signing(file, NOW)) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_only_its_owner_may_read_what_was_written_whatever_was_there_before(file: Path) -> None:
    file.write_text(new_secret())
    file.chmod(0o644)
    was_open = is_open_to_others(file)

    rotate(file, NOW, DAY)

    assert (was_open, is_open_to_others(file)) == (True, False)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_nothing_is_left_beside_the_file(file: Path) -> None:
    rotate(file, NOW, DAY)
    rotate(file, NOW, DAY)

    assert list(file.parent.iterdir()) == [file]


def test_a_link_stays_a_link(file: Path) -> None:
    target = file.with_name("target")
    target.write_text(new_secret())
    file.symlink_to(target)

    rotate(file, NOW, DAY)

    assert file.is_symlink()
    assert len(read_secrets(target)) == 2


def test_the_file_is_whole_at_every_moment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = new_secret()
    file.write_text(old)

    def fails(source: str, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match="No space left"):
        rotate(file, NOW, DAY)

    assert file.read_text() == old
    assert list(file.parent.iterdir()) == [file]


def test_secrets_that_are_over_are_left_out_at_the_next_rotation(file: Path) -> None:
    for days in (0, 3, 6):
        rotate(file, NOW + days * DAY, DAY)

    assert len(read_secrets(file)) == 2


def test_an_overlap_of_nothing_ends_all_old_ones(file: Path) -> None:
    rotate(file, NOW, DAY)
    rotate(file, NOW, DAY)
    rotate(file, NOW, timedelta())

    assert len(read_secrets(file)) == 1


def test_an_old_one_s_own_end_is_not_put_off(file: Path) -> None:
    first = rotate(file, NOW, DAY)[0].text
    rotate(file, NOW, timedelta(hours=1))
    rotate(file, NOW, timedelta(days=7))

    assert first in signing(file, NOW)
    assert first not in signing(file, NOW + timedelta(hours=1))


def test_at_most_ten_old_ones_sign(file: Path) -> None:
    for _ in range(11):
        rotate(file, NOW, DAY)

    with pytest.raises(ValueError, match="11 old secrets would sign, at most 10 may"):
        rotate(file, NOW, DAY)
    assert len(signing(file, NOW)) == 11


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=7, seconds=1)])
def test_an_overlap_beyond_a_week_is_refused(file: Path, overlap: timedelta) -> None:
    with pytest.raises(ValueError, match="0 to 7 days"):
        rotate(file, NOW, overlap)
    assert not file.exists()


def test_remarks_of_others_stay() -> None:
    old = new_secret()
    text = rotated(f"# the desk's\n{old}\n\n# ask Ann\n", "whsec_new", NOW, DAY)

    assert text == f"whsec_new\n# the desk's\n# until 2026-05-21T20:00:00Z\n{old}\n\n# ask Ann\n"


def test_the_newest_signs_whatever_stands_above_it(file: Path) -> None:
    file.write_text(f"# until 2020-01-01T00:00:00Z\n{new_secret()}\n")

    assert len(signing(file, NOW)) == 1


def test_an_end_counts_for_the_next_secret_alone(file: Path) -> None:
    newest, over, stays = (new_secret() for _ in range(3))
    file.write_text(f"{newest}\n# until 2020-01-01T00:00:00Z\n\n{over}\n{stays}\n")

    assert signing(file, NOW) == [newest, stays]


def test_an_end_that_is_no_time_is_told_with_its_line(file: Path) -> None:
    file.write_text(f"{new_secret()}\n# until 2026-13-01\n{new_secret()}\n")

    with pytest.raises(ValueError, match=r"desk, line 2: expected '# until' and a time such as 2026-05-21T20:00:00Z"):
        read_secrets(file)


def test_a_remark_in_words_is_no_end(file: Path) -> None:
    file.write_text(f"{new_secret()}\n# until Ann has changed over\n{new_secret()}\n")

    assert len(signing(file, NOW)) == 2


def test_a_secret_does_not_come_out_where_it_is_shown(file: Path) -> None:
    (one,) = rotate(file, NOW, DAY)

    assert one.text not in repr(one)


def test_a_broken_file_is_left_as_it_is(file: Path) -> None:
    file.write_text("hunter2\n")

    with pytest.raises(ValueError, match="line 1: a secret starts with 'whsec_'"):
        rotate(file, NOW, DAY)
    assert file.read_text() == "hunter2\n"
