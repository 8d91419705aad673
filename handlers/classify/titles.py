"""Gives each item its official title."""

from __future__ import annotations

from dataclasses import replace

from watcher import Handler, Report, Stage, official_title

__all__ = ["OfficialTitles"]


class OfficialTitles(Handler):
    """Set each item's title to the official one, and warn about numbers that no version of Form 8-K has.

    An item of such a number keeps the title it has, for that is all that tells what it is about.
    """

    name = "titles"
    stage = Stage.CLASSIFY

    def handle(self, report: Report) -> None:
        """Replace the titles of the report's items."""
        titles = [official_title(item.number, report.filing.filed_on) for item in report.items]
        report.warnings.extend(
            f"item {item.number!r} is in no version of Form 8-K"
            for item, title in zip(report.items, titles, strict=True)
            if not title
        )
        report.items = tuple(
            replace(item, title=title or item.title) for item, title in zip(report.items, titles, strict=True)
        )
