"""The archive: raw bytes are whole on disk or not there, and come back as they were kept."""

import gzip
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from watcher.errors import ReadError, StoreError, TooLargeError
from watcher.store.archive import Archive, Archived

ACCESSION = "0000000001-26-000001"
DAY = date(2026, 1, 5)
RAW = b"<SEC-DOCUMENT>" + bytes(range(256)) * 40


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "raw", "store-1")


def file_of(tmp_path: Path, kept: Archived) -> Path:
    return tmp_path / "raw" / kept.path


def test_bytes_come_back_as_they_were_kept(archive: Archive):
    assert archive.read(archive.keep(ACCESSION, DAY, RAW)) == RAW


def test_a_filing_lies_under_its_day(archive: Archive):
    assert archive.keep(ACCESSION, DAY, RAW).path == f"2026/01/05/{ACCESSION}.txt.gz"


def test_anyone_can_open_the_file_with_gzip(archive: Archive, tmp_path: Path):
    kept = archive.keep(ACCESSION, DAY, RAW)

    assert gzip.decompress(file_of(tmp_path, kept).read_bytes()) == RAW


def test_what_is_known_of_the_bytes_is_their_size_and_sha256(archive: Archive):
    kept = archive.keep(ACCESSION, DAY, b"abc")

    assert (kept.bytes, kept.sha256[:16]) == (3, "ba7816bf8f01cfea")


def test_keeping_the_same_twice_gives_the_same_file(archive: Archive, tmp_path: Path):
    first = file_of(tmp_path, archive.keep(ACCESSION, DAY, RAW)).read_bytes()

    assert file_of(tmp_path, archive.keep(ACCESSION, DAY, RAW)).read_bytes() == first


def test_keeping_the_same_in_many_threads_at_once_is_harmless(archive: Archive):
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda _: archive.keep(ACCESSION, DAY, RAW), range(40)))

    assert {archive.read(one) for one in kept} == {RAW}


def test_nothing_half_written_is_left_beside_it(archive: Archive, tmp_path: Path):
    kept = archive.keep(ACCESSION, DAY, RAW)

    assert [path.name for path in file_of(tmp_path, kept).parent.iterdir()] == [f"{ACCESSION}.txt.gz"]


def test_a_file_that_is_gone_is_no_error(archive: Archive, tmp_path: Path):
    kept = archive.keep(ACCESSION, DAY, RAW)
    file_of(tmp_path, kept).unlink()

    assert archive.read(kept) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[:-20],
        lambda packed: b"",
        lambda packed: b"not gzip at all",
        lambda packed: packed[:15] + b"\xff" * 30 + packed[45:],
        lambda packed: packed[:-6] + b"\x00" + packed[-5:],
        lambda packed: gzip.compress(b"other bytes"),
    ],
    ids=["cut short", "empty", "not gzip", "broken inside", "broken check", "other bytes"],
)
def test_a_damaged_file_is_that_filings_trouble(archive: Archive, tmp_path: Path, damage):
    kept = archive.keep(ACCESSION, DAY, RAW)
    file = file_of(tmp_path, kept)
    file.write_bytes(damage(file.read_bytes()))

    with pytest.raises(ReadError, match=rf"{ACCESSION}\.txt\.gz: is not what was kept"):
        archive.read(kept)


def test_a_file_that_unpacks_to_more_than_was_kept_is_not_read_to_its_end(archive: Archive, tmp_path: Path):
    kept = archive.keep(ACCESSION, DAY, RAW)
    file_of(tmp_path, kept).write_bytes(gzip.compress(bytes(50_000_000)))

    with pytest.raises(TooLargeError, match=f"more than the {len(RAW)} bytes"):
        archive.read(kept)


def test_a_file_that_cannot_be_opened_is_the_stores_trouble(archive: Archive, tmp_path: Path):
    kept = archive.keep(ACCESSION, DAY, RAW)

    with pytest.raises(StoreError, match="Is a directory"):
        archive.read(replace(kept, path="2026/01"))


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "0000000001-26-000001/..", "0000000001-26-000001\n"])
def test_only_an_accession_number_becomes_a_path(archive: Archive, name: str):
    with pytest.raises(StoreError, match="not an accession number"):
        archive.keep(name, DAY, RAW)


def test_a_place_that_cannot_be_written_is_named(archive: Archive, tmp_path: Path):
    (tmp_path / "raw" / "2026").write_text("a file where a folder should be")

    with pytest.raises(StoreError, match=rf"{ACCESSION}\.txt\.gz: cannot be archived"):
        archive.keep(ACCESSION, DAY, RAW)


def test_an_archive_opens_again_for_its_own_store(archive: Archive, tmp_path: Path):
    kept = archive.keep(ACCESSION, DAY, RAW)

    assert Archive(tmp_path / "raw", "store-1").read(kept) == RAW


def test_an_archive_of_another_store_is_refused(archive: Archive, tmp_path: Path):
    with pytest.raises(StoreError, match=r"belongs to another store \(store-1, not store-2\)"):
        Archive(tmp_path / "raw", "store-2")


def test_what_a_crash_left_half_written_is_swept_at_the_next_start(tmp_path: Path) -> None:
    Archive(tmp_path / "raw", "me")
    old, young = (tmp_path / "raw" / ".aside" / name for name in ("old.part", "young.part"))
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (1_600_000_000, 1_600_000_000))

    Archive(tmp_path / "raw", "me")

    assert (old.exists(), young.exists()) == (False, True)
