"""The folder source: what is taken, what is refused, and where files go."""

import asyncio
import gzip
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from _stores import store_url

from watcher.clock import Clock
from watcher.errors import StoreError
from watcher.models import FilingState, Origin
from watcher.settings import FolderSettings
from watcher.simulator.generator import Generator
from watcher.sources.folder import FolderSource
from watcher.store import filings
from watcher.store.archive import Archive
from watcher.store.database import Store

pytestmark = pytest.mark.usefixtures("either_store")

MAX_BYTES = 2**20
LONG_AGO = 1_600_000_000


@dataclass
class Desk:
    """A folder source and what it works on."""

    inbox: Path
    store: Store
    source: FolderSource
    submitted: list[str] = field(default_factory=list)

    def put(self, name: str, content: bytes, *, is_old: bool = True) -> Path:
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if is_old:
            os.utime(path, (LONG_AGO, LONG_AGO))
        return path

    def stored(self) -> list[filings.StoredFiling]:
        return list(self.store.read_now(filings.find, filings.Query()))

    async def settle(self, accession: str, state: FilingState) -> None:
        now = Clock().now()
        if state is FilingState.FAILED:
            await self.store.write(filings.fail, accession, "no good", now, None)
        else:
            await self.store.write(filings.skip, accession, "seen enough", now)

    def rejected(self) -> dict[str, str]:
        folder = self.inbox / "rejected"
        return {path.stem: path.read_text() for path in folder.glob("*.reason")}


@pytest.fixture
def make_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    opened = []

    def make(**settings: object) -> Desk:
        store = Store(store_url(tmp_path / "eightk.db"))
        opened.append(store)
        submitted: list[str] = []
        source = FolderSource(
            FolderSettings(path=tmp_path / "inbox", **settings),
            store=store,
            archive=Archive(tmp_path / "raw", store.id),
            clock=Clock(),
            max_bytes=MAX_BYTES,
            submit=lambda connection, accession: submitted.append(accession),
        )
        source.make()
        return Desk(tmp_path / "inbox", store, source, submitted)

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


@pytest.fixture
def filing() -> bytes:
    return Generator(seed=1).submission(items=("7.01", "9.01")).raw


ACCESSION = Generator(seed=1).submission(items=("7.01", "9.01")).accession


async def test_a_submission_is_spotted_as_live_whatever_its_date(desk: Desk, filing: bytes) -> None:
    desk.put("any name.txt", filing)

    await desk.source.scan()

    assert [(one.filing.accession, one.run_as, one.state) for one in desk.stored()] == [
        (ACCESSION, Origin.LIVE, FilingState.SPOTTED)
    ]


async def test_work_is_asked_for_once(desk: Desk, filing: bytes) -> None:
    desk.put("a.txt", filing)

    await desk.source.scan()
    await desk.source.scan()

    assert desk.submitted == [ACCESSION]


async def test_its_bytes_are_archived_before_it_is_seen(desk: Desk, filing: bytes, tmp_path: Path) -> None:
    desk.put("a.txt", filing)

    await desk.source.scan()

    archived = desk.stored()[0].archived
    assert archived is not None
    assert Archive(tmp_path / "raw", desk.store.id).read(archived) == filing


async def test_a_file_stays_until_its_filing_is_settled(desk: Desk, filing: bytes) -> None:
    path = desk.put("a.txt", filing)

    await desk.source.scan()

    assert path.exists()


async def test_a_settled_filing_s_file_moves_to_done(desk: Desk, filing: bytes) -> None:
    desk.put("a.txt", filing)
    await desk.source.scan()
    await desk.settle(ACCESSION, FilingState.SKIPPED)

    await desk.source.scan()

    assert (desk.inbox / "done" / "a.txt").read_bytes() == filing


async def test_a_parked_filing_s_file_is_kept_aside_with_the_way_back(desk: Desk, filing: bytes) -> None:
    desk.put("a.txt", filing)
    await desk.source.scan()
    await desk.settle(ACCESSION, FilingState.FAILED)

    await desk.source.scan()

    assert desk.rejected() == {
        "a.txt": f"the filing is parked: no good\nthe file is kept; run it again with: eightk retry {ACCESSION}\n"
    }


async def test_files_can_be_left_in_place(make_desk: Callable[..., Desk], filing: bytes) -> None:
    desk = make_desk(keep_files=True)
    path = desk.put("a.txt", filing)
    await desk.source.scan()
    await desk.settle(ACCESSION, FilingState.SKIPPED)

    await desk.source.scan()

    assert path.exists()


async def test_a_file_never_overwrites_one_that_lies_in_done(desk: Desk, filing: bytes) -> None:
    desk.put("a.txt", filing)
    desk.put("done/a.txt", b"another day's file")
    await desk.source.scan()
    await desk.settle(ACCESSION, FilingState.SKIPPED)

    await desk.source.scan()

    assert (desk.inbox / "done" / "a.txt").read_bytes() == b"another day's file"
    assert (desk.inbox / "done" / "a.1.txt").read_bytes() == filing


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.txt", b"", "empty"),
        ("letter.txt", b"Dear Sir or Madam,\nthis is no filing.\n", "expected an EDGAR submission"),
        ("picture.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "came a PNG picture"),
        (
            "page.txt",
            b"<html><title>SEC.gov | Request Rate Threshold Exceeded</title></html>",
            "came EDGAR's rate-limit page",
        ),
        ("big.txt", b"x" * (MAX_BYTES + 1), "bytes, more than the"),
    ],
)
async def test_what_is_no_submission_is_kept_aside_with_a_reason(
    make_desk: Callable[..., Desk], name: str, content: bytes, reason: str
) -> None:
    desk = make_desk(settle_seconds=0)
    desk.put(name, content)

    await desk.source.scan()

    assert reason in desk.rejected()[name]
    assert (desk.inbox / "rejected" / name).read_bytes() == content
    assert desk.stored() == []


async def test_a_truncated_submission_is_refused_once_it_no_longer_grows(
    make_desk: Callable[..., Desk], filing: bytes
) -> None:
    desk = make_desk(settle_seconds=0)
    desk.put("cut.txt", filing[: len(filing) // 2])

    await desk.source.scan()

    assert list(desk.rejected()) == ["cut.txt"]


async def test_a_truncated_submission_that_was_just_written_is_given_time(desk: Desk, filing: bytes) -> None:
    path = desk.put("growing.txt", filing[: len(filing) // 2], is_old=False)
    await desk.source.scan()
    assert desk.rejected() == {}

    path.write_bytes(filing)
    await desk.source.scan()

    assert [one.filing.accession for one in desk.stored()] == [ACCESSION]


COVER = b"""<HTML><BODY><P>UNITED STATES SECURITIES AND EXCHANGE COMMISSION</P><P>FORM 8-K</P><P>CURRENT REPORT</P>
<P>Date of Report (Date of earliest event reported): March 3, 2017</P><P>MADE UP, INC.</P>
<P>Item 8.01 Other Events.</P><P>Something happened.</P>"""


async def test_a_bare_document_is_taken_only_when_it_was_the_same_at_two_looks(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(settle_seconds=0.2)
    path = desk.put("0000000001-17-000001.htm", COVER)
    await desk.source.scan()
    path.write_bytes(COVER + b"<P>More.</P>")
    await desk.source.scan()
    assert desk.stored() == []

    await asyncio.sleep(0.25)
    await desk.source.scan()

    assert [one.filing.accession for one in desk.stored()] == ["0000000001-17-000001"]


async def test_a_clock_that_runs_ahead_makes_no_half_written_file_whole(
    make_desk: Callable[..., Desk], filing: bytes
) -> None:
    desk = make_desk(settle_seconds=60)
    path = desk.put("a.txt", filing[: len(filing) // 2])
    os.utime(path, (time.time() + 3600, time.time() + 3600))

    await desk.source.scan()

    assert path.exists()


async def test_a_file_that_breaks_its_reader_is_kept_aside_and_no_more(desk: Desk, filing: bytes) -> None:
    def broken(connection: object, accession: str) -> None:
        raise ZeroDivisionError("oh")

    desk.source._submit = broken
    desk.put("a.txt", filing)

    await desk.source.scan()

    assert desk.rejected() == {"a.txt": "a.txt: ZeroDivisionError: oh\n"}


@pytest.mark.parametrize("name", [b"x" * 251 + b".txt", b"\xff\xfe.txt"])
async def test_a_refused_file_of_any_name_is_kept_aside(make_desk: Callable[..., Desk], name: bytes) -> None:
    desk = make_desk(settle_seconds=0)
    desk.put(os.fsdecode(name), b"no filing at all")

    await desk.source.scan()

    kept = sorted(path.name for path in (desk.inbox / "rejected").iterdir())
    assert len(kept) == 2
    assert os.fsdecode(name) in kept


async def test_what_is_no_regular_file_is_left_alone_and_told_once(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    os.mkfifo(desk.inbox / "pipe.txt")

    for _ in range(2):
        await desk.source.scan()

    assert [record.message for record in caplog.records] == ["file left in place"]


async def test_one_bad_file_does_not_disturb_the_next(desk: Desk, filing: bytes) -> None:
    desk.put("0-bad.txt", b"no filing")
    desk.put("1-good.txt", filing)

    await desk.source.scan()

    assert [one.filing.accession for one in desk.stored()] == [ACCESSION]


async def test_the_same_filing_under_two_names_is_one_filing(desk: Desk, filing: bytes) -> None:
    desk.put("a.txt", filing)
    desk.put("b.txt", filing)
    await desk.source.scan()
    await desk.settle(ACCESSION, FilingState.SKIPPED)

    await desk.source.scan()

    assert desk.submitted == [ACCESSION]
    assert sorted(path.name for path in (desk.inbox / "done").iterdir()) == ["a.txt", "b.txt"]


async def test_the_same_accession_with_other_bytes_is_kept_aside_and_told(desk: Desk, filing: bytes) -> None:
    desk.put("a.txt", filing)
    await desk.source.scan()
    desk.put("b.txt", filing.replace(b"Item", b"ITEM"))

    await desk.source.scan()

    assert f"filing {ACCESSION} is in the store with other bytes" in desk.rejected()["b.txt"]


@pytest.mark.parametrize("name", [".hidden.txt", "a.txt.part", "a.txt.tmp", "a.txt~"])
async def test_what_another_program_still_writes_is_left_alone(desk: Desk, filing: bytes, name: str) -> None:
    path = desk.put(name, filing)

    await desk.source.scan()

    assert path.exists()
    assert desk.stored() == []


async def test_a_link_out_of_the_folder_is_not_followed(desk: Desk, filing: bytes, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.txt").write_bytes(filing)
    (desk.inbox / "link.txt").symlink_to(tmp_path / "elsewhere.txt")

    await desk.source.scan()

    assert desk.stored() == []


async def test_a_hostile_file_name_inside_a_submission_touches_nothing(
    desk: Desk, filing: bytes, tmp_path: Path
) -> None:
    before = {path for path in tmp_path.rglob("*") if "raw" not in path.parts and "inbox" not in path.parts}
    start = filing.index(b"<FILENAME>")
    end = filing.index(b"\n", start)
    desk.put("a.txt", filing[:start] + b"<FILENAME>../../../evil.txt" + filing[end:])

    await desk.source.scan()

    after = {path for path in tmp_path.rglob("*") if "raw" not in path.parts and "inbox" not in path.parts}
    assert {path for path in after - before if "eightk.db" not in path.name} == set()
    assert len(desk.stored()) == 1


async def test_a_filing_that_was_only_listed_gets_the_bytes_that_someone_brings(desk: Desk, filing: bytes) -> None:
    listed = filings.Filing(ACCESSION, "8-K")
    await desk.store.write(filings.spot, [listed], Clock().now(), state=FilingState.LISTED)
    desk.put("a.txt", filing)

    await desk.source.scan()

    assert [(one.state, one.archived is not None) for one in desk.stored()] == [(FilingState.SPOTTED, True)]


@pytest.mark.parametrize("state", [FilingState.SPOTTED, FilingState.FAILED])
@pytest.mark.parametrize("how", ["gone", "damaged"])
async def test_a_filing_whose_raw_file_is_lost_gets_the_bytes_that_someone_brings(
    desk: Desk, filing: bytes, tmp_path: Path, state: FilingState, how: str
) -> None:
    desk.put("a.txt", filing)
    await desk.source.scan()
    if state is FilingState.FAILED:
        await desk.settle(ACCESSION, state)
    (raw,) = (tmp_path / "raw").rglob(f"{ACCESSION}.txt.gz")
    if how == "gone":
        raw.unlink()
    else:
        raw.write_bytes(b"no gzip")
    desk.put("b.txt", filing)

    await desk.source.scan()

    (stored,) = desk.stored()
    assert (stored.state, stored.reason, stored.attempts) == (FilingState.SPOTTED, None, 0)
    assert stored.run_at is not None
    assert gzip.decompress(raw.read_bytes()) == filing
    assert desk.submitted == [ACCESSION, ACCESSION]
    assert desk.rejected().keys() <= {"a.txt"}  # which was put aside as that of a parked filing


async def test_a_parked_filing_whose_raw_file_is_there_stays_parked(desk: Desk, filing: bytes) -> None:
    desk.put("a.txt", filing)
    await desk.source.scan()
    await desk.settle(ACCESSION, FilingState.FAILED)
    desk.put("b.txt", filing)

    await desk.source.scan()

    assert [one.state for one in desk.stored()] == [FilingState.FAILED]
    assert desk.submitted == [ACCESSION]


async def test_a_file_put_in_while_nobody_watched_is_found_at_the_start(desk: Desk, filing: bytes) -> None:
    desk.put("a.txt", filing)

    await desk.source.scan_whole()

    assert desk.submitted == [ACCESSION]


@pytest.mark.parametrize("observer", ["auto", "polling"])
async def test_a_file_put_in_while_it_runs_is_seen_long_before_the_next_full_look(
    make_desk: Callable[..., Desk], filing: bytes, observer: str
) -> None:
    desk = make_desk(observer=observer, rescan_seconds=3600)
    task = asyncio.create_task(desk.source.run())
    try:
        await wait_for((desk.inbox / "rejected").is_dir)
        await asyncio.sleep(0.2)
        desk.put("a.txt", filing, is_old=False)
        await wait_for(lambda: desk.submitted == [ACCESSION])
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert desk.submitted == [ACCESSION]


async def wait_for(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not is_so() and time.monotonic() < until:
        await asyncio.sleep(0.02)


async def test_where_events_get_lost_the_folder_is_looked_at_each_second(
    make_desk: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    """A file put into the folder while the observer is off stands for an event that got lost."""
    desk = make_desk(rescan_seconds=0.6)
    generator = Generator(seed=31)
    lost, next_one = generator.submission(), generator.submission()
    task = asyncio.create_task(desk.source.run())
    try:
        await wait_for((desk.inbox / "rejected").is_dir)
        await asyncio.sleep(0.3)
        desk.source._observer._stop()
        desk.source._observer._running = desk.source._observer._started(_Deaf())
        desk.put("lost.txt", lost.raw)
        await wait_for(lambda: "file events get lost here" in caplog.text)
        desk.put("next.txt", next_one.raw)
        await wait_for(lambda: len(desk.submitted) == 2)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert sorted(desk.submitted) == sorted([lost.accession, next_one.accession])
    assert "file events get lost here" in caplog.text


class _Deaf:
    """An observer that hears nothing."""

    def schedule(self, *arguments: object) -> None: ...

    start = stop = join = lambda self: None


async def test_ordinary_arrivals_are_no_reason_to_distrust_the_events(
    make_desk: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    desk = make_desk(rescan_seconds=0.3)
    generator = Generator(seed=32)
    task = asyncio.create_task(desk.source.run())
    try:
        await wait_for((desk.inbox / "rejected").is_dir)
        await asyncio.sleep(0.2)
        for number in range(8):
            desk.put(f"{number}.txt", generator.submission().raw, is_old=number % 2 == 0)
            await asyncio.sleep(0.15)
        await wait_for(lambda: len(desk.submitted) == 8)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert "get lost" not in caplog.text


async def test_a_full_disk_is_told_once_and_is_no_reason_to_distrust_the_events(
    make_desk: Callable[..., Desk], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    desk = make_desk(rescan_seconds=0.3)
    generator = Generator(seed=33)
    looks = 0
    is_full = True
    keep = Archive.keep

    def kept(archive: Archive, *arguments: object) -> object:
        nonlocal looks
        looks += 1
        if is_full:
            raise StoreError("eightk.db: database or disk is full")
        return keep(archive, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Archive, "keep", kept)
    task = asyncio.create_task(desk.source.run())
    try:
        await wait_for((desk.inbox / "rejected").is_dir)
        await asyncio.sleep(0.2)
        for number in range(3):
            desk.put(f"{number}.txt", generator.submission().raw)
        await wait_for(lambda: looks >= 12)
        trouble = desk.source.trouble
        is_full = False
        await wait_for(lambda: len(desk.submitted) == 3)
        await asyncio.sleep(1)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert "get lost" not in caplog.text
    assert caplog.messages.count("files cannot be stored; they stay in the folder") == 1
    assert caplog.messages.count("files can be stored again") == 1
    assert trouble == "files cannot be stored: eightk.db: database or disk is full"
    assert desk.source.trouble == ""


async def test_a_packed_submission_is_unpacked(make_desk: Callable[..., Desk], filing: bytes) -> None:
    desk = make_desk(settle_seconds=0)
    desk.put("a.txt.gz", gzip.compress(filing))

    await desk.source.scan()

    (stored,) = desk.stored()
    assert stored.filing.accession == ACCESSION
    assert stored.archived is not None
    assert stored.archived.bytes == len(filing)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt.gz", gzip.compress(b"x" * 5000, mtime=0)[:-20], "a.txt.gz: cannot be unpacked: "),
        ("a.txt.gz", b"none", "a.txt.gz: cannot be unpacked: "),
        ("a.txt.gz", gzip.compress(b"x" * (MAX_BYTES + 1), mtime=0), "a.txt.gz: unpacks to more than the "),
        (
            "day.tar.gz",
            gzip.compress(b"x", mtime=0),
            "day.tar.gz: an archive of many files; read it with: eightk backfill",
        ),
        ("a.txt", gzip.compress(b"x", mtime=0), "came gzip data"),
    ],
)
async def test_a_packed_file_that_cannot_be_taken_is_kept_aside_with_a_reason(
    make_desk: Callable[..., Desk], name: str, content: bytes, reason: str
) -> None:
    desk = make_desk(settle_seconds=0)
    desk.put(name, content)

    await desk.source.scan()

    assert reason in desk.rejected()[name]
    assert (desk.inbox / "rejected" / name).read_bytes() == content
