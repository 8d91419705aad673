"""Makes the filing of a rule test from a map of fields: what is given is what the fields then read, and no more.

Two exceptions make tests short: the form is 8-K if it is not given, and so is a body that holds the items' texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from handlers.alert.language.codes import Code
from handlers.alert.language.nodes import Node, Scalar, Table
from handlers.alert.language.page import Page
from handlers.alert.matching.fields import FACTS, Field, Value, field_named, names_to_suggest
from watcher import Document, Event, Exhibit, Filer, Filing, Item, Report, Session, Severity, Timing, official_title

__all__ = ["ACCESSION", "read_filing"]

ACCESSION = "0000000000-26-000001"  # no filer has this number
_FORM = "8-K"
_NESTED = ("text", "text.item", "timing")
_BODY = "text.body"
_ITEM_TEXT = "text.item."
_EXHIBIT_TEXT = "text.ex"
_OF_EVENTS = ("event.", "amounts.")
_SEVERAL = ("items", "exhibits", "events", "cik", "ticker", "sic", "state", "company")
# What a test may tell of an event, and the field that reads it.
_EVENT_FIELDS = {
    "severity": "event.severity",
    "score": "event.score",
    "is_expected": "event.is_expected",
    "amount": "event.amount_usd",
}
_TIMING = ("timing.session", "timing.business_days_after_event", "timing.is_late")


@dataclass(slots=True)
class _Facts:
    """What the map gives, by field."""

    values: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    exhibit_texts: dict[str, str] = field(default_factory=dict)
    events: dict[str, Mapping[str, str]] = field(default_factory=dict)  # what is told of an event beside its name

    def first(self, name: str) -> Any:
        return next(iter(self.values.get(name, ())), None)


def read_filing(page: Page, table: Table, key: str) -> Report | None:
    """Make a report from a map of fields; None after telling what is wrong with it."""
    before = page.count
    facts = _Facts()
    for name, node in _flat(table, ""):
        full = f"{key}.{name.text}"
        if name.text in facts.values:
            page.fault(Code.DUPLICATE, name.place, full, f"{name.text} is given twice")
            continue
        asked = _field(page, name, full)
        if asked is not None:
            facts.values[name.text] = _values(page, facts, asked, node, full)
    _check_items(page, table, key, facts)
    return _report(facts) if page.count == before else None


def _flat(table: Table, prefix: str) -> Iterator[tuple[Scalar, Node]]:
    """Give each field with its value; ``text: {body: ...}`` is another way to write ``text.body: ...``."""
    for entry in table.entries:
        name = prefix + entry.key.text
        if name in _NESTED and isinstance(entry.value, Table):
            yield from _flat(entry.value, f"{name}.")
        else:
            yield Scalar(name, entry.key.place), entry.value


def _field(page: Page, name: Scalar, key: str) -> Field | None:
    asked = FACTS.get(name.text) or field_named(name.text)
    if asked is None:
        known = [one for one in (*names_to_suggest(), "accession") if not one.startswith(_EXHIBIT_TEXT)]
        page.unknown(Code.UNKNOWN_FIELD, name.place, key, name.text, known)
    elif name.text.startswith(_EXHIBIT_TEXT):
        number = name.text.removeprefix(_EXHIBIT_TEXT).replace("_", ".")
        remedy = f'write exhibits: {{"{number}": "..."}}'
        page.fault(Code.UNKNOWN_FIELD, name.place, key, "the texts of exhibits stand under exhibits", remedy)
        return None
    elif name.text.startswith(_OF_EVENTS):
        remedy = "write events: {cfo-departure: {severity: high, score: 0.8, amount: $5 million}}"
        page.fault(Code.UNKNOWN_FIELD, name.place, key, "what is told of an event stands under events", remedy)
        return None
    return asked


def _values(page: Page, facts: _Facts, asked: Field, node: Node, key: str) -> tuple[Any, ...]:
    if asked.passages or asked.name == "company":
        return tuple(one.text for one in _scalars(page, asked, node, key))
    if asked.name == "exhibits" and isinstance(node, Table):
        return tuple(_exhibits(page, facts, asked, node, key))
    if asked.name == "events" and isinstance(node, Table):
        return tuple(_events(page, facts, asked, node, key))
    parsed = (_parsed(page, asked, one, key) for one in _scalars(page, asked, node, key))
    return tuple(value for value in parsed if value is not None)


def _scalars(page: Page, asked: Field, node: Node, key: str) -> tuple[Scalar, ...]:
    if asked.name in _SEVERAL:
        return page.texts(node, key)
    text = page.text(node, key)
    return () if text is None else (text,)


def _parsed(page: Page, asked: Field, text: Scalar, key: str) -> Value | None:
    try:
        return asked.type.parse(text.text)
    except ValueError as error:
        page.fault(Code.BAD_VALUE, text.place, key, f"{text.text!r}: {error}")
        return None


def _exhibits(page: Page, facts: _Facts, asked: Field, table: Table, key: str) -> Iterator[Value]:
    for entry in table.entries:
        number = _parsed(page, asked, entry.key, key)
        text = page.text(entry.value, f"{key}.{entry.key.text}")
        if number is not None and text is not None:
            facts.exhibit_texts[str(number)] = text.text
            yield number


def _events(page: Page, facts: _Facts, asked: Field, table: Table, key: str) -> Iterator[Value]:
    """Give each event of a map by its name; ``{cfo-departure: {severity: high}}`` tells more of it."""
    for entry in table.entries:
        name, told = _parsed(page, asked, entry.key, key), page.table(entry.value, f"{key}.{entry.key.text}")
        if name is None or told is None:
            continue
        page.check_keys(told, f"{key}.{entry.key.text}", _EVENT_FIELDS)
        before = page.count
        read = {one.key.text: page.text(one.value, f"{key}.{one.key.text}") for one in told.entries}
        for key_, text in read.items():
            if text is not None and key_ in _EVENT_FIELDS:
                _parsed(page, FACTS[_EVENT_FIELDS[key_]], text, f"{key}.{key_}")
        if page.count == before:
            facts.events[str(name)] = {key_: text.text for key_, text in read.items() if text is not None}
        yield name


def _event(name: str, told: Mapping[str, str]) -> Event:
    return Event(
        name,
        float(told.get("score", 1.0)),
        is_expected=told.get("is_expected") != "false",
        facts={"amount": told["amount"]} if "amount" in told else {},
        severity=Severity(told.get("severity", Severity.MEDIUM)),
    )


def _check_items(page: Page, table: Table, key: str, facts: _Facts) -> None:
    """An item with a text is one of the filing's items; where these are not given, the texts name them."""
    with_text = [
        name.removeprefix(_ITEM_TEXT).replace("_", ".") for name in facts.values if name.startswith(_ITEM_TEXT)
    ]
    for number in with_text:
        if "items" in facts.values and number not in facts.values["items"]:
            problem = f"has a text of item {number}, which is none of its items"
            page.fault(Code.BAD_VALUE, table.place, key, problem, f'add it: items: ["{number}", ...]')
    facts.values.setdefault("items", tuple(with_text))


def _report(facts: _Facts) -> Report:
    numbers = tuple(dict.fromkeys(facts.values["items"]))
    texts = {number: facts.first(_ITEM_TEXT + number.replace(".", "_")) or "" for number in numbers}
    body = facts.first(_BODY)
    if body is None:
        body = "\n\n".join(f"{_heading(number)}\n\n{text}" for number, text in texts.items() if text)
    exhibits = tuple(_exhibit(place, number, facts) for place, number in enumerate(_exhibit_numbers(facts), start=2))
    form = facts.first("form") or _FORM
    others = (_document(one.document or 0, f"EX-{one.number}", one.text) for one in exhibits if one.text)
    return Report(
        _filing(facts, form),
        period_of_report=facts.first("period"),
        documents=(_document(1, form, body), *others),
        items=tuple(_item(number, text, body) for number, text in texts.items()),
        exhibits=exhibits,
        timing=_timing(facts),
        events=tuple(_event(name, facts.events.get(name, {})) for name in facts.values.get("events", ())),
    )


def _filing(facts: _Facts, form: str) -> Filing:
    accepted: datetime | None = facts.first("accepted")
    filed_on: date | None = facts.first("filed_on")
    return Filing(
        accession=facts.first("accession") or ACCESSION,
        form=form,
        filers=tuple(_filers(facts.values)),
        filed_on=filed_on,
        accepted_at=None if accepted is None else accepted.astimezone(UTC),
    )


def _filers(values: Mapping[str, tuple[Any, ...]]) -> Iterator[Filer]:
    """Give each filer its number, name and so on, in the order of each list; tickers are the first one's."""
    ciks, names, industries, states = (values.get(name, ()) for name in ("cik", "company", "sic", "state"))
    tickers = values.get("ticker", ())
    for place in range(max(len(ciks), len(names), len(industries), len(states), bool(tickers))):
        sic = _at(industries, place)
        yield Filer(
            cik=_at(ciks, place) or 0,
            name=_at(names, place) or "",
            sic=None if sic is None else f"{sic:04}",
            state_of_incorporation=_at(states, place),
            tickers=() if place else tickers,
        )


def _at(values: tuple[Any, ...], place: int) -> Any:
    return values[place] if place < len(values) else None


def _heading(number: str) -> str:
    return f"Item {number} {official_title(number)}".strip()


def _item(number: str, text: str, body: str) -> Item:
    place = body.find(text) if text else -1
    if place < 0:  # it has no text, or one beside the body that was given
        return Item(number, official_title(number), declared=True, found=bool(text), text=text)
    start = body.rfind(_heading(number), 0, place)
    begin, end = (place if start < 0 else start), place + len(text)
    return Item(number, official_title(number), declared=True, found=True, document=1, start=begin, end=end, text=text)


def _exhibit_numbers(facts: _Facts) -> tuple[str, ...]:
    return tuple(dict.fromkeys(facts.values.get("exhibits", ())))


def _exhibit(place: int, number: str, facts: _Facts) -> Exhibit:
    text = facts.exhibit_texts.get(number, "")
    return Exhibit(number, "", place if text else None, text=text)


def _document(sequence: int, type_: str, text: str) -> Document:
    return Document(sequence, type_, "", type_, len(text.encode()), text)


def _timing(facts: _Facts) -> Timing | None:
    if not any(name in facts.values for name in _TIMING):
        return None
    session, days, is_late = (facts.first(name) for name in _TIMING)
    return Timing(None if session is None else Session(session), days, is_late)
