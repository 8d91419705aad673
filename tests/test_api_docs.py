"""What docs/api.md shows: its calls are answered, its consumer misses nothing, and it names what there is."""

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from _stores import ACCESSION, alert, report
from test_stream import number, save, served

from watcher.store.database import Store
from watcher.web.feed import Feed, Portion

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "api.md").read_text(encoding="utf-8")
CALLS = re.findall(r"^curl (.*?)'http://127\.0\.0\.1:8000(\S+?)'", TEXT, re.MULTILINE)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'eightk.db'}") as opened:
        yield opened


async def test_every_call_is_one_that_can_be_made(store: Store) -> None:
    await save(store, report(ACCESSION, alert()))
    async with served(store, Feed(store)) as url, httpx.AsyncClient(base_url=url) as client:
        described = (await client.get("/v1/openapi.json")).json()
        for options, call in CALLS:
            asked = urlsplit(call)
            method = (re.findall(r"-X (\w+)", options) or ["GET"])[0].lower()
            fitting = [
                path for path in described["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), asked.path)
            ]
            told = (described["paths"][path] for path in fitting)
            operation = next(one[method] for one in told if method in one)
            known = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
            assert set(parse_qs(asked.query)) <= known, call
            if method == "get" and not asked.path.endswith(("/raw", "/stream")):
                assert (await client.get(call)).status_code == 200, call

    assert len(CALLS) >= 10


async def test_the_consumer_goes_on_where_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each connection ends after a few events."""
    (source,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(source, "api.md", "exec"), names)
    names["time"] = SimpleNamespace(sleep=lambda _: time.sleep(0.01))
    after, count, asked = Feed.after, 60, 0

    async def cut_short(self: Feed, place: int, seconds: float) -> Portion | None:
        nonlocal asked
        asked += 1
        found = await after(self, place, seconds)
        if found is None or not found.told or not asked % 3:
            return None
        return Portion(found.told[:7], found.told[:7][-1].sequence)

    monkeypatch.setattr(Feed, "after", cut_short)

    def consume(url: str) -> list[str]:
        seen: list[str] = []
        for _, kind, data in names["follow"](url, "0"):
            assert kind == "filing"
            seen.append(data["accession"])
            if len(seen) == count:
                break
        return seen

    for place in range(count):
        await save(store, report(number(place)))
    async with served(store, Feed(store)) as url:
        seen = await asyncio.to_thread(consume, f"{url}/v1/stream")

    assert seen == [number(place) for place in range(count)]
    assert asked > 10
