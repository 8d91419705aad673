"""Links inside the project: each must lead to a file that is there, and to a heading that it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from docs._make.pages import RAW_SOURCE, ROOT, anchors_of, inline_of, tokens_of

__all__ = ["broken_links", "links_of"]


def links_of(page: Path) -> Iterator[str]:
    """Give every link and picture of a page that does not lead elsewhere."""
    for token in inline_of(tokens_of(page)):
        told = [token.attrGet("href"), token.attrGet("src")]
        if token.type.startswith("html_"):
            told = [*RAW_SOURCE.findall(token.content)]
        yield from (one for one in told if isinstance(one, str) and not urlsplit(one).scheme)


def broken_links(page: Path) -> list[str]:
    """Say of each link that leads nowhere why."""
    name = page.relative_to(ROOT).as_posix()
    return [f"{name}: {link}: {reason}" for link in links_of(page) if (reason := _fault(page, link))]


def _fault(page: Path, link: str) -> str:
    parts = urlsplit(link)
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.exists():
        return "there is no such file"
    if ROOT not in target.parents:
        return "it leads out of the project"
    if parts.fragment and (target.suffix != ".md" or parts.fragment not in anchors_of(tokens_of(target))):
        return "there is no such heading"
    return ""
