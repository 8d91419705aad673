"""The pages as HTML, to be read in a browser: one file for each, with the index beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.token import Token

from docs._make.pages import DOCS, RAW_SOURCE, ROOT, all_pages, anchors_of, inline_of, tokens_of, words_in

__all__ = ["Group", "build_site", "index_groups"]

INDEX = DOCS / "README.md"
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Group:
    """A heading of the index, and the pages under it with their titles."""

    title: str
    pages: tuple[tuple[Path, str], ...]


def index_groups() -> tuple[Group, ...]:
    """Return what the index leads to: docs/README.md says which page belongs where."""
    groups: list[Group] = []
    tokens = tokens_of(INDEX)
    for before, token in pairwise(tokens):
        if before.type == "heading_open" and before.tag == "h2":
            groups.append(Group(words_in(token), ()))
        elif groups and token.type == "inline":
            groups[-1] = Group(groups[-1].title, (*groups[-1].pages, *_links(token)))
    return tuple(groups)


def build_site(out: Path) -> int:
    """Write every page, and the files that pages lead to, into a folder that is made anew. Returns how many pages."""
    if out.is_dir():
        shutil.rmtree(out)
    out.mkdir(parents=True)
    shutil.copy(_HERE / "style.css", out)
    templates = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined)
    template, groups = templates.get_template("page.html"), index_groups()
    for page in all_pages():
        place = _place(page)
        target = out / place
        target.parent.mkdir(parents=True, exist_ok=True)
        root = os.path.relpath(out, target.parent)
        nav = [(group.title, [(_to(place, one), title, one == page) for one, title in group.pages]) for group in groups]
        body, title = _body(page, out)
        home = _to(place, INDEX)
        target.write_text(template.render(title=title, body=body, nav=nav, root=root, home=home), encoding="utf-8")
    return len(all_pages())


def _links(token: Token) -> Iterator[tuple[Path, str]]:
    inside = token.children or []
    for place, one in enumerate(inside):
        href = one.attrGet("href") if one.type == "link_open" else None
        if isinstance(href, str) and not urlsplit(href).scheme and urlsplit(href).path.endswith(".md"):
            yield (INDEX.parent / urlsplit(href).path).resolve(), inside[place + 1].content


def _place(page: Path) -> Path:
    """Where a page or another file lies in the site: the index is its front."""
    if page == INDEX:
        return Path("index.html")
    if page == ROOT / "README.md":
        return Path("eightk.html")
    inside = page.relative_to(DOCS) if page.is_relative_to(DOCS) else Path("files") / page.relative_to(ROOT)
    return inside.with_suffix(".html") if page in all_pages() else inside


def _to(place: Path, target: Path) -> str:
    return os.path.relpath(_place(target), place.parent)


def _body(page: Path, out: Path) -> tuple[str, str]:
    """The page as HTML, and its title: headings have their anchors, links lead to pages of the site."""
    markdown = MarkdownIt("commonmark").enable("table")
    tokens = markdown.parse(page.read_text(encoding="utf-8"))
    headings = [token for token in tokens if token.type == "heading_open"]
    for token, anchor in zip(headings, anchors_of(tokens), strict=True):
        token.attrSet("id", anchor)
    for token in inline_of(tokens):
        if token.type.startswith("html_"):
            token.content = RAW_SOURCE.sub(lambda found: _led(page, found[0], out), token.content)
        for name in ("href", "src"):
            link = token.attrGet(name)
            if isinstance(link, str) and not urlsplit(link).scheme and urlsplit(link).path:
                token.attrSet(name, _led(page, link, out))
    title = next((words_in(token) for token in tokens if token.type == "inline"), page.stem)
    return markdown.renderer.render(tokens, markdown.options, {}), title


def _led(page: Path, link: str, out: Path) -> str:
    """A link's address in the site; a file that is no page is copied there."""
    parts = urlsplit(link)
    target = (page.parent / unquote(parts.path)).resolve()
    if target.is_file() and target not in all_pages():
        copy = out / _place(target)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(target, copy)
    return _to(_place(page), target) + (f"#{parts.fragment}" if parts.fragment else "")
