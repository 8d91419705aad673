"""Reads a submission's SGML header, in any of EDGAR's dialects, line by line.

The archive writes ``CONFORMED SUBMISSION TYPE:  8-K`` under indented headings, ``hdr.sgml`` and the daily feed
write ``<TYPE>8-K`` between group tags, and some headers of the 1990s mix both. Each line is brought to one key
and value, so that one reader serves all. Finding the header in a file is left to `watcher.edgar.submission`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, lru_cache
from itertools import chain
from zoneinfo import ZoneInfo

from watcher.edgar._days import day_of, moment_in_utc
from watcher.errors import NotASubmission
from watcher.items import is_item_number, number_of_wording
from watcher.models import Filer

__all__ = ["Header", "read_header"]


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says of the whole submission. None and "" stand for what it does not say."""

    accession: str = ""
    form: str | None = None
    filed_on: date | None = None
    changed_on: date | None = None
    accepted_at: datetime | None = None
    period_of_report: date | None = None
    document_count: int | None = None
    declared_items: tuple[str, ...] = ()
    filers: tuple[Filer, ...] = ()
    exchanges: tuple[str, ...] = ()  # the self-regulatory organizations that are sent a copy
    group_members: tuple[str, ...] = ()
    is_paper: bool = False
    warnings: tuple[str, ...] = ()


# One name for each fact, whichever dialect tells it. Keys are upper case with single blanks.
_NAMES = {
    "ACCESSION NUMBER": "accession",
    "CONFORMED SUBMISSION TYPE": "form",
    "TYPE": "form",
    "PUBLIC DOCUMENT COUNT": "document_count",
    "CONFORMED PERIOD OF REPORT": "period",
    "PERIOD": "period",
    "ITEM INFORMATION": "item",
    "ITEMS": "item",
    "FILED AS OF DATE": "filed_on",
    "FILING DATE": "filed_on",
    "DATE AS OF CHANGE": "changed_on",
    "DATE OF FILING DATE CHANGE": "changed_on",
    "ACCEPTANCE DATETIME": "accepted_at",
    "PAPER": "paper",
    "COMPANY CONFORMED NAME": "name",
    "CONFORMED NAME": "name",
    "OWNER CONFORMED NAME": "name",
    "CENTRAL INDEX KEY": "cik",
    "CIK": "cik",
    "STANDARD INDUSTRIAL CLASSIFICATION": "sic",
    "ASSIGNED SIC": "sic",
    "IRS NUMBER": "irs_number",
    "EIN": "irs_number",
    "STATE OF INCORPORATION": "state_of_incorporation",
    "FISCAL YEAR END": "fiscal_year_end",
    "SEC FILE NUMBER": "file_number",
    "FILE NUMBER": "file_number",
    "FILM NUMBER": "film_number",
    "FORMER CONFORMED NAME": "former_name",
    "FORMER NAME": "former_name",
    "BUSINESS PHONE": "phone",
    "PHONE": "phone",
    "STREET 1": "street1",
    "STREET1": "street1",
    "STREET 2": "street2",
    "STREET2": "street2",
    "CITY": "city",
    "STATE": "state",
    "ZIP": "zip",
    "ORGANIZATION NAME": "organization",
    "FORM TYPE": "party_form",
    "SEC ACT": "act",
    "ACT": "act",
    "DATE OF NAME CHANGE": "name_changed_on",
    "DATE CHANGED": "name_changed_on",
    "SROS": "exchange",
    "GROUP MEMBERS": "group_member",
}
_OF_THE_SUBMISSION = frozenset(
    ("accession", "form", "document_count", "period", "filed_on", "changed_on", "accepted_at")
)
_ADDRESS = ("street1", "street2", "city", "state", "zip")
_OF_AN_ADDRESS = frozenset((*_ADDRESS, "phone"))
_REPEATED = frozenset(("item", "exchange", "group_member"))

# Headings inside a party, and around the whole. Every other heading or group tag names a party's role.
_INNER = frozenset(
    (
        *("COMPANY DATA", "OWNER DATA", "FILING VALUES", "BUSINESS ADDRESS", "MAIL ADDRESS", "FORMER COMPANY"),
        *("FORMER NAME", "SUBMISSION", "SEC DOCUMENT", "SEC HEADER", "IMS DOCUMENT", "IMS HEADER"),
    )
)
_PARTY_STARTS = frozenset(("COMPANY DATA", "OWNER DATA"))

# "<TYPE>8-K", "</FILER>" or "FORM TYPE:  8-K". Nothing is given back ("++"), so that no line takes more than one pass.
_LINE = re.compile(
    r"^(?P<indent>[ \t]*+)(?:<(?P<end>/?)(?P<tag>[A-Za-z][A-Za-z0-9_-]*+)>"
    r"|(?P<words>[A-Za-z][A-Za-z0-9 /&._-]{0,60}):)(?P<value>[^\n]{0,4000}+)$",
    re.MULTILINE,
)
_OWN_END = re.compile(r"</[A-Za-z0-9_-]+>")  # a value may be closed by an end tag of its own
_DIGITS = re.compile(r"[0-9]+")
_ACCESSION = re.compile(r"[0-9]{10}-[0-9]{2}-[0-9]{6}")
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_TIME = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})")

_FIRST_YEAR_OF_A_COMPANY = 1700
_LAST_YEAR_OF_A_COMPANY = 2100

# Far above what any filing has: a thousand co-registrants are thirty thousand lines.
_MOST_LINES = 300_000
_MOST_PARTIES = 10_000
_MOST_ITEMS = 1_000
_MOST_WARNINGS = 20
_PIECE = 50_000  # characters


@dataclass(slots=True)
class _Party:
    """A party while its lines are being read."""

    role: str
    facts: dict[str, str] = field(default_factory=dict)
    address: dict[str, str] = field(default_factory=dict)
    mail_address: dict[str, str] = field(default_factory=dict)
    former_names: list[str] = field(default_factory=list)
    changed_on: list[date | None] = field(default_factory=list)

    def filer(self) -> Filer:
        facts = self.facts
        return Filer(
            cik=int(facts["cik"]),
            name=facts.get("name", ""),
            role=self.role,
            sic=_sic(facts.get("sic", "")),
            state_of_incorporation=facts.get("state_of_incorporation"),
            irs_number=_not_zeros(facts.get("irs_number")),
            fiscal_year_end=facts.get("fiscal_year_end"),
            file_number=facts.get("file_number"),
            film_number=facts.get("film_number"),
            business_phone=facts.get("phone"),
            business_address=tuple(self.address[key] for key in _ADDRESS if key in self.address),
            former_names=tuple(self.former_names),
            former_names_changed_on=tuple(self.changed_on),
            sic_name=facts.get("sic", "").partition("[")[0].strip(" 0123456789") or None,
            organization=facts.get("organization"),
            form=facts.get("party_form"),
            act=_act(facts.get("act", "")),
            mail_address=tuple(self.mail_address[key] for key in _ADDRESS if key in self.mail_address),
        )


def read_header(text: str) -> Header:
    """Read a header's text. What is missing stays None; what cannot be understood becomes a warning.

    Raises ``NotASubmission`` when it has more lines, filers or items than any filing.
    """
    lines = max(text.count("\n"), text.count("\r"))
    if lines > _MOST_LINES:
        raise NotASubmission(f"header: expected at most {_MOST_LINES:,} lines, came {lines:,}")
    reader = _Reader()
    for key, value, is_end in _lines(text):
        reader.take(key, value, is_end=is_end)
    return reader.header()


def _lines(text: str) -> Iterator[tuple[str, str, bool]]:
    """Give (key, value, whether it is an end tag) for each line that has a key."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    for indent, end, tag, words, behind in chain.from_iterable(map(_LINE.findall, _pieces(text))):
        value = _value(behind)
        key = _key(tag or words)
        # A party's heading stands at the beginning of its line; an indented label without a value only lacks one.
        if value or not (words and indent) or key in _INNER:
            yield key, value, end == "/"


def _pieces(text: str) -> Iterator[str]:
    """Give whole lines, so many at a time that a long header takes little memory. Most headers are one piece."""
    start = 0
    while start < len(text):
        end = text.find("\n", start + _PIECE) + 1 or len(text)
        yield text[start:end]
        start = end


def _value(text: str) -> str:
    """Take off the blanks around a value, and its own end tag."""
    text = text.strip(" \t")
    place = text.rfind("</")
    return text[:place].rstrip(" \t") if place >= 0 and _OWN_END.fullmatch(text, place) else text


@lru_cache(maxsize=512)
def _key(text: str) -> str:
    return " ".join(text.upper().replace("-", " ").replace("_", " ").split())


class _Reader:
    """Collects facts line by line; headings say whose they are."""

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}
        self.lists: dict[str, list[str]] = {name: [] for name in _REPEATED}
        self.parties: list[_Party] = []
        self.is_paper = False
        self.role = "filer"
        self.section = ""
        self.party: _Party | None = None
        self.warnings: list[str] = []

    def take(self, key: str, value: str, *, is_end: bool) -> None:
        """Take one line."""
        if is_end:
            if key in _INNER:
                self.section = ""
            return
        name = _NAMES.get(key)
        # A former name's own heading is spelled like the value's key in some dialects; a value tells them apart.
        if name is None or (not value and key in _INNER):
            self._heading(key, value)
        elif name == "paper":
            self.is_paper = True
        elif value:
            self._fact(name, value)

    def _heading(self, key: str, value: str) -> None:
        if key in _PARTY_STARTS:
            self._open()
        elif key in _INNER:
            self.section = key
        elif not value:
            self.role, self.party, self.section = key.lower(), None, ""

    def _open(self) -> _Party:
        if len(self.parties) >= _MOST_PARTIES:
            raise NotASubmission(f"header: expected at most {_MOST_PARTIES:,} filers, came more")
        self.party = _Party(self.role)
        self.parties.append(self.party)
        self.section = ""
        return self.party

    def _fact(self, name: str, value: str) -> None:
        if name in _REPEATED:
            if len(self.lists[name]) >= _MOST_ITEMS:
                raise NotASubmission(f"header: expected at most {_MOST_ITEMS:,} lines of {name}s, came more")
            self.lists[name].append(value)
        elif name in _OF_THE_SUBMISSION and self.party is None:
            # The first one counts: a header may go on to list other accession numbers.
            self.facts.setdefault(name, value)
        elif name in _OF_THE_SUBMISSION:
            return
        else:
            # Some dialects open a party without a "company data" heading.
            starts = name in ("name", "cik") and self.party is None
            party = self._open() if starts else self.party
            if party is not None:
                self._party_fact(party, name, value)

    def _party_fact(self, party: _Party, name: str, value: str) -> None:
        if name == "former_name":
            party.former_names.append(value)
            party.changed_on.append(None)
        elif name == "name_changed_on":
            if party.changed_on:
                party.changed_on[-1] = _day_of_change(value)
        elif name in _OF_AN_ADDRESS:
            if self.section == "BUSINESS ADDRESS":
                (party.facts if name == "phone" else party.address).setdefault(name, value)
            elif self.section == "MAIL ADDRESS" and name != "phone":
                party.mail_address.setdefault(name, value)
        elif name == "cik":
            digits = _DIGITS.fullmatch(value)
            if digits and len(value) <= 10:
                party.facts.setdefault("cik", value)
            else:
                self.warnings.append(f"header: a party's CIK is not a number: {value[:40]!r}")
        else:
            party.facts.setdefault(name, value)

    def header(self) -> Header:
        """Make the header of all that was taken."""
        facts = self.facts
        filed_on = self._date("filed_on")
        accession = _ACCESSION.search(facts.get("accession", ""))
        count = facts.get("document_count", "")
        return Header(
            accession=accession[0] if accession else "",
            form=facts.get("form"),
            filed_on=filed_on,
            changed_on=self._date("changed_on"),
            accepted_at=self._accepted_at(),
            period_of_report=self._date("period"),
            document_count=int(count) if count.isascii() and count.isdigit() and len(count) < 9 else None,
            declared_items=self._declared(filed_on),
            filers=self._filers(),
            exchanges=tuple(dict.fromkeys(self.lists["exchange"])),
            group_members=tuple(self.lists["group_member"]),
            is_paper=self.is_paper,
            warnings=_first(self.warnings),
        )

    def _date(self, name: str) -> date | None:
        text = self.facts.get(name)
        if text is None or not text.strip("0"):
            return None
        match = _DATE.match(text)
        day = day_of(*map(int, match.groups())) if match else None
        if day is None:
            self.warnings.append(f"header: {name} is not a date of a filing: {text[:40]!r}")
        return day

    def _accepted_at(self) -> datetime | None:
        text = self.facts.get("accepted_at")
        # Filings of before 2002 have none, or fourteen zeros.
        if text is None or not text.strip("0"):
            return None
        match = _TIME.match(text)
        moment = _moment(*map(int, match.groups())) if match else None
        if moment is None:
            self.warnings.append(f"header: the time of acceptance is not a time of a filing: {text[:40]!r}")
        return moment

    def _declared(self, filed_on: date | None) -> tuple[str, ...]:
        numbers: list[str] = []
        for text in self.lists["item"]:
            number = _item_number(text, filed_on)
            # Other forms put their own words here ("3C", a sentence), so the unknown is kept as it is.
            if number is None and (self.facts.get("form") or "").startswith("8-K"):
                self.warnings.append(f"header: no item is called {text[:120]!r}")
            numbers.append(number or text)
        return tuple(dict.fromkeys(numbers))

    def _filers(self) -> tuple[Filer, ...]:
        filers: dict[tuple[int, str], Filer] = {}
        for party in self.parties:
            if "cik" not in party.facts:
                self.warnings.append(f"header: a party without a CIK: {party.facts.get('name', '')[:80]!r}")
                continue
            # A tender offer repeats its subject company once for each form type.
            filer = party.filer()
            filers.setdefault((filer.cik, filer.role), filer)
        return tuple(filers.values())


@lru_cache(maxsize=512)  # the titles are few, and one day's filings come together
def _item_number(text: str, filed_on: date | None) -> str | None:
    return text if is_item_number(text) else number_of_wording(text, filed_on)


def _moment(year: int, month: int, day: int, hour: int, minute: int, second: int) -> datetime | None:
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=_new_york())
    except ValueError:
        return None
    return moment_in_utc(local)


def _first(warnings: list[str]) -> tuple[str, ...]:
    """Keep the first warnings; whoever writes a hundred thousand odd lines fills no log with them."""
    more = len(warnings) - _MOST_WARNINGS
    return (*warnings[:_MOST_WARNINGS], f"header: and {more:,} more warnings") if more > 0 else tuple(warnings)


def _sic(text: str) -> str | None:
    """Take the code of "PHARMACEUTICAL PREPARATIONS [2834]" or of a bare "2834"."""
    codes = _DIGITS.findall(text)
    return _not_zeros(codes[-1]) if codes else None


def _day_of_change(text: str) -> date | None:
    """Read the day of a name change, which may lie long before EDGAR; a year such as 1118 is a mistake."""
    match = _DATE.fullmatch(text)
    try:
        day = date(*map(int, match.groups())) if match else None
    except ValueError:
        return None
    return day if day and _FIRST_YEAR_OF_A_COMPANY <= day.year <= _LAST_YEAR_OF_A_COMPANY else None


def _act(text: str) -> str | None:
    """Bring "1934 Act" and "34" to the year."""
    digits = _DIGITS.search(text)
    return None if digits is None else digits[0] if len(digits[0]) == 4 else f"19{digits[0]}"


def _not_zeros(text: str | None) -> str | None:
    return text if text is not None and text.strip("0") else None


@cache
def _new_york() -> ZoneInfo:
    return ZoneInfo("America/New_York")
