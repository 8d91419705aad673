"""What the API answers with, as models: they describe it in OpenAPI. Nouns that are told as they are stand in them."""

from __future__ import annotations

from datetime import date, datetime
from datetime import date as Day  # noqa: N812  # where a field is called date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from watcher.background import Earlier, Link
from watcher.models import (
    Amendment,
    Attempt,
    DeliveryState,
    Evidence,
    Exhibit,
    Filer,
    FilingState,
    Item,
    Origin,
    Pacing,
    Severity,
    Timing,
)
from watcher.store.alerts import Telling

__all__ = [
    "AlertDetail",
    "AlertList",
    "AlertRow",
    "DeliveryList",
    "DeliveryRow",
    "FilingDetail",
    "FilingList",
    "FilingRow",
    "FilingStanding",
    "Problem",
    "RaisedList",
    "Redelivered",
]

Next = Annotated[str | None, Field(description="the `cursor` of the next page; null at the end")]


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": values})


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    where: Annotated[str, Field(description="as in query.limit, body.first or mine.yaml:3:5")]
    problem: str


class Problem(BaseModel):
    """Why there is no other answer (RFC 9457). Keys may be added."""

    model_config = _example(title="not found", status=404, detail="no filing 0000000001-26-000001 in the store")

    title: Annotated[str, Field(description="the status in words")]
    status: int
    detail: Annotated[str, Field(description="what is wrong in this case, in a sentence")]
    errors: Annotated[list[Fault] | None, Field(description="each single fault, where there are several")] = None


class Happened(BaseModel):
    """What happened, as a list shows it."""

    event: str
    severity: Severity
    score: Annotated[float, Field(ge=0, le=1)]


class FilingStanding(BaseModel):
    """Where a filing stands."""

    model_config = _example(
        accession="0000000001-26-000001",
        form="8-K",
        company="Made Up, Inc.",
        filers=[{"cik": 320, "name": "Made Up, Inc."}],
        filed_on="2026-01-12",
        accepted_at="2026-01-12T17:00:00Z",
        items=["5.02", "9.01"],
        origin="live",
        source="poller",
        channel="atom",
        state="saved",
        run_as="live",
        run_at=None,
        attempts=0,
        reason=None,
        spotted_at="2026-01-12T17:00:09Z",
        settled_at="2026-01-12T17:00:10Z",
        gone_on=None,
        sha256="5f" * 32,
    )

    accession: str
    form: Annotated[str | None, Field(description="null while nothing has told it")]
    company: Annotated[str, Field(description="the first filer's name; empty while no filer is known")]
    filers: list[Filer]
    filed_on: Annotated[date | None, Field(description="the day that EDGAR dates it")]
    accepted_at: Annotated[datetime | None, Field(description="when EDGAR accepted it, in UTC")]
    items: Annotated[list[str], Field(description="item numbers: of its report, or as a list told them")]
    origin: Origin
    source: Annotated[str, Field(description="who spotted it")]
    channel: str
    state: FilingState
    run_as: Origin
    run_at: datetime | None
    attempts: int
    reason: Annotated[str | None, Field(description="why it is skipped, failed, or tried again")]
    spotted_at: datetime
    settled_at: datetime | None
    gone_on: Annotated[date | None, Field(description="the day on which EDGAR's index no longer had it")]
    sha256: Annotated[str | None, Field(description="of its raw submission; null while that is not there")]


class FilingRow(FilingStanding):
    """A filing of a list."""

    events: Annotated[list[Happened], Field(description="what happened, the gravest first")]
    snippet: Annotated[str | None, Field(description="of a text that was searched: words around what was found")] = None


class FilingList(BaseModel):
    """A page of filings, the latest accepted first."""

    filings: list[FilingRow]
    next: Next


class DocumentFacts(BaseModel):
    """A document of a submission. Its text is at `/v1/filings/{accession}/documents/{sequence}/text`."""

    sequence: int
    type: str
    filename: str
    description: str
    bytes: int


class Words(BaseModel):
    """Words in a filing that speak for something. Offsets count characters of that document's text."""

    document: int
    start: int
    end: int
    text: str
    url: Annotated[str, Field(description="eightk's own page, at these words")]
    edgar_url: Annotated[str | None, Field(description="EDGAR's copy of the document")]


class ReportAlert(BaseModel):
    """An alert as its rule raised it on a report."""

    id: str
    rule: str
    title: str
    severity: Severity
    revision: str
    notify: list[str]
    selections: list[str]
    evidence: list[Words]
    summary: str
    pacing: Pacing | None
    inhibits: list[str]
    annotations: dict[str, str]


class EventFound(BaseModel):
    """What happened, from the taxonomy, and the words that say so."""

    event: str
    score: Annotated[float, Field(ge=0, le=1)]
    evidence: list[Evidence]
    is_expected: Annotated[bool, Field(description="an item under which such an event is usually reported is there")]
    facts: dict[str, str]
    severity: Severity
    family: str
    kin: list[str]


class History(BaseModel):
    """How often such a thing happened to the company, this time included."""

    event: str
    count: int
    severity: Annotated[Severity, Field(description="of the event, one step higher from the third time on")]
    words: str
    months: int
    since: Annotated[date | None, Field(description="the filing date of the company's oldest filing in the store")]
    earlier: list[Earlier]


class Signed(BaseModel):
    """Who signed for the registrant."""

    name: str
    title: str | None
    date: Annotated[Day | None, Field(description="null where the page gives none or none that is a date")]
    registrants: list[str]


class ReportLine(BaseModel):
    """All that was found in a filing."""

    path: None
    accession: str
    form: str | None
    is_amendment: bool | None
    filed_on: date | None
    accepted_at: datetime | None
    period_of_report: date | None
    filers: list[Filer]
    documents: list[DocumentFacts]
    items: list[Item]
    exhibits: list[Exhibit]
    cover: dict[str, Any]
    signature: Signed | None
    timing: Timing | None
    events: list[EventFound]
    alerts: list[ReportAlert]
    warnings: list[str]
    versions: dict[str, str]
    error: None
    signatures: list[Signed]
    amendment: Amendment | None


class DeliveryRow(BaseModel):
    """What an endpoint is owed or was told of one alert, with every attempt."""

    model_config = _example(
        id="dlv_1",
        alert="alr_1",
        endpoint="desk",
        state="delivered",
        run_at="2026-01-12T17:00:10Z",
        attempts=1,
        last_error=None,
        expires_at=None,
        manual_from=None,
        accession="0000000001-26-000001",
        rule="my-disclosures",
        severity="high",
        summary="Made Up, Inc.: Regulation FD disclosure",
        created_at="2026-01-12T17:00:10Z",
        settled_at="2026-01-12T17:00:11Z",
        sequence=1,
        tries=[
            {"at": "2026-01-12T17:00:10Z", "milliseconds": 80, "ok": True, "status": 200, "error": None,
             "address": "192.0.2.1", "answer": ""}
        ],
    )  # fmt: skip

    id: str
    alert: str
    endpoint: str
    state: DeliveryState
    run_at: datetime
    attempts: int
    last_error: str | None
    expires_at: datetime | None
    manual_from: Annotated[DeliveryState | None, Field(description="it is tried once more because a person asked")]
    accession: Annotated[str | None, Field(description="null for a digest, or an alarm of the watcher itself")]
    rule: str
    severity: Severity
    summary: str
    created_at: datetime
    settled_at: datetime | None
    tries: list[Attempt]
    sequence: Annotated[int, Field(description="of the alert")]


class DeliveryList(BaseModel):
    """A page of deliveries, those of the newest alert first."""

    deliveries: list[DeliveryRow]
    next: Next


class Redelivered(BaseModel):
    """What is owed once more."""

    redelivered: Annotated[list[str], Field(description="ids of deliveries, the oldest alert first")]
    left: Annotated[int, Field(description="how many more there are that were wanted")]


class AlertRow(BaseModel):
    """An alert, and who is told of it, or why nobody is."""

    model_config = _example(
        sequence=1,
        id="alr_1",
        accession="0000000001-26-000001",
        company="Made Up, Inc.",
        rule="my-disclosures",
        revision="1",
        title="Regulation FD disclosure",
        severity="high",
        summary="Made Up, Inc.: Regulation FD disclosure",
        raised_at="2026-01-12T17:00:10Z",
        untold=None,
        told=[{"endpoint": "desk", "state": "delivered", "digest": None}],
    )

    sequence: Annotated[int, Field(description="place in the order of all alerts")]
    id: str
    accession: Annotated[str | None, Field(description="null for a digest, or an alarm of the watcher itself")]
    company: str
    rule: str
    revision: str
    title: str
    severity: Severity
    summary: str
    raised_at: datetime
    untold: Annotated[str | None, Field(description="why nobody is told of it")]
    told: list[Telling]


class RaisedList(BaseModel):
    """A page of alerts, the newest first."""

    alerts: list[AlertRow]
    next: Next


class AlertDetail(AlertRow):
    """An alert with what endpoints are told of it, and how far that is."""

    payload: Annotated[dict[str, Any], Field(description="what every endpoint is told; see docs/webhook.schema.json")]
    deliveries: list[DeliveryRow]


class AlertList(BaseModel):
    """What webhooks are told of each alert, the first raised first."""

    alerts: Annotated[list[dict[str, Any]], Field(description="as docs/webhook.schema.json describes")]
    next: Annotated[int, Field(description="the `after` to come")]
    has_more: bool


class FilingDetail(FilingStanding):
    """All that is known of one filing."""

    report: Annotated[ReportLine | None, Field(description="null while it is not read, and of one that is not wanted")]
    deliveries: list[DeliveryRow]
    raised: list[AlertRow]
    history: Annotated[list[History], Field(description="what the company reported before, by event")]
    amends: Annotated[list[Link], Field(description="the stored reports that it amends")]
    amended_by: Annotated[list[Link], Field(description="the stored amendments of it")]
