"""Stored reports as JSON Lines, CSV or Parquet, one after the other: whatever their number, few are held at once."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import IO, Any

from watcher.errors import EightkError
from watcher.models import Report
from watcher.printable import json_text, printable
from watcher.report_json import report_line, to_json

__all__ = ["COLUMNS", "FORMATS", "cell", "row_of", "writer"]

FORMATS = ("jsonl", "csv", "parquet")
# A spreadsheet would run a cell that begins with one of these as a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ROWS_IN_GROUP = 1_000  # of a Parquet file; their texts are held until they are written
_BYTES_IN_GROUP = 64 * 2**20

# One row for each filing, in this order, with the types of `_parquet_schema`.
COLUMNS = (
    "accession",
    "form",
    "is_amendment",
    "filed_on",
    "accepted_at",
    "period_of_report",
    "ciks",
    "companies",
    "tickers",
    "sic",
    "items",
    "events",
    "rules",
    "session",
    "business_days_after_event",
    "is_late",
    "exhibits",
    "amends",
    "signed_by",
    "warnings",
)

Write = Callable[[Report], None]


@contextmanager
def writer(form: str, out: IO[bytes], *, has_text: bool) -> Iterator[Write]:
    """Give what writes one report; the file is whole once the ``with`` has ended.

    Without ``has_text`` the texts of items and exhibits are left out: null in JSON Lines, no column in Parquet; CSV has
    none anyway. Raises ``EightkError`` for Parquet where its library is not installed.
    """
    make = {"jsonl": _jsonl, "csv": _csv, "parquet": _parquet}[form]
    with make(out, has_text) as write:
        yield write


def row_of(report: Report) -> dict[str, Any]:
    """One report as a row, with dates and instants as they are, and lists for what there may be several of."""
    filing, timing, signature = report.filing, report.timing, report.signature
    amendment = report.amendment
    return {
        "accession": filing.accession,
        "form": filing.form,
        "is_amendment": report.is_amendment,
        "filed_on": filing.filed_on,
        "accepted_at": filing.accepted_at,
        "period_of_report": report.period_of_report,
        "ciks": [one.cik for one in filing.filers],
        "companies": [one.name for one in filing.filers],
        "tickers": list(dict.fromkeys(ticker for one in filing.filers for ticker in one.tickers)),
        "sic": next((one.sic for one in filing.filers if one.sic), None),
        "items": [one.number for one in report.items],
        "events": list(dict.fromkeys(one.event for one in report.events)),
        "rules": [one.rule for one in report.alerts],
        "session": timing.session.value if timing is not None and timing.session is not None else None,
        "business_days_after_event": None if timing is None else timing.business_days_after_event,
        "is_late": None if timing is None else timing.is_late,
        "exhibits": [one.number for one in report.exhibits],
        "amends": amendment.original_filed_on if amendment is not None else None,
        "signed_by": signature.name if signature is not None else None,
        "warnings": len(report.warnings),
    }


def cell(value: Any) -> str:
    """One value of a row as a spreadsheet may take it: lists joined by spaces (names by "; "), no formula.

    What steers a terminal, or turns a name around, is written out.
    """
    if isinstance(value, list):
        value = ("; " if any(" " in str(one) for one in value) else " ").join(map(str, value))
    plain = to_json(value)
    text = "" if plain is None else str(plain).lower() if isinstance(plain, bool) else str(plain)
    text = f"'{text}" if text.startswith(_FORMULA) else text
    # The csv module leaves a lone one unquoted, and readers take it for the end of the row.
    return printable(text.replace("\r", "\n"))


@contextmanager
def _jsonl(out: IO[bytes], has_text: bool) -> Iterator[Write]:
    def write(report: Report) -> None:
        line = report_line(report)
        out.write(f"{json_text(line if has_text else _without_texts(line))}\n".encode())

    yield write


def _without_texts(line: Mapping[str, Any]) -> dict[str, Any]:
    bare = {name: [{**one, "text": None} for one in line[name]] for name in ("items", "exhibits")}
    return {**line, **bare}


class _Lines:
    """What the csv module writes to: text, as UTF-8 bytes."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out

    def write(self, text: str) -> int:
        return self._out.write(text.encode("utf-8", "backslashreplace"))


@contextmanager
def _csv(out: IO[bytes], _: bool) -> Iterator[Write]:
    table = csv.writer(_Lines(out), lineterminator="\n")
    table.writerow(COLUMNS)

    def write(report: Report) -> None:
        row = row_of(report)
        table.writerow([cell(row[name]) for name in COLUMNS])

    yield write


@contextmanager
def _parquet(out: IO[bytes], has_text: bool) -> Iterator[Write]:
    arrow, parquet = _arrow()
    schema = _parquet_schema(arrow, has_text)
    rows: list[dict[str, Any]] = []
    held = 0
    with parquet.ParquetWriter(out, schema, compression="zstd") as file:

        def flush() -> None:
            nonlocal held
            file.write_table(arrow.Table.from_pylist(rows, schema=schema))
            rows.clear()
            held = 0

        def write(report: Report) -> None:
            nonlocal held
            row = row_of(report)
            if has_text:
                row["item_texts"] = [one.text for one in report.items]
                held += sum(map(len, row["item_texts"]))
            rows.append(row)
            if len(rows) >= _ROWS_IN_GROUP or held >= _BYTES_IN_GROUP:
                flush()

        yield write
        if rows:
            flush()


def _arrow() -> tuple[Any, Any]:
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise EightkError(
            'Parquet needs the extra "parquet": install eightk[parquet], which brings pyarrow, or take jsonl or csv'
        ) from error


def _parquet_schema(arrow: Any, has_text: bool) -> Any:
    text, texts, number = arrow.string(), arrow.list_(arrow.string()), arrow.int32()
    kinds = {
        "is_amendment": arrow.bool_(),
        "is_late": arrow.bool_(),
        "filed_on": arrow.date32(),
        "period_of_report": arrow.date32(),
        "amends": arrow.date32(),
        "accepted_at": arrow.timestamp("s", tz="UTC"),
        "ciks": arrow.list_(arrow.int64()),
        "business_days_after_event": number,
        "warnings": number,
        **dict.fromkeys(("companies", "tickers", "items", "events", "rules", "exhibits"), texts),
    }
    fields = [(name, kinds.get(name, text)) for name in COLUMNS]
    return arrow.schema([*fields, ("item_texts", texts)] if has_text else fields)
