"""Tells an alert in a Discord channel, by its webhook.

``allowed_mentions`` with nothing in it keeps every text from calling anybody; Markdown and bare addresses are
broken by backslashes, which Discord does not show.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from handlers.notify._http import ChatNotifier
from handlers.notify._message import Content, Line, Link
from handlers.notify._plain import dressed, units
from watcher import Severity

__all__ = ["Discord"]

# A slash, too: without two of them side by side, no address becomes a link.
_MARKS = {mark: f"\\{mark}" for mark in "\\`*_~|<>[]()#@/"}
_MAX_CONTENT = 2_000
_MAX_VALUE = 500  # Discord takes 1,024, and 6,000 for all of an embed
_MAX_DESCRIPTION = 2_800
_MAX_FIELDS = 6
_MAX_LINES = 20
_COLOURS = {Severity.LOW: 0x5B8DEF, Severity.MEDIUM: 0xE8C547, Severity.HIGH: 0xF08A24, Severity.CRITICAL: 0xD7263D}


class Discord(ChatNotifier):
    """Post to a channel's webhook. Discord has no key against repeats: a repeated attempt shows twice."""

    name = "discord"
    service = "Discord"
    requests_per_second: ClassVar[float | None] = 1.0

    def address(self, url: str) -> str:
        """Ask for an answer when the message is kept: without ``wait`` Discord says 204 for one that it drops."""
        if "wait=" in url.partition("?")[2]:
            return url
        return f"{url}{'&' if '?' in url else '?'}wait=true"

    def dress(self, content: Content) -> Mapping[str, Any]:
        """Write it as a line of text and an embed."""
        embed = {
            "color": _COLOURS[content.severity],
            "description": _description(content),
            "fields": [
                {"name": fact.label, "value": dressed(fact.value, _MAX_VALUE, _MARKS), "inline": True}
                for fact in content.facts[:_MAX_FIELDS]
            ],
        }
        return {
            "content": dressed(content.summary, _MAX_CONTENT, _MARKS),
            "embeds": [embed],
            "allowed_mentions": {"parse": []},
        }


def _description(content: Content) -> str:
    snippets = [f"> {dressed(snippet, _MAX_VALUE, _MARKS)}\n" for snippet in content.snippets]
    links = " · ".join(map(_link, content.links))
    room = _MAX_DESCRIPTION - units("".join(snippets) + links)
    return "".join(snippets) + _listed(content.lines, content.count, room) + links


def _link(link: Link) -> str:
    return f"[{link.label}]({link.url})"


def _listed(lines: Iterable[Line], count: int, room: int) -> str:
    told: list[str] = []
    for line in list(lines)[:_MAX_LINES]:
        text = dressed(line.text, _MAX_VALUE, _MARKS)
        written = f"- {_link(Link(text, line.url)) if line.url else text}\n"
        room -= units(written)
        if room < 50:  # for the last line
            break
        told.append(written)
    return "".join(told) + (f"and {count - len(told)} more\n" if count > len(told) else "")
