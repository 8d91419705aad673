"""Rule files that tests write and read."""

import textwrap
from pathlib import Path

from handlers.alert import MatchRules
from watcher.rulebook import Finding, RuleBook

ENDPOINTS = frozenset({"desk", "ops", "log"})


def write(folder: Path, *texts: str) -> Path:
    """Write the texts as 0.yaml, 1.yaml, ...; return the folder."""
    for number, text in enumerate(texts):
        (folder / f"{number}.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def book(folder: Path, *texts: str) -> RuleBook:
    return MatchRules.read_book([write(folder, *texts)], ENDPOINTS)


def findings(folder: Path, *texts: str) -> tuple[Finding, ...]:
    return MatchRules.check_book([write(folder, *texts)], ENDPOINTS)


def one_rule(match: str, *, more: str = "", top: str = "", id_: str = "r") -> str:
    """A file with one rule. ``more`` is a line of the rule, ``top`` one of the file."""
    lines = ["version: 1", top, "groups:", "- name: g", "  rules:", f"  - id: {id_}", "    title: A title"]
    lines += ["    notify: [desk]", f"    {more}", f"    match: {match}"]
    return "\n".join(line for line in lines if line.strip()) + "\n"
