"""What a search asks of the full-text index, whichever database has it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from watcher.store.search_words import Words

__all__ = ["Asked", "Numbers"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Words to be found in one document, and what its filing must be; None and () narrow nothing.

    ``tags`` are those of `search_index`, all of which it must have. ``low`` and ``high`` bound the documents' numbers
    there: from the first, below the second. ``seconds`` bound what it may take where the database itself cannot.
    """

    words: Words
    names: tuple[str, ...] = ()  # words of a filer's name, all of them
    tags: tuple[str, ...] = ()
    ciks: tuple[int, ...] = ()  # one of them
    severity: str | None = None  # of one of the events
    since: date | None = None  # filing dates
    until: date | None = None
    low: int | None = None
    high: int | None = None
    seconds: float = math.inf


# Gives the numbers of the documents, the newest first, one by one as they are found.
Numbers = Callable[[Connection, Asked], Iterator[int]]
