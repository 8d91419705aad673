"""Reads the rules of one file, with what they take over from its defaults and those of their group."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handlers.alert.language.annotations import read_annotations
from handlers.alert.language.codes import Code
from handlers.alert.language.lists import Scope
from handlers.alert.language.match import Match, read_match
from handlers.alert.language.nodes import Node, Place, Scalar, Series, Table, plain
from handlers.alert.language.pacing import AT_ONCE, PACE_KEYS, Pace, read_pace
from handlers.alert.language.page import Page
from handlers.alert.language.tests import read_inline_tests
from handlers.alert.matching.rules import Rule
from watcher import OWN_RULES, RuleTest, Severity

__all__ = [
    "DEFAULT_KEYS",
    "ID_PATTERN",
    "INHIBITS_KEYS",
    "ONE_ALERT",
    "RULE_KEYS",
    "SEVERITIES",
    "STATUSES",
    "Defaults",
    "ReadRule",
    "RuleReader",
    "read_defaults",
]

DEFAULT_KEYS = ("severity", "include_amendments", "notify", "dedup_key", *PACE_KEYS)
RULE_KEYS = (
    *("id", "title", "status", "severity", "tags", "references", "include_amendments", "match", "notify"),
    *("annotations", "false_positives", "inhibits", "dedup_key", "tests", *PACE_KEYS),
)
# Tests are about a rule; with other tests it is still the same rule.
_NOT_SAID = "tests"
SEVERITIES = tuple(severity.value for severity in Severity)
STATUSES = ("stable", "test", "experimental", "deprecated")
ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_ID = re.compile(ID_PATTERN)
ONE_ALERT = ("rule", "accession")
INHIBITS_KEYS = ("rules", "same")
_REVISION_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Defaults:
    """What rules take over unless they say otherwise."""

    severity: Severity = Severity.MEDIUM
    include_amendments: bool = False
    notify: tuple[str, ...] | None = None
    pace: Pace = AT_ONCE
    said: Mapping[str, Any] | None = None  # as it stands in the file


@dataclass(frozen=True, slots=True)
class ReadRule:
    """One rule as it was read; ``rule`` is None when something is wrong with it."""

    id: Scalar
    page: Page
    rule: Rule | None = None
    condition: str = ""
    inhibits: tuple[Scalar, ...] = ()
    tests: tuple[RuleTest, ...] = ()
    source: str = ""  # JSON: what it says, with the defaults, lists and phrases that it uses
    says_stable: bool = False  # and does not merely take it over
    match_place: Place | None = None

    @property
    def place(self) -> Place:
        """Where its match begins."""
        return self.match_place or self.id.place

    @property
    def where(self) -> str:
        """Where it stands, as people and editors write it."""
        return self.page.where(self.id.place)


def read_defaults(page: Page, node: Node | None, key: str, endpoints: Collection[str], above: Defaults) -> Defaults:
    """Read the ``defaults`` of a file or a group; what they do not say is taken over from ``above``."""
    table = page.table(node, key) if node else None
    if table is None:
        return above
    page.check_keys(table, key, DEFAULT_KEYS)
    _check_dedup_key(page, table, key)
    severity = page.choice(table.get("severity"), f"{key}.severity", SEVERITIES)
    amendments = page.flag(table.get("include_amendments"), f"{key}.include_amendments")
    notify = table.get("notify")
    return Defaults(
        severity=Severity(severity) if severity else above.severity,
        include_amendments=above.include_amendments if amendments is None else amendments,
        notify=above.notify if notify is None else _read_notify(page, notify, f"{key}.notify", endpoints),
        pace=read_pace(page, table, key, above.pace),
        said={**(above.said or {}), **plain(table)},
    )


class RuleReader:
    """Reads the rules of one file. ``folder`` is where the paths in it start; None: tests are not read."""

    def __init__(self, scope: Scope, defaults: Defaults, endpoints: Collection[str], folder: Path | None) -> None:
        self.page = scope.page
        self._scope = scope
        self._defaults = defaults
        self._endpoints = endpoints
        self._folder = folder

    def read(self, node: Node) -> ReadRule | None:
        """Read one rule; None when there is no usable id."""
        page = self.page
        table = page.table(node, "rules")
        if table is None:
            return None
        id_ = page.text(table.get("id"), "rules.id")
        if id_ is None or not _ID.fullmatch(id_.text):
            place, came = (id_.place, f", not {id_.text!r}") if id_ else (table.place, "")
            remedy = "letters, digits, '.', '_' and '-', at most 100"
            page.fault(Code.BAD_ID, place, "rules.id", f"a rule needs an id{came}", remedy)
            return None
        # Lists and silences take an alarm by that name; and whatever the case, as ids differ by more than that.
        if id_.text.lower().startswith(OWN_RULES):
            problem = f"{id_.text!r} could be taken for an alarm of eightk's own"
            page.fault(Code.BAD_ID, id_.place, "rules.id", problem, f"it may not begin with {OWN_RULES}")
            return None
        before = page.count
        read = self._read(table, id_)
        return read if page.count == before else ReadRule(id_, page)

    def _read(self, table: Table, id_: Scalar) -> ReadRule:
        page, key = self.page, f"rules.{id_.text}"
        page.check_keys(table, key, RULE_KEYS)
        _check_dedup_key(page, table, key)
        self._scope.used.clear()
        title = page.told(page.required(table, "title", key), f"{key}.title")
        match_node = page.required(table, "match", key)
        match = read_match(self._scope, match_node, f"{key}.match") if match_node else None
        inhibits = _read_inhibits(page, table.get("inhibits"), f"{key}.inhibits")
        folder, tests_node = self._folder, table.get("tests")
        tests = read_inline_tests(page, tests_node, f"{key}.tests", id_.text, folder) if folder else ()
        source = self._source(table)
        rule = self._rule(table, id_.text, title, match, inhibits, source)
        if rule is None or match is None:
            return ReadRule(id_, page)
        status = table.get("status")
        return ReadRule(
            id_, page, rule, match.written, inhibits, tests, source,
            says_stable=status is not None and rule.status == "stable",
            match_place=match_node.place if match_node else None,
        )  # fmt: skip

    def _rule(
        self,
        table: Table,
        id_: str,
        title: Scalar | None,
        match: Match | None,
        inhibits: tuple[Scalar, ...],
        source: str,
    ) -> Rule | None:
        page, defaults, key = self.page, self._defaults, f"rules.{id_}"
        severity = page.choice(table.get("severity"), f"{key}.severity", SEVERITIES)
        amendments = page.flag(table.get("include_amendments"), f"{key}.include_amendments")
        status = page.choice(table.get("status"), f"{key}.status", STATUSES)
        annotations = read_annotations(page, table.get("annotations"), f"{key}.annotations")
        notify = self._notify(table, key)
        pace = read_pace(page, table, key, defaults.pace)
        texts = {
            name: tuple(one.text for one in page.all_told(node, f"{key}.{name}"))
            for name in ("tags", "references", "false_positives")
            if (node := table.get(name)) is not None
        }
        if title is None or match is None:
            return None
        return Rule(
            id=id_,
            title=title.text,
            severity=Severity(severity) if severity else defaults.severity,
            include_amendments=defaults.include_amendments if amendments is None else amendments,
            notify=notify,
            selections=match.selections,
            condition=match.condition,
            revision=hashlib.sha256(source.encode()).hexdigest()[:_REVISION_LENGTH],
            summary=annotations.summary,
            annotations=annotations.others,
            pace=pace,
            inhibits=tuple(dict.fromkeys(one.text for one in inhibits)),
            status=status or "stable",
            **texts,
        )

    def _notify(self, table: Table, key: str) -> tuple[str, ...]:
        node = table.get("notify")
        if node is not None:
            return _read_notify(self.page, node, f"{key}.notify", self._endpoints)
        if self._defaults.notify is None:
            remedy = "name endpoints; notify: [] keeps the alert and tells nobody"
            self.page.fault(Code.MISSING, table.place, f"{key}.notify", "is missing, here and in defaults", remedy)
        return self._defaults.notify or ()

    def _source(self, table: Table) -> str:
        """What the rule says, whatever its layout, with all that it takes from elsewhere in the file."""
        scope = self._scope
        said = {name: value for name, value in plain(table).items() if name != _NOT_SAID}
        defaults = {name: value for name, value in (self._defaults.said or {}).items() if name not in said}
        used = sorted(scope.used)
        lists = {name[1:]: scope.lists[name[1:]].texts for name in used if name[0] == "@" and name[1:] in scope.lists}
        sets = {
            name[1:]: scope.phrases[name[1:]].texts for name in used if name[0] == "&" and name[1:] in scope.phrases
        }
        whole = {"rule": said, "defaults": defaults, "lists": lists, "phrases": sets}
        return json.dumps(whole, sort_keys=True, ensure_ascii=False)


def _read_notify(page: Page, node: Node, key: str, endpoints: Collection[str]) -> tuple[str, ...]:
    names = page.texts(node, key)
    for name in names:
        if name.text not in endpoints:
            page.unknown(Code.UNKNOWN_ENDPOINT, name.place, key, name.text, sorted(endpoints))
    return tuple(dict.fromkeys(name.text for name in names))


def _check_dedup_key(page: Page, table: Table, key: str) -> None:
    """Accept the one key that there is: the alert's id is made of it, so no other could be kept."""
    node = table.get("dedup_key")
    if node is None:
        return
    if tuple(sorted(one.text for one in page.texts(node, f"{key}.dedup_key"))) != tuple(sorted(ONE_ALERT)):
        problem = "a rule raises one alert for each filing, always"
        remedy = "leave it out, or write [rule, accession]; throttle says how often that is told"
        page.fault(Code.BAD_VALUE, node.place, f"{key}.dedup_key", problem, remedy)


def _read_inhibits(page: Page, node: Node | None, key: str) -> tuple[Scalar, ...]:
    """Read the ids of rules whose alerts are not told beside this rule's; whether there are such is asked later."""
    ids: list[Scalar] = []
    for one in () if node is None else node.nodes if isinstance(node, Series) else (node,):
        if not isinstance(one, Table):
            text = page.text(one, key)
            ids += [] if text is None else [text]
            continue
        page.check_keys(one, key, INHIBITS_KEYS)
        rules = page.required(one, "rules", key, "the ids of rules")
        ids += [] if rules is None else page.texts(rules, f"{key}.rules")
        same = one.get("same")
        if same is not None and [text.text for text in page.texts(same, f"{key}.same")] != ["accession"]:
            problem = "a rule inhibits others on the same filing only"
            page.fault(Code.BAD_VALUE, same.place, f"{key}.same", problem, "write [accession], or leave it out")
    return tuple(ids)
