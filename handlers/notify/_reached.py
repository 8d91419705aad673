"""Who of several has been told a message already, so that another attempt for the rest does not tell them again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

__all__ = ["Reached"]

_MAX_MESSAGES = 1_000


class Reached:
    """Kept in memory alone: after a restart some may be told twice, under the same id."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, frozenset[str]] = OrderedDict()

    def missing(self, message: str, all_: Iterable[str]) -> list[str]:
        """Those of ``all_`` who have not been told this message, in order."""
        told = self._told.get(message, frozenset())
        return [one for one in all_ if one not in told]

    def note(self, message: str, told: Iterable[str]) -> None:
        """Note who was told this message."""
        self._told[message] = self._told.pop(message, frozenset()) | frozenset(told)
        while len(self._told) > _MAX_MESSAGES:
            self._told.popitem(last=False)

    def forget(self, message: str) -> None:
        """Everybody was told, or nobody more will be."""
        self._told.pop(message, None)
