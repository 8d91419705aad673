"""Reads the tests of rules: those that stand in a rule, and files of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from handlers.alert.language.codes import Code
from handlers.alert.language.lists import is_within
from handlers.alert.language.made_up import read_filing
from handlers.alert.language.nodes import Node, Scalar, Table
from handlers.alert.language.page import Page
from handlers.alert.matching.fields import FACTS, field_named, names_to_suggest
from watcher import Expectation, Report, RuleTest

__all__ = ["FILE_KEYS", "INLINE_KEYS", "OUTCOMES", "Known", "read_file_tests", "read_inline_tests", "read_rule_files"]

FILE_KEYS = ("rule_files", "clock", "tests")
INLINE_KEYS = ("name", "filing", "lists", "expect")
_TEST_KEYS = ("name", "filing", "lists", "clock", "repeat", "expect")
_EXPECT_KEYS = ("fires", "muted", "evidence", "deliveries")
OUTCOMES = ("match", "no-match")
_FILE_ENDINGS = (".txt", ".gz")
_MOST_REPEATS = 1_000
_MOST_DELIVERIES = 1_000_000


class Known:
    """What the tests of a file may name."""

    def __init__(self, rules: Iterable[str], endpoints: Iterable[str]) -> None:
        self.rules = tuple(rules)
        self.endpoints = tuple(sorted(endpoints))


def read_inline_tests(page: Page, node: Node | None, key: str, rule: str, folder: Path) -> tuple[RuleTest, ...]:
    """Read the ``tests`` of a rule; paths of filings start at ``folder``."""
    read = (_read_inline(page, one, key, rule, folder) for one in (page.series(node, key) if node else ()))
    return tuple(test for test in read if test is not None)


def read_file_tests(page: Page, root: Table, known: Known, folder: Path) -> tuple[RuleTest, ...]:
    """Read the ``tests`` of a file of tests."""
    page.check_keys(root, "", FILE_KEYS)
    clock = _read_clock(page, root.get("clock"), "clock")
    tests = page.required(root, "tests", "")
    read = (
        _read_test(page, one, "tests", known, folder, clock) for one in (page.series(tests, "tests") if tests else ())
    )
    return tuple(test for test in read if test is not None)


def read_rule_files(page: Page, root: Table, folder: Path) -> tuple[Path, ...]:
    """Read the paths of the rule files, or folders of them, that a file of tests is about."""
    node = page.required(root, "rule_files", "", "such as rule_files: [../rules]")
    paths = []
    for name in page.texts(node, "rule_files") if node else ():
        path = folder / name.text
        if not _exists(path):
            problem = f"there is no {path}"
            page.fault(Code.UNREADABLE, name.place, "rule_files", problem, "paths start at the file of tests")
        paths.append(path)
    return tuple(paths)


def _read_inline(page: Page, node: Node, key: str, rule: str, folder: Path) -> RuleTest | None:
    table = page.table(node, key)
    if table is None:
        return None
    before = page.count
    page.check_keys(table, key, INLINE_KEYS)
    name = page.told(page.required(table, "name", key), f"{key}.name")
    filing = _read_filing(page, table, key, folder, may_leave=False)
    outcome = page.choice(page.required(table, "expect", key, "match or no-match"), f"{key}.expect", OUTCOMES)
    lists = _read_lists(page, table.get("lists"), f"{key}.lists")
    if page.count > before or name is None or filing is None:
        return None
    fires = frozenset({rule} if outcome == "match" else ())
    return RuleTest(name.text, page.where(table.place), filing, Expectation(fires), rule=rule, lists=lists)


def _read_test(page: Page, node: Node, key: str, known: Known, folder: Path, clock: datetime | None) -> RuleTest | None:
    table = page.table(node, key)
    if table is None:
        return None
    before = page.count
    page.check_keys(table, key, _TEST_KEYS)
    name = page.told(page.required(table, "name", key), f"{key}.name")
    filing = _read_filing(page, table, key, folder, may_leave=True)
    own_clock = _read_clock(page, table.get("clock"), f"{key}.clock")
    repeat = page.number(table.get("repeat"), f"{key}.repeat", 1, _MOST_REPEATS) or 1
    lists = _read_lists(page, table.get("lists"), f"{key}.lists")
    expect = page.required(table, "expect", key, "such as expect: {fires: [my-rule]}")
    expectation = _read_expectation(page, expect, f"{key}.expect", known) if expect else None
    if page.count > before or name is None or filing is None or expectation is None:
        return None
    where = page.where(table.place)
    return RuleTest(name.text, where, filing, expectation, clock=own_clock or clock, repeat=repeat, lists=lists)


def _read_filing(page: Page, table: Table, key: str, folder: Path, *, may_leave: bool) -> Report | Path | None:
    node = page.required(table, "filing", key, 'fields such as {items: ["5.02"]}, or the path of a file')
    if isinstance(node, Table):
        return read_filing(page, node, f"{key}.filing")
    text = page.text(node, f"{key}.filing")
    if text is None:
        return None
    path = folder / text.text
    if path.suffix not in _FILE_ENDINGS:
        problem = f"{text.text!r}: expected a file that ends in {', '.join(_FILE_ENDINGS)}, or a map of fields"
        page.fault(Code.BAD_VALUE, text.place, f"{key}.filing", problem)
    elif not may_leave and not is_within(page, folder, text, f"{key}.filing", "filings/one.txt"):
        return None
    elif not _exists(path):
        page.fault(Code.UNREADABLE, text.place, f"{key}.filing", f"there is no {path}", "paths start at this file")
    return path


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, not to be looked at, a NUL in it: for us it is not there
        return False


def _read_clock(page: Page, node: Node | None, key: str) -> datetime | None:
    text = page.text(node, key)
    if text is None:
        return None
    try:
        moment = FACTS["accepted"].type.parse(text.text)
    except ValueError as error:
        page.fault(Code.BAD_VALUE, text.place, key, f"{text.text!r}: {error}")
        return None
    return moment if isinstance(moment, datetime) else None


def _read_lists(page: Page, node: Node | None, key: str) -> Mapping[str, tuple[str, ...]]:
    """Read lists that stand in for those of the rule files; one may be empty."""
    table = page.table(node, key) if node else None
    return {
        entry.key.text: tuple(one.text for one in page.texts(entry.value, f"{key}.{entry.key.text}"))
        for entry in (table.entries if table else ())
    }


def _read_expectation(page: Page, node: Node, key: str, known: Known) -> Expectation | None:
    table = page.table(node, key)
    if table is None:
        return None
    page.check_keys(table, key, _EXPECT_KEYS)
    if not table.entries:
        remedy = "fires: the ids of all rules that fire, [] for none; or muted, evidence, deliveries"
        page.fault(Code.EMPTY, table.place, key, "expects nothing", remedy)
    fires_node, muted_node, sent = table.get("fires"), table.get("muted"), table.get("deliveries")
    fires = None if fires_node is None else _read_rules(page, fires_node, f"{key}.fires", known.rules)
    # Only a rule that fires can be muted, or give evidence.
    may_be = known.rules if fires is None else fires
    return Expectation(
        fires,
        muted=None if muted_node is None else _read_rules(page, muted_node, f"{key}.muted", may_be),
        evidence=_read_evidence(page, table.get("evidence"), f"{key}.evidence", may_be),
        deliveries=None if sent is None else _read_deliveries(page, sent, f"{key}.deliveries", known.endpoints),
    )


def _read_rules(page: Page, node: Node, key: str, known: Collection[str]) -> frozenset[str]:
    names = page.texts(node, key)
    for name in names:
        if name.text not in known:
            page.unknown(Code.UNKNOWN_RULE, name.place, key, name.text, sorted(known))
    return frozenset(name.text for name in names)


def _read_evidence(page: Page, node: Node | None, key: str, fires: Collection[str]) -> dict[str, dict[str, str]]:
    table = page.table(node, key) if node else None
    evidence = {}
    for entry in table.entries if table else ():
        rule, full = entry.key.text, f"{key}.{entry.key.text}"
        if rule not in fires:
            page.unknown(Code.UNKNOWN_RULE, entry.key.place, key, rule, sorted(fires))
        fields = page.table(entry.value, full)
        evidence[rule] = {
            one.key.text: _read_words(page, one.key, one.value, full) for one in (fields.entries if fields else ())
        }
    return evidence


def _read_words(page: Page, name: Scalar, node: Node, key: str) -> str:
    if field_named(name.text) is None:
        page.unknown(Code.UNKNOWN_FIELD, name.place, key, name.text, names_to_suggest())
    text = page.text(node, f"{key}.{name.text}")
    return text.text if text else ""


def _read_deliveries(page: Page, node: Node, key: str, endpoints: Collection[str]) -> dict[str, int]:
    """Read how many deliveries each endpoint is owed: ``{desk: 1}``, or ``[{to: desk, count: 1}]``."""
    pairs: list[tuple[Scalar, Node]] = []
    if isinstance(node, Table):
        pairs = [(entry.key, entry.value) for entry in node.entries]
    else:
        for one in page.series(node, key):
            table = page.table(one, key)
            if table is None:
                continue
            page.check_keys(table, key, ("to", "count"))
            to = page.text(page.required(table, "to", key, "the name of an endpoint"), f"{key}.to")
            pairs += [(to, table.get("count") or Scalar("1", table.place))] if to else []
    counts = {}
    for name, count in pairs:
        if name.text not in endpoints:
            page.unknown(Code.UNKNOWN_ENDPOINT, name.place, key, name.text, endpoints)
        number = page.number(count, f"{key}.{name.text}", 0, _MOST_DELIVERIES)
        counts[name.text] = number or 0
    return counts
