"""``eightk rules explain``: why a rule fires on a stored filing, or why not."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli._options import AccessionType, config_option, settings_of, store_of
from watcher.cli._printing import say_json, say_line

if TYPE_CHECKING:
    from watcher.rulebook import RuleBook
    from watcher.store.database import Store

__all__ = ["explain", "no_such_rule"]

EXIT_NO = 1


@click.command()
@click.argument("rule")
@click.argument("accession", type=AccessionType(), metavar="ACC")
@config_option
@click.option(
    "--rules", "draft", type=click.Path(exists=True, path_type=Path), help="A file or folder of rules to try."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def explain(rule: str, accession: str, config: Path | None, draft: Path | None, as_json: bool) -> None:
    """Tell why a rule fires on a stored filing, or why not: clause by clause, with the words.

    An alert that was raised by another revision of the rule is told with the rule as it was then, and as it is now; a
    rule that is in none of the files any more is told by the revision that raised the alert, or else by its last one.
    Exit code 0: it fires; 1: it does not; 2: nobody ever saw such a rule.
    """
    from watcher.rules.books import read_book, rules_handler
    from watcher.rules.retold import retell, retold_json, retold_lines

    settings = settings_of(config)
    book = read_book(settings, (draft,) if draft else ())
    with store_of(config) as store:
        told = retell(rules_handler(settings), book, store, rule, accession)
        if told is None:
            raise no_such_rule(rule, known_rules(book, store), "RULE")
    if as_json:
        say_json(retold_json(told))
    else:
        for line in retold_lines(told):
            say_line(line)
    sys.exit(0 if told.fires else EXIT_NO)


def known_rules(book: RuleBook, store: Store) -> set[str]:
    """Return the id of each rule that is in force, or ever was."""
    from watcher.store import revisions

    return {*(one.id for one in book.rules), *store.read_now(revisions.names)}


def no_such_rule(rule: str, known: Collection[str], hint: str, *, remedy: str = "") -> click.BadParameter:
    """Return a usage error that names the closest rule, and what was given wrong."""
    close = difflib.get_close_matches(rule, sorted(known), n=1)
    meant = f"; did you mean {close[0]!r}?" if close else ""
    return click.BadParameter(f"there is no rule {rule!r}{meant}{f' ({remedy})' if remedy else ''}", param_hint=hint)
