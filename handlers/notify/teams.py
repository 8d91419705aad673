"""Tells an alert in Microsoft Teams, by a workflow that begins when a Teams webhook request is received.

All texts stand in text runs of a rich text block, in which an Adaptive Card knows no Markdown; a mention would need a
list of its own, which the card does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from handlers.notify._http import ChatNotifier
from handlers.notify._message import Content
from watcher import Severity

__all__ = ["Teams"]

_MAX_LINES = 12  # keeps the whole under Teams' 28 kB, whatever the texts are
_COLOURS = {
    Severity.LOW: "Default",
    Severity.MEDIUM: "Accent",
    Severity.HIGH: "Warning",
    Severity.CRITICAL: "Attention",
}


class Teams(ChatNotifier):
    """Post an Adaptive Card to a workflow. Any 2xx is success: the workflow took it, and posts it later."""

    name = "teams"
    service = "Teams"

    def dress(self, content: Content) -> Mapping[str, Any]:
        """Write it as a message that holds one card."""
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "msteams": {"width": "Full"},
            "body": list(_body(content)),
            "actions": [{"type": "Action.OpenUrl", "title": link.label, "url": link.url} for link in content.links],
        }
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        return {"type": "message", "attachments": [attachment]}


def _body(content: Content) -> Iterator[dict[str, Any]]:
    yield _paragraph(_run(content.summary, weight="Bolder", size="Medium", color=_COLOURS[content.severity]))
    for fact in content.facts:
        yield _paragraph(_run(f"{fact.label}: ", weight="Bolder"), _run(fact.value))
    for snippet in content.snippets:
        yield _paragraph(_run(f"“{snippet}”", italic=True))
    told = content.lines[:_MAX_LINES]
    for line in told:
        action = {"selectAction": {"type": "Action.OpenUrl", "url": line.url}} if line.url else {}
        yield _paragraph(_run(f"• {line.text}", **action))
    if content.count > len(told):
        yield _paragraph(_run(f"and {content.count - len(told)} more"))


def _paragraph(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "spacing": "Small", "inlines": list(runs)}


def _run(text: str, **looks: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **looks}
