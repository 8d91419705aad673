"""Submissions on disk: EDGAR's day archives and folders, one file at a time; archives are hostile."""

import gzip
import io
import os
import tarfile
import tracemalloc
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.edgar.day_files import DayFile, day_of_archive, read_day_files
from watcher.edgar.submission import split_submission
from watcher.errors import ReadError, TooLargeError, TruncatedError
from watcher.models import EIGHT_K_FORMS

Member = tuple[tarfile.TarInfo, bytes]


def nc(form: str = "8-K", body: str = "x", end: str = "\n") -> bytes:
    """A made-up submission in the dialect of the day archives."""
    lines = (
        *("<SUBMISSION>", "<ACCESSION-NUMBER>0000912345-24-000007", f"<TYPE>{form}", "<FILING-DATE>20240506"),
        *("<DOCUMENT>", "<TYPE>EX-99.1", "<TEXT>", body, "</TEXT>", "</DOCUMENT>", "</SUBMISSION>", ""),
    )
    return end.join(lines).encode()


def member(name: str, raw: bytes = b"", **fields: object) -> Member:
    info = tarfile.TarInfo(name)
    info.size = len(raw)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, raw


def day(path: Path, *members: Member, form: int = tarfile.GNU_FORMAT) -> Path:
    """An archive of these members."""
    with tarfile.open(path, "w:gz" if path.name.endswith(".gz") else "w", format=form) as archive:  # type: ignore[call-overload]
        for info, raw in members:
            archive.addfile(info, io.BytesIO(raw))
    return path


def read(path: Path, **settings: Any) -> list[DayFile]:
    return list(read_day_files(path, **settings))


def faults(files: list[DayFile]) -> list[tuple[type[Exception], str]]:
    return [(type(one.error), str(one.error)) for one in files if one.error is not None]


# What is given


def test_a_day_archive_gives_its_submissions_in_its_order(tmp_path: Path) -> None:
    path = day(tmp_path / "20240506.nc.tar.gz", member("b.nc", nc("8-K")), member("./x/a.nc", nc("10-K")))

    assert read(path) == [DayFile(f"{path}:b.nc", nc("8-K")), DayFile(f"{path}:./x/a.nc", nc("10-K"))]


def test_a_folder_gives_its_files_and_archives_by_name(tmp_path: Path) -> None:
    day(tmp_path / "20240507.nc.tar.gz", member("x.nc", b"3"))
    day(tmp_path / "20240506.tar", member("x.nc", b"2"))
    for name, raw in (("1/a.txt", b"1"), (".hidden/b.txt", b"?"), ("z.txt.gz", gzip.compress(b"4"))):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(raw)

    files = read(tmp_path)
    assert [one.path.removeprefix(f"{tmp_path}/") for one in files] == [
        *("1/a.txt", "20240506.tar:x.nc", "20240507.nc.tar.gz:x.nc", "z.txt.gz"),
    ]
    assert [one.raw for one in files] == [b"1", b"2", b"3", b"4"]


def test_an_archive_that_a_browser_unpacked_is_read_under_its_old_name(tmp_path: Path) -> None:
    path = day(tmp_path / "20240506.tar", member("a.nc", b"a")).rename(tmp_path / "20240506.nc.tar.gz")

    assert read(path) == [DayFile(f"{path}:a.nc", b"a")]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        *(("20240506.nc.tar.gz", date(2024, 5, 6)), ("19950103.nc.tgz", date(1995, 1, 3))),
        *(("20240506.tar", date(2024, 5, 6)), ("20241306.nc.tar.gz", None), ("filings.tar.gz", None)),
    ],
)
def test_the_name_of_an_archive_tells_its_day(name: str, wanted: date | None) -> None:
    assert day_of_archive(Path("/some/where") / name) == wanted


# By form


def test_only_wanted_forms_are_given_whatever_their_dialect(tmp_path: Path) -> None:
    archived = b"<SEC-DOCUMENT>x\n<SEC-HEADER>x\nCONFORMED SUBMISSION TYPE:\t%s\n</SEC-HEADER>\n<DOCUMENT>\n<TYPE>8-K\n"
    envelope = b"-----BEGIN PRIVACY-ENHANCED MESSAGE-----\n" + b"Originator: x\n" * 50
    kept = [
        *(nc("8-K"), nc("8-K/A", end="\r"), nc("8-K12B", end="\r\n"), archived % b"8-K", archived % b" 8-K/A "),
        *(envelope + archived % b"8-K", b"tells no form"),
    ]
    dropped = [nc("10-K"), nc("8-KT", end="\r"), archived % b"424B2", envelope + archived % b"10-Q"]
    names = [member(f"{number}.nc", raw) for number, raw in enumerate(kept + dropped)]
    path = day(tmp_path / "20240506.nc.tar.gz", *names)
    (tmp_path / "one.txt").write_bytes(nc("10-K"))
    (tmp_path / "two.txt").write_bytes(nc("8-K"))

    assert [one.raw for one in read(path, forms=EIGHT_K_FORMS)] == kept
    assert [one.raw for one in read(tmp_path, forms=EIGHT_K_FORMS)] == [*kept, nc("8-K")]


def test_another_form_may_be_of_any_size(tmp_path: Path) -> None:
    large = nc("10-K", "x" * 200_000)
    path = day(tmp_path / "a.tar.gz", member("a.nc", large), member("b.nc", nc("8-K")))

    assert [one.raw for one in read(path, forms=EIGHT_K_FORMS, max_bytes=100_000)] == [nc("8-K")]


# Bounds


def test_a_file_above_the_limit_is_named_and_the_next_one_is_read(tmp_path: Path) -> None:
    path = day(tmp_path / "a.tar.gz", member("large.nc", b"x" * 1_001), member("whole.nc", b"x" * 1_000))
    (tmp_path / "b.txt").write_bytes(b"x" * 1_001)

    large, whole, single = read(tmp_path, max_bytes=1_000)
    assert faults([large, single]) == [
        (TooLargeError, f"{path}:large.nc: more than the 1,000 bytes that are read"),
        (TooLargeError, f"{tmp_path}/b.txt: more than the 1,000 bytes that are read"),
    ]
    assert whole.raw == b"x" * 1_000


def test_a_small_file_that_unpacks_to_a_large_one_is_refused_in_little_memory(tmp_path: Path) -> None:
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"\0" * 50_000_000))
    tracemalloc.start()
    try:
        (one,) = read(tmp_path, max_bytes=1_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert isinstance(one.error, TooLargeError)
    assert peak < 10_000_000


def test_an_archive_that_unpacks_without_end_is_left_and_the_next_file_read(tmp_path: Path) -> None:
    many = [member(f"{number}.nc", b"\0" * 90_000) for number in range(50)]
    path = day(tmp_path / "a.tar.gz", *many)
    (tmp_path / "b.txt").write_bytes(b"b")

    files = read(tmp_path, max_total_bytes=1_000_000)
    where = "cannot be read to its end as an archive, at or after 11.nc"
    assert faults(files) == [(TooLargeError, f"{path}: {where}: it unpacks to more than 1,000,000 bytes")]
    assert (len(files), files[-1].raw) == (13, b"b")


def test_a_member_that_is_not_wanted_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    info = member("large.nc")[0]
    info.size = 60_000_000
    with gzip.open(path, "wb", compresslevel=1) as packed:
        packed.write(info.tobuf())
        for _ in range(60):
            packed.write(b"\0" * 1_000_000)
        packed.write(bytes(-60_000_000 % 512) + bytes(1_024))
    tracemalloc.start()
    try:
        (one,) = read(path, max_bytes=1_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert isinstance(one.error, TooLargeError)
    assert peak < 10_000_000


# Hostile archives


KINDS = {
    tarfile.SYMTYPE: "a link",
    tarfile.LNKTYPE: "a link",
    tarfile.FIFOTYPE: "a device",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    b"V": "of an unknown kind",
}


def test_links_and_devices_are_named_and_never_opened(tmp_path: Path) -> None:
    odd = [member(f"x{number}", type=kind, linkname="/etc/passwd") for number, kind in enumerate(KINDS)]
    path = day(tmp_path / "a.tar", *odd, member("folder", type=tarfile.DIRTYPE), member("last.nc", b"last"))

    *told, last = read(path)
    assert faults(told) == [
        (ReadError, f"{path}:x{number}: {told}, expected a file") for number, told in enumerate(KINDS.values())
    ]
    assert last == DayFile(f"{path}:last.nc", b"last")


@pytest.mark.parametrize("name", ["../a.nc", "/etc/passwd", "x/../../a.nc", "..", "\\a.nc", "x\\..\\a.nc"])
def test_a_name_that_leads_outside_is_refused_and_the_next_one_is_read(tmp_path: Path, name: str) -> None:
    path = day(tmp_path / "a.tar.gz", member(name, b"bad"), member("good.nc", b"good"))

    bad, good = read(path)
    assert (bad.raw, str(bad.error).endswith("a name that leads outside the archive")) == (None, True)
    assert good.raw == b"good"
    assert list(tmp_path.iterdir()) == [path]


def test_where_an_archive_stops_is_told_on_one_line_whatever_the_name(tmp_path: Path) -> None:
    whole = day(tmp_path / "a.tar", member("a\nb\udcff\x1b[31m.nc", b"x" * 600))
    whole.write_bytes(whole.read_bytes()[:1_000])

    (told,) = faults(read(whole))

    assert told[1].isprintable()
    assert "a\\nb\\udcff" in told[1]


def test_a_name_of_odd_bytes_is_shown_on_one_line(tmp_path: Path) -> None:
    path = day(tmp_path / "a.tar", member("a\nb\udcff\x1b[31m.nc", b"x"))

    assert [one.path for one in read(path)] == [f"{path}:a\\nb\\udcff\\x1b[31m.nc"]


def test_sparse_files_of_both_formats_are_named_and_the_next_one_is_read(tmp_path: Path) -> None:
    ours = member("pax.nc", b"x" * 700, pax_headers={"GNU.sparse.major": "1", "GNU.sparse.minor": "0"})
    path = day(tmp_path / "a.tar", ours, member("good.nc", b"good"), form=tarfile.PAX_FORMAT)
    header = bytearray(member("gnu.nc", b"x" * 700, type=tarfile.GNUTYPE_SPARSE)[0].tobuf(tarfile.GNU_FORMAT))
    header[482] = 1  # its map goes on in a block of its own
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    sparse = bytes(header) + (b"\0" * 504 + b"\1" + b"\0" * 7) + bytes(512) + (b"x" * 700).ljust(1_024, b"\0")
    path.write_bytes(sparse + path.read_bytes())

    *bad, good = read(path)
    assert faults(bad) == [
        (ReadError, f"{path}:gnu.nc: a sparse file, expected a file"),
        (ReadError, f"{path}:pax.nc: a sparse file, expected a file"),
    ]
    assert good == DayFile(f"{path}:good.nc", b"good")


@pytest.mark.parametrize("cut", [200, 5_000, -4])
def test_a_packed_archive_that_is_cut_off_gives_what_it_has_and_says_where_it_stops(tmp_path: Path, cut: int) -> None:
    path = day(tmp_path / "20240506.nc.tar.gz", member("a.nc", b"a"), member("b.nc", os.urandom(8_000)))
    path.write_bytes(path.read_bytes()[:cut])

    *whole, last = read(path)
    assert faults([last]) == [(TruncatedError, f"{path}: the gzip stops before its end, at or after b.nc")]
    assert [one.raw for one in whole][:1] == [b"a"]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda raw: raw[:1_800], ", at or after b.nc: it stops in the middle of b.nc"),
        (lambda raw: raw[:1_300], ", at or after a.nc: it stops in the middle of a header"),
        (lambda raw: raw[:1_030] + b"\xff" * 90 + raw[1_120:], ", at or after a.nc: bad checksum"),
        (lambda raw: b"", ": it is empty"),
        (lambda raw: b"<html>no archive</html>" * 40, ": invalid header"),
    ],
    ids=["in a file", "in a header", "damaged header", "empty", "no archive"],
)
def test_a_damaged_archive_is_told_after_what_could_be_read(tmp_path: Path, spoil: Any, told: str) -> None:
    path = day(tmp_path / "a.tar", member("a.nc", b"a"), member("b.nc", b"b" * 600))
    path.write_bytes(spoil(path.read_bytes()))
    (tmp_path / "next.txt").write_bytes(b"next")

    *_, last, following = read(tmp_path)
    assert faults([last]) in (
        [(ReadError, f"{path}: cannot be read to its end as an archive{told}")],
        [
            (
                ReadError,
                f"{path}: cannot be read to its end as an archive{told.replace('invalid header', 'bad checksum')}",
            )
        ],
    )
    assert following.raw == b"next"


def test_damage_that_only_the_checksum_tells_is_told(tmp_path: Path) -> None:
    path = day(tmp_path / "a.tar.gz", member("a.nc", b"a" * 600))
    raw = bytearray(path.read_bytes())
    raw[-8] ^= 1
    path.write_bytes(raw)

    *_, last = read(path)
    assert "CRC check failed" in str(last.error)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
def test_an_extension_header_larger_than_a_megabyte_is_refused_unread(tmp_path: Path, kind: bytes) -> None:
    info = member("././@LongLink", type=kind)[0]
    info.size = 5 * 2**30
    path = tmp_path / "a.tar"
    path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + b"a" * 4_096)

    (one,) = read(path)
    assert "a header of 5,368,709,120 bytes, expected no more than 1,048,576" in str(one.error)


# Hostile folders


def test_what_is_no_regular_file_is_named_and_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.nc")
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "gone").symlink_to("nowhere")
    (tmp_path / "z.nc").write_bytes(b"z")

    *odd, good = read(tmp_path)
    assert [str(one.error).removeprefix(f"{tmp_path}/") for one in odd] == [
        "fifo.nc: not a regular file",
        "gone: cannot be read: No such file or directory",
        "self: cannot be read: Too many levels of symbolic links",
    ]
    assert good.raw == b"z"


def test_a_path_that_does_not_exist_is_an_error_and_no_empty_folder(tmp_path: Path) -> None:
    assert faults(read(tmp_path / "20240506.nc.tar.gz")) == [
        (ReadError, f"{tmp_path}/20240506.nc.tar.gz: cannot be read: No such file or directory")
    ]


@pytest.mark.parametrize(
    ("spoil", "kind"), [(lambda raw: raw[:50], TruncatedError), (lambda raw: raw[:10] + b"\7" + raw[11:], ReadError)]
)
def test_a_damaged_packed_file_is_named_and_the_next_one_is_read(
    tmp_path: Path, spoil: Any, kind: type[ReadError]
) -> None:
    (tmp_path / "a.txt.gz").write_bytes(spoil(gzip.compress(os.urandom(5_000))))
    (tmp_path / "b.txt").write_bytes(b"b")

    bad, good = read(tmp_path)
    assert (type(bad.error), str(bad.error).startswith(f"{tmp_path}/a.txt.gz: cannot be read: ")) == (kind, True)
    assert good.raw == b"b"


@given(raw=st.binary(max_size=4_000), packed=st.booleans())
def test_any_bytes_are_an_archive_or_an_error(
    raw: bytes, packed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("day") / "a.tar.gz"
    path.write_bytes(gzip.compress(raw) if packed else raw)

    assert all((one.raw is None) == (one.error is not None) for one in read(path))


# What EDGAR really wrote


def test_captured_submissions_of_day_archives_come_whole_out_of_one(shared: Path, tmp_path: Path) -> None:
    captured = sorted((shared / "edgar" / "samples" / "nc").glob("*.nc"))
    path = day(tmp_path / "20250110.nc.tar.gz", *(member(one.name, one.read_bytes()) for one in captured))

    assert [one.raw for one in read(path)] == [one.read_bytes() for one in captured]
    kept = [one.raw for one in read(path, forms=EIGHT_K_FORMS) if one.raw and not one.path.endswith("head.nc")]
    assert [split_submission(raw).form for raw in kept] == ["8-K"]


def test_captured_submissions_are_told_apart_by_form(shared: Path) -> None:
    for folder in ("filings_8k", "nc"):
        for path in sorted((shared / "edgar" / "samples" / folder).glob("*[0-9].[tn]*")):
            form = split_submission(path.read_bytes()).form
            assert bool(read(path, forms=EIGHT_K_FORMS)) == (form in EIGHT_K_FORMS), path.name
