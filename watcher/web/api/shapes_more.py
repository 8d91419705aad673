"""What the API answers with on rules, endpoints, silences, EDGAR's lists, and the watcher itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from watcher.audit_hours import AuditState
from watcher.sources.backfill_progress import BackfillRequest, BackfillState
from watcher.store.companies import KnownCompany
from watcher.store.sightings import ChannelRecord

__all__ = [
    "AuditList",
    "AuditMade",
    "AuditRow",
    "BackfillProgress",
    "ChannelList",
    "CompanyList",
    "Enabled",
    "EndpointList",
    "EndpointRow",
    "SilenceAdded",
    "SilenceList",
    "SilenceRow",
    "SourceList",
    "SourceRow",
]

Next = Annotated[str | None, Field(description="the `cursor` of the next page; null at the end")]


class EndpointRow(BaseModel):
    """Where an endpoint tells, how it fares, and what it is owed. Of a URL no more than the host is shown."""

    name: str
    kind: Annotated[str | None, Field(description="null: it is not in the settings any more")]
    where: Annotated[str | None, Field(description="a host, or a file's or a program's name; never a secret")]
    state: Literal["disabled", "paused", "failing", "fine", "not told yet"]
    owed: Annotated[int, Field(description="deliveries that are pending")]
    failed: Annotated[int, Field(description="deliveries that were given up")]
    failures: Annotated[int, Field(description="in a row; the circuit opens at five")]
    failing_since: datetime | None
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_error: str | None
    resumes_at: Annotated[datetime | None, Field(description="until then nothing is sent: the circuit is open")]
    disabled_at: datetime | None


class EndpointList(BaseModel):
    """All endpoints, by name."""

    endpoints: list[EndpointRow]


class Enabled(BaseModel):
    """An endpoint that is sent to again."""

    name: str
    was_disabled: bool


class AuditRow(BaseModel):
    """What came of comparing the store with EDGAR's index of one day."""

    day: date
    state: AuditState
    checked_at: datetime
    listed: Annotated[int, Field(description="filings of the 8-K family in the index")]
    missing: Annotated[int, Field(description="of them, those that no other source had spotted")]
    gone: Annotated[int, Field(description="in the store, but not in the index")]
    reason: str | None


class AuditList(BaseModel):
    """A page of audits, the latest day first."""

    audits: list[AuditRow]
    next: Next


class MissingFiling(BaseModel):
    """A filing that EDGAR's index has and the store lacked; it is taken in now."""

    accession: str
    form: str | None
    company: str


class AuditMade(AuditRow):
    """What this audit found."""

    has_index: bool
    missing_filings: list[MissingFiling]
    gone_filings: list[str]
    returned_filings: list[str]


class BackfillProgress(BaseModel):
    """How far a backfill is. All days before ``next_day`` are taken in."""

    request: BackfillRequest
    next_day: date
    state: BackfillState
    days: int
    days_done: int
    listed: int
    taken: int
    waiting: int
    failed: int
    without_index: list[date]
    problems: list[str]
    reason: str | None


class ChannelList(BaseModel):
    """How EDGAR's lists compare."""

    since: datetime
    channels: list[ChannelRecord]


class SourceRow(BaseModel):
    """Who looks for filings."""

    name: Annotated[str, Field(description="such as poller, folder, audit, backfill")]
    is_on: bool
    state: Annotated[str, Field(description="in a person's words")]


class SourceList(BaseModel):
    """All sources."""

    sources: list[SourceRow]


class CompanyList(BaseModel):
    """Companies, by name."""

    companies: list[KnownCompany]
    listed_at: Annotated[datetime | None, Field(description="when EDGAR's own list was last had")]


class SilenceRow(BaseModel):
    """What nobody is told of for a while."""

    id: int
    rule: str | None
    cik: int | None
    why: str
    by: str
    begins_at: datetime
    until: datetime
    ended_at: datetime | None
    is_open: Annotated[bool, Field(description="it counts now")]


class SilenceAdded(SilenceRow):
    """A silence that was added."""

    is_rule_known: Annotated[bool, Field(description="this store has seen the rule; else it may be mistyped")]


class SilenceList(BaseModel):
    """Silences that count now, or all there ever were."""

    silences: list[SilenceRow]
