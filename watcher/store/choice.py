"""Which of the saved filings somebody means who goes over all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, exists

from watcher.store.schema import event, filer, filing, item

__all__ = ["Choice", "conditions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What they must have; None asks for all."""

    since: date | None = None  # by filing date, as EDGAR gave it
    until: date | None = None
    form: str | None = None
    item: str | None = None
    event: str | None = None
    cik: int | None = None


def conditions(choice: Choice) -> Iterator[ColumnElement[bool]]:
    """Give what a row of `filing` must fulfil: looked up row by row, along whichever order is asked for."""
    if choice.since is not None:
        yield filing.c.filed_on >= choice.since
    if choice.until is not None:
        yield filing.c.filed_on <= choice.until
    if choice.form is not None:
        yield filing.c.form == choice.form
    if choice.item is not None:
        yield exists().where(item.c.sort_key == filing.c.sort_key, item.c.number == choice.item)
    if choice.event is not None:
        yield exists().where(event.c.sort_key == filing.c.sort_key, event.c.event == choice.event)
    if choice.cik is not None:
        yield exists().where(filer.c.sort_key == filing.c.sort_key, filer.c.cik == choice.cik)
