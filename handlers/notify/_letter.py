"""A message as plain text, for the channels that know no markup."""

from __future__ import annotations

from handlers.notify._message import Content

__all__ = ["text_of"]


def text_of(content: Content, *, headline: bool = True) -> str:
    """Write it in paragraphs: headline, facts, snippets or a digest's alerts, links."""
    snippets = [f"“{snippet}”" for snippet in content.snippets]
    lines = [f"- {line.text}" + (f"\n  {line.url}" if line.url else "") for line in content.lines]
    if content.count > len(content.lines):
        lines.append(f"and {content.count - len(content.lines)} more")
    paragraphs = (
        [content.summary] if headline else [],
        [f"{fact.label}: {fact.value}" for fact in content.facts],
        snippets,
        lines,
        [f"{link.label}: {link.url}" for link in content.links],
    )
    return "\n\n".join("\n".join(paragraph) for paragraph in paragraphs if paragraph) + "\n"
