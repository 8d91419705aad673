"""Names that strangers give, to files in the watched folder, documents, filings: none leads anywhere or fakes a line.

Held elsewhere: cells of a table that would be formulas (`test_export`), pages (`test_pages`), terminals
(`test_printing`), subjects of NATS (`test_subjects`), chats (`test_notify_chats`), mails (`test_notify_mail`), members
of archives (`test_day_files`, `test_inputs`).
"""

import io
import json
import logging
import os
import socket
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from _running import Place
from test_folder import ACCESSION, Desk, desk, filing, make_desk  # noqa: F401  # fixtures

from handlers.notify import Webhook
from watcher.edgar.bare import accession_of_filename
from watcher.errors import StoreError
from watcher.logs import about, set_up_logging
from watcher.signing import new_secret
from watcher.sources._inbox import Growing, Inbox
from watcher.store.archive import Archive
from watcher.testing import FakePost, message, submission

SECRET = "root:x:0:0"
HOSTILE = (
    *(
        b"new\nline.txt",
        b"\x1b[31mred.txt",
        b"tab\tbed.txt",
        b"..txt",
        b"...txt",
        b"a..b.txt",
        b"-rf.txt",
        b"$(id).txt",
    ),
    *(b"\xff\xfe.txt", b"a" * 251 + b".txt", b"\xe2\x80\xaegnp.txt", b"%2e%2e%2f.txt", b"a\\..\\b.txt", b"=1+1.txt"),
)


async def test_a_file_of_any_name_is_taken(desk: Desk, filing: bytes) -> None:  # noqa: F811
    for name in HOSTILE:
        desk.put(os.fsdecode(name), filing)

    await desk.source.scan()

    assert [one.filing.accession for one in desk.stored()] == [ACCESSION]
    assert desk.rejected() == {}


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
async def test_a_refused_file_of_any_name_is_kept_aside_each_time_it_comes(
    make_desk,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
    name: bytes,
) -> None:
    desk = make_desk(settle_seconds=0)  # noqa: F811
    if name.startswith(b"."):
        pytest.skip("hidden files are left alone")
    for _ in range(3):
        desk.put(os.fsdecode(name), b"no filing at all")
        await desk.source.scan()

    kept = [os.fsencode(path.name) for path in (desk.inbox / "rejected").iterdir()]
    assert len([one for one in kept if not one.endswith(b".reason")]) == 3
    assert [path.name for path in desk.inbox.iterdir() if path.is_file()] == []


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that eightk may write to, and nobody who may put files into its inbox."""
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("which", ["done", "rejected"])
async def test_a_folder_that_was_made_a_link_takes_no_file_elsewhere(
    make_desk,  # noqa: F811
    outside: Path,
    caplog: pytest.LogCaptureFixture,
    which: str,
) -> None:
    desk = make_desk(settle_seconds=0)  # noqa: F811
    (desk.inbox / which).rmdir()
    (desk.inbox / which).symlink_to(outside)
    path = desk.put("evil.yaml", b"version: 1\n")

    for _ in range(2):
        await desk.source.scan()
    desk.source._inbox.put_away(path)

    assert list(outside.iterdir()) == []
    if which == "rejected":
        reasons = [getattr(one, "reason", "") for one in caplog.records if one.message == "file left in place"]
        assert reasons == ["cannot be moved away: rejected is a link"]


async def test_a_reason_is_not_written_through_a_link(make_desk, outside: Path) -> None:  # noqa: F811
    desk = make_desk(settle_seconds=0)  # noqa: F811
    precious = outside / "precious"
    precious.write_text("mine")
    (desk.inbox / "rejected" / "a.txt.reason").symlink_to(precious)
    desk.put("a.txt", b"no filing at all")

    await desk.source.scan()

    assert precious.read_text() == "mine"
    assert "no SEC form" in (desk.inbox / "rejected" / "a.txt.reason").read_text()


def test_a_file_that_became_another_one_after_the_look_is_not_read(tmp_path: Path, outside: Path) -> None:
    """Neither a pipe, for which a reader would wait for ever, nor a link."""
    inbox, path = Inbox(tmp_path, settle_seconds=0, max_bytes=1000), tmp_path / "a.txt"
    path.write_text("x")
    status = path.lstat()
    (outside / "b.txt").write_text(SECRET)

    path.unlink()
    os.mkfifo(path)
    with pytest.raises(Growing):
        inbox.read(path, status)
    path.unlink()
    path.symlink_to(outside / "b.txt")
    with pytest.raises(OSError, match="symbolic links"):
        inbox.read(path, status)


def _traps(inbox: Path, outside: Path) -> Iterator[socket.socket]:
    """Put everything into the folder that is no submission, and may look like one."""
    (outside / "passwd").write_text(f"{SECRET}\n")
    for name, target in (
        ("passwd", outside / "passwd"),
        ("device", "/dev/zero"),
        ("nowhere", "/no/such/file"),
        ("me", "."),
    ):
        (inbox / f"link-{name}.txt").symlink_to(target)
    os.link(outside / "passwd", inbox / "hard-link.txt")
    (inbox / "folder.txt").mkdir()
    os.mkfifo(inbox / "pipe.txt")
    (inbox / "link-pipe.txt").symlink_to(inbox / "pipe.txt")
    (inbox / "unreadable.txt").write_text("x")
    (inbox / "unreadable.txt").chmod(0)
    (inbox / "empty.txt").touch()
    (inbox / "a.tar.gz").write_bytes(b"\x1f\x8b")
    heard = socket.socket(socket.AF_UNIX)
    here = os.open(inbox, os.O_RDONLY)
    heard.bind(f"/proc/self/fd/{here}/socket.txt" if Path("/proc/self/fd").is_dir() else str(inbox / "s.txt"))
    os.close(here)
    yield heard
    heard.close()


async def test_traps_in_the_folder_keep_no_filing_from_being_taken(make_desk, filing: bytes, outside: Path) -> None:  # noqa: F811
    desk = make_desk(settle_seconds=0)  # noqa: F811
    for _ in _traps(desk.inbox, outside):
        desk.put("z.txt", filing)
        await desk.source.scan()
        await desk.source.scan()

    assert [one.filing.accession for one in desk.stored()] == [ACCESSION]
    assert (outside / "passwd").read_text() == f"{SECRET}\n"
    assert {path.name for path in desk.inbox.iterdir() if path.is_symlink()} == {
        *(f"link-{name}.txt" for name in ("passwd", "device", "nowhere", "me", "pipe")),
    }


def test_the_daemon_goes_on_whatever_lies_in_its_folder(tmp_path: Path, outside: Path) -> None:
    place = Place(tmp_path / "place")
    place.inbox.mkdir(parents=True)
    place.set_up()
    good, bare = submission(seed=1), submission(seed=2).replace(b"<FILENAME>", b"<FILENAME>../../../../etc/cron.d/x")
    for name in HOSTILE:
        (place.inbox / os.fsdecode(name)).write_bytes(b"no filing at all")
    (place.inbox / "deep.txt").write_bytes(submission(seed=3).replace(b"<TEXT>\n", b"<TEXT>\n" + b"<div>" * 100_000, 1))
    (place.inbox / "nul.txt").write_bytes(submission(seed=4).replace(b"<TEXT>\n", b"<TEXT>\n" + bytes(1_000_000), 1))
    (place.inbox / "named.txt").write_bytes(bare)
    (place.inbox / "z.txt").write_bytes(good)
    for _ in _traps(place.inbox, outside):
        ended = place.eightk("run", "--once", seconds=240)

    assert ended.returncode == 0, ended.stderr
    assert {one["state"] for one in json.loads(place.eightk("filings", "--json").stdout)} == {"saved"}
    assert all(line.isprintable() for line in ended.stderr.splitlines()), ended.stderr
    assert SECRET not in ended.stderr


@pytest.mark.parametrize(
    "name",
    ["../../0001234567-21-000042/../x", "0001234567-21-000042\n.txt", "0001234567-21-0000421.txt", "\u0660" * 18],
)
def test_an_accession_number_of_a_name_is_digits_and_dashes_alone(name: str, tmp_path: Path) -> None:
    assert accession_of_filename(name) in (None, "0001234567-21-000042")


@pytest.mark.parametrize("accession", ["../x", "0001234567-21-000042/../x", "0001234567-21-000042\n", ""])
def test_no_other_accession_number_becomes_a_path(tmp_path: Path, accession: str) -> None:
    with pytest.raises(StoreError, match="not an accession number"):
        Archive(tmp_path / "raw", "store").keep(accession, date(2021, 3, 4), b"x")


@pytest.mark.parametrize(
    "headers", [{"x-a": "b\r\nx-evil: c"}, {"x-a\r\nx-evil": "c"}, {"x-a": "b\0"}, {"x-a": "b\u2028"}]
)
def test_a_header_of_an_endpoint_brings_no_other(tmp_path: Path, headers: dict[str, str]) -> None:
    (tmp_path / "secret").write_text(new_secret())
    (tmp_path / "secret").chmod(0o600)

    with pytest.raises(ValueError, match="headers"):
        Webhook(url="https://example.com/a", secret_file=tmp_path / "secret", headers=headers)


async def test_no_text_of_a_filing_stands_in_a_header(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(new_secret())
    (tmp_path / "secret").chmod(0o600)
    post = FakePost()
    told = message(b'{"company": "A\\r\\nx-evil: b"}')

    await Webhook(url="https://example.com/a", secret_file=tmp_path / "secret").notify(told, post, 0)

    assert set(post.posted[0].headers) == {
        *("content-type", "user-agent", "webhook-id", "webhook-timestamp", "webhook-signature"),
    }
    assert all(value.isascii() and value.isprintable() for value in post.posted[0].headers.values())


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "text", ["a\nb", "a\r\nb", "\x1b[2J", "\x9b2J", "\u202eb", "\u2066b", "\u2028b", "\0", "\ud800", "\x7f"]
)
def test_no_fact_and_no_message_steers_a_line_of_the_log(form: str, text: str) -> None:
    stream = io.StringIO()
    before = logging.getLogger().handlers[:]
    try:
        set_up_logging("info", form, stream)  # type: ignore[arg-type]
        with about(accession=text):
            logging.getLogger("watcher").error(f"m {text}", extra={"file": text})  # noqa: G004
    finally:
        logging.getLogger().handlers[:] = before

    line, end = stream.getvalue()[:-1], stream.getvalue()[-1:]
    assert end == "\n"
    assert line.isprintable(), line
