"""The pages over a store, asked for as a browser would, but without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from types import TracebackType
from typing import Any, NoReturn, Self

import httpx

from bench.million_store import accession, cik_of
from watcher.errors import EightkError
from watcher.sources.backfill_progress import Progress
from watcher.store.database import Store
from watcher.web.app import make_app
from watcher.web.desk import Desk, Health

__all__ = ["PAGES", "Site"]

# By what is asked for and the number of a filing: the path.
PAGES: dict[str, Callable[[int], str]] = {
    "list page: what arrived": lambda number: "/",
    "list page: item, frequent": lambda number: "/?item=9.01",
    "list page: item, rare": lambda number: "/?item=1.05",
    "list page: event, rare": lambda number: "/?event=cyber-incident",
    "list page: words of a name": lambda number: "/?company=holdings",
    "list page: company": lambda number: f"/companies/{cik_of(number % 50)}",
    "list page: alerts": lambda number: "/alerts",
    "list page: deliveries": lambda number: "/deliveries",
    "list page: by the API": lambda number: "/v1/filings?limit=50",
    "search page: frequent word": lambda number: "/search?q=dividend",
    "search page: rare word": lambda number: "/search?q=ransomware",
    "search page: phrase": lambda number: "/search?q=%22of+the%22",
    "search page: frequent word, item": lambda number: "/search?q=dividend&item=5.02",
    "report page": lambda number: f"/filings/{accession(number)}",
    "report page: by the API": lambda number: f"/v1/filings/{accession(number)}",
    "health page": lambda number: "/health",
    "activity page": lambda number: "/activity",
}


class _Nothing:
    """No backfill."""

    progress: Progress | None = None

    async def ask(self, request: Any) -> NoReturn:
        raise EightkError("nothing is done here")

    async def stop(self) -> None:
        return None


class Site:
    """The pages of one store. ``now`` is when they are looked at."""

    def __init__(self, store: Store, now: datetime) -> None:
        async def refuse(_: str | date | None) -> NoReturn:
            raise EightkError("nothing is done here")

        desk = Desk(
            store=store,
            token="none",
            retry=refuse,
            audit=refuse,
            backfill=_Nothing(),
            health=lambda: Health(is_well=True, edgar="polling"),
            now=lambda: now,
        )
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(app=make_app(desk))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()

    def get(self, path: str) -> None:
        """Ask for a page. Raises ``AssertionError`` unless it is there."""
        answer = self._runner.run(self._client.get(path))
        assert answer.status_code == 200, f"{path}: {answer.status_code}: {answer.text[:300]}"
