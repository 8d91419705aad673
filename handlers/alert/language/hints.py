"""Warnings about values that can be found, but leave out what their author most likely meant as well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from handlers.alert.language.codes import Code
from handlers.alert.language.files import RuleFile
from handlers.alert.language.lists import NamedList
from handlers.alert.language.nodes import Entry, Node, Scalar, Series, Table

__all__ = ["check_values"]

_WHOLE_NUMBER = re.compile(r"[0-9]{1,3}")
# Item 601 of Regulation S-K numbers the cover page's data 104, and there is one cover page.
_ONE_OF_A_KIND = frozenset({"104"})
_SET_MODIFIERS = frozenset({"has", "has_any", "has_all", "only"})
_WHOLE_NAME_MODIFIERS = frozenset({"", "in", "neq"})
_LEFT_OUT = ",."


def check_values(file: RuleFile) -> None:
    """Put a warning on the file's page for each value that asks for less than it seems to."""
    names: set[str] = set()
    for key, entry in _clauses(file.root, ""):
        name, *modifiers = entry.key.text.split("|")
        modifier = next((one for one in modifiers if one != "cased"), "")
        if name == "exhibits" and modifier in _SET_MODIFIERS:
            _check_exhibits(file, key, _scalars(entry.value))
        elif name == "company" and modifier in _WHOLE_NAME_MODIFIERS:
            names.update(one.text[1:] for one in _scalars(entry.value) if one.text.startswith("@"))
            _check_names(file, key, _scalars(entry.value))
    for name in sorted(names & file.lists.keys()):
        _check_listed_names(file, name, file.lists[name])


def _clauses(node: Node | None, key: str) -> Iterator[tuple[str, Entry]]:
    """Give each line of each match, with its place in the file's structure."""
    match node:
        case Series():
            for one in node.nodes:
                yield from _clauses(one, key)
        case Table():
            rule = node.get("id")
            for entry in node.entries:
                if entry.key.text == "match":
                    prefix = f"rules.{rule.text}.match" if isinstance(rule, Scalar) else "match"
                    yield from _lines(entry.value, prefix)
                elif entry.key.text in ("groups", "rules"):
                    yield from _clauses(entry.value, key)


def _lines(node: Node, key: str) -> Iterator[tuple[str, Entry]]:
    match node:
        case Series():
            for one in node.nodes:
                yield from _lines(one, key)
        case Table():
            for entry in node.entries:
                yield f"{key}.{entry.key.text}", entry
                if "|" not in entry.key.text:  # perhaps a selection
                    yield from _lines(entry.value, f"{key}.{entry.key.text}")


def _scalars(node: Node) -> tuple[Scalar, ...]:
    nodes = node.nodes if isinstance(node, Series) else (node,)
    return tuple(one for one in nodes if isinstance(one, Scalar))


def _check_exhibits(file: RuleFile, key: str, given: Iterable[Scalar]) -> None:
    """Exhibit 99 is asked for, and 99.1 is what is filed: Item 601 lets a filer number several of a kind so."""
    values = tuple(given)
    for one in values:
        number = one.text
        if not _WHOLE_NUMBER.fullmatch(number) or number in _ONE_OF_A_KIND:
            continue
        if any(other.text.startswith(f"{number}.") for other in values):
            continue
        problem = f"exhibit {number} is not {number}.1, and most are filed with such a number"
        several = f'exhibits|has_any: ["{number}", "{number}.1", "{number}.2"]'
        remedy = f"{several}, or where the words are at hand text.ex{number}|exists: true"
        file.page.warn(Code.NARROW, one.place, key, problem, remedy)


def _check_names(file: RuleFile, key: str, given: Iterable[Scalar]) -> None:
    for one in given:
        if any(mark in one.text for mark in _LEFT_OUT) and not one.text.startswith("@"):
            file.page.warn(Code.NARROW, one.place, key, *_about_name(one.text))


def _check_listed_names(file: RuleFile, name: str, listed: NamedList) -> None:
    """The first of a list speaks for all of it: a list may be long."""
    found = next((one for one in listed.values if any(mark in one.text for mark in _LEFT_OUT)), None)
    if found is not None:
        about = _about_name(found.text, found.where if found.in_file else "")
        file.page.warn(Code.NARROW, found.place, f"lists.{name}", *about)


def _about_name(name: str, where: str = "") -> tuple[str, str]:
    """Tell of a name, or only where in a file of a list it stands."""
    told = where or repr(name)
    problem = f"{told}: EDGAR writes many names without commas and points, and this equals the whole name or nothing"
    words = "" if where else re.split(r"[,.]", name)[0].strip().lower()
    return problem, f"ask by cik, which stays when a name changes, or company|contains: {words or 'its words'}"
