"""Patterns (modifier ``re``), by RE2 alone: it goes through a text once, whatever the pattern.

The syntax is RE2's: no backreferences and no lookaround, which no engine can do in linear time.
https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import islice
from typing import Any

__all__ = ["MAX_PATTERN", "Levelled", "check_pattern", "find_pattern", "possible_patterns"]

MAX_PATTERN = 512
# What one compiled pattern, with the states that it remembers of texts, may take. RE2 forgets them when it is full.
_MAX_BYTES = 2**20
# So many patterns are tried together, as one: it takes a seventh of the time of one by one. With more of them, or
# longer ones, the states of all together no longer fit into the memory, and it takes longer again.
_TOGETHER, _TOGETHER_LENGTH, _TOGETHER_BYTES = 10, 1_500, 2**21
_MISSING = "patterns need google-re2, which is not installed"


class Levelled:
    """A text that patterns look into: as `fold` gives it with its case, without white space at its ends."""

    __slots__ = ("_before", "_is_ascii", "encoded")

    def __init__(self, text: str) -> None:
        stripped = text.strip()
        self._before = len(text) - len(text.lstrip())
        self._is_ascii = stripped.isascii()
        self.encoded = stripped.encode("utf-8", "replace")  # a lone surrogate becomes one character, too

    def places(self, *encoded_places: int) -> Iterator[int]:
        """Give the places in the text for rising places in its encoded form."""
        if self._is_ascii:
            yield from (self._before + one for one in encoded_places)
            return
        done, place = 0, self._before
        for one in encoded_places:
            place += len(self.encoded[done:one].decode("utf-8", "ignore"))
            done = one
            yield place


def check_pattern(text: str) -> str | None:
    """Say why this cannot be a pattern, or return None."""
    if len(text) > MAX_PATTERN:
        return f"a pattern is at most {MAX_PATTERN} characters long"
    if any(ord(character) < 32 and character not in "\t\n" for character in text):
        return r"holds a control character: in double quotes YAML takes \b for a backspace, so write it in single ones"
    library = _library()
    if library is None:
        return _MISSING
    try:
        pattern = _compiled(text, cased=False)
    except library.error as error:
        return _reason(error)
    except UnicodeEncodeError:
        return "is not Unicode text"
    return "matches the empty text, and so every filing" if pattern.search(b"") else None


def find_pattern(text: str, levelled: Levelled, *, cased: bool, most: int) -> Iterator[tuple[int, int]]:
    """Give the first places where the pattern matches, in the levelled text. None of them is empty, but for a last one.

    Raises ``RuntimeError`` where RE2 is not installed.
    """
    found = _compiled(text, cased=cased).finditer(levelled.encoded)
    for match in islice(found, most):
        start, end = levelled.places(*match.span())
        yield start, end
        if start == end:
            # The search for the next one might begin again at each place, and read all the rest each time.
            return


def possible_patterns(patterns: tuple[str, ...], levelled: Levelled, *, cased: bool) -> Iterator[str]:
    """Give all patterns that match, and perhaps some that do not. Raises as `find_pattern`."""
    for together, members in _groups(patterns, cased=cased):
        if together.search(levelled.encoded):
            yield from members


@cache
def _groups(patterns: tuple[str, ...], *, cased: bool) -> tuple[tuple[Any, tuple[str, ...]], ...]:
    # After a \Q all is taken as it stands, so what is put behind such a pattern might become a part of it.
    alone = [pattern for pattern in patterns if "\\Q" in pattern or len(pattern) * _TOGETHER > _TOGETHER_LENGTH]
    others = [pattern for pattern in patterns if pattern not in frozenset(alone)]
    batches = [
        *((one,) for one in alone),
        *(tuple(others[at : at + _TOGETHER]) for at in range(0, len(others), _TOGETHER)),
    ]
    return tuple(group for batch in batches for group in _grouped(batch, cased=cased))


def _grouped(batch: tuple[str, ...], *, cased: bool) -> list[tuple[Any, tuple[str, ...]]]:
    if len(batch) == 1:
        return [(_compiled(batch[0], cased=cased), batch)]
    try:
        text = "|".join(f"(?:{pattern})" for pattern in batch)
        return [(_compiled(text, cased=cased, most_bytes=_TOGETHER_BYTES), batch)]
    except _library().error:  # too large together
        return [(_compiled(pattern, cased=cased), (pattern,)) for pattern in batch]


@cache
def _compiled(text: str, *, cased: bool, most_bytes: int = _MAX_BYTES) -> Any:
    """Compile a pattern when it is first needed: most of thousands never are, in one process."""
    library = _library()
    if library is None:
        raise RuntimeError(_MISSING)
    options = library.Options()
    options.case_sensitive = cased
    options.never_capture = True
    options.log_errors = False
    options.max_mem = most_bytes
    return library.compile(text, options)


@cache
def _library() -> Any:
    """Return RE2, or None where it is not installed. Another package has a module of this name, without options."""
    try:
        library = import_module("re2")
    except ImportError:
        return None
    return library if hasattr(library, "Options") else None


def _reason(error: Exception) -> str:
    told = error.args[0] if error.args else ""
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
