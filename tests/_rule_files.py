"""Rule files that tests write and read."""

import textwrap
from collections.abc import Iterable
from pathlib import Path

from _rule_schema import complaints

from handlers.alert import MatchRules
from watcher.rulebook import Finding, RuleBook

ENDPOINTS = frozenset({"desk", "ops", "log"})


def write(folder: Path, *texts: str) -> Path:
    """Write the texts as 0.yaml, 1.yaml, ...; return the folder."""
    for number, text in enumerate(texts):
        (folder / f"{number}.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def book(folder: Path, *texts: str) -> RuleBook:
    found = MatchRules.read_book([write(folder, *texts)], ENDPOINTS)
    _editors_agree(texts)
    return found


def findings(folder: Path, *texts: str) -> tuple[Finding, ...]:
    found = MatchRules.check_book([write(folder, *texts)], ENDPOINTS)
    # An editor takes ~ for nothing at all, which the reader warns of.
    if all(one.is_warning and "is nothing to other readers" not in one.problem for one in found):
        _editors_agree(texts)
    return found


def _editors_agree(texts: Iterable[str]) -> None:
    """What the reader accepts is valid by the schema that editors are given, whichever test it stands in."""
    for text in texts:
        assert list(complaints(textwrap.dedent(text))) == []


def one_rule(match: str, *, more: str = "", top: str = "", id_: str = "r") -> str:
    """A file with one rule. ``more`` is a line of the rule, ``top`` one of the file."""
    lines = ["version: 1", top, "groups:", "- name: g", "  rules:", f"  - id: {id_}", "    title: A title"]
    lines += ["    notify: [desk]", f"    {more}", f"    match: {match}"]
    return "\n".join(line for line in lines if line.strip()) + "\n"
