"""Names by which lists are narrowed, as people type them: brought to how they are stored, or refused with a suggestion.

A list that is narrowed by a name that nobody knows would be empty, and look like an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Column, Connection, select

from watcher.every_filing import RULE
from watcher.items import CURRENT_ITEMS, is_item_number
from watcher.models import EIGHT_K_FORMS, OWN_RULES
from watcher.store import endpoints, revisions, silences
from watcher.store.schema import delivery, event, filing

__all__ = ["Names", "UnknownNames", "form_as_stored", "is_rule_known", "item_as_stored", "stored_names"]

_NOT_A_WORD = re.compile(r"[^A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Names:
    """What is asked for by name; None asks for all."""

    form: str | None = None
    item: str | None = None
    event: str | None = None
    rule: str | None = None
    endpoint: str | None = None


class UnknownNames(ValueError):  # noqa: N818  # a refusal, and nobody's fault
    """Raised when nobody knows a name. ``faults`` has each, by what it was asked for as, with what is wrong."""

    def __init__(self, faults: dict[str, str]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in faults.items()))


def stored_names(
    connection: Connection,
    asked: Names,
    events: Callable[[], Collection[str]],
    rules: Callable[[], Collection[str]] = frozenset,
) -> Names:
    """Return the names as they are stored: ``8-K`` for ``8-k``, ``5.02`` for ``502``.

    A form is known when it is of the 8-K family, or a filing in the store is of it; an event when one was found, or
    ``events`` names it. When that names none, nobody can tell, and every event may be asked for. A rule is known that
    ever was in force or raised an alert, or that ``rules`` names; an endpoint that the settings ever named, or that was
    owed something. Raises ``UnknownNames``.
    """
    found: dict[str, str | None] = dict.fromkeys(Names.__slots__)
    faults: dict[str, str] = {}
    for name, read in _readers(connection, asked, events, rules):
        try:
            found[name] = read()
        except ValueError as error:
            faults[name] = str(error)
    if faults:
        raise UnknownNames(faults)
    return Names(**found)


def is_rule_known(connection: Connection, rule: str, more: Collection[str] = ()) -> bool:
    """Whether alerts may be asked for by this name: a rule's, one of ``more``, an alarm's, or word of every filing."""
    # A rule that was taken away is in the store with all it raised; an alarm may be still to come.
    return rule == RULE or rule in more or rule.startswith(OWN_RULES) or silences.is_rule_known(connection, rule)


def item_as_stored(text: str) -> str:
    """Return the number of an item however it is written: ``Item 5.02`` and ``502`` are 5.02, ``5`` is the old item 5.

    Raises ``ValueError``, for a person.
    """
    number = text.lower().removeprefix("item").strip()
    if len(number) == 3 and f"{number[0]}.{number[1:]}" in CURRENT_ITEMS:
        return f"{number[0]}.{number[1:]}"
    if not is_item_number(number):
        raise ValueError(f"{text!r} is no item of Form 8-K{_near(number, CURRENT_ITEMS, 0.75) or ', such as 5.02'}")
    return number


def form_as_stored(text: str) -> str | None:
    """Return the form of the 8-K family that is meant: ``8-K/A`` for ``8-k/a`` and ``8KA``; None when none is."""
    return _FORMS.get(_bare(text))


def _readers(
    connection: Connection, asked: Names, events: Callable[[], Collection[str]], rules: Callable[[], Collection[str]]
) -> Iterator[tuple[str, Callable[[], str]]]:
    form, item, happened, rule, endpoint = asked.form, asked.item, asked.event, asked.rule, asked.endpoint
    if form is not None:
        yield "form", lambda: _form(connection, form)
    if item is not None:
        yield "item", lambda: item_as_stored(item)
    if happened is not None:
        yield "event", lambda: _event(connection, happened, events)
    if rule is not None:
        yield "rule", lambda: _rule(connection, rule, rules())
    if endpoint is not None:
        yield "endpoint", lambda: _endpoint(connection, endpoint)


def _form(connection: Connection, text: str) -> str:
    meant = form_as_stored(text) or _in_store(connection, filing.c.form, text, text.strip().upper())
    if meant is None:
        known = sorted(EIGHT_K_FORMS)
        told = _near(text.upper(), known) or f"; fetched are {', '.join(known)}"
        raise ValueError(f"no filing of form {text!r} is in the store{told}")
    return meant


def _event(connection: Connection, text: str, events: Callable[[], Collection[str]]) -> str:
    if (stored := _in_store(connection, event.c.event, text)) is not None:
        return stored
    known = events()
    meant = re.sub(r"[\s_]+", "-", text.strip().lower())
    if not known or text in known:
        return text
    if meant not in known:
        told = _near(meant, known) or "; eightk events list names them all"
        raise ValueError(f"no event {text!r} is known{told}")
    return meant


def _rule(connection: Connection, text: str, more: Collection[str]) -> str:
    if is_rule_known(connection, text, more):
        return text
    told = _near(text, {*revisions.names(connection), *more})
    raise ValueError(f"no rule {text!r} was ever in force here or raised an alert{told}")


def _endpoint(connection: Connection, text: str) -> str:
    if (stored := _in_store(connection, delivery.c.endpoint, text)) is not None:
        return stored
    known = [one.name for one in endpoints.find(connection)]
    if text not in known:
        told = _near(text, known) or f"; known are {', '.join(known) or 'none yet'}"
        raise ValueError(f"there is no endpoint {text!r}{told}")
    return text


def _in_store(connection: Connection, column: Column[Any], *texts: str) -> str | None:
    # Nothing that is stored has other characters, and not every database can be asked for them.
    for text in filter(str.isprintable, texts):
        if connection.execute(select(column).where(column == text).limit(1)).first():
            return text
    return None


def _near(text: str, known: Collection[str], cutoff: float = 0.6) -> str:
    return "".join(f"; did you mean {one}?" for one in get_close_matches(text, known, 1, cutoff))


def _bare(text: str) -> str:
    return _NOT_A_WORD.sub("", text.upper())


_FORMS = {_bare(form): form for form in EIGHT_K_FORMS}
