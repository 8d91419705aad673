"""Which pages there are, and what stands in them: headings, links, blocks of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = [
    "DOCS",
    "RAW_SOURCE",
    "ROOT",
    "Block",
    "all_pages",
    "anchors_of",
    "blocks_of",
    "inline_of",
    "slug_of",
    "tokens_of",
    "words_in",
]

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
RAW_SOURCE = re.compile(r'(?<=\bsrc=")[^"]+')  # of a picture in HTML
_MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: the first word behind the fence is its language, the rest says what it is."""

    page: str
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@cache
def all_pages() -> list[Path]:
    """Return every page: README.md and all of docs/."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


@cache
def _parsed(text: str) -> list[Token]:
    return _MARKDOWN.parse(text)


def tokens_of(page: Path) -> list[Token]:
    """Return what a page is made of."""
    return _parsed(page.read_text(encoding="utf-8"))


def inline_of(tokens: list[Token]) -> Iterator[Token]:
    """Give what stands in lines: links, pictures, words; and HTML as it was written."""
    for token in tokens:
        yield from token.children or ()
        if token.type == "html_block":
            yield token


def blocks_of(page: Path) -> list[Block]:
    """Return the page's blocks of code, also those inside lists."""
    name = page.relative_to(ROOT).as_posix()
    found = []
    for token in tokens_of(page):
        if token.type == "fence":
            language, *words = token.info.split() or [""]
            line = (token.map or [0])[0] + 1
            found.append(Block(name, line, language, tuple(words), token.content))
    return found


def words_in(token: Token) -> str:
    """Return the words of a heading or a paragraph, without what marks them."""
    return "".join(one.content for one in token.children or () if one.type in ("text", "code_inline"))


def slug_of(heading: str) -> str:
    """Return the anchor that GitHub, and the site, give a heading of these words."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors_of(tokens: list[Token]) -> list[str]:
    """Return the anchor of each heading, in their order: one that comes again has a number behind it."""
    seen: dict[str, int] = {}
    anchors = []
    for before, token in pairwise(tokens):
        if before.type == "heading_open":
            slug = slug_of(words_in(token))
            again = seen.get(slug, 0)
            seen[slug] = again + 1
            anchors.append(f"{slug}-{again}" if again else slug)
    return anchors
