"""Two sets of phrases with few words between them (modifier ``near``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

__all__ = ["MAX_WITHIN_WORDS", "Near", "near_stretches"]

MAX_WITHIN_WORDS = 200
_WORD = re.compile(r"[^\W_]+")
_Hit = tuple[int, int]  # from, up to


@dataclass(frozen=True, slots=True)
class Near:
    """The value of a ``near`` clause: a phrase of ``a`` and one of ``b``, in any order. Phrases are folded already."""

    a: tuple[str, ...]
    b: tuple[str, ...]
    within_words: int  # between the two; runs of letters and digits count as words
    sides: tuple[frozenset[str], frozenset[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sides", (frozenset(self.a), frozenset(self.b)))


def near_stretches(text: str, a: Iterable[_Hit], b: Iterable[_Hit], within_words: int) -> list[_Hit]:
    """Return the stretches of the text from a hit of one side to the nearest of the other, in rising order.

    The two do not overlap, and at most so many words stand between them.
    """
    ones, others = list(a), list(b)
    found = {*_ordered(text, ones, others, within_words), *_ordered(text, others, ones, within_words)}
    return sorted(found)


def _ordered(text: str, befores: Sequence[_Hit], afters: Sequence[_Hit], within_words: int) -> Iterator[_Hit]:
    """Give the stretches in which one of ``befores`` comes first."""
    rising = sorted(befores, key=itemgetter(1, 0))
    last: _Hit | None = None
    number = 0
    for after in sorted(afters):
        nearest = last
        while number < len(rising) and rising[number][1] <= after[0]:
            nearest = rising[number]
            number += 1
        # With the same one before, an earlier hit was nearer. So no part of the text is counted twice.
        if nearest is not None and nearest is not last:
            last = nearest
            if len(_WORD.findall(text, nearest[1], after[0])) <= within_words:
                yield nearest[0], after[1]
