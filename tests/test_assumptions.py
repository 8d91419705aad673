"""What is assumed of EDGAR is asked of it, and a false assumption is told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from watcher.edgar.assumptions import Finding, check_assumptions
from watcher.edgar.feed import CurrentPage
from watcher.errors import BlockedError, EdgarError, NotListedYet
from watcher.models import Filer, Filing

NOW = datetime(2025, 3, 5, 23, 30, tzinfo=UTC)  # a Wednesday, 18:30 in New York


def listed(number: int, form: str = "8-K") -> Filing:
    """The filing of this place in the list, one each three minutes."""
    at = NOW - timedelta(hours=2, minutes=3 * number)
    return Filing(f"0000000042-25-{number:06}", form=form, filers=(Filer(cik=42, name="Made Up"),), accepted_at=at)


class Edgar:
    """Answers as EDGAR is assumed to, but for what a test takes out of it."""

    def __init__(self) -> None:
        self.filings = [listed(number) for number in range(2_000)]
        self.told: dict[str, Exception] = {}

    async def current_filings(self, start: int, count: int) -> CurrentPage:
        page = tuple(self.filings[start : start + count])
        return CurrentPage(NOW, page, entries=len(page))

    async def probe(self, path: str, query: object) -> Any:
        return SimpleNamespace(is_maintenance=True, status=503, title="File Unavailable")

    async def daily_index(self, day: date) -> Any:
        if day.weekday() > 4:
            raise NotListedYet(f"no index of {day}")
        return SimpleNamespace(rows=(SimpleNamespace(form="8-K", accession="0000000042-25-000001"),), problems=())

    def __getattr__(self, name: str) -> Any:
        async def refuse(*asked: object, **more: object) -> bytes:
            raise self.told.get(name, NotListedYet(f"no {name} here"))

        return refuse


async def findings(edgar: Edgar) -> dict[str, Finding]:
    return {one.assumption: one for one in await check_assumptions(edgar, NOW)}  # type: ignore[arg-type]


async def test_what_holds_is_told_as_holding() -> None:
    found = await findings(Edgar())

    for words in ("prefix", "entries", "order", "time is true", "held", "index", "maintenance", "goes back"):
        asked = [one for one in found.values() if words in one.assumption]
        assert all(one.holds for one in asked), asked


@pytest.mark.parametrize(
    ("spoil", "assumption"),
    [
        pytest.param(lambda edgar: edgar.filings.insert(3, listed(3, "10-K")), "type=8-K gives", id="another form"),
        pytest.param(lambda edgar: edgar.filings.reverse(), "newest first", id="another order"),
        pytest.param(
            lambda edgar: edgar.filings.insert(0, replace(listed(0), accepted_at=NOW - timedelta(minutes=20))),
            "held until the morning",
            id="not held",
        ),
        pytest.param(
            lambda edgar: edgar.told.update(company_tickers=EdgarError("a page came")), "tickers", id="another page"
        ),
    ],
)
async def test_what_does_not_hold_is_told(spoil: Any, assumption: str) -> None:
    edgar = Edgar()
    spoil(edgar)

    (one,) = [one for one in (await findings(edgar)).values() if assumption in one.assumption]
    assert one.holds is False
    assert one.found


async def test_an_empty_list_tells_nothing_of_the_list() -> None:
    edgar = Edgar()
    edgar.filings = []

    found = await findings(edgar)
    assert [one.holds for one in found.values() if one.found == "the list is empty"] == [None] * 7


async def test_a_block_ends_the_asking() -> None:
    edgar = Edgar()
    edgar.told["header"] = BlockedError("blocked")

    with pytest.raises(BlockedError):
        await findings(edgar)
