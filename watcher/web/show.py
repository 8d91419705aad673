"""What the API shows of the store's nouns."""

from __future__ import annotations

from typing import Any

from watcher.report_json import to_json
from watcher.store.deliveries import StoredDelivery
from watcher.store.filings import StoredFiling

__all__ = ["delivery_json", "stored_json"]


def stored_json(one: StoredFiling, items: tuple[str, ...] | None = None) -> dict[str, Any]:
    """A filing as the store knows it, with the item numbers of its report, if it has one.

    Where its raw bytes lie is nobody's business outside.
    """
    line: dict[str, Any] = to_json(one)
    archived = line.pop("archived")
    filing = line.pop("filing") | {"company": one.filing.company}
    if items is not None:
        filing["items"] = list(items)
    return {**filing, **line, "sha256": archived and archived["sha256"]}


def delivery_json(one: StoredDelivery) -> dict[str, Any]:
    """A delivery with its attempts."""
    line: dict[str, Any] = to_json(one)
    return {**line.pop("delivery"), **line}
