"""What EDGAR's indexes list of a day and of a quarter, as filings of the 8-K family."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from _indexes import FRIDAY, Indexes, accession, row

from watcher.audit_hours import business_days
from watcher.edgar.answers import Download
from watcher.errors import EdgarError
from watcher.sources.listed_days import listed_day, listed_quarter, quarter_of

HEAD = "Last Data Received:    March 31, 2026\nCIK|Company Name|Form Type|Date Filed|File Name\n" + "-" * 80 + "\n"


def quarter_file(*lines: str) -> Download:
    return Download((HEAD + "".join(f"{line}\n" for line in lines)).encode())


class OneQuarter(Indexes):
    """EDGAR with one quarter's index, as text."""

    def __init__(self, *lines: str) -> None:
        super().__init__()
        self.file = quarter_file(*lines)

    async def quarter_index(self, year: int, quarter: int, *, unless: object = None) -> Download:
        return self.file


async def test_a_quarter_is_parted_into_its_days() -> None:
    edgar = OneQuarter(
        f"7|One|8-K|2026-01-09|edgar/data/7/{accession(1)}.txt",
        f"8|Other|8-K|2026-01-09|edgar/data/8/{accession(1)}.txt",
        f"7|One|10-K|2026-01-09|edgar/data/7/{accession(2)}.txt",
        f"7|One|8-K/A|2026-02-02|edgar/data/7/{accession(3)}.txt",
    )

    quarter = await listed_quarter(edgar, 2026, 1)

    assert quarter is not None
    assert quarter.last_day == date(2026, 3, 31)
    assert {day: [one.accession for one in inside] for day, inside in quarter.days.items() if inside} == {
        FRIDAY: [accession(1)],
        date(2026, 2, 2): [accession(3)],
    }
    assert [filer.cik for filer in quarter.days[FRIDAY][0].filers] == [7, 8]


async def test_a_row_without_a_date_is_not_lost() -> None:
    quarter = await listed_quarter(OneQuarter(f"7|One|8-K|soon|edgar/data/7/{accession(1)}.txt"), 2026, 1)

    assert quarter is not None
    assert [one.accession for one in quarter.days[date(2026, 3, 31)]] == [accession(1)]


async def test_no_quarter_knows_of_a_day_after_its_end() -> None:
    """Whatever its heading tells: one that EDGAR has made anew since may tell when that was."""
    quarter = await listed_quarter(OneQuarter(f"7|One|8-K|2025-12-09|edgar/data/7/{accession(1)}.txt"), 2025, 4)

    assert quarter is not None
    assert quarter.last_day == date(2025, 12, 31)


async def test_a_quarter_with_a_heading_only_is_none() -> None:
    assert await listed_quarter(OneQuarter(), 2026, 1) is None


async def test_an_index_that_stops_in_the_middle_is_an_error() -> None:
    edgar = OneQuarter(f"7|One|8-K|2026-01-09|edgar/data/7/{accession(1)}.txt")
    edgar.file = Download(edgar.file.raw[:-20])

    with pytest.raises(EdgarError, match="truncated"):
        await listed_quarter(edgar, 2026, 1)


async def test_a_day_has_each_filing_once_and_other_forms_not_at_all() -> None:
    edgar = Indexes()
    edgar.write(FRIDAY, row(1, cik=7), row(1, cik=8), row(2, form="10-K"), row(3, form="8-K12B"))

    listed = await listed_day(edgar, FRIDAY)

    assert listed.accessions == {accession(1), accession(3)}
    assert listed.problems == ()


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2026, 1, 1), (2026, 1)), (date(2026, 3, 31), (2026, 1)), (date(2026, 12, 31), (2026, 4))],
)
def test_the_quarter_of_a_day(day: date, expected: tuple[int, int]) -> None:
    assert quarter_of(day) == expected


def test_edgar_wrote_an_index_on_each_day_that_is_taken_for_a_business_day(shared: Path) -> None:
    names = json.dumps(
        json.loads((shared / "edgar/samples/index/json/daily-index__2023__QTR1__index.json").read_text())
    )
    written = {date.fromisoformat(day) for day in re.findall(r"master\.(\d{8})\.idx", names)}

    assert written == set(business_days(date(2023, 1, 1), date(2023, 3, 31)))
