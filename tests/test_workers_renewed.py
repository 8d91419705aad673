"""Workers that are given another line while they work, as when rule files were changed."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from watcher.errors import ConfigError
from watcher.handler import Context
from watcher.models import Filing
from watcher.registry import LineSpec, discover
from watcher.workers import Bounds, Workers

FILING = Filing("0000000001-26-000001", "8-K")
BUILT_IN = frozenset(one.name for one in discover(None))
HANDLER = """
import os, time
from watcher import Event, Handler, Stage

class Marker(Handler):
    name = "marker"
    stage = Stage.PARSE

    def __init__(self, *, mark: str = "none"):
        self.mark = mark

    def handle(self, report):
        time.sleep(float(report.raw or 0))
        report.warnings += [self.mark, str(os.getpid())]
"""


def spec(folder: Path, mark: str) -> LineSpec:
    (folder / "marker.py").write_text(HANDLER)
    return LineSpec(Context(), folder, disabled=BUILT_IN, settings={"marker": {"mark": mark}})


@pytest.fixture
def workers(tmp_path: Path):
    made = Workers(spec(tmp_path, "old"), count=2, bounds=Bounds())
    yield made
    made.close()


async def seen_by(workers: Workers, raw: bytes = b"") -> list[str]:
    return (await workers.examine(FILING, raw)).warnings


async def test_each_call_after_it_is_made_with_the_new_line(workers: Workers, tmp_path: Path):
    before = await seen_by(workers)
    workers.renew(spec(tmp_path, "new"))
    after = await asyncio.gather(*(seen_by(workers) for _ in range(6)))

    assert before[0] == "old"
    assert {mark for mark, _ in after} == {"new"}
    assert before[1] not in {pid for _, pid in after}


async def test_a_call_under_way_ends_with_the_line_it_began_with(workers: Workers, tmp_path: Path):
    running = asyncio.create_task(seen_by(workers, b"0.5"))
    while workers._idle.qsize() == 2:
        await asyncio.sleep(0.01)
    workers.renew(spec(tmp_path, "new"))

    assert (await seen_by(workers))[0] == "new"
    assert (await running)[0] == "old"


async def test_a_new_line_that_cannot_be_built_is_told_and_can_be_mended_by_another(workers: Workers, tmp_path: Path):
    workers.renew(replace(spec(tmp_path, "new"), settings={"marker": {"mark": "new", "colour": "red"}}))
    with pytest.raises(ConfigError, match="colour"):
        await seen_by(workers)
    workers.renew(spec(tmp_path, "newer"))

    assert (await seen_by(workers))[0] == "newer"
