"""The file of who may come in."""

import stat
from pathlib import Path

import pytest

from watcher.keyring import Keyring, read_keyring, write_keyring

PASSWORD = "correct horse battery"


def test_a_password_and_tokens_survive_the_file_as_hashes_only(tmp_path: Path):
    keyring, token = Keyring().with_password(PASSWORD).with_token("desk-bot", may_write=True)
    write_keyring(tmp_path / "secrets/web", keyring)

    read = read_keyring(tmp_path / "secrets/web")

    text = (tmp_path / "secrets/web").read_text()
    assert PASSWORD not in text
    assert token not in text
    assert read.is_password(PASSWORD)
    assert not read.is_password(PASSWORD + "x")
    found = read.token(token)
    assert found is not None
    assert (found.name, found.may_write) == ("desk-bot", True)


def test_only_its_owner_may_read_the_file(tmp_path: Path):
    write_keyring(tmp_path / "web", Keyring().with_password(PASSWORD))

    assert stat.S_IMODE((tmp_path / "web").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text", ["", "eightk_desk_", "eightk_desk_" + "x" * 43, "eightk_other_" + "x" * 43, "x" * 5000]
)
def test_what_is_no_token_is_none(text: str):
    keyring, _ = Keyring().with_token("desk", may_write=False)

    assert keyring.token(text) is None


def test_a_token_found_right_is_remembered_and_a_removed_one_is_not():
    keyring, token = Keyring().with_token("desk", may_write=False)

    assert keyring.remembered(token) is None
    assert keyring.token(token) == keyring.tokens[0] == keyring.remembered(token)
    assert keyring.without_token("desk").token(token) is None


def test_a_name_is_taken_once():
    keyring, _ = Keyring().with_token("desk", may_write=False)

    with pytest.raises(ValueError, match="there is a token desk already"):
        keyring.with_token("desk", may_write=True)
    with pytest.raises(ValueError, match="there is no token deks; there are: desk"):
        keyring.without_token("deks")


@pytest.mark.parametrize("name", ["", "Desk", "a_b", "x" * 41, "-a", "a\n"])
def test_a_bad_name_is_refused(name: str):
    with pytest.raises(ValueError, match="small letters, digits and hyphens"):
        Keyring().with_token(name, may_write=False)


@pytest.mark.parametrize("password", ["short", "x" * 1001])
def test_a_password_has_a_sensible_length(password: str):
    with pytest.raises(ValueError, match="12 to 1000 characters"):
        Keyring().with_password(password)


def test_a_missing_file_is_an_empty_keyring(tmp_path: Path):
    assert read_keyring(tmp_path / "none").is_empty


@pytest.mark.parametrize(
    "line",
    [
        "password secret-in-clear",
        "token desk write not-a-hash",
        "token Desk write {hash}",
        "token desk admin {hash}",
        "password {hash}\npassword {hash}",
        "token desk read {hash}\ntoken desk read {hash}",
        "words",
    ],
)
def test_a_damaged_file_is_refused_without_telling_what_is_in_it(tmp_path: Path, line: str):
    hashed = Keyring().with_password(PASSWORD).password
    (tmp_path / "web").write_text(line.format(hash=hashed))

    with pytest.raises(ValueError, match="web") as raised:
        read_keyring(tmp_path / "web")

    assert "secret" not in str(raised.value)
    assert "argon2" not in str(raised.value)


def test_a_keyring_shows_no_hash():
    keyring, _ = Keyring().with_password(PASSWORD).with_token("desk", may_write=False)

    assert "argon2" not in repr(keyring)
