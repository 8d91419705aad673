"""The file: one whole JSON line for each message, whatever happened to the file before."""

import asyncio
import fcntl
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import handlers.notify.file as file_module
from handlers.notify import File
from tests._telling import NOW, alarm, matched
from watcher.errors import DeliveryError
from watcher.testing import FakePost


async def append(path: Path, message=None, now: float = NOW) -> None:
    await File(path=path).notify(message or matched(), FakePost(), now)


async def refused(path: Path) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await append(path)
    return caught.value


async def test_each_payload_becomes_a_line(tmp_path):
    path = tmp_path / "told.jsonl"
    await append(path)
    await append(path, alarm())

    assert path.read_bytes() == matched().payload + b"\n" + alarm().payload + b"\n"


async def test_a_line_that_a_crash_left_unfinished_spoils_no_other(tmp_path):
    path = tmp_path / "told.jsonl"
    path.write_bytes(b'{"type":"filing.mat')
    await append(path)

    assert path.read_bytes() == b'{"type":"filing.mat\n' + matched().payload + b"\n"


async def test_a_payload_of_several_lines_is_told_in_one(tmp_path):
    path = tmp_path / "told.jsonl"
    await append(path, replace(matched(), payload=b'{\r\n  "a": "b"\n}'))

    assert [json.loads(line) for line in path.read_text().splitlines()] == [{"a": "b"}]


async def test_the_day_stands_in_the_name_and_folders_are_made(tmp_path):
    path = tmp_path / "told" / "{date}" / "alerts-{date}.jsonl"
    await append(path)
    await append(path, now=NOW + 86_400)

    assert sorted(file.name for file in tmp_path.rglob("*.jsonl")) == [
        "alerts-2026-05-28.jsonl",
        "alerts-2026-05-29.jsonl",
    ]


async def test_many_at_once_each_keep_their_line(tmp_path):
    path = tmp_path / "told.jsonl"
    await asyncio.gather(*(append(path) for _ in range(40)))

    assert path.read_bytes() == (matched().payload + b"\n") * 40


async def test_another_programs_lock_is_waited_for(tmp_path):
    path = tmp_path / "told.jsonl"
    path.touch()
    code = (
        "import fcntl, sys, time\n"
        "file = open(sys.argv[1], 'a')\n"
        "fcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('locked', flush=True)\n"
        "sys.stdin.read()\n"
        "file.write('first\\n'); file.close()"
    )
    with subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "locked\n"
        writing = asyncio.create_task(append(path))
        await asyncio.sleep(0.1)
        assert not writing.done()
        other.stdin.close()
        await writing

    assert path.read_bytes() == b"first\n" + matched().payload + b"\n"


async def test_a_lock_that_is_never_given_up_fails_the_attempt(tmp_path, monkeypatch):
    monkeypatch.setattr(file_module, "_LOCK_SECONDS", 0.05)
    path = tmp_path / "told.jsonl"
    with path.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        error = await refused(path)

    assert (str(error).startswith(f"{path} could not be written: "), error.permanent) == (True, False)


@pytest.mark.parametrize("step", ["write", "fsync"])
async def test_what_a_full_disk_did_not_take_leaves_nothing_behind(tmp_path, monkeypatch, step):
    path = tmp_path / "told.jsonl"
    path.write_bytes(b"first\n")
    real = os.write

    def full(file, data=b""):
        if step == "write":
            real(file, data[:10])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, step, full)
        error = await refused(path)

    assert (str(error), path.read_bytes()) == (f"{path} could not be written: no space left on device", b"first\n")


async def test_a_write_that_takes_a_piece_at_a_time_still_writes_all(tmp_path, monkeypatch):
    real = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda file, data: real(file, data[:100]))
        await append(tmp_path / "told.jsonl")

    assert (tmp_path / "told.jsonl").read_bytes() == matched().payload + b"\n"


async def test_the_line_is_on_disk_before_the_delivery_is_made(tmp_path, monkeypatch):
    synced = []
    real = os.fsync

    def fsync(file):
        synced.append(os.fstat(file).st_ino)
        real(file)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        await append(tmp_path / "told.jsonl")

    assert synced == [(tmp_path / "told.jsonl").stat().st_ino, tmp_path.stat().st_ino]


async def test_a_pipe_by_this_name_is_not_waited_for(tmp_path):
    path = tmp_path / "{date}"
    os.mkfifo(tmp_path / "2026-05-28")

    assert str(await refused(path)).endswith("could not be written: it is no plain file")


async def test_a_folder_by_this_name_is_told(tmp_path):
    (tmp_path / "2026-05-28").mkdir()

    assert "is a directory" in str(await refused(tmp_path / "{date}"))


@pytest.mark.parametrize("name", ["{day}.jsonl", "{date.jsonl", "a}.jsonl", "{date}{0}"])
def test_other_placeholders_are_refused(name, tmp_path):
    with pytest.raises(ValueError, match=r"path: \{date\} is the one placeholder"):
        File(path=tmp_path / name)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ValueError, match="is no file"):
        File(path=tmp_path)
