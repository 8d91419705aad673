"""Reads the made-up item texts from ``stories.txt``, blanks and all.

A story is a few paragraphs with blanks such as ``{person}`` or ``{money}``; `vocabulary` says what each blank may hold.
How the file is written stands at its head.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Enclosure", "Story", "read_stories", "stories"]


@dataclass(frozen=True, slots=True)
class Enclosure:
    """An exhibit that a story brings along. Its number is given when the filing is put together.

    ``family`` is the number's first part: an enclosure of family 10 becomes Exhibit 10.1, 10.2, and so on.
    """

    family: str
    kind: str  # agreement, release, bylaws, letter, statements or slides
    title: str


@dataclass(frozen=True, slots=True)
class Story:
    """One way to fill an item. ``events`` names what happens in it, in the words of the taxonomy."""

    paragraphs: tuple[str, ...]
    enclosures: tuple[Enclosure, ...] = ()
    events: tuple[str, ...] = ()


@cache
def stories() -> Mapping[str, tuple[Story, ...]]:
    """Return all stories by the item that they fill."""
    return read_stories(files("watcher.simulator.making").joinpath("stories.txt").read_text("utf-8"))


def read_stories(text: str) -> dict[str, tuple[Story, ...]]:
    """Read stories from text. Raises ``ValueError`` for a line before the first paragraph that is none of ours."""
    found: dict[str, tuple[Story, ...]] = {}
    for chapter in text.split("\n== ")[1:]:
        head, *paragraphs = (part for part in chapter.split("\n\n") if part.strip())
        key, *lines = head.strip().split("\n")
        found[key] = (*found.get(key, ()), _story(lines, paragraphs))
    return found


def _story(lines: list[str], paragraphs: list[str]) -> Story:
    events: tuple[str, ...] = ()
    enclosures = []
    for line in lines:
        key, _, value = line.partition(": ")
        if key == "events":
            events = tuple(value.split())
        elif key == "exhibit":
            family, kind, title = value.split(" | ")
            enclosures.append(Enclosure(family, kind, title))
        else:
            raise ValueError(f"a story's head has 'events:' and 'exhibit:' lines, and this: {line!r}")
    return Story(tuple(" ".join(paragraph.split()) for paragraph in paragraphs), tuple(enclosures), events)
