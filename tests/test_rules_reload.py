"""Rule files that change while the daemon runs: all of them count, or none."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from handlers.alert import MatchRules
from watcher.errors import StoreError
from watcher.rulebook import RuleBook
from watcher.rules import reload
from watcher.rules.reload import Reloader

RULE = """
version: 1
groups:
- name: g
  rules:
  - {id: one, title: TITLE, match: {items|has: "7.01"}, notify: []}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.yaml").write_text(RULE)
    return tmp_path


class Used:
    """What was put in force."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.error: StoreError | None = None

    async def use(self, book: RuleBook) -> None:
        if self.error is not None:
            raise self.error
        self.titles.append(book.rules[0].title)

    async def keep(self) -> str:
        return ""


@pytest.fixture
def used() -> Used:
    return Used()


@pytest.fixture
def reloader(folder: Path, used: Used, monkeypatch: pytest.MonkeyPatch) -> Reloader:
    monkeypatch.setattr(reload, "LOOK_SECONDS", 0.02)
    return Reloader(folder, read=lambda: MatchRules.read_book([folder], frozenset()), use=used.use, keep=used.keep)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_so():
            await asyncio.sleep(0.01)


async def running(reloader: Reloader) -> asyncio.Task[None]:
    task = asyncio.create_task(reloader.run())
    await until(lambda: reloader.version != "" or reloader.trouble != "")
    return task


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_changed_file_is_put_in_force(reloader: Reloader, folder: Path, used: Used):
    task = await running(reloader)
    (folder / "a.yaml").write_text(RULE.replace("TITLE", "Another"))
    await until(lambda: "Another" in used.titles)
    await ended(task)

    assert used.titles[0] == "TITLE"


async def test_a_file_with_a_fault_leaves_the_rules_as_they_were(reloader: Reloader, folder: Path, used: Used):
    task = await running(reloader)
    (folder / "a.yaml").write_text(RULE.replace("TITLE", "Another"))
    (folder / "b.yaml").write_text(RULE.replace("items|has", "itmes|has").replace("id: one", "id: two"))
    await until(lambda: reloader.trouble != "")
    assert "there is no field 'itmes'" in reloader.trouble or "itmes" in reloader.trouble
    assert "Another" not in used.titles
    (folder / "b.yaml").unlink()
    await until(lambda: "Another" in used.titles)
    await ended(task)

    assert reloader.trouble == ""


async def test_a_file_of_a_list_is_watched_too(reloader: Reloader, folder: Path, used: Used):
    outside = folder / "lists"
    outside.mkdir()
    (outside / "watch.csv").write_text("cik\n320\n")
    listed = RULE.replace("groups:", "lists:\n  watch: {file: lists/watch.csv, column: cik}\ngroups:")
    (folder / "a.yaml").write_text(listed.replace('items|has: "7.01"', 'cik|in: "@watch"'))
    task = await running(reloader)
    before = reloader.version
    (outside / "watch.csv").write_text("cik\n321\n")
    await until(lambda: reloader.version != before)
    await ended(task)


async def test_it_is_tried_again_when_the_store_could_not_keep_them(reloader: Reloader, used: Used):
    used.error = StoreError("disk full")
    task = asyncio.create_task(reloader.run())
    await asyncio.sleep(0.1)
    assert reloader.version == ""
    used.error = None
    await until(lambda: reloader.version != "")
    await ended(task)


async def test_being_asked_reads_them_at_once(reloader: Reloader, used: Used, monkeypatch: pytest.MonkeyPatch):
    task = await running(reloader)
    monkeypatch.setattr(reload, "LOOK_SECONDS", 60)
    await asyncio.sleep(0.1)
    count = len(used.titles)
    reloader.ask()
    await until(lambda: len(used.titles) > count)
    await ended(task)


async def test_files_that_never_rest_are_read_all_the_same(
    reloader: Reloader, folder: Path, used: Used, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reload, "LONGEST_LOOKS", 3)
    task = await running(reloader)
    count = len(used.titles)
    async with asyncio.timeout(60):
        while len(used.titles) < count + 3:
            (folder / "a.yaml").write_text(RULE.replace("TITLE", f"At {asyncio.get_running_loop().time()}"))
            await asyncio.sleep(0.005)
    await ended(task)


async def test_a_list_that_was_missing_is_found_when_it_comes(
    reloader: Reloader, folder: Path, used: Used, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reload, "LONGEST_LOOKS", 3)
    listed = RULE.replace("groups:", "lists:\n  watch: {file: later/watch.csv, column: cik}\ngroups:")
    (folder / "a.yaml").write_text(listed.replace('items|has: "7.01"', 'cik|in: "@watch"'))
    task = await running(reloader)
    assert "watch.csv" in reloader.trouble
    (folder / "later").mkdir()
    (folder / "later" / "watch.csv").write_text("cik\n320\n")
    await until(lambda: used.titles != [])
    await ended(task)

    assert reloader.trouble == ""
