"""Reads files of rules about events. All faults of all files are told at once; one fault, and no rule counts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod
from pathlib import Path

import yaml

from handlers.classify.events.book import Book, Clue, EventRule, Trial
from handlers.classify.events.facts import FACTS
from handlers.classify.events.nodes import Page, open_page, suggestion
from watcher import ConfigError, Fault, Severity
from watcher.words import fold

__all__ = ["BUILT_IN", "read_book"]

BUILT_IN = Path(__file__).with_name("events.yaml")
_ROOT_KEYS = ("version", "phrases", "kinds", "ignore", "events")
_EVENT_KEYS = ("meaning", "items", "severity", "family", "clues", "unless", "facts", "tests", "replace")
_CLUE_KEYS = (
    "find", "within", "in_order", "in", "without", "even", "items", "not_items", "only", "exhibits", "not_exhibits",
    "weight", "against", "alone", "near",
)  # fmt: skip
_TEST_KEYS = ("text", "in", "expect")
PLACES = ("headline", "release", "exhibits")
_NUMBER = re.compile(r"\d\.\d\d")
_EXHIBIT = re.compile(r"\d{1,3}")
_CHOICE = re.compile(r"\(([^()]*)\)")
_MAX_FORMS = 256  # of one phrase


@dataclass
class _Reader:
    """What was read so far, of all files."""

    phrases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    kinds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    events: dict[str, EventRule] = field(default_factory=dict)
    trials: list[Trial] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def read_book(paths: Sequence[Path] = ()) -> Book:
    """Read the built-in rules, and these files and folders on top of them. Raises ``ConfigError`` with every fault."""
    reader = _Reader()
    opened = []
    for path in (BUILT_IN, *_files_of(paths)):
        page, root, text = open_page(path)
        reader.texts.append(text)
        opened.append((page, page.table(root, "", _ROOT_KEYS) if root is not None else {}))
    for page, tables in opened:  # a phrase set may be used in a file before its own
        _read_sets(reader, page, tables)
    for page, tables in opened:
        _read_kinds(reader, page, tables)
        for name in _sets(reader, page, tables.get("ignore"), "ignore"):
            reader.ignored += reader.phrases[name]
        if (node := tables.get("events")) is not None:
            for name, one in page.table(node, "events").items():
                _read_event(reader, page, name, one)
    _check_names(reader, opened[-1][0])
    faults = [fault for page, _ in opened for fault in page.faults]
    if faults:
        raise ConfigError(faults)
    version = hashlib.sha256("\n".join(reader.texts).encode()).hexdigest()[:12]
    return Book(
        events=tuple(_with_kin(reader.events.values())),
        phrases=reader.phrases,
        kinds=reader.kinds,
        ignored=tuple(dict.fromkeys(reader.ignored)),
        trials=tuple(reader.trials),
        version=version,
    )


def _with_kin(rules: Collection[EventRule]) -> list[EventRule]:
    """The rules, each with the names of those that count together with it."""
    families: dict[str, list[str]] = {}
    for rule in rules:
        families.setdefault(rule.family, []).append(rule.event)
    return [replace(rule, kin=tuple(families[rule.family]) if rule.family else ()) for rule in rules]


def _files_of(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.glob("*.yaml") if not one.name.startswith("."))
        else:
            yield path


def _read_sets(reader: _Reader, page: Page, tables: Mapping[str, yaml.Node]) -> None:
    if not tables:
        return
    version = tables.get("version")
    if version is None or page.text(version, "version") != "1":
        page.fault(version, "version", "expected version 1", "begin the file with: version: 1")
    if (node := tables.get("phrases")) is None:
        return
    sets = page.table(node, "phrases")
    for name, one in sets.items():
        found: list[str] = []
        for phrase in page.series(one, f"phrases.{name}"):
            text = page.text(phrase, f"phrases.{name}")
            if text.startswith("&"):
                if text[1:] not in reader.phrases:
                    page.fault(
                        phrase,
                        f"phrases.{name}",
                        f"there is no set {text!r} before this one",
                        suggestion(text[1:], reader.phrases),
                    )
                found += reader.phrases.get(text[1:], ())
            else:
                found += _forms(page, phrase, f"phrases.{name}", text)
        reader.phrases[name] = tuple(dict.fromkeys(found))


def _forms(page: Page, node: yaml.Node, key: str, text: str) -> list[str]:
    """Every phrase that a text with choices stands for: ``(a|the) plan`` for two."""
    # Folded before they are put together: less than a third of the folding, and the same after `split` below.
    parts = _CHOICE.split(fold(text).text)
    choices = [part.split("|") if number % 2 else [part] for number, part in enumerate(parts)]
    if prod(map(len, choices)) > _MAX_FORMS:
        page.fault(node, key, f"stands for more than {_MAX_FORMS} phrases", "write fewer choices")
        return []
    forms = ["".join(one).strip() for one in product(*choices)]
    if not all(forms):
        page.fault(node, key, f"{text!r} may stand for nothing at all")
    return [" ".join(form.split()) for form in forms if form]


def _read_kinds(reader: _Reader, page: Page, tables: Mapping[str, yaml.Node]) -> None:
    if (node := tables.get("kinds")) is None:
        return
    for kind, one in page.table(node, "kinds").items():
        reader.kinds[kind] = tuple(_sets(reader, page, one, f"kinds.{kind}"))


def _sets(reader: _Reader, page: Page, node: yaml.Node | None, key: str) -> list[str]:
    """Names of phrase sets; phrases that stand here themselves become a set of their own."""
    names = []
    for one in page.series(node, key):
        if isinstance(one, yaml.SequenceNode):
            names.append(_own_set(reader, page, one, key))
            continue
        text = page.text(one, key)
        if not text.startswith("&"):
            names.append(_own_set(reader, page, one, key))
        elif text[1:] in reader.phrases:
            names.append(text[1:])
        else:
            page.fault(one, key, f"there is no set {text!r}", suggestion(text[1:], reader.phrases))
    return names


def _own_set(reader: _Reader, page: Page, node: yaml.Node, key: str) -> str:
    name = page.where(node)
    found: list[str] = []
    for one in page.series(node, key):
        text = page.text(one, key)
        if text.startswith("&"):
            if text[1:] not in reader.phrases:
                page.fault(one, key, f"there is no set {text!r}", suggestion(text[1:], reader.phrases))
            found += reader.phrases.get(text[1:], ())
        else:
            found += _forms(page, one, key, text)
    reader.phrases[name] = tuple(dict.fromkeys(found))
    return name


def _read_event(reader: _Reader, page: Page, name: str, node: yaml.Node) -> None:
    key = f"events.{name}"
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        page.fault(node, key, f"{name!r} is no name", "lower case and hyphens, such as cfo-departure")
    table = page.table(node, key, _EVENT_KEYS)
    known = None if page.flag(table.get("replace"), f"{key}.replace") else reader.events.get(name)
    rule = known or EventRule(name, "", (), where=page.where(node), number=len(reader.events))
    items = tuple(_numbers(page, table.get("items"), f"{key}.items")) or rule.items
    clues = [_read_clue(reader, page, one, f"{key}.clues", items) for one in page.series(table.get("clues"), key)]
    if known is None and not (table.get("meaning") and clues):
        page.fault(node, key, "a new event needs a meaning and clues")
    severity, by_item = _severity(page, table.get("severity"), f"{key}.severity", rule)
    reader.events[name] = replace(
        rule,
        severity=severity,
        severity_by_item=by_item,
        family=page.text(table.get("family"), f"{key}.family") or rule.family,
        meaning=page.text(table.get("meaning"), f"{key}.meaning") or rule.meaning,
        items=items,
        clues=(*rule.clues, *clues),
        facts=tuple(page.names(table.get("facts"), f"{key}.facts", FACTS)) or rule.facts,
        unless=(*rule.unless, *page.texts(table.get("unless"), f"{key}.unless")),
    )
    for one in page.series(table.get("tests"), f"{key}.tests"):
        _read_trial(reader, page, one, name, items)


def _severity(page: Page, node: yaml.Node | None, key: str, rule: EventRule) -> tuple[Severity, Mapping[str, Severity]]:
    """``high``, or ``{usual: high, "4.02": critical}``; it takes the place of all that was said before."""
    if node is None:
        return rule.severity, rule.severity_by_item
    if not isinstance(node, yaml.MappingNode):
        return _level(page, node, key), {}
    table = page.table(node, key)
    usual = _level(page, table["usual"], f"{key}.usual") if "usual" in table else rule.severity
    for item, one in table.items():
        if item != "usual" and not _NUMBER.fullmatch(item):
            page.fault(one, f"{key}.{item}", "expected usual, or the number of an item of today's form, such as 4.02")
    return usual, {item: _level(page, one, f"{key}.{item}") for item, one in table.items() if item != "usual"}


def _level(page: Page, node: yaml.Node, key: str) -> Severity:
    levels = [one.value for one in Severity]
    if not isinstance(node, yaml.ScalarNode):
        page.fault(node, key, f"expected one of {', '.join(levels)}")
        return Severity.MEDIUM
    known = page.names(node, key, levels)
    return Severity(known[0]) if known else Severity.MEDIUM


def _read_clue(reader: _Reader, page: Page, node: yaml.Node, key: str, items: Sequence[str]) -> Clue:
    table = page.table(node, key, _CLUE_KEYS)
    find = _sets(reader, page, table.get("find"), f"{key}.find")
    places = _places(page, table.get("in"), f"{key}.in") or [*items, "headline"]
    filing = {
        "items": _numbers(page, table.get("items"), f"{key}.items"),
        "not_items": _numbers(page, table.get("not_items"), f"{key}.not_items"),
        "only": _numbers(page, table.get("only"), f"{key}.only"),
        "exhibits": _matching(page, table.get("exhibits"), f"{key}.exhibits", _EXHIBIT, "an exhibit's number"),
        "not_exhibits": _matching(page, table.get("not_exhibits"), key, _EXHIBIT, "an exhibit's number"),
    }
    if not find and not filing["items"] and not filing["exhibits"]:
        page.fault(node, key, "asks for nothing", "give it find, items or exhibits")
    against = table.get("against")
    alone = page.texts(table.get("alone"), f"{key}.alone")
    if (table.get("weight") is None) == (against is None):
        page.fault(node, key, "needs either a weight or an against")
    return Clue(
        where=page.where(node),
        find=tuple(find),
        within=int(page.number(table.get("within"), f"{key}.within", 0, 200, 30)),
        in_order=page.flag(table.get("in_order"), f"{key}.in_order"),
        places=frozenset(places),
        without=frozenset(_sets(reader, page, table.get("without"), f"{key}.without")),
        even=frozenset(page.names(table.get("even"), f"{key}.even", [*reader.kinds, "dated", "detail"])),
        weight=page.number(against or table.get("weight"), f"{key}.weight", 0.01, 1, 0.01),
        is_against=against is not None,
        near=frozenset(_sets(reader, page, table.get("near"), f"{key}.near")),
        is_alone=alone == ["true"],
        beside_none=frozenset(alone) - {"true", "false"},
        **{name: frozenset(values) for name, values in filing.items()},
    )


def _numbers(page: Page, node: yaml.Node | None, key: str) -> list[str]:
    return _matching(page, node, key, _NUMBER, "the number of an item of today's form, such as 5.02")


def _matching(page: Page, node: yaml.Node | None, key: str, pattern: re.Pattern[str], kind: str) -> list[str]:
    found = []
    for one in page.series(node, key):
        text = page.text(one, key)
        if not pattern.fullmatch(text):
            page.fault(one, key, f"{text!r} is not {kind}")
        found.append(text)
    return found


def _places(page: Page, node: yaml.Node | None, key: str) -> list[str]:
    found = []
    for one in page.series(node, key):
        text = page.text(one, key)
        if text not in PLACES and not _NUMBER.fullmatch(text):
            page.fault(one, key, f"{text!r} is no place", f"an item's number, or {', '.join(PLACES)}")
        found.append(text)
    return found


def _read_trial(reader: _Reader, page: Page, node: yaml.Node, event: str, items: Sequence[str]) -> None:
    key = f"events.{event}.tests"
    table = page.table(node, key, _TEST_KEYS)
    places = _places(page, table.get("in"), key) or list(items[:1]) or ["8.01"]
    expect = page.text(table.get("expect"), f"{key}.expect")
    if expect not in ("match", "no-match"):
        page.fault(node, f"{key}.expect", "expected match or no-match")
    text = page.text(table.get("text"), f"{key}.text")
    reader.trials.append(Trial(page.where(node), event, text, places[0], expect == "match"))


def _check_names(reader: _Reader, page: Page) -> None:
    """Note each event that a rule names and that no file has."""
    for rule in reader.events.values():
        named = [(other, rule.where, "unless") for other in rule.unless]
        named += [(other, clue.where, "clues.alone") for clue in rule.clues for other in sorted(clue.beside_none)]
        for other, where, key in named:
            if other not in reader.events:
                remedy = suggestion(other, reader.events)
                page.faults.append(Fault(where, f"events.{rule.event}.{key}", f"there is no {other!r}", remedy))
