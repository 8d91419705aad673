"""The files that a command reads: archives and packed files are hostile, folders hold more than files."""

import gzip
import io
import os
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from watcher.cli._inputs import InputFile, input_files

MAX_BYTES = 1000
Member = tuple[tarfile.TarInfo, bytes]


def read(*paths: Path, tell: Callable[[str], None] = print) -> list[InputFile]:
    return list(input_files(map(str, paths), MAX_BYTES, tell))


def member(name: str, raw: bytes = b"", **fields: object) -> Member:
    info = tarfile.TarInfo(name)
    info.size = len(raw)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, raw


def tar(path: Path, *members: Member, form: int = tarfile.PAX_FORMAT) -> Path:
    mode = "w:gz" if path.suffix in (".gz", ".tgz") else "w"
    with tarfile.open(path, mode, format=form) as archive:  # type: ignore[call-overload]
        for info, raw in members:
            archive.addfile(info, io.BytesIO(raw))
    return path


def header(kind: bytes, size: int) -> bytes:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize("name", ["day.tar", "day.tar.gz", "day.tgz"])
def test_an_archive_gives_its_files_under_their_whole_names(tmp_path: Path, name: str, form: int) -> None:
    long = "/".join(["folder" * 10] * 3) + "/a.txt"
    path = tar(tmp_path / name, member(long, b"one"), member("b.txt", b"two" * 300), form=form)

    assert read(path) == [InputFile(f"{path}:{long}", b"one"), InputFile(f"{path}:b.txt", b"two" * 300)]


def test_of_an_archive_only_regular_files_are_read(tmp_path: Path) -> None:
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE)
    others = [member(f"x{number}", type=kind, linkname="/etc/passwd") for number, kind in enumerate(kinds)]
    path = tar(tmp_path / "a.tar", *others, member("last.txt", b"last"))

    assert read(path) == [InputFile(f"{path}:last.txt", b"last")]


def test_a_member_above_the_limit_is_told_and_the_next_one_is_read(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tar.gz", member("large.txt", b"x" * (MAX_BYTES + 1)), member("b.txt", b"b"))

    large, small = read(path)
    assert (large.raw, large.error) == (None, f"{path}:large.txt: more than the 1,000 bytes that are read")
    assert small.raw == b"b"


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE])
def test_an_extension_header_larger_than_a_megabyte_is_refused_unread(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(header(kind, 5 * 2**30) + b"a" * 4096))

    (one,) = read(path)
    assert one.error == (
        f"{path}: cannot be read as an archive: a header of 5,368,709,120 bytes, expected no more than 1,048,576"
    )


def test_ten_thousand_extension_headers_in_a_row_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    named = header(tarfile.GNUTYPE_LONGNAME, 5) + b"name\0".ljust(512, b"\0")
    path.write_bytes(named * 10_000 + member("x", b"body")[0].tobuf() + b"body".ljust(512, b"\0") + bytes(1024))

    assert read(path) == [InputFile(f"{path}:name", b"body")]


def test_a_sparse_file_is_refused(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tar", member("x", pax_headers={"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}))

    (one,) = read(path)
    assert one.error == f"{path}: cannot be read as an archive: it holds a sparse file"


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda raw: raw[:1800], "it stops in the middle of b.txt"),
        (lambda raw: raw[:1300], "it stops in the middle of a header"),
        (lambda raw: raw[:1030] + b"\xff" * 90 + raw[1120:], "bad checksum"),
        (lambda raw: raw[:512], "it stops in the middle of a.txt"),
        (lambda raw: b"", "it is empty"),
    ],
    ids=["in a file", "in a header", "damaged header", "before a file", "empty"],
)
def test_a_damaged_archive_is_told_after_what_could_be_read(
    tmp_path: Path, spoil: Callable[[bytes], bytes], told: str
) -> None:
    path = tar(tmp_path / "a.tar", member("a.txt", b"a"), member("b.txt", b"b" * 600))
    path.write_bytes(spoil(path.read_bytes()))

    *_, last = read(path)
    assert (last.path, last.error) == (str(path), f"{path}: cannot be read as an archive: {told}")


@pytest.mark.parametrize("name", ["a.txt.gz", "a.tar.gz"])
def test_a_damaged_packed_file_is_told_and_the_next_one_is_read(tmp_path: Path, name: str) -> None:
    raw = bytearray(gzip.compress(os.urandom(5000)))
    raw[10] = 7  # a kind of block that there is not
    (tmp_path / name).write_bytes(raw)
    (tmp_path / "b.txt").write_bytes(b"b")

    bad, good = read(tmp_path / name, tmp_path / "b.txt")
    assert (bad.raw, "invalid block type" in bad.error, good.raw) == (None, True, b"b")


@pytest.mark.parametrize("place", [-8, -1], ids=["checksum", "length"])
def test_an_archive_whose_end_does_not_bear_out_what_was_read_is_told(tmp_path: Path, place: int) -> None:
    """Only at the end of a gzip stream stands whether what it gave was right."""
    path = tar(tmp_path / "a.tar.gz", member("a.txt", b"a"))
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)

    first, last = read(path)
    assert first.raw == b"a"
    assert (last.raw, last.error.startswith(f"{path}: cannot be read as an archive: ")) == (None, True)


def test_an_archive_that_lacks_its_end_is_told(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tar.gz", member("a.txt", b"a"))
    path.write_bytes(path.read_bytes()[:-8])

    assert "ended before the end-of-stream marker" in read(path)[-1].error


def test_an_archive_without_files_is_told(tmp_path: Path) -> None:
    folder = member("inner/", type=tarfile.DIRTYPE)
    told: list[str] = []

    assert read(tar(tmp_path / "a.tar.gz", folder), tell=told.append) == []
    assert told == [f"no files in {tmp_path / 'a.tar.gz'}"]


def test_a_folder_is_read_in_the_order_of_its_names_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.txt", "a/2.txt", "a/1.txt", "a/.hidden", ".git/x", "c/d/e.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    names = [one.path.removeprefix(f"{tmp_path}/") for one in read(tmp_path)]
    assert names == ["a/1.txt", "a/2.txt", "b.txt", "c/d/e.txt"]


def test_what_is_no_regular_file_inside_a_folder_is_told_and_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.txt")
    (tmp_path / "zero.txt").symlink_to("/dev/zero")
    (tmp_path / "z.txt").write_bytes(b"z")

    *odd, good = sorted(read(tmp_path), key=lambda one: one.raw is not None)
    assert [one.error for one in odd] == [
        f"{tmp_path}/fifo.txt: not a regular file",
        f"{tmp_path}/zero.txt: not a regular file",
    ]
    assert good.raw == b"z"


def test_links_that_lead_round_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "z.txt").write_bytes(b"z")

    assert [(one.path.removeprefix(f"{tmp_path}/"), one.error) for one in read(tmp_path)] == [
        ("self", f"{tmp_path}/self: cannot be read: Too many levels of symbolic links"),
        ("z.txt", ""),
    ]


def test_a_folder_without_files_is_told(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    told: list[str] = []

    assert (read(tmp_path, tell=told.append), told) == ([], [f"no files in {tmp_path}"])


def test_the_reasons_beside_refused_files_are_passed_over(tmp_path: Path) -> None:
    for name in ("a.txt", "a.txt.reason", "inner/b.txt", "inner/b.txt.reason"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    told: list[str] = []

    by_name = read(*sorted(tmp_path.glob("a*")), tell=told.append)
    in_folder = read(tmp_path, tell=told.append)

    assert [one.path for one in by_name] == [f"{tmp_path}/a.txt"]
    assert [one.path for one in in_folder] == [f"{tmp_path}/a.txt", f"{tmp_path}/inner/b.txt"]
    assert told == []


def test_where_there_are_reasons_of_refused_files_alone_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt.reason").write_bytes(b"x")
    told: list[str] = []

    assert read(tmp_path / "a.txt.reason", tell=told.append) == read(tmp_path, tell=told.append) == []
    assert told == [
        "only reasons why files were refused were given: there is nothing to read",
        f"no files in {tmp_path}, but reasons why some were refused",
    ]


def test_a_reason_that_is_not_there_is_told_as_any_file_that_is_not(tmp_path: Path) -> None:
    (one,) = read(tmp_path / "a.txt.reason")

    assert "No such file" in one.error


def test_a_fifo_given_by_name_is_read(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"x" * 500,))
    writer.start()

    (one,) = read(path)
    writer.join()
    assert one.raw == b"x" * 500


def test_a_name_that_is_no_text_is_shown_as_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.txt")).write_bytes(b"x")

    (one,) = read(tmp_path)
    assert (one.path, one.raw) == (f"{tmp_path}/\\xff.txt", b"x")
