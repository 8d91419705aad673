"""Reads the rule files of a folder. All faults of all files are told at once; one fault, and no rule counts."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from handlers.alert._fields import LIST_TYPES, SUMMARY_FIELDS, Field
from handlers.alert._match import Listed, NamedList, Scope, read_match
from handlers.alert._nodes import Node, Scalar, SyntaxFault, Table, plain, read_yaml
from handlers.alert._page import Page
from handlers.alert._rules import Rule, Template
from watcher import ConfigError, Fault, Severity

__all__ = ["read_rules"]

_MAX_FILE_BYTES = 20_000_000
_FILE_KEYS = ("version", "lists", "phrases", "defaults", "groups")
_GROUP_KEYS = ("name", "rules")
_LIST_KEYS = ("values", "file", "column", "type")
_DEFAULT_KEYS = ("severity", "include_amendments", "notify")
_RULE_KEYS = (
    *("id", "title", "status", "severity", "tags", "references", "include_amendments", "match", "notify"),
    *("annotations", "false_positives"),
)
_LATER_KEYS = ("active", "dedup_key", "expires", "group", "inhibits", "tests", "throttle")
_SEVERITIES = tuple(severity.value for severity in Severity)
_STATUSES = ("stable", "test", "experimental", "deprecated")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}|([{}])")


@dataclass(frozen=True, slots=True)
class _Defaults:
    """What the rules of one file take over unless they say otherwise."""

    severity: Severity = Severity.MEDIUM
    include_amendments: bool = False
    notify: tuple[str, ...] | None = None


def read_rules(folder: Path, endpoints: Collection[str]) -> tuple[Rule, ...]:
    """Read every ``*.yaml`` in the folder, in the order of their names; an empty folder holds no rules.

    ``endpoints`` are the names that a rule may notify. Raises ``ConfigError`` with every fault found.
    """
    if not folder.is_dir():
        raise ConfigError([Fault(str(folder), "rules.path", "there is no such folder", "make it, or set [rules] path")])
    rules: dict[str, Rule] = {}
    first: dict[str, str] = {}
    faults: list[Fault] = []
    for path in sorted(folder.iterdir()):
        if path.suffix not in (".yaml", ".yml") or path.name.startswith("."):
            continue
        page = Page(str(path))
        if path.suffix == ".yml":
            page.fault_of_file("is not read", "name it *.yaml, as the others")
        for id_, rule in _read_file(page, path, endpoints):
            if id_.text in first:
                page.fault(
                    id_.place,
                    f"rules.{id_.text}.id",
                    "two rules have this id",
                    f"rename this one; the first is {first[id_.text]}",
                )
            first.setdefault(id_.text, page.where(id_.place))
            if rule is not None:
                rules[id_.text] = rule
        faults += page.faults
    if faults:
        raise ConfigError(faults)
    return tuple(rules.values())


def _read_file(page: Page, path: Path, endpoints: Collection[str]) -> list[tuple[Scalar, Rule | None]]:
    root = _root(page, path)
    if root is None:
        return []
    page.check_keys(root, "", _FILE_KEYS, _LATER_KEYS)
    version = page.text(root.get("version"), "version")
    if version is None or version.text != "1":
        place = version.place if version else root.place
        page.fault(place, "version", "expected version 1", "begin the file with: version: 1")
    scope = Scope(page, _read_lists(page, root.get("lists"), path.parent), _read_phrases(page, root.get("phrases")))
    defaults = _read_defaults(page, root.get("defaults"), endpoints)
    groups = root.get("groups")
    if groups is None:
        page.fault(root.place, "groups", "is missing", "it holds the rules: groups: [{name: ..., rules: [...]}]")
        return []
    reader = _RuleReader(page, scope, defaults, root.get("defaults"), endpoints)
    return [one for group in page.series(groups, "groups") for one in _read_group(reader, group)]


def _root(page: Page, path: Path) -> Table | None:
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            page.fault_of_file(f"is larger than {_MAX_FILE_BYTES} bytes", "split it")
            return None
        root = read_yaml(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        page.fault_of_file(f"cannot be read: {error.strerror}")
        return None
    except UnicodeDecodeError:
        page.fault_of_file("is not UTF-8 text", "save it as UTF-8")
        return None
    except SyntaxFault as fault:
        page.fault(fault.place, "", fault.problem, fault.remedy)
        return None
    if root is None:
        page.fault_of_file("is empty", "write rules into it, or take it away")
        return None
    return page.table(root, "")


def _read_lists(page: Page, node: Node | None, folder: Path) -> dict[str, NamedList]:
    table = page.table(node, "lists") if node else None
    lists = {}
    for entry in table.entries if table else ():
        key = f"lists.{entry.key.text}"
        described = page.table(entry.value, key)
        if described is None:
            continue
        page.check_keys(described, key, _LIST_KEYS)
        before = page.count
        values = _list_values(page, described, key, folder)
        kind = page.choice(described.get("type"), f"{key}.type", LIST_TYPES)
        if not values and page.count == before:
            page.fault(described.place, key, "is empty, and nothing would ever match it")
        lists[entry.key.text] = NamedList(values, kind)
    return lists


def _list_values(page: Page, described: Table, key: str, folder: Path) -> tuple[Listed, ...]:
    values, file = described.get("values"), described.get("file")
    if (values is None) == (file is None):
        page.fault(described.place, key, "needs either values or a file", "values: [...], or file: ... and column: ...")
        return ()
    if values is not None:
        return tuple(Listed(one.text, one.place) for one in page.texts(values, f"{key}.values"))
    name = page.text(file, f"{key}.file")
    column = page.text(described.get("column"), f"{key}.column")
    if name is None or column is None:
        if described.get("column") is None:
            page.fault(described.place, f"{key}.column", "is missing", "which column of the file holds the values")
        return ()
    return tuple(_column(page, folder / name.text, name, column, key))


def _column(page: Page, path: Path, name: Scalar, column: Scalar, key: str) -> Iterable[Listed]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            if column.text not in (reader.fieldnames or ()):
                there = ", ".join(reader.fieldnames or ()) or "none"
                page.fault(
                    column.place, f"{key}.column", f"{name.text} has no column {column.text!r}", f"it has: {there}"
                )
                return []
            cells = [(str(row[column.text] or "").strip(), reader.line_num) for row in reader]
    except OSError as error:
        page.fault(
            name.place, f"{key}.file", f"{path} cannot be read: {error.strerror}", "paths start at the rule file"
        )
        return []
    except (UnicodeDecodeError, csv.Error) as error:
        page.fault(name.place, f"{key}.file", f"{path} is not CSV in UTF-8: {error}")
        return []
    return [Listed(text, name.place, f"{name.text}:{line}") for text, line in cells if text]


def _read_phrases(page: Page, node: Node | None) -> dict[str, tuple[Scalar, ...]]:
    table = page.table(node, "phrases") if node else None
    phrases = {}
    for entry in table.entries if table else ():
        key = f"phrases.{entry.key.text}"
        before = page.count
        phrases[entry.key.text] = page.texts(entry.value, key)
        if not phrases[entry.key.text] and page.count == before:
            page.fault(entry.value.place, key, "is empty, and nothing would ever match it")
    return phrases


def _read_defaults(page: Page, node: Node | None, endpoints: Collection[str]) -> _Defaults:
    table = page.table(node, "defaults") if node else None
    if table is None:
        return _Defaults()
    page.check_keys(table, "defaults", _DEFAULT_KEYS, _LATER_KEYS)
    severity = page.choice(table.get("severity"), "defaults.severity", _SEVERITIES)
    notify = table.get("notify")
    return _Defaults(
        severity=Severity(severity) if severity else Severity.MEDIUM,
        include_amendments=bool(page.flag(table.get("include_amendments"), "defaults.include_amendments")),
        notify=None if notify is None else _read_notify(page, notify, "defaults.notify", endpoints),
    )


def _read_notify(page: Page, node: Node, key: str, endpoints: Collection[str]) -> tuple[str, ...]:
    names = page.texts(node, key)
    for name in names:
        if name.text not in endpoints:
            page.unknown(name.place, key, "endpoint", name.text, sorted(endpoints))
    return tuple(dict.fromkeys(name.text for name in names))


def _read_group(reader: _RuleReader, node: Node) -> Iterable[tuple[Scalar, Rule | None]]:
    page = reader.page
    group = page.table(node, "groups")
    if group is None:
        return []
    page.check_keys(group, "groups", _GROUP_KEYS, _LATER_KEYS)
    name, rules = group.get("name"), group.get("rules")
    if name is None or rules is None:
        page.fault(group.place, "groups", "a group needs a name and rules", "{name: ..., rules: [...]}")
    if name is not None:
        page.text(name, "groups.name")
    read = [reader.read(one) for one in page.series(rules, "groups.rules")] if rules is not None else []
    return [one for one in read if one is not None]


class _RuleReader:
    """Reads the rules of one file."""

    def __init__(
        self, page: Page, scope: Scope, defaults: _Defaults, defaults_node: Node | None, endpoints: Collection[str]
    ) -> None:
        self.page = page
        self._scope = scope
        self._defaults = defaults
        self._defaults_node = defaults_node
        self._endpoints = endpoints

    def read(self, node: Node) -> tuple[Scalar, Rule | None] | None:
        """Read one rule: its id with the rule, if nothing is wrong with it. None when there is no usable id."""
        page = self.page
        table = page.table(node, "rules")
        if table is None:
            return None
        id_ = page.text(table.get("id"), "rules.id")
        if id_ is None or not _ID.fullmatch(id_.text):
            place, came = (id_.place, f", not {id_.text!r}") if id_ else (table.place, "")
            page.fault(place, "rules.id", f"a rule needs an id{came}", "letters, digits, '.', '_' and '-', at most 100")
            return None
        before = page.count
        rule = self._read(table, id_.text)
        return id_, rule if page.count == before else None

    def _read(self, table: Table, id_: str) -> Rule | None:
        page, key = self.page, f"rules.{id_}"
        page.check_keys(table, key, _RULE_KEYS, _LATER_KEYS)
        self._scope.used.clear()
        title = page.text(self._required(table, "title", key), f"{key}.title")
        match_node = self._required(table, "match", key)
        match = read_match(self._scope, match_node, f"{key}.match") if match_node else None
        severity = page.choice(table.get("severity"), f"{key}.severity", _SEVERITIES)
        amendments = page.flag(table.get("include_amendments"), f"{key}.include_amendments")
        texts = {
            name: tuple(one.text for one in page.texts(node, f"{key}.{name}"))
            for name in ("tags", "references", "false_positives")
            if (node := table.get(name)) is not None
        }
        notify = self._notify(table, key)
        status = page.choice(table.get("status"), f"{key}.status", _STATUSES)
        summary = self._summary(table.get("annotations"), f"{key}.annotations")
        if title is None or match is None:
            return None
        return Rule(
            id=id_,
            title=title.text,
            severity=Severity(severity) if severity else self._defaults.severity,
            include_amendments=self._defaults.include_amendments if amendments is None else amendments,
            notify=notify,
            selections=match.selections,
            condition=match.condition,
            revision=self._revision(table),
            summary=summary,
            status=status or "stable",
            **texts,
        )

    def _required(self, table: Table, name: str, key: str) -> Node | None:
        node = table.get(name)
        if node is None:
            self.page.fault(table.place, f"{key}.{name}", "is missing")
        return node

    def _notify(self, table: Table, key: str) -> tuple[str, ...]:
        node = table.get("notify")
        if node is not None:
            return _read_notify(self.page, node, f"{key}.notify", self._endpoints)
        if self._defaults.notify is None:
            remedy = "name endpoints; notify: [] keeps the alert and tells nobody"
            self.page.fault(table.place, f"{key}.notify", "is missing, here and in defaults", remedy)
        return self._defaults.notify or ()

    def _summary(self, node: Node | None, key: str) -> Template | None:
        table = self.page.table(node, key) if node else None
        if table is None:
            return None
        self.page.check_keys(table, key, ("summary",))
        text = self.page.text(table.get("summary"), f"{key}.summary")
        return None if text is None else self._template(text, f"{key}.summary")

    def _template(self, text: Scalar, key: str) -> Template:
        parts: list[str | Field] = []
        done = 0
        for match in _PLACEHOLDER.finditer(text.text):
            parts.append(text.text[done : match.start()])
            done = match.end()
            name = match[1]
            if name is None:
                self.page.fault(text.place, key, f"a {match[2]!r} stands alone", "placeholders look like {company}")
            elif name in SUMMARY_FIELDS:
                parts.append(SUMMARY_FIELDS[name])
            else:
                self.page.unknown(text.place, key, "field", name, SUMMARY_FIELDS)
        parts.append(text.text[done:])
        return Template(tuple(part for part in parts if part != ""))

    def _revision(self, table: Table) -> str:
        """Hash what the rule says, whatever its layout, with all that it takes from elsewhere in the file."""
        used: Mapping[str, list[str]] = {
            name: sorted(one.text for one in self._scope.lists[name[1:]].values)
            if name[0] == "@"
            else sorted(one.text for one in self._scope.phrases[name[1:]])
            for name in self._scope.used
            if name[1:] in (self._scope.lists if name[0] == "@" else self._scope.phrases)
        }
        defaults = plain(self._defaults_node) if self._defaults_node else {}
        said = json.dumps([plain(table), defaults, used], sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(said.encode()).hexdigest()[:12]
