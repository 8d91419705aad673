"""Finds the links of a main document: since 2017 each exhibit that is listed must be linked (17 CFR 229.601(a)(2)).

Links are words to us: nothing here or later follows one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from handlers.parse.exhibit_list import NUMBER, Entry, number_key
from watcher import unescape_entities

__all__ = ["Link", "find_links", "links_of"]


@dataclass(frozen=True, slots=True)
class Link:
    """Where an anchor leads, and its words."""

    filename: str  # the last part of its path, such as "ex99-1.htm"
    url: str | None  # an absolute address on the SEC's own servers; None for a file of the same filing
    number: tuple[str, ...]  # key of the exhibit that its words name; () when they name none
    letters: str  # its words without anything but letters and digits, in lower case


_ANCHOR = re.compile(r"<[aA]\s[^<>]{0,3000}>")
_HREF = re.compile(r"\bhref\s{0,9}=\s{0,9}(?:\"([^\"]{1,2000})\"|'([^']{1,2000})'|([^\s>\"']{1,2000}))", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_NAMED = re.compile(
    rf"exh?(?:ibits?)?\b\.?[\s\-–]*(?:no\.?\s*)?({NUMBER})|({NUMBER})$|(\d{{1,3}}\.\d{{1,3}})\s+[A-Z]", re.IGNORECASE
)
_THE_SECS = re.compile(r"(?:[a-z0-9-]{1,63}\.){0,5}sec\.gov(?::[0-9]{1,5})?", re.IGNORECASE)
_INSIDE = re.compile(r"/ix\?doc=(?=/)", re.IGNORECASE)
_MAX_WORDS = 4_000
_MAX_LINKS = 1_000
_SHORTEST = 6  # so many letters must be alike


def find_links(source: str) -> list[Link]:
    """Find the links of an HTML document, in order, but those to its own places and to what is no file."""
    if "href" not in source and "HREF" not in source:
        return []
    links: list[Link] = []
    for anchor in _ANCHOR.finditer(source):
        href = _HREF.search(anchor[0])
        target = _target(next(filter(None, href.groups()))) if href else None
        if target is not None:
            links.append(_link(*target, _words(source, anchor.end())))
        if len(links) == _MAX_LINKS:
            break
    return links


def links_of(entries: list[Entry], links: list[Link]) -> list[Link | None]:
    """Find the link of each entry, by the number that its words name or else by the title that they are part of.

    Both stand in the same order, so that of two exhibits with one title each gets its own.
    """
    found: list[Link | None] = []
    place = 0
    for entry in entries:
        index = _find(entry, links, place)
        if index is None and place:
            index = _find(entry, links, 0)
        found.append(None if index is None else links[index])
        if index is not None and index >= place:
            place = index + 1
            while place < len(links) and links[place].filename == links[index].filename:
                place += 1
    return found


def _find(entry: Entry, links: list[Link], start: int) -> int | None:
    key, title = number_key(entry.number), _letters(entry.title)
    by_number = next((index for index in range(start, len(links)) if links[index].number == key), None)
    if by_number is not None:
        return by_number
    return next((index for index in range(start, len(links)) if _is_of(links[index], title)), None)


def _is_of(link: Link, title: str) -> bool:
    return not link.number and len(link.letters) >= _SHORTEST and (link.letters in title or title in link.letters)


def _link(filename: str, url: str | None, words: str) -> Link:
    named = _NAMED.match(words)
    number = number_key(next(filter(None, named.groups()))) if named else ()
    return Link(filename, url, number, _letters(words))


def _letters(words: str) -> str:
    return "".join(filter(str.isalnum, words)).lower()


def _words(source: str, start: int) -> str:
    end = source.find("</", start, start + _MAX_WORDS)
    while end >= 0 and source[end + 2 : end + 3] not in ("a", "A"):
        end = source.find("</", end + 2, start + _MAX_WORDS)
    words = _TAG.sub("", source[start : end if end >= 0 else start])
    return " ".join(unescape_entities(words).split())


def _target(href: str) -> tuple[str, str | None] | None:
    """Tell file name and address of what a link leads to, or None when that is no file on the SEC's servers."""
    href = _INSIDE.sub("", unescape_entities(href).strip())
    if href.startswith("/Archives/"):
        href = "https://www.sec.gov" + href
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    filename = parts.path.rsplit("/", 1)[-1]
    # A browser takes a backslash for a slash, and may then find another host than was found here.
    if not filename or not href.isascii() or not href.isprintable() or " " in href or "\\" in href:
        return None
    if not parts.scheme and not parts.netloc:
        return filename, None
    is_the_secs = parts.scheme in ("http", "https") and _THE_SECS.fullmatch(parts.netloc) is not None
    return (filename, href) if is_the_secs else None
