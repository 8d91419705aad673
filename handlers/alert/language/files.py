"""Reads rule files. All faults of all files are told at once; one fault, and no rule counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from handlers.alert.language.codes import Code
from handlers.alert.language.lists import Listed, NamedList, PhraseSet, Scope, read_lists, read_phrases
from handlers.alert.language.nodes import Node, SyntaxFault, Table, read_yaml
from handlers.alert.language.page import WHOLE_FILE, Page, suggestion
from handlers.alert.language.rule_reader import Defaults, ReadRule, RuleReader, read_defaults
from handlers.alert.language.tests import FILE_KEYS
from handlers.alert.matching.rules import Rule
from watcher import ConfigError, Fault, read_small_text

__all__ = [
    "GROUP_KEYS",
    "RULE_FILE_KEYS",
    "VERSION",
    "RuleFile",
    "open_page",
    "read_files",
    "read_folder",
    "read_rules",
    "read_text",
    "with_lists",
    "without_fault",
]

VERSION = "1"
_MAX_FILE_BYTES = 20_000_000
RULE_FILE_KEYS = ("version", "lists", "phrases", "defaults", "groups")
GROUP_KEYS = ("name", "defaults", "rules")


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One file as it was read. ``root`` is None when it could not be."""

    path: Path
    page: Page
    text: str = ""
    root: Table | None = None
    lists: Mapping[str, NamedList] = field(default_factory=dict)
    phrases: Mapping[str, PhraseSet] = field(default_factory=dict)
    rules: tuple[ReadRule, ...] = ()
    used: frozenset[str] = frozenset()  # "@name" and "&name", by any rule


def read_rules(folder: Path, endpoints: Collection[str]) -> tuple[Rule, ...]:
    """Read every ``*.yaml`` in the folder, in the order of their names; an empty folder holds no rules.

    ``endpoints`` are the names that a rule may notify. Raises ``ConfigError`` with every fault found.
    """
    return rules_of(read_folder(folder, endpoints))


def read_folder(folder: Path, endpoints: Collection[str]) -> tuple[RuleFile, ...]:
    """Read every ``*.yaml`` in the folder. Raises ``ConfigError`` with every fault found."""
    if not folder.is_dir():
        raise ConfigError([Fault(str(folder), "rules.path", "there is no such folder", "make it, or set [rules] path")])
    return without_fault(read_files([folder], endpoints))


def without_fault(files: tuple[RuleFile, ...]) -> tuple[RuleFile, ...]:
    """Return the files. Raises ``ConfigError`` with every fault in them."""
    faults = [fault for file in files for fault in file.page.faults]
    if faults:
        raise ConfigError(faults)
    return files


def read_files(paths: Sequence[Path], endpoints: Collection[str]) -> tuple[RuleFile, ...]:
    """Read these files, and every ``*.yaml`` of these folders; what is wrong with each is told on its page."""
    files = [_read_rules(_open(path), endpoints) for path in _files_of(paths)]
    _check_ids(files)
    return tuple(files)


def with_lists(
    files: Iterable[RuleFile], lists: Mapping[str, Sequence[str]], endpoints: Collection[str]
) -> tuple[RuleFile, ...]:
    """Read the rules anew with other values in these lists, by name or ``file/name``. Nothing is read from disk.

    Raises ``ConfigError`` when there is no such list, or when the rules cannot use a value.
    """
    opened = tuple(files)
    known = {name: file for file in opened for name in file.lists} | {
        f"{file.path.name}/{name}": file for file in opened for name in file.lists
    }
    if unknown := [name for name in lists if name not in known]:
        raise ConfigError(
            [Fault("", f"lists.{name}", "there is no such list", suggestion(name, known)) for name in unknown]
        )
    return without_fault(tuple(_read_rules(_with_lists(file, lists), endpoints) for file in opened))


def rules_of(files: Iterable[RuleFile]) -> tuple[Rule, ...]:
    return tuple(one.rule for file in files for one in file.rules if one.rule is not None)


def _with_lists(file: RuleFile, lists: Mapping[str, Sequence[str]]) -> RuleFile:
    changed = dict(file.lists)
    for name, old in file.lists.items():
        values = lists.get(f"{file.path.name}/{name}", lists.get(name))
        if values is not None:
            given = tuple(Listed(one, old.place, f"list {name}") for one in values)
            changed[name] = replace(old, values=given)
    return replace(file, page=Page(file.page.path), lists=changed)


def _files_of(paths: Iterable[Path]) -> list[Path]:
    """The files themselves, in the order given; those of a folder by their names."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        there = sorted(path.iterdir())
        found += [one for one in there if one.suffix in (".yaml", ".yml") and not one.name.startswith(".")]
    return list(dict.fromkeys(found))


def open_page(path: Path) -> tuple[Page, str, Table | None]:
    """Read a file's text and its map; None after telling why there is none."""
    page = Page(str(path))
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            page.fault(Code.UNREADABLE, WHOLE_FILE, "", f"is larger than {_MAX_FILE_BYTES} bytes", "split it")
            return page, "", None
        text = read_small_text(path, _MAX_FILE_BYTES, encoding="utf-8-sig")
        root = read_yaml(text)
    except OSError as error:
        page.fault(Code.UNREADABLE, WHOLE_FILE, "", f"cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        page.fault(Code.UNREADABLE, WHOLE_FILE, "", "is not UTF-8 text", "save it as UTF-8")
    except SyntaxFault as fault:
        page.fault(Code.NOT_YAML, fault.place, "", fault.problem, fault.remedy)
    else:
        if root is None:
            page.fault(Code.EMPTY, WHOLE_FILE, "", "is empty", "write rules into it, or take it away")
        return page, text, None if root is None else page.table(root, "")
    return page, "", None


def read_text(text: str, name: str, endpoints: Collection[str]) -> RuleFile:
    """Read a rule file that stands in no folder; paths in it lead nowhere."""
    page = Page(name)
    try:
        root = read_yaml(text)
    except SyntaxFault as fault:
        page.fault(Code.NOT_YAML, fault.place, "", fault.problem, fault.remedy)
        root = None
    table = None if root is None else page.table(root, "")
    return _read_rules(_opened(Path(name), page, text, table), endpoints)


def _open(path: Path) -> RuleFile:
    page, text, root = open_page(path)
    if path.suffix == ".yml":
        page.fault(Code.UNREADABLE, WHOLE_FILE, "", "is not read", "name it *.yaml, as the others")
    return _opened(path, page, text, root)


def _opened(path: Path, page: Page, text: str, root: Table | None) -> RuleFile:
    if root is None:
        return RuleFile(path, page, text)
    if any(root.get(name) for name in FILE_KEYS):
        remedy = "put it into a folder of its own, beside that of the rules"
        page.fault(Code.WRONG_KIND, WHOLE_FILE, "", "is a file of tests, not of rules", remedy)
        return RuleFile(path, page, text)
    page.check_keys(root, "", RULE_FILE_KEYS)
    version = page.text(root.get("version"), "version")
    if version is None or version.text != VERSION:
        place = version.place if version else root.place
        problem, remedy = f"expected version {VERSION}", f"begin the file with: version: {VERSION}"
        page.fault(Code.WRONG_VERSION, place, "version", problem, remedy)
    lists = read_lists(page, root.get("lists"), path.parent)
    return RuleFile(path, page, text, root, lists, read_phrases(page, root.get("phrases")))


def _read_rules(file: RuleFile, endpoints: Collection[str], *, with_tests: bool = True) -> RuleFile:
    page, root = file.page, file.root
    folder = file.path.parent if with_tests else None
    if root is None:
        return file
    scope = Scope(page, file.lists, file.phrases)
    defaults = read_defaults(page, root.get("defaults"), "defaults", endpoints, Defaults())
    groups = root.get("groups")
    if groups is None:
        remedy = "it holds the rules: groups: [{name: ..., rules: [...]}]"
        page.fault(Code.MISSING, root.place, "groups", "is missing", remedy)
        return file
    rules = [
        rule
        for group in page.series(groups, "groups")
        for rule in _read_group(scope, group, defaults, endpoints, folder)
    ]
    return replace(file, rules=tuple(rules), used=frozenset(scope.used_by_any))


def _read_group(
    scope: Scope, node: Node, defaults: Defaults, endpoints: Collection[str], folder: Path | None
) -> Iterable[ReadRule]:
    page = scope.page
    group = page.table(node, "groups")
    if group is None:
        return []
    page.check_keys(group, "groups", GROUP_KEYS)
    name, rules = group.get("name"), group.get("rules")
    if name is None or rules is None:
        page.fault(Code.MISSING, group.place, "groups", "a group needs a name and rules", "{name: ..., rules: [...]}")
    if name is not None:
        page.told(name, "groups.name")
    own = read_defaults(page, group.get("defaults"), "groups.defaults", endpoints, defaults)
    reader = RuleReader(scope, own, endpoints, folder)
    read = [reader.read(one) for one in page.series(rules, "groups.rules")] if rules is not None else []
    return [one for one in read if one is not None]


def _check_ids(files: Iterable[RuleFile]) -> None:
    """Tell ids that two rules have, and ``inhibits`` that name no rule or lead back to where they began."""
    first: dict[str, ReadRule] = {}
    for rule in (one for file in files for one in file.rules):
        known = first.setdefault(rule.id.text, rule)
        if known is not rule:
            problem, remedy = "two rules have this id", f"rename this one; the first is {known.where}"
            rule.page.fault(Code.DUPLICATE, rule.id.place, f"rules.{rule.id.text}.id", problem, remedy)
    _check_cases(first.values())
    for rule in first.values():
        for one in rule.inhibits:
            if one.text not in first:
                rule.page.unknown(
                    Code.UNKNOWN_RULE, one.place, f"rules.{rule.id.text}.inhibits", one.text, sorted(first)
                )
    _check_cycles(first)


def _check_cases(rules: Iterable[ReadRule]) -> None:
    """Tell ids that are the same to whoever does not heed case: many file systems, and people on the telephone."""
    first: dict[str, ReadRule] = {}
    for rule in rules:
        known = first.setdefault(rule.id.text.lower(), rule)
        if known is not rule:
            problem = f"differs from rule {known.id.text!r} by upper and lower case only"
            remedy = f"rename this one; the first is {known.where}"
            rule.page.fault(Code.DUPLICATE, rule.id.place, f"rules.{rule.id.text}.id", problem, remedy)


def _check_cycles(rules: Mapping[str, ReadRule]) -> None:
    graph = {id_: {one.text for one in rule.inhibits if one.text in rules} for id_, rule in rules.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        rule = rules[circle[-1]]
        # The sorter goes from each rule to those that it inhibits, and names them the other way round.
        told = " > ".join(reversed(circle))
        problem = "a rule cannot inhibit itself" if len(circle) == 2 else f"these inhibit each other: {told}"
        place = next((one.place for one in rule.inhibits if one.text == circle[-2]), rule.id.place)
        remedy = "name only rules that matter less than this one"
        rule.page.fault(Code.INHIBITS_CYCLE, place, f"rules.{rule.id.text}.inhibits", problem, remedy)
