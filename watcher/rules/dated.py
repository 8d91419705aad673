"""Rules with their lists as of a day: a company that was put on a list in May was not watched in March."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime

from watcher.rulebook import RuleBook
from watcher.store.database import Store
from watcher.store.revisions import ListRevision, versions_of_list

__all__ = ["DatedBook"]


class DatedBook:
    """A book of rules, read anew for each set of lists that was in force.

    Before its first version that the store knows, a list counts as that one; one that no daemon of this store ever
    used, as it is.
    """

    def __init__(self, book: RuleBook, store: Store) -> None:
        found = {one.name: store.read_now(versions_of_list, one.name) for one in book.lists}
        now = {one.name: one.revision for one in book.lists}
        # A list that never was another one needs no reading anew.
        self._versions: Mapping[str, Sequence[ListRevision]] = {
            name: versions for name, versions in found.items() if {one.revision for one in versions} - {now[name]}
        }
        self._book = book
        self._made: dict[tuple[str, ...], RuleBook] = {}

    def as_of(self, at: datetime) -> RuleBook:
        """Return the rules with their lists as they stood then. Raises ``ConfigError`` if they do not fit the rules."""
        chosen = [_as_of(versions, at) for versions in self._versions.values()]
        key = tuple(one.revision for one in chosen)
        if key not in self._made:
            self._made[key] = self._book.with_lists({one.name: one.values for one in chosen}) if chosen else self._book
        return self._made[key]


def _as_of(versions: Sequence[ListRevision], at: datetime) -> ListRevision:
    place = bisect_right(versions, at, key=lambda one: one.read_at)
    return versions[max(0, place - 1)]
