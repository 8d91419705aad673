"""What the settings ask of the machine: a folder that is safe to watch, a store that can be opened, a free port."""

import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from _running import Place, Running
from click.testing import CliRunner

from watcher.cli import cli
from watcher.errors import ConfigError
from watcher.ready import examine
from watcher.store.database import Store


def write(folder: Path, text: str = "") -> Path:
    file = folder / "config" / "eightk.toml"
    (folder / "config" / "rules").mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def faults_of(file: Path) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        examine(file)
    return [str(fault) for fault in raised.value.faults]


@pytest.mark.parametrize(
    ("inbox", "what"),
    [
        ("data", "is the same as data_dir"),
        ("config", "is the same as the folder of the settings"),
        ("config/rules", "is the same as rules.path"),
        ("config/handlers", "is the same as handlers.path"),
        (".", "is the same as the folder where relative paths start"),
        ("/", "holds "),
        ("..", "holds "),
        ("data/archive", "lies in data_dir"),
        ("data/raw/2026", "lies in data_dir"),
        ("config/inbox", "lies in the folder of the settings"),
        ("data/../config", "is the same as the folder of the settings"),
    ],
)
def test_a_watched_folder_that_would_take_our_own_files_away_is_refused(tmp_path: Path, inbox: str, what: str) -> None:
    file = write(tmp_path, f'[folder]\npath = "{inbox}"\n')

    (fault,) = faults_of(file)

    assert fault.startswith(f"{file}: folder.path: ")
    assert what in fault
    assert "name a folder for submissions alone" in fault


def test_a_link_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "inbox").symlink_to("data")

    (fault,) = faults_of(write(tmp_path))

    assert "folder.path: " in fault
    assert "is the same as data_dir" in fault


def test_the_folder_of_a_store_elsewhere_is_not_watched(tmp_path: Path) -> None:
    (fault,) = faults_of(write(tmp_path, '[store]\nurl = "sqlite:///inbox/eightk.db"\n'))

    assert "is the same as the folder of store.url" in fault


@pytest.mark.parametrize("path", ["inbox/secret", "elsewhere/../inbox/secret"])
def test_what_an_endpoint_reads_or_writes_may_not_lie_in_the_watched_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "secret").write_text("whsec_" + "A" * 44 + "\n")
    text = f'[endpoint.desk]\nkind = "webhook"\nurl = "https://example.com/"\nsecret_file = "{path}"\n'

    assert any(
        "endpoint.desk.secret_file: lies in the watched folder" in fault for fault in faults_of(write(tmp_path, text))
    )


@pytest.mark.parametrize(
    "text",
    ["", 'data_dir = "."\n', '[folder]\npath = "~/in"\n', '[folder]\nenabled = false\npath = "data"\n'],
    ids=["as it comes", "data where all lies", "elsewhere", "not watched"],
)
def test_a_folder_for_submissions_alone_is_fine(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    assert examine(write(tmp_path, text)).settings.file


def test_with_data_where_all_lies_the_archive_is_still_not_watched(tmp_path: Path) -> None:
    (fault,) = faults_of(write(tmp_path, 'data_dir = "."\n[folder]\npath = "raw/2026"\n'))

    assert "lies in the archive" in fault


def test_run_moves_nothing_away_and_says_why(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up(more="")
    place.config.write_text(place.config.read_text().replace("rescan_seconds", 'path = "config"\nrescan_seconds'))

    done = place.eightk("run", "--once")

    assert done.returncode == 2, done.stderr
    assert "folder.path" in done.stderr
    assert place.config.exists()


def check(place: Place) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["check", "--config", str(place.config)])
    text = str(done.exception) if isinstance(done.exception, ConfigError) else done.output
    return (2 if isinstance(done.exception, ConfigError) else done.exit_code), text


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "data").mkdir()
    return Place(tmp_path).set_up()


def sql(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


def damage_inside(path: Path) -> None:
    """Spoil the page of one table, which nobody meets who reads the others."""
    with closing(sqlite3.connect(path)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'filing'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(raw)


def with_store(place: Place) -> Path:
    path = place.folder / "data" / "eightk.db"
    Store(f"sqlite:///{path}").close()
    return path


def test_a_store_that_is_in_order_is_fine(place: Place) -> None:
    with_store(place)

    assert check(place)[0] == 0


def test_a_store_that_is_not_there_yet_is_fine_and_is_not_made(place: Place) -> None:
    assert check(place)[0] == 0
    assert list((place.folder / "data").iterdir()) == []


def test_an_empty_file_becomes_the_store(place: Place) -> None:
    path = place.folder / "data" / "eightk.db"
    path.touch()

    assert check(place)[0] == 0
    assert path.read_bytes() == b""


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.write_bytes(b"junk" * 1000), "file is not a database"),
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), "malformed"),
        (lambda path: sql(path, "UPDATE alembic_version SET version_num = '9999'"), "written by a newer version"),
        (lambda path: sql(path, "DROP TABLE alembic_version"), "is another program's database"),
        (damage_inside, "is damaged"),
    ],
    ids=["junk", "cut off", "newer", "another program's", "damaged inside"],
)
def test_a_store_that_cannot_be_used_is_told(place: Place, spoil: Callable[[Path], object], told: str) -> None:
    path = with_store(place)
    spoil(path)

    code, text = check(place)

    assert code == 2, text
    assert f"{place.config}: store.url: {path}: " in text
    assert told in text


def test_another_programs_database_is_not_made_a_store(place: Place) -> None:
    path = place.folder / "data" / "eightk.db"
    sql(path, "CREATE TABLE theirs (a)")

    done = place.eightk("run", "--once")

    assert (done.returncode, "another program's database" in done.stderr) == (3, True)
    with closing(sqlite3.connect(path)) as connection:
        assert [row[0] for row in connection.execute("SELECT name FROM sqlite_master")] == ["theirs"]


def test_one_message_tells_of_a_newer_store(place: Place) -> None:
    sql(with_store(place), "UPDATE alembic_version SET version_num = '9999'")

    told = {place.eightk(*command).stderr.split("eightk.db: ")[-1] for command in (("filings",), ("run", "--once"))}

    assert len(told) == 1
    assert "written by a newer version (schema 9999, this one knows " in told.pop()


def test_a_port_that_is_taken_is_told(place: Place) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        place.config.write_text(place.config.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))
        code, text = check(place)

    assert (code, f"web.listen: cannot listen on 127.0.0.1:{port}: Address already in use" in text) == (2, True)


def test_the_port_of_the_daemon_that_has_this_store_is_fine(place: Place) -> None:
    with Running(place) as running:
        port = running.url.rpartition(":")[2]
        place.config.write_text(place.config.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))
        code, text = check(place)

    assert code == 0, text


def test_a_line_that_reads_nothing_is_warned_of(place: Place) -> None:
    place.config.write_text(place.config.read_text() + '[handlers]\ndisabled = ["parse"]\n')

    code, text = check(place)

    assert code == 0, text
    assert "warning    no handler reads filings: they are saved as listed, without their items" in text


def test_a_line_that_reads_is_not_warned_of(place: Place) -> None:
    assert "no handler reads filings" not in check(place)[1]


@pytest.mark.parametrize(("event", "words"), [("cfo-departur", "(1): eightk rules check"), ("cfo-departure", "")])
def test_rules_that_may_not_mean_what_they_say_are_warned_of(tmp_path: Path, event: str, words: str) -> None:
    rule = f"{{id: a, title: A, match: {{events|has: {event}}}, notify: []}}"
    rules = f"version: 1\ngroups:\n- name: g\n  rules:\n  - {rule}\n"
    done = Place(tmp_path).set_up(rules=rules).eightk("check")

    assert (done.returncode, "rules may not mean" in done.stderr) == (0, bool(words)), done.stderr
    assert words in done.stderr
