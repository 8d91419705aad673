"""The nouns: what a filing is, what is found in it, and what is owed because of it.

Everything here is frozen but `Report`, the one thing that fills up on its way. This module imports the
standard library only. Times are aware and in UTC; dates are EDGAR's (US Eastern) calendar dates.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from watcher.edgar.submission import Submission

__all__ = [
    "EIGHT_K_FORMS",
    "OWN_RULES",
    "ActiveHours",
    "Alert",
    "Amendment",
    "Attempt",
    "Delivery",
    "DeliveryState",
    "Document",
    "Event",
    "Evidence",
    "Exhibit",
    "Filer",
    "Filing",
    "FilingState",
    "Grouping",
    "Item",
    "Message",
    "Origin",
    "Pacing",
    "Report",
    "Session",
    "Severity",
    "Signature",
    "Throttle",
    "Timing",
    "alert_id",
    "saved_id",
]

# What stands where an alert names its rule begins so in the watcher's own alarms, and in no rule of a user's.
OWN_RULES = "eightk."

# The whole 8-K family in EDGAR's own list of submission types (EDGAR XML schema eis_Common.xsd).
EIGHT_K_FORMS = frozenset(form + suffix for form in ("8-K", "8-K12B", "8-K12G3", "8-K15D5") for suffix in ("", "/A"))


class Origin(StrEnum):
    """How a filing came to us, which decides who is told of it."""

    LIVE = "live"  # listed since the watcher began, or put into the folder
    LATE = "late"  # found by the audit
    BACKFILL = "backfill"  # from before the watcher began
    REREAD = "reread"  # a stored filing run through the line again


class FilingState(StrEnum):
    """Where a filing stands on its route."""

    LISTED = "listed"  # known from a list, and not wanted: kept so that an audit stays true
    SPOTTED = "spotted"  # work is owed, at ``run_at``
    SAVED = "saved"  # its report is in the store
    SKIPPED = "skipped"  # a handler decided that its route ends here
    FAILED = "failed"  # parked after too many attempts; a person may run it again


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"  # owed, at ``run_at``
    DELIVERED = "delivered"
    FAILED = "failed"  # given up: every attempt used, or refused for good
    EXPIRED = "expired"  # not told in the time in which its rule calls it news


class Severity(StrEnum):
    """How much an alert matters, as its rule says, or an event, as the rules about events say."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for the lowest: names alone do not sort."""
        return list(Severity).index(self)

    @property
    def raised(self) -> Severity:
        """The next higher one; critical stays critical."""
        return list(Severity)[min(self.rank + 1, Severity.CRITICAL.rank)]


class Session(StrEnum):
    """The part of a business day, in New York, in which EDGAR accepted a filing."""

    PRE = "pre"  # before 09:30
    REGULAR = "regular"  # 09:30 to 16:00
    POST = "post"  # 16:00 to 17:30
    EVENING = "evening"  # after 17:30: dated and published on the next business day
    CLOSED = "closed"  # a weekend or federal holiday


@dataclass(frozen=True, slots=True)
class Filer:
    """One party of a filing, as the header or a list names it."""

    cik: int
    name: str
    role: str = "filer"  # or subject company, filed by, issuer, reporting owner, ...
    sic: str | None = None
    state_of_incorporation: str | None = None
    irs_number: str | None = None
    fiscal_year_end: str | None = None  # MMDD
    file_number: str | None = None
    film_number: str | None = None
    business_phone: str | None = None
    business_address: tuple[str, ...] = ()
    tickers: tuple[str, ...] = ()
    former_names: tuple[str, ...] = ()
    former_names_changed_on: tuple[date | None, ...] = ()  # when each of them was given up
    sic_name: str | None = None  # the industry in the header's own words
    organization: str | None = None  # the office of the SEC that reviews it, as in "06 Technology"
    form: str | None = None
    act: str | None = None  # the year of the act it is filed under, as in "1934"
    mail_address: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filing:
    """One submission on EDGAR, named by its accession number: what a source knows before it is read."""

    accession: str  # as in 0001144204-17-013452
    form: str | None = None  # None when not told before it is read
    filers: tuple[Filer, ...] = ()
    filed_on: date | None = None
    accepted_at: datetime | None = None
    items: tuple[str, ...] = ()  # item numbers that the list declares
    origin: Origin = Origin.LIVE
    source: str = ""  # the name of the source that spotted it
    channel: str = ""  # which of EDGAR's lists, if the source reads several

    @property
    def company(self) -> str:
        """The first filer's name, or "" when no party is known yet."""
        return self.filers[0].name if self.filers else ""


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a submission. ``text`` is "" for pictures, archives, spreadsheets and XBRL files."""

    sequence: int
    type: str
    filename: str  # as the filer wrote it: never to be used as a path
    description: str
    bytes: int
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Item:
    """One numbered item of an 8-K.

    ``declared``: the header (or list) names it. ``found``: its heading stands in the body. ``start`` and
    ``end`` count characters of the text of the document whose sequence is ``document``; they span heading and
    content, while ``text`` is the content alone. An item that is declared only has no document and no text.
    """

    number: str  # "5.02", or an integer as text before 2004-08-23
    title: str
    declared: bool
    found: bool
    document: int | None = None
    start: int | None = None
    end: int | None = None
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One exhibit: its number, its title from the exhibit list, and its document, if it was filed with this.

    One that is incorporated by reference, or contained in another one, has no document; ``url`` is then the address
    on the SEC's servers that the list links to, or ``filename`` the file of this filing.
    """

    number: str
    title: str
    document: int | None = None
    filename: str | None = None
    text: str = field(default="", repr=False)
    url: str | None = None
    start: int = 0  # where ``text`` begins in its document's text: not 0 if the 8-K itself holds the exhibit


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed for the registrant. ``date`` is None where the page gives none or none that is a date."""

    name: str
    title: str | None = None
    date: date | None = None
    registrants: tuple[str, ...] = ()  # for whom, as printed above the signature


@dataclass(frozen=True, slots=True)
class Amendment:
    """What an 8-K/A says of the report that it amends; None, "" and () stand for what it does not tell.

    ``document``, ``start`` and ``end`` say where its explanatory note stands, and ``text`` is that note.
    """

    number: int | None = None  # as in "Amendment No. 2"
    original_filed_on: date | None = None  # when the amended report was filed
    original_dated: date | None = None  # the date that the amended report bears
    items: tuple[str, ...] = ()  # the items that it says it amends
    description: str = ""  # the cover's own, in inline XBRL
    document: int | None = None
    start: int | None = None
    end: int | None = None
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Timing:
    """When a filing came, against EDGAR's calendar. None where the facts for an answer are missing."""

    session: Session | None
    business_days_after_event: int | None
    is_late: bool | None
    reason: str = ""  # why that is the answer on lateness, in one line
    deadline: date | None = None  # the last filing date in time, if a deadline and its event's date are known
    items_with_deadline: tuple[str, ...] = ()
    items_without_deadline: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words in a filing that speak for something. Offsets count characters of that document's text."""

    document: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, from the taxonomy, with a score from 0 to 1 and the words that say so.

    ``is_expected``: an item under which such an event is usually reported is there. ``facts`` are the few that the
    text gives plainly, by name, such as ``person`` or ``amount``. ``family`` is what the event is called when it
    happens again, such as "CFO change"; "" where a repetition says nothing. ``kin`` are the events that count together
    with it, by name, itself among them; () stands for itself alone.
    """

    event: str
    score: float
    evidence: tuple[Evidence, ...] = ()
    is_expected: bool = True
    facts: dict[str, str] = field(default_factory=dict)
    severity: Severity = Severity.MEDIUM
    family: str = ""
    kin: tuple[str, ...] = ()


def alert_id(accession: str, rule_id: str) -> str:
    """The id of the alert that this rule raises on this filing: always the same, with no ``.`` in it."""
    return "alr_" + hashlib.sha256(f"{accession}\n{rule_id}".encode()).hexdigest()[:32]


def saved_id(accession: str) -> str:
    """The id under which those who want to know of every filing are told of this one: always the same."""
    return "fil_" + hashlib.sha256(f"{accession}\nfiling.saved".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Throttle:
    """At most so many tellings for each key within a window, which begins with the first of them."""

    key: str  # what is counted together: the rule's key fields with this filing's values, such as "cik=320193"
    window_seconds: int
    max: int


@dataclass(frozen=True, slots=True)
class Grouping:
    """Alerts of one key are told together, in a digest."""

    key: str  # such as "filed_on=2026-05-20"
    wait_seconds: int  # after the first alert of the digest
    max: int  # so many are told at once, without waiting longer


@dataclass(frozen=True, slots=True)
class ActiveHours:
    """When a rule's alerts are told. Hours that end before they begin reach into the next day."""

    zone: str  # a name of the IANA time zone database
    days: tuple[int, ...]  # on which the hours begin; 0 is Monday
    begin_minute: int  # of the day
    end_minute: int  # the first that no longer belongs to them
    holds: bool  # outside of them, told when they begin again; else not told


@dataclass(frozen=True, slots=True)
class Pacing:
    """How an alert is told, when its rule asks for more than at once and each time."""

    throttle: Throttle | None = None
    grouping: Grouping | None = None
    active: ActiveHours | None = None
    expires_seconds: int | None = None  # after it was raised; then it is no longer sent


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule matched by one filing, with evidence."""

    id: str
    rule: str
    title: str
    severity: Severity
    revision: str  # which text of the rule this was
    notify: tuple[str, ...]  # names of endpoints
    selections: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    summary: str = ""
    pacing: Pacing | None = None
    inhibits: tuple[str, ...] = ()  # rules whose alerts on the same filing are not told beside this one
    annotations: dict[str, str] = field(default_factory=dict)  # what else its rule wants told, by name


@dataclass(slots=True)
class Report:
    """A filing and everything found in it. Handlers fill it, stage by stage."""

    filing: Filing
    raw: bytes = field(default=b"", repr=False)
    submission: Submission | None = field(default=None, repr=False)
    period_of_report: date | None = None
    documents: tuple[Document, ...] = ()
    items: tuple[Item, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    cover: dict[str, Any] = field(default_factory=dict)
    signature: Signature | None = None
    signatures: tuple[Signature, ...] = ()  # of all who signed; ``signature`` is the first
    amendment: Amendment | None = None  # of an 8-K/A only
    timing: Timing | None = None
    events: tuple[Event, ...] = ()
    alerts: tuple[Alert, ...] = ()
    warnings: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)  # of the maps, lists and rules it was made with

    @property
    def is_amendment(self) -> bool | None:
        """Whether the form is an amendment; None while the form is not known."""
        return None if self.filing.form is None else self.filing.form.endswith("/A")

    @property
    def main_document(self) -> Document | None:
        """The document that is the 8-K itself, or None before parsing."""
        return self.documents[0] if self.documents else None


@dataclass(frozen=True, slots=True)
class Message:
    """What an endpoint is told of one alert. Sending it twice must be harmless: ``id`` is the key."""

    id: str  # the alert's id
    type: str  # such as ``filing.matched``
    timestamp: datetime  # when EDGAR accepted the filing, else when it was saved
    summary: str  # one line for a person
    url: str  # where a person reads on
    payload: bytes = field(repr=False)  # JSON, as the endpoint's documentation describes


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert owed to one endpoint."""

    id: str
    alert: str
    endpoint: str
    state: DeliveryState
    run_at: datetime
    attempts: int = 0
    last_error: str | None = None
    expires_at: datetime | None = None  # from then on it is no longer sent
    # It is tried once because a person asked for it; the state that it falls back to when that fails.
    manual_from: DeliveryState | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a delivery, and how it ended."""

    at: datetime
    milliseconds: int
    ok: bool
    status: int | None = None
    error: str | None = None
    address: str | None = None  # what was dialled
    answer: str = ""  # the beginning of what came back
