"""The fields that a rule may ask about: their types, how a value is read from text, and where a report has it.

Everything a rule file may say of a field is declared here, once, so that a mistyped one is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from handlers.alert.matching.amounts import dollars, whole_dollars
from watcher import EIGHT_K_FORMS, Event, Item, Report, Session, Severity, is_item_number
from watcher.words import fold

__all__ = [
    "FACTS",
    "FIELDS",
    "FORMS",
    "ITEM_NUMBERS",
    "LIST_TYPES",
    "Field",
    "FieldType",
    "Operator",
    "Passage",
    "Value",
    "field_named",
    "names_to_suggest",
]

Value = str | int | float | bool | date | datetime


class Operator(StrEnum):
    """What is asked of a field. EQUALS is what a key without a modifier means."""

    EQUALS = ""
    IN = "in"
    NEQ = "neq"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    HAS = "has"
    HAS_ANY = "has_any"
    HAS_ALL = "has_all"
    ONLY = "only"
    PHRASE = "phrase"
    CONTAINS = "contains"
    STARTSWITH = "startswith"
    ENDSWITH = "endswith"
    EXISTS = "exists"
    NEAR = "near"
    RE = "re"


_SAME = (Operator.EQUALS, Operator.IN, Operator.NEQ)
_ORDER = (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE)
_SET = (Operator.HAS, Operator.HAS_ANY, Operator.HAS_ALL, Operator.ONLY)
_WORDS = (
    *(Operator.PHRASE, Operator.CONTAINS, Operator.STARTSWITH, Operator.ENDSWITH),
    *(Operator.NEAR, Operator.RE),
)


@dataclass(frozen=True, slots=True)
class FieldType:
    """What the values of a field are. ``parse`` raises ``ValueError`` with what was expected."""

    name: str
    operators: tuple[Operator, ...]
    parse: Callable[[str], Value]
    is_text: bool = False  # compared as words, whatever the case unless ``cased``


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one document: evidence can point into it."""

    document: int
    start: int
    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``values`` gives what a report has of it: nothing, one value, or several.

    A text field has ``passages`` instead. A field of one event has ``of_event`` as well: in one selection all of
    these speak of the same event.
    """

    name: str
    type: FieldType
    values: Callable[[Report], Iterable[Value]] | None = None
    passages: Callable[[Report], Iterable[Passage]] | None = None
    of_event: Callable[[Event], Iterable[Value]] | None = None

    def __reduce__(self) -> tuple[Callable[[str], Field], tuple[str]]:
        # Rules go from the daemon to its workers; a field is the same there under its name.
        return _again, (self.name,)


def _shaped(pattern: str, expected: str, *, upper: bool = False) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def parse(text: str) -> str:
        text = text.upper() if upper else text
        if not compiled.fullmatch(text):
            raise ValueError(f"expected {expected}")
        return text

    return parse


def _one_of(choices: Iterable[str], *, upper: bool = False) -> Callable[[str], str]:
    known = sorted(choices)

    def parse(text: str) -> str:
        text = text.upper() if upper else text
        if text not in known:
            raise ValueError(f"expected one of {', '.join(known)}")
        return text

    return parse


def _whole_number(pattern: str, expected: str) -> Callable[[str], int]:
    shaped = _shaped(pattern, expected)
    return lambda text: int(shaped(text))


def _item(text: str) -> str:
    if not is_item_number(text):
        raise ValueError("expected an item number such as 5.02, or of before 2004-08-23, such as 5")
    return text


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError("expected a date such as 2026-05-20") from error


def _moment(text: str) -> datetime:
    expected = "expected a time with its zone, such as 2026-05-20T16:00:00-04:00"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(expected) from error
    if moment.tzinfo is None:
        raise ValueError(expected)
    return moment


def _score(text: str) -> float:
    if not _SCORE_SHAPE.fullmatch(text) or float(text) > 1:
        raise ValueError("expected a number from 0 to 1, such as 0.8")
    return float(text)


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("expected true or false")
    return text == "true"


def _words(text: str) -> str:
    if not fold(text).text.strip():
        raise ValueError("expected at least one visible character")
    if len(text) > _MAX_WORDS:
        raise ValueError(f"expected at most {_MAX_WORDS} characters")
    return text


_MAX_WORDS = 500
_SCORE_SHAPE = re.compile(r"[01](?:\.[0-9]{1,6})?")
_EXISTS = Operator.EXISTS
FORMS = tuple(sorted(EIGHT_K_FORMS))
_FORM = FieldType("form", (*_SAME, _EXISTS), _one_of(FORMS, upper=True))
_ITEMS = FieldType("item", (*_SET, _EXISTS), _item)
_EXHIBITS = FieldType(
    "exhibit", (*_SET, _EXISTS), _shaped(r"[0-9]{1,3}(\.[0-9A-Za-z]{1,4})?", "an exhibit number such as 99.1")
)
_EVENTS = FieldType("event", (*_SET, _EXISTS), _shaped(r"[a-z0-9]+(-[a-z0-9]+)*", "an event such as cfo-departure"))
# No ``neq``: of several events one other is always there.
_SEVERITY = FieldType("severity", (Operator.EQUALS, Operator.IN), _one_of(severity.value for severity in Severity))
_SCORE = FieldType("score", _ORDER, _score)
_AMOUNT = FieldType("amount", (*_ORDER, _EXISTS), whole_dollars)
_CIK = FieldType("cik", (*_SAME, _EXISTS), _whole_number(r"[0-9]{1,10}", "a CIK of 1 to 10 digits"))
_SIC = FieldType("sic", (*_SAME, *_ORDER, _EXISTS), _whole_number(r"[0-9]{3,4}", "an SIC code of 3 or 4 digits"))
_TICKER = FieldType(
    "ticker", (*_SAME, _EXISTS), _shaped(r"[A-Z0-9][A-Z0-9./-]{0,14}", "a ticker such as ABCD", upper=True)
)
_STATE = FieldType(
    "state", (*_SAME, _EXISTS), _shaped(r"[A-Z0-9]{2}", "EDGAR's two characters, such as DE or X0", upper=True)
)
_COMPANY = FieldType("company", (*_SAME, *_WORDS, _EXISTS), _words, is_text=True)
_DAY = FieldType("date", (*_SAME, *_ORDER, _EXISTS), _day)
_MOMENT = FieldType("time", (*_ORDER, _EXISTS), _moment)
_SESSION = FieldType("session", (*_SAME, _EXISTS), _one_of(session.value for session in Session))
_DAYS = FieldType("number", (*_SAME, *_ORDER, _EXISTS), _whole_number(r"-?[0-9]{1,6}", "a whole number"))
_ACCESSION = FieldType("accession", (), _shaped(r"[0-9]{10}-[0-9]{2}-[0-9]{6}", "an accession number"))
_YES_NO = FieldType("flag", (Operator.EQUALS, _EXISTS), _flag)
_TEXT = FieldType("text", (*_WORDS, _EXISTS), _words, is_text=True)


def _known(value: Value | None) -> tuple[Value, ...]:
    return () if value is None else (value,)


def _items(report: Report) -> Iterable[Value]:
    # What a list declared counts until the filing itself is read: declared and found are one from then on.
    return {item.number for item in report.items} or set(report.filing.items)


def _sics(report: Report) -> Iterable[Value]:
    return [int(filer.sic) for filer in report.filing.filers if filer.sic and filer.sic.isdecimal()]


def _tickers(report: Report) -> Iterable[Value]:
    return [ticker.upper() for filer in report.filing.filers for ticker in filer.tickers]


def _states(report: Report) -> Iterable[Value]:
    states = (filer.state_of_incorporation for filer in report.filing.filers)
    return [state.upper() for state in states if state]


def _amounts(report: Report) -> list[int]:
    return [amount for event in report.events for amount in _amount(event)]


def _amount(event: Event) -> list[int]:
    amount = dollars(event.facts.get("amount", ""))
    return [] if amount is None else [amount]


def _of_event(name: str, kind: FieldType, of_event: Callable[[Event], Iterable[Value]]) -> Field:
    def values(report: Report) -> Iterable[Value]:
        return [value for event in report.events for value in of_event(event)]

    return Field(name, kind, values, of_event=of_event)


def _body(report: Report) -> Iterable[Passage]:
    main = report.main_document
    return [Passage(main.sequence, 0, main.text)] if main and main.text else []


_DECLARED = (
    Field("form", _FORM, lambda report: _known(report.filing.form)),
    Field("items", _ITEMS, _items),
    Field("exhibits", _EXHIBITS, lambda report: {exhibit.number for exhibit in report.exhibits}),
    Field("events", _EVENTS, lambda report: {event.event for event in report.events}),
    _of_event("event.severity", _SEVERITY, lambda event: (event.severity.value,)),
    _of_event("event.score", _SCORE, lambda event: (event.score,)),
    _of_event("event.is_expected", _YES_NO, lambda event: (event.is_expected,)),
    _of_event("event.amount_usd", _AMOUNT, _amount),
    Field("amounts.max_usd", _AMOUNT, lambda report: sorted(_amounts(report))[-1:]),
    Field("amounts.min_usd", _AMOUNT, lambda report: sorted(_amounts(report))[:1]),
    # A made-up filing may leave a filer's number or name out; EDGAR gives both.
    Field("cik", _CIK, lambda report: [filer.cik for filer in report.filing.filers if filer.cik]),
    Field("ticker", _TICKER, _tickers),
    Field("sic", _SIC, _sics),
    Field("state", _STATE, _states),
    Field("company", _COMPANY, lambda report: [filer.name for filer in report.filing.filers if filer.name]),
    Field("accepted", _MOMENT, lambda report: _known(report.filing.accepted_at)),
    Field("filed_on", _DAY, lambda report: _known(report.filing.filed_on)),
    Field("period", _DAY, lambda report: _known(report.period_of_report)),
    Field(
        "timing.session",
        _SESSION,
        lambda report: [report.timing.session.value] if report.timing and report.timing.session else [],
    ),
    Field(
        "timing.business_days_after_event",
        _DAYS,
        lambda report: _known(report.timing.business_days_after_event) if report.timing else (),
    ),
    Field("timing.is_late", _YES_NO, lambda report: _known(report.timing.is_late) if report.timing else ()),
    Field("text.body", _TEXT, passages=_body),
)
FIELDS = {field.name: field for field in _DECLARED}

# What a list of the rule file may be declared to hold.
LIST_TYPES = tuple(dict.fromkeys(field.type.name for field in _DECLARED if field.values))
# What an annotation may quote, and a throttle count by: facts, not whole texts.
FACTS = {field.name: field for field in _DECLARED if field.values} | {
    "accession": Field("accession", _ACCESSION, lambda report: _known(report.filing.accession))
}

_TEXT_ITEM = re.compile(r"text\.item\.([0-9]_[0-9]{2}|[0-9]{1,2})")
_TEXT_EXHIBIT = re.compile(r"text\.ex([0-9]{1,3}(?:_[0-9A-Za-z]{1,4})?)")

ITEM_NUMBERS = tuple(
    number
    for number in (
        *(f"{section}.{part:02}" for section in range(1, 10) for part in range(1, 100)),
        *map(str, range(100)),
    )
    if is_item_number(number)
)


def field_named(name: str) -> Field | None:
    """Return the field of this name, or None. ``text.item.5_02`` and ``text.ex99`` are made from their numbers."""
    if name in FIELDS:
        return FIELDS[name]
    if match := _TEXT_ITEM.fullmatch(name):
        number = match[1].replace("_", ".")
        return _item_text(name, number) if is_item_number(number) else None
    if match := _TEXT_EXHIBIT.fullmatch(name):
        return _exhibit_text(name, match[1].replace("_", "."))
    return None


def _again(name: str) -> Field:
    return field_named(name) or FACTS[name]


def names_to_suggest() -> tuple[str, ...]:
    """Every name that a mistyped field may have meant."""
    items = (f"text.item.{number.replace('.', '_')}" for number in ITEM_NUMBERS)
    return (*FIELDS, *items, "text.ex99", "text.ex99_1")


def _item_text(name: str, number: str) -> Field:
    def passages(report: Report) -> Iterable[Passage]:
        return [_content(report, item) for item in report.items if item.number == number and item.text]

    return Field(name, _TEXT, passages=passages)


def _content(report: Report, item: Item) -> Passage:
    """Find the item's content in its document, after the heading, which would match for every filing."""
    start = item.start or 0
    text = next((one.text for one in report.documents if one.sequence == item.document), "")
    place = text.find(item.text, start, item.end)
    return Passage(item.document or 0, place if place >= 0 else start, item.text)


def _exhibit_text(name: str, number: str) -> Field:
    def passages(report: Report) -> Iterable[Passage]:
        wanted = [one for one in report.exhibits if one.number == number or one.number.startswith(f"{number}.")]
        return [Passage(one.document or 0, one.start, one.text) for one in wanted if one.text]

    return Field(name, _TEXT, passages=passages)
