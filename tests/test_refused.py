"""What is told of the files that the watched folder refused: bounded, and nothing of what lies elsewhere."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from _stores import NOW, store_url

from watcher.errors import EightkError
from watcher.sources import refused
from watcher.sources._inbox import Inbox
from watcher.sources.refused import Refusals, RefusedFiles
from watcher.store.database import Store
from watcher.web.app import make_app
from watcher.web.desk import Desk, Health


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    made = Inbox(tmp_path / "inbox", settle_seconds=0, max_bytes=100)
    made.make()
    return made


def refuse(inbox: Inbox, name: str, reason: str, *, at: float | None = None) -> None:
    (inbox.folder / name).write_bytes(b"x")
    moved = inbox.reject(inbox.folder / name, reason)
    assert moved is not None
    if at is not None:
        os.utime(moved.with_name(f"{name}.reason"), (at, at))


def leave_alone(inbox: Inbox) -> None:
    """Have the folder look as if nothing had changed in it for an hour."""
    long_ago = time.time() - 3600
    os.utime(inbox.folder / "rejected", (long_ago, long_ago))


def test_the_newest_come_first_with_when_and_why(inbox: Inbox) -> None:
    refuse(inbox, "a.txt", "a.txt: no submission", at=1_000_000)
    refuse(inbox, "b.txt", "b.txt: stops in the middle", at=2_000_000)

    found = Refusals(inbox.folder)()

    assert (found.count, found.is_part, found.trouble) == (2, False, "")
    assert [(one.name, one.reason) for one in found.newest] == [
        ("b.txt", "b.txt: stops in the middle"),
        ("a.txt", "a.txt: no submission"),
    ]
    assert found.newest[1].at == datetime.fromtimestamp(1_000_000, UTC)


def test_no_more_are_told_than_a_page_shows_and_none_is_read_far(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refused, "MOST_TOLD", 3)
    for number in range(5):
        refuse(inbox, f"{number}.txt", "long " * 10_000, at=1_000_000 + number)

    found = Refusals(inbox.folder)()

    assert (found.count, [one.name for one in found.newest]) == (5, ["4.txt", "3.txt", "2.txt"])
    assert {len(one.reason) for one in found.newest} == {refused.MOST_BYTES - 1}


def test_of_a_folder_with_very_many_a_part_is_looked_at(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refused, "MOST_LOOKED_AT", 4)
    for number in range(5):
        refuse(inbox, f"{number}.txt", "no")

    found = Refusals(inbox.folder)()

    assert found.is_part
    assert 0 <= found.count <= 4


def test_it_is_looked_at_again_only_when_something_changed(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(inbox, "a.txt", "no")
    leave_alone(inbox)
    ask = Refusals(inbox.folder)
    first = ask()
    with monkeypatch.context() as patched:
        patched.setattr(refused.os, "scandir", None)
        second = ask()
    refuse(inbox, "b.txt", "no")

    assert (first.count, second is first, ask().count) == (1, True, 2)


def test_what_is_refused_while_it_is_looked_at_is_not_missed_for_long(inbox: Inbox) -> None:
    """A change within the same tick of the drive's clock leaves no trace."""
    ask = Refusals(inbox.folder)
    refuse(inbox, "a.txt", "no")
    before, same = ask(), (inbox.folder / "rejected").stat()
    refuse(inbox, "b.txt", "no")
    os.utime(inbox.folder / "rejected", ns=(same.st_atime_ns, same.st_mtime_ns))

    assert (before.count, ask().count) == (1, 2)


def test_links_and_pipes_lead_nowhere(inbox: Inbox, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("whsec_secret")
    (inbox.folder / "rejected" / "a.txt.reason").symlink_to(tmp_path / "secret")
    os.mkfifo(inbox.folder / "rejected" / "b.txt.reason")

    assert Refusals(inbox.folder)() == RefusedFiles()


def test_a_folder_that_is_a_link_or_is_not_there_is_not_looked_into(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.txt.reason").write_text("no")
    (tmp_path / "inbox").mkdir()
    ask = Refusals(tmp_path / "inbox")
    none = ask()
    (tmp_path / "inbox" / "rejected").symlink_to(tmp_path / "elsewhere")

    assert none == RefusedFiles()
    assert ask().newest == ()
    assert ask().trouble.startswith("rejected/ cannot be read: ")


def test_a_name_or_time_that_somebody_made_up_is_shown_as_it_can_be(inbox: Inbox) -> None:
    odd = inbox.folder / "rejected" / os.fsdecode(b"\xff\x1b\n.txt.reason")
    odd.write_bytes(b"\xff\x1b[2J why")
    os.utime(odd, (10**10, 10**10))

    (one,) = Refusals(inbox.folder)().newest

    assert (one.name, one.reason) == ("\\udcff\\x1b\\x0a.txt", "\ufffd\\x1b[2J why")
    assert one.at.year >= 2038


# On the page.


@pytest.fixture
def health(tmp_path: Path) -> Iterator[Callable[[RefusedFiles | None], Any]]:
    async def nothing(*_: Any) -> Any:
        raise EightkError("not here")

    with Store(store_url(tmp_path / "eightk.db")) as store:

        async def page(found: RefusedFiles | None) -> str:
            desk = Desk(
                store=store,
                token="right",
                retry=nothing,
                audit=nothing,
                backfill=SimpleNamespace(progress=None),  # type: ignore[arg-type]
                health=lambda: Health(is_well=True, edgar="polling"),
                now=lambda: NOW,
                refused=lambda: found,
            )
            transport = httpx.ASGITransport(app=make_app(desk))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
                return (await client.get("/health")).text

        yield page


async def test_the_page_on_health_tells_of_each_and_how_many_there_are(
    health: Callable[[RefusedFiles | None], Any], inbox: Inbox
) -> None:
    refuse(inbox, "<b>.txt", f"<b>.txt: is in {inbox.folder}/a.txt")

    page = await health(Refusals(inbox.folder)())

    assert "Files that the watched folder refused" in page
    assert "1 file in all" in page
    assert 'role="alert"' not in page
    assert "&lt;b&gt;.txt: is in a.txt" in page


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (RefusedFiles(), '<p class="soft">None.</p>'),
        (RefusedFiles(trouble="rejected/ cannot be read: no"), "rejected/ cannot be read: no"),
        (RefusedFiles(9, is_part=True), "more than 9 files in all"),
    ],
)
async def test_the_page_says_so_where_there_are_none_or_nobody_can_tell(
    health: Callable[[RefusedFiles | None], Any], found: RefusedFiles, words: str
) -> None:
    page = await health(found)

    assert words in page.partition('id="refused"')[2].partition("<h2>Endpoints")[0]


async def test_where_no_folder_is_watched_nothing_is_said(health: Callable[[RefusedFiles | None], Any]) -> None:
    assert "refused" not in await health(None)
