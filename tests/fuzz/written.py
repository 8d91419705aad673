"""What must hold for what people write, and for what a store holds, whatever it is. As in `promises`."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
from functools import cache
from pathlib import Path

from handlers.alert import MatchRules
from handlers.parse import ParseEightK
from watcher import ConfigError, Filing, Report
from watcher.config import examine_settings
from watcher.line import Line
from watcher.report_json import report_from_json, report_line
from watcher.simulator.generator import Generator
from watcher.store import passages
from watcher.store.search_words import read_words
from watcher.web.api._pages import cursor_of, read_cursor
from watcher.web.problems import Refused

__all__ = ["ENDPOINTS", "check_cursor", "check_rules", "check_search", "check_settings", "check_stored"]

ENDPOINTS = frozenset(("desk", "ops", "log"))
_NOUN = "filings"
_KINDS: tuple[tuple[type[int | str], ...], ...] = ((int,), (str,), (int, str))
_BIGGEST = 2**63
_DAMAGED = (KeyError, TypeError, ValueError, AttributeError)  # of a line that is none of ours, at the worst


def check_rules(given: bytes) -> None:
    """Read a rule file: faults with their places, or rules that match, and that come back from how they are kept."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.yaml")
        path.write_bytes(given)
        findings = MatchRules.check_book([path], ENDPOINTS)
        assert [str(one) for one in findings] == [str(one) for one in MatchRules.check_book([path], ENDPOINTS)]
        for one in findings:
            str(one).encode()
            assert one.file == str(path), one
            assert one.problem, one
        has_faults = any(not one.is_warning for one in findings)
        try:
            book = MatchRules.read_book([path], ENDPOINTS)
        except ConfigError:
            assert has_faults, "a fault that the check does not tell"
            return
    assert not has_faults, findings
    for rule in book.rules:
        kept = MatchRules.read_source(rule.source).rules
        assert [(one.id, one.revision) for one in kept] == [(rule.id, rule.revision)], "another rule when kept"
    alerts = book.alerts(_report())
    assert {one.rule for one in alerts} <= {one.id for one in book.rules}, alerts
    assert all(set(one.notify) <= ENDPOINTS for one in alerts), alerts


def check_settings(given: bytes) -> None:
    """Read settings: a typed error, or settings with faults that each name their key."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "eightk.toml")
        path.write_bytes(given)
        try:
            settings, faults = examine_settings(path, {})
        except ConfigError as error:
            _check_faults(error)
            return
        assert (settings, faults) == examine_settings(path, {}), "another answer the second time"
    assert all(fault.key and fault.problem for fault in faults), faults


def check_search(given: bytes) -> None:
    """Read what somebody typed: a sentence, or a search that the index takes and whose words can be shown."""
    typed = given.decode("utf-8", "surrogateescape")
    try:
        words = read_words(typed)
    except UnicodeError:
        raise
    except ValueError:
        return
    assert words == read_words(typed), "another search the second time"
    _index().execute("SELECT rowid FROM search WHERE search MATCH ?", (words.match,)).fetchall()
    found = passages.passage(typed, words.terms)
    assert "".join(piece.text for piece in found.pieces) in typed, found
    assert found.start is None or found.end is None or 0 <= found.start < found.end <= len(typed), found


def check_cursor(given: bytes) -> None:
    """Read a cursor: refused in words, or a place that is written the same way."""
    text, statuses = given.decode("latin-1"), {422}
    for kinds in _KINDS:
        try:
            keys = read_cursor(text, _NOUN, *kinds)
        except Refused as refused:
            statuses.add(refused.status_code)
            continue
        assert tuple(map(type, keys)) == kinds, keys
        assert all(isinstance(key, str) or -_BIGGEST < key < _BIGGEST for key in keys), keys
        "".join(key for key in keys if isinstance(key, str)).encode()
        assert read_cursor(cursor_of(_NOUN, *keys), _NOUN, *kinds) == keys, keys
    assert statuses == {422}, statuses


def check_stored(given: bytes) -> None:
    """Read a stored report: what a damaged store gives is no report, or one that is told as it was read."""
    try:
        line = json.loads(given)
        found = report_from_json(line, {1: "a text"})
        told = report_line(found)
    except (*_DAMAGED, RecursionError):
        return
    with contextlib.suppress(*_DAMAGED):  # a value of another kind goes through, and is refused when it is saved
        assert report_line(report_from_json(json.loads(json.dumps(told)), {1: "a text"})) == told


def _check_faults(error: ConfigError) -> None:
    assert error.faults, "an error without a fault"
    str(error).encode("utf-8", "surrogatepass")


@cache
def _index() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE search USING fts5(text)")
    connection.execute("INSERT INTO search VALUES ('a merger agreement was signed')")
    return connection


@cache
def _report() -> Report:
    made = Generator(5).submission(items=("5.02", "8.01", "9.01"))
    return Line([ParseEightK()]).run(Filing(accession=""), made.raw)
