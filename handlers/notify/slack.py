"""Tells an alert in a Slack channel, by an incoming webhook.

Slack knows three control characters, ``&``, ``<`` and ``>``: written as entities they can call nobody and link
nowhere. ``verbatim`` keeps Slack from making links of bare words and addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from handlers.notify._http import ChatNotifier
from handlers.notify._message import Content, Line, Link
from handlers.notify._plain import dressed, units
from watcher import Answer, Severity

__all__ = ["Slack"]

_MARKS = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MAX_SECTION = 3_000
_MAX_TEXT = 800
_MAX_LINES = 20
_BADGES = {
    Severity.LOW: ":small_blue_diamond:",
    Severity.MEDIUM: ":large_yellow_circle:",
    Severity.HIGH: ":large_orange_circle:",
    Severity.CRITICAL: ":red_circle:",
}


class Slack(ChatNotifier):
    """Post to an incoming webhook. Slack has no key against repeats: a repeated attempt shows twice."""

    name = "slack"
    service = "Slack"
    requests_per_second: ClassVar[float | None] = 1.0

    def dress(self, content: Content) -> Mapping[str, Any]:
        """Write it as blocks, with a line of text for notifications."""
        headline = f"{_BADGES[content.severity]} {_escaped(content.summary)}"
        blocks = [_section(headline)]
        if content.facts:
            fields = [_text(f"*{fact.label}*\n{_escaped(fact.value)}") for fact in content.facts[:10]]
            blocks.append({"type": "section", "fields": fields})
        blocks += [_section(f">{_escaped(snippet)}") for snippet in content.snippets]
        if content.lines:
            blocks.append(_section(_listed(content.lines, content.count)))
        if content.links:
            blocks.append(_section("  |  ".join(map(_link, content.links))))
        return {"text": headline, "unfurl_links": False, "unfurl_media": False, "blocks": blocks}

    def refusal(self, answer: Answer) -> str:
        """Slack says ``ok`` when it took the message; a page that answers 200 for it does not."""
        return "" if answer.body.strip() == "ok" else "did not say ok"


def _escaped(text: str) -> str:
    return dressed(text, _MAX_TEXT, _MARKS)


def _link(link: Link) -> str:
    return f"<{link.url.replace('&', '&amp;')}|{link.label}>"


def _listed(lines: Iterable[Line], count: int) -> str:
    told: list[str] = []
    room = _MAX_SECTION - 50  # for the last line
    for line in list(lines)[:_MAX_LINES]:
        text = _escaped(line.text)
        # A bar within a label would be part of it, but not every client agrees.
        written = f"• {_link(Link(text.replace('|', '¦'), line.url)) if line.url else text}\n"
        room -= units(written)
        if room < 0:
            break
        told.append(written)
    return "".join(told) + (f"and {count - len(told)} more" if count > len(told) else "")


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}
