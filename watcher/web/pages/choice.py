"""What a person asked to see of the filings, as it was typed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from difflib import get_close_matches
from urllib.parse import urlencode

from sqlalchemy import Connection

from watcher.models import EIGHT_K_FORMS, Severity
from watcher.store.listing import Query
from watcher.store.names import Names, stored_names

__all__ = ["FORMS", "PAGE_SIZE", "SEVERITIES", "Choice", "unknown"]

_MOST_NAMED = 8

PAGE_SIZE = 50
FORMS = tuple(sorted(EIGHT_K_FORMS))
SEVERITIES = tuple(reversed(Severity))


@dataclass(frozen=True, slots=True)
class Choice:
    """What the list is narrowed to; "" asks for all. ``before`` and ``after`` are cursors of a page."""

    q: str = ""  # words in the text
    item: str = ""
    company: str = ""  # words of its name, or its CIK
    ticker: str = ""
    form: str = ""
    event: str = ""
    severity: str = ""
    since: str = ""
    until: str = ""
    before: str = ""
    after: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Choice:
        """Read it from a query; what else stands there is nobody's."""
        return cls(**{one.name: asked.get(one.name, "").strip() for one in fields(cls)})

    @property
    def given(self) -> dict[str, str]:
        """What was asked for, by name, without the place in the list."""
        pairs = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("before", "after")}
        return {name: text for name, text in pairs.items() if text}

    @property
    def is_newest(self) -> bool:
        """Whether the list begins with the newest."""
        return not self.before and not self.after

    @property
    def problem(self) -> str:
        """Why nothing can be shown, in words; "" when something can."""
        if spoilt := [name for name, text in self.given.items() if "\0" in text]:
            return f"{spoilt[0]}: has a NUL character in it"
        try:
            since, until = _day(self.since), _day(self.until)
        except ValueError:
            return "a day reads like 2026-03-09"
        if self.severity and self.severity not in list(Severity):
            return f"a severity is one of {', '.join(Severity)}"
        return f"{since} is after {until}" if since and until and since > until else ""

    def known(self, connection: Connection, events: Callable[[], Collection[str]]) -> Choice:
        """The same with form, item and event as they are stored. Raises ``UnknownNames`` for what nobody knows."""
        found = stored_names(connection, Names(self.form or None, self.item or None, self.event or None), events)
        return replace(self, form=found.form or "", item=found.item or "", event=found.event or "")

    def link(self, path: str = "/", **changes: str | None) -> str:
        """Where the same, with these changes, is shown."""
        asked = {**self.given, **{name: value for name, value in changes.items() if value}}
        return f"{path}?{urlencode(asked)}" if asked else path

    def query(self) -> Query:
        """The same as a question to the store. Raises ``ValueError`` when there is a problem."""
        return Query(
            form=self.form or None,
            item=self.item or None,
            company=self.company or None,
            ticker=self.ticker or None,
            event=self.event or None,
            severity=self.severity or None,
            since=_day(self.since),
            until=_day(self.until),
            limit=PAGE_SIZE,
            by_arrival=True,
            before=self.before or None,
            after=self.after or None,
        )


def unknown(what: str, text: str, known: Collection[str]) -> str:
    """Say that there is no such thing, and which was perhaps meant; "" when there is, or none was asked for."""
    if not text or text in known:
        return ""
    told = [f"did you mean {one}?" for one in get_close_matches(text, known, 1)]
    if not told and len(known) <= _MOST_NAMED:
        told = [f"there {'is' if len(known) == 1 else 'are'} {', '.join(known)}"] if known else ["there is none yet"]
    return "; ".join([f"there is no {what} {text}", *told])


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
