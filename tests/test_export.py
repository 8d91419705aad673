"""Stored reports for other programs: JSON Lines, CSV and Parquet, in one order and a few at a time."""

import csv
import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from _running import Place
from _stores import NOW, filing, report, store_url

import watcher.keeping.export
from watcher.errors import EightkError
from watcher.keeping.export import COLUMNS, FORMATS, cell, writer
from watcher.models import Event, Exhibit, Filer, Report
from watcher.report_json import report_line
from watcher.store import filings, reports
from watcher.store.choice import Choice
from watcher.store.database import Store
from watcher.store.export import PORTION, chosen_reports, count_chosen
from watcher.web.api._answers import csv_text

pytestmark = pytest.mark.usefixtures("either_store")

HOSTILE = '=HYPERLINK("http://203.0.113.9","x")'


def made(number: int, **changes: Any) -> Report:
    """A report; the higher its number, the later it was accepted."""
    at = NOW + timedelta(minutes=number)
    seen = replace(filing(f"0000000001-26-{number:06}"), accepted_at=at, **changes)
    return replace(report(seen.accession), filing=seen, period_of_report=date(2026, 1, 9))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "data" / "eightk.db")) as opened:
        yield opened


def keep(store: Store, *found: Report) -> None:
    for one in found:
        store.write_now(filings.spot, [one.filing], NOW)
        store.write_now(reports.save, one, {}, NOW, late_hours=72, endpoints=frozenset())


def accessions(store: Store, **asked: Any) -> list[str]:
    choice = Choice(**asked)
    found = [one.filing.accession for one in chosen_reports(store, choice)]
    assert len(found) == store.read_now(count_chosen, choice)
    return found


def written(form: str, *found: Report, has_text: bool = True) -> bytes:
    out = io.BytesIO()
    with writer(form, out, has_text=has_text) as write:
        for one in found:
            write(one)
    return out.getvalue()


def rows(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode(), newline="")))


def table(content: bytes) -> Any:
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra parquet is not installed")
    return parquet.read_table(io.BytesIO(content))


def test_reports_come_in_the_order_of_acceptance_whatever_the_order_of_arrival(store: Store) -> None:
    keep(store, *(made(number) for number in (3, 1, 2)))

    assert accessions(store) == [f"0000000001-26-{number:06}" for number in (1, 2, 3)]


def test_more_than_one_portion_comes_whole_and_none_twice(store: Store) -> None:
    many = range(2 * PORTION + 1)
    keep(store, *(made(number) for number in many))

    assert accessions(store) == [f"0000000001-26-{number:06}" for number in many]


def test_what_has_no_report_is_left_out(store: Store) -> None:
    keep(store, made(1))
    store.write_now(filings.spot, [made(2).filing], NOW)

    assert accessions(store) == ["0000000001-26-000001"]


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({"since": date(2026, 1, 14)}, 2),
        ({"until": date(2026, 1, 11)}, 1),
        ({"form": "8-K/A"}, 3),
        ({"item": "5.02"}, 4),
        ({"event": "buyback"}, 5),
        ({"cik": 77}, 6),
    ],
)
def test_each_filter_leaves_what_it_asks_for(store: Store, asked: dict[str, Any], number: int) -> None:
    keep(
        store,
        made(1, filed_on=date(2026, 1, 10)),
        made(2, filed_on=date(2026, 1, 15)),
        made(3, form="8-K/A"),
        replace(made(4), items=(replace(made(4).items[0], number="5.02"),)),
        replace(made(5), events=(Event("buyback", 0.9, ()),)),
        made(6, filers=(Filer(77, "Another, Inc."),)),
    )

    assert accessions(store, **asked) == [f"0000000001-26-{number:06}"]


def test_a_line_is_that_of_process(store: Store) -> None:
    keep(store, made(1))
    (stored,) = chosen_reports(store, Choice())

    line = json.loads(written("jsonl", stored))
    assert line == json.loads(json.dumps(report_line(stored)))
    assert line["items"][0]["text"] == "words"


def test_texts_can_be_left_out_and_are_not_mistaken_for_empty_ones() -> None:
    one = replace(made(1), exhibits=(Exhibit("99.1", "Press release", 2, "b.htm", "a release"),))

    line = json.loads(written("jsonl", one, has_text=False))
    assert [item["text"] for item in (*line["items"], *line["exhibits"])] == [None, None]


def test_a_row_of_csv_is_one_filing() -> None:
    one = made(1, filers=(Filer(320, "Made Up, Inc.", tickers=("MUI",)), Filer(321, "Other Corp")))
    one = replace(one, items=(*one.items, replace(one.items[0], number="9.01")), events=(Event("buyback", 0.9, ()),))

    (row,) = rows(written("csv", one))
    assert tuple(row) == COLUMNS
    assert (row["items"], row["events"], row["ciks"], row["tickers"]) == ("7.01 9.01", "buyback", "320 321", "MUI")
    assert (row["companies"], row["accepted_at"]) == ("Made Up, Inc.; Other Corp", "2026-01-12T17:01:00Z")
    assert (row["is_amendment"], row["is_late"], row["period_of_report"]) == ("false", "", "2026-01-09")


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(begin: str) -> None:
    (row,) = rows(written("csv", made(1, filers=(Filer(320, f"{begin}1+1"),))))

    assert row["companies"] == f"'{begin}1+1".replace("\r", "\n")


@pytest.mark.parametrize("code", [0x00, 0x1B, 0x9B, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xE0041])
def test_no_cell_steers_a_terminal_or_turns_a_name_around(code: int) -> None:
    name = f"Made{chr(code)} Up"

    for written in (cell(name), csv_text([{"company": name}], ["company"])):
        assert chr(code) not in written
        assert f"{code:x}" in written.lower()


def test_a_name_with_everything_in_it_stays_one_cell() -> None:
    name = HOSTILE + '\n"quoted", and\x1b[31m'

    (row,) = rows(written("csv", made(1, filers=(Filer(320, name),))))
    assert row["companies"] == f"'{name}".replace("\x1b", "\\x1b")


@pytest.mark.parametrize(("value", "text"), [(None, ""), ([], ""), (True, "true"), (0, "0"), (["a b", "c"], "a b; c")])
def test_what_is_not_there_is_an_empty_cell(value: Any, text: str) -> None:
    assert cell(value) == text


def test_parquet_has_types() -> None:
    found = table(written("parquet", made(1), made(2))).to_pylist()

    assert [one["accession"] for one in found] == ["0000000001-26-000001", "0000000001-26-000002"]
    assert found[0]["accepted_at"] == datetime(2026, 1, 12, 17, 1, tzinfo=UTC)
    assert (found[0]["filed_on"], found[0]["ciks"], found[0]["items"]) == (NOW.date(), [320], ["7.01"])
    assert found[0]["item_texts"] == ["words"]


def test_parquet_without_texts_has_no_column_for_them() -> None:
    assert tuple(table(written("parquet", made(1), has_text=False)).column_names) == COLUMNS


def test_parquet_of_nothing_is_a_table_without_rows() -> None:
    assert table(written("parquet")).num_rows == 0


def test_parquet_without_its_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(watcher.keeping.export, "import_module", missing)
    with pytest.raises(EightkError, match=r"eightk\[parquet\]"):
        written("parquet", made(1))


class Nowhere(io.RawIOBase):
    """Takes everything and keeps nothing."""

    def write(self, content: Any) -> int:
        return len(content)


@pytest.mark.parametrize("form", [one for one in FORMATS if one != "parquet"])
def test_memory_does_not_grow_with_the_number_of_reports(store: Store, form: str) -> None:
    text = "words " * 20_000
    keep(store, *(replace(made(n), items=(replace(made(n).items[0], text=text),)) for n in range(3 * PORTION)))

    def most(until: int) -> int:
        out: Any = Nowhere()
        tracemalloc.start()
        with writer(form, out, has_text=True) as write:
            for number, one in enumerate(chosen_reports(store, Choice())):
                if number == until:
                    break
                write(one)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    most(PORTION)
    assert most(3 * PORTION) < most(PORTION) * 1.5


@pytest.fixture
def place(tmp_path: Path, store: Store) -> Place:
    keep(store, *(made(number) for number in range(3)))
    return Place(tmp_path).set_up()


def lines(text: str) -> list[str]:
    return [json.loads(line)["accession"] for line in text.splitlines()]


def as_rows(text: str) -> list[str]:
    return [row["accession"] for row in rows(text.encode())]


@pytest.mark.parametrize(("form", "read"), [("jsonl", lines), ("csv", as_rows)])
def test_the_command_writes_to_standard_output(place: Place, form: str, read: Callable[[str], list[str]]) -> None:
    done = place.eightk("export", "--format", form)

    assert (done.returncode, done.stderr) == (0, "")
    assert read(done.stdout) == [f"0000000001-26-{number:06}" for number in range(3)]


def test_the_command_writes_a_file_that_appears_whole(place: Place, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("an older one")

    done = place.eightk("export", "--format", "jsonl", "--item", "item 7.01", "-o", str(target))

    assert (done.returncode, done.stderr.strip()) == (0, f"{target}: 3 reports")
    assert len(lines(target.read_text())) == 3
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--format", "xml"), "'xml' is not one of"),
        (("--format", "csv", "--item", "six"), "is no item of Form 8-K"),
        (("--format", "csv", "--item", "5.2"), "'5.2' is no item of Form 8-K; did you mean 5.02?"),
        (("--format", "jsonl", "--event", "cfo-departur"), "'cfo-departur' is known; did you mean cfo-departure?"),
        (("--format", "jsonl", "--form", "8-K12C"), "no filing of form '8-K12C' is in the store"),
        (("--format", "csv", "--since", "2026-02-01", "--until", "2026-01-01"), "nothing lies between them"),
    ],
)
def test_what_cannot_be_asked_is_told(place: Place, arguments: tuple[str, ...], words: str) -> None:
    done = place.eightk("export", *arguments)

    assert done.returncode == 2
    assert words in done.stderr
