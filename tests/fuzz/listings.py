"""What must hold for EDGAR's indexes and for files on disk, whatever bytes come. As in `promises`."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from watcher.edgar.day_files import DayFile, read_day_files
from watcher.edgar.index import IndexFile, IndexReader, IndexRow, eight_k_filings, parse_index
from watcher.errors import EdgarError, ReadError
from watcher.models import EIGHT_K_FORMS

__all__ = ["check_day_files", "check_index"]

_ACCESSION = re.compile(r"[0-9]{10}-[0-9]{2}-[0-9]{6}")
_MOST_PROBLEMS = 21  # twenty, and how many more
_NAMES = ("20240506.nc.tar.gz", "0001234567-21-000042.txt.gz")
_MAX_BYTES, _MAX_TOTAL_BYTES = 50_000, 500_000


def check_index(raw: bytes) -> IndexFile | None:
    """Read an index: a typed error, or rows that each name a filing; with forms no others than without."""
    try:
        found = parse_index(raw)
    except EdgarError as error:
        str(error).encode()
        return None
    assert found == parse_index(raw), "another answer the second time"
    reader = IndexReader(raw)
    assert (tuple(reader), reader.kind, reader.day) == (found.rows, found.kind, found.day), "row by row other rows"
    assert len(found.rows) <= found.entries, (len(found.rows), found.entries)
    assert len(found.problems) <= _MOST_PROBLEMS, found.problems
    "".join(found.problems).encode()
    for row in found.rows:
        _check_row(row)
    _check_wanted(raw, found)
    return found


def _check_row(row: IndexRow) -> None:
    assert _ACCESSION.fullmatch(row.accession), row
    assert row.accession in row.path, row
    assert re.match(rf"edgar/data/0*{row.cik}/", row.path), row
    assert 0 < row.cik < 10**10, row
    assert row.form == row.form.strip(), row
    assert row.name == row.name.strip(), row


def _check_wanted(raw: bytes, found: IndexFile) -> None:
    wanted = parse_index(raw, forms=EIGHT_K_FORMS)
    assert wanted.entries == found.entries, (wanted.entries, found.entries)
    assert all(row.form in EIGHT_K_FORMS or not row.form for row in wanted.rows), wanted.rows
    assert wanted.rows == tuple(row for row in found.rows if row.form in EIGHT_K_FORMS or not row.form), wanted.rows
    filings = eight_k_filings(found.rows)
    assert filings == eight_k_filings(wanted.rows), filings
    assert len({filing.accession for filing in filings}) == len(filings), filings
    assert all(filing.filers for filing in filings), filings


def check_day_files(raw: bytes) -> None:
    """Read a file as an archive, and as a single one: each file that it gives is its bytes or a typed error."""
    with tempfile.TemporaryDirectory() as folder:
        for name in _NAMES:
            path = Path(folder, name)
            path.write_bytes(raw)
            found = _read(path)
            assert _told(found) == _told(_read(path)), "another answer the second time"
            for one in found:
                _check_file(one, path)
            assert sum(len(one.raw or b"") for one in found) <= _MAX_TOTAL_BYTES
            assert [path] == list(Path(folder).iterdir()), "something was written"
            assert {one.path for one in _read(path, EIGHT_K_FORMS)} <= {one.path for one in found}
            path.unlink()


def _read(path: Path, forms: frozenset[str] | None = None) -> list[DayFile]:
    return list(read_day_files(path, forms=forms, max_bytes=_MAX_BYTES, max_total_bytes=_MAX_TOTAL_BYTES))


def _told(files: list[DayFile]) -> list[tuple[str, bytes | None, str]]:
    return [(one.path, one.raw, repr(one.error)) for one in files]


def _check_file(one: DayFile, path: Path) -> None:
    assert one.path.isprintable(), one.path
    assert one.path.startswith(str(path)), one.path
    assert (one.raw is None) == (one.error is not None), one
    assert one.raw is None or len(one.raw) <= _MAX_BYTES, len(one.raw or b"")
    if one.error is not None:
        assert isinstance(one.error, ReadError), one.error
        assert str(one.error).isprintable(), str(one.error)
