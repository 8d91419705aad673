"""Changes an input the way filings differ: lines and words of the format come, go, move and come again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random

from watcher.items import CURRENT_ITEMS, LEGACY_ITEMS

from .vocabulary import AMENDING, BODY, HEADER, HEADINGS, INDEX, LINKS, PROSE, SIGNED, TAGS, TITLES

__all__ = ["WORDS", "encoded", "mutated"]

_NUMBERS = (*CURRENT_ITEMS, *LEGACY_ITEMS)
_HEADINGS = tuple(
    dress.format(n=number, m="9.01", t=title)
    for dress in HEADINGS
    for number, title in zip(_NUMBERS[:: len(_NUMBERS) // 5], TITLES, strict=False)
)


def encoded(*groups: Iterable[str]) -> tuple[bytes, ...]:
    """The words of these groups as bytes, each once."""
    return tuple(dict.fromkeys(word.encode("utf-8", "surrogatepass") for words in groups for word in words if word))


WORDS = encoded(HEADER, TAGS, BODY, TITLES, SIGNED, PROSE, _HEADINGS, AMENDING, LINKS, INDEX)
_NEWLINES = (b"\r", b"\r\n", b"\n", b"\n\n", b" \n", b"<br>")


def mutated(given: bytes, most: int, rng: Random, words: Sequence[bytes] = WORDS) -> bytes:
    """Change an input in a few places; no longer than ``most`` bytes."""
    changed = given
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        changed = _with_words(changed, rng, words) if rng.random() < 0.4 else rng.choice(_CHANGES)(changed, rng)
        changed = changed[:most]
    return changed


def _with_words(given: bytes, rng: Random, words: Sequence[bytes]) -> bytes:
    """Put in a word, once or many times, or two of them many times."""
    place, word = _place(given, rng), rng.choice(words)
    times = rng.choice((1, 1, 1, 3, 30, 300, 3_000))
    if times > 1 and rng.random() < 0.5:
        word, times = word + rng.choice(words), min(times, 300)
    return given[:place] + word * times + given[place:]


def _part_again(given: bytes, rng: Random) -> bytes:
    start, end = _span(given, rng)
    place = _place(given, rng)
    return given[:place] + given[start:end] * rng.choice((1, 2, 50)) + given[place:]


def _part_gone(given: bytes, rng: Random) -> bytes:
    start, end = _span(given, rng)
    return given[:start] + given[end:]


def _cut(given: bytes, rng: Random) -> bytes:
    return given[: _place(given, rng)]


def _lines_swapped(given: bytes, rng: Random) -> bytes:
    lines = given.split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _other_newlines(given: bytes, rng: Random) -> bytes:
    return given.replace(b"\n", rng.choice(_NEWLINES))


def _other_case(given: bytes, rng: Random) -> bytes:
    start, end = _span(given, rng)
    return given[:start] + rng.choice((bytes.lower, bytes.upper, bytes.title))(given[start:end]) + given[end:]


def _odd_byte(given: bytes, rng: Random) -> bytes:
    place = _place(given, rng)
    return given[:place] + bytes((rng.randrange(256),)) + given[place + 1 :]


_CHANGES: tuple[Callable[[bytes, Random], bytes], ...] = (
    *(_part_again, _part_gone, _part_gone, _cut, _lines_swapped, _other_newlines, _other_case, _odd_byte),
)


def _place(given: bytes, rng: Random) -> int:
    """Anywhere, half the time at the start of a line."""
    place = rng.randint(0, len(given))
    return given.rfind(b"\n", 0, place) + 1 if rng.random() < 0.5 else place


def _span(given: bytes, rng: Random) -> tuple[int, int]:
    start = _place(given, rng)
    return start, min(len(given), start + rng.choice((1, 10, 100, 1_000, 10_000)))
