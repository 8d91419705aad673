"""What every payload holds, as a JSON Schema for whoever reads them.

``python -m watcher.payload.schema`` prints it; the documents hold a copy, and a test compares the two. The models here
forbid what they do not name, so that a test sees a key that was added and not described; the schema does not, for keys
may be added at any time.
"""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from watcher.models import Severity
from watcher.payload.alert import SCHEMA_VERSION

__all__ = ["json_schema", "validate"]

_SECOND = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"
_DAY = r"^\d{4}-\d{2}-\d{2}$"
Time = Annotated[str, Field(pattern=_SECOND, json_schema_extra={"format": "date-time"})]
Day = Annotated[str, Field(pattern=_DAY, json_schema_extra={"format": "date"})]
Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Page(_Part):
    """Where a person reads on."""

    page: Annotated[str, Field(description="eightk's own page; it may open on its own machine alone")]


class FilingUrls(_Part):
    """Where a person reads on about a filing."""

    edgar: Annotated[Url | None, Field(description="EDGAR's index page of the filing; null while no filer is known")]
    page: Annotated[Url | None, Field(description="eightk's own page; it may open on its own machine alone")]


class Rule(_Part):
    """The rule that raised it."""

    id: str
    title: str
    severity: Severity
    revision: Annotated[str, Field(description="changes with the rule's text, and with the lists it uses")]


class TheFiling(_Part):
    """The filing that the rule matched."""

    accession: Annotated[str, Field(pattern=r"^\d{10}-\d{2}-\d{6}$")]
    form: str | None
    is_amendment: bool | None
    items: Annotated[list[str], Field(max_length=20)]
    cik: Annotated[int | None, Field(ge=0, le=9_999_999_999, description="of the first filer")]
    company: str | None
    tickers: Annotated[list[str], Field(max_length=20)]
    filed_on: Day | None
    accepted_at: Time | None
    period_of_report: Day | None
    urls: FilingUrls


class OneFiler(_Part):
    """One party of the filing, as EDGAR names it."""

    cik: Annotated[int, Field(ge=0, le=9_999_999_999)]
    name: str
    role: Annotated[str, Field(description="such as filer, subject company, filed by")]
    tickers: Annotated[list[str], Field(max_length=3)]


class SavedFiling(TheFiling):
    """The filing that was saved."""

    filers: Annotated[list[OneFiler], Field(max_length=20)]


class Evidence(_Part):
    """Words that the rule found. Offsets count characters of eightk's text of the document."""

    document: Annotated[int, Field(description="its sequence in the submission")]
    start: int
    end: int
    text: Annotated[str, Field(description="the words, cut where they are long: all together take at most 1 KB")]
    url: Annotated[Url | None, Field(description="eightk's page, opened at these words; null when there is no room")]
    edgar_url: Annotated[Url | None, Field(description="EDGAR's copy of the document, opened at these words; or null")]


class Match(_Part):
    """Why it was raised."""

    selections: Annotated[list[str], Field(max_length=20, description="parts of the rule that held")]
    evidence: Annotated[list[Evidence], Field(max_length=20)]


class Words(_Part):
    """The words that say so best. Offsets count characters of eightk's text of the document."""

    document: int
    start: int
    end: int
    text: str


class History(_Part):
    """How often such a thing happened to the company, this time included, as far as eightk's store knows."""

    count: Annotated[int, Field(ge=0)]
    months: Annotated[int, Field(ge=1, description="the time before the filing that was looked at")]
    words: Annotated[str, Field(description='such as "third CFO change in 24 months"; may be empty')]
    severity: Annotated[Severity, Field(description="one step higher than the event's own, from the third time on")]
    since: Annotated[Day | None, Field(description="the filing date of the company's oldest filing in the store")]


class Event(_Part):
    """What happened, as the classifier has it. Beyond ``is_expected`` what there is no room for is left out."""

    event: str
    score: Annotated[float | None, Field(description="from 0 to 1")]
    severity: Severity
    is_expected: Annotated[bool, Field(description="an item under which such an event is usually reported is there")]
    facts: Annotated[dict[str, str], Field(description="such as person, role, effective_on, amount, counterparty")]
    evidence: Words | None
    history: History | None


class Amended(_Part):
    """A report that this one amends."""

    accession: str
    form: str
    filed_on: Day | None
    basis: Annotated[str, Field(description="by what that is known")]
    is_sure: Annotated[bool, Field(description="false: it is one of several that it may be")]


class _Data(_Part):
    schema_version: Annotated[Literal[1], Field(description="counts changes that break a reader")]
    id: Annotated[str, Field(pattern=r"^[^.]+$", description="the same as the header webhook-id")]
    sequence: Annotated[int | None, Field(ge=1, description="place in the order of all alerts; null in a test")]
    summary: Annotated[str, Field(description="one line for a person")]


class FilingData(_Data):
    """An alert on a filing."""

    rule: Rule
    filing: TheFiling
    match: Match
    events: Annotated[list[Event], Field(max_length=20)]
    amends: Annotated[list[Amended], Field(max_length=3, description="empty where none is in the store")]
    versions: Annotated[dict[str, str], Field(description="of the maps, lists and rules that it was made with")]


class SavedData(_Data):
    """A filing, whether or not a rule matched it."""

    filing: SavedFiling
    events: Annotated[list[Event], Field(max_length=20)]
    amends: Annotated[list[Amended], Field(max_length=3, description="empty where none is in the store")]
    versions: Annotated[dict[str, str], Field(description="of the maps, lists and rules that it was made with")]


class Digest(_Part):
    """A digest: alerts that are told together."""

    key: Annotated[str, Field(description="what its alerts have in common, as in filed_on=2026-05-20")]
    count: Annotated[int, Field(ge=1, description="how many alerts there are")]
    left_out: Annotated[int, Field(ge=0, description="how many of them are not shown")]
    opened_at: Time


class DigestEntry(_Part):
    """One alert of a digest."""

    id: str
    accession: str
    form: str | None
    cik: int | None
    company: str | None
    items: list[str]
    accepted_at: Time | None
    summary: str
    urls: FilingUrls


class DigestData(_Data):
    """Alerts of one rule, told together."""

    rule: Rule
    digest: Digest
    alerts: Annotated[list[DigestEntry], Field(max_length=50)]
    urls: Page


class Alarm(_Part):
    """What is wrong with the watcher itself."""

    kind: Annotated[str, Field(description="a fixed word, as quiet, blocked, outage, audit, rules, settings, disk")]
    began_at: Time
    ended_at: Time | None


class AlarmData(_Data):
    """Word for whoever runs the watcher."""

    alarm: Alarm
    urls: Page


class EndpointName(_Part):
    """An endpoint."""

    name: str


class Endpoint(EndpointName):
    """An endpoint, and how it fares."""

    reason: str
    failures: Annotated[int, Field(ge=0, description="in a row")]
    failing_since: Time | None
    resumes_at: Time | None
    disabled_at: Time | None


class Delivery(_Part):
    """The delivery by which it was seen, and the alert that it tells."""

    id: str
    alert: str


class EndpointData(_Data):
    """Word on an endpoint, told by the others."""

    endpoint: Endpoint
    delivery: Delivery
    urls: Page


class PingData(_Data):
    """A test: nothing happened."""

    endpoint: EndpointName
    urls: Page


class _Payload(_Part):
    timestamp: Annotated[Time, Field(description="when it happened: of a filing, when EDGAR accepted it")]


class FilingPayload(_Payload):
    """A filing matched a rule. Of an amendment the type is ``filing.amended``."""

    type: Literal["filing.matched", "filing.amended"]
    data: FilingData


class SavedPayload(_Payload):
    """A filing was saved. For endpoints that are told of every filing."""

    type: Literal["filing.saved"]
    data: SavedData


class DigestPayload(_Payload):
    """A digest closed."""

    type: Literal["rule.digest"]
    data: DigestData


class AlarmPayload(_Payload):
    """The watcher is in trouble, or no longer."""

    type: Literal["operator.alarm", "operator.alarm_over"]
    data: AlarmData


class EndpointPayload(_Payload):
    """An endpoint fails, has recovered, was given a message up to, or is disabled."""

    type: Literal["endpoint.failing", "endpoint.recovered", "endpoint.exhausted", "endpoint.disabled"]
    data: EndpointData


class PingPayload(_Payload):
    """Somebody tries the endpoint out."""

    type: Literal["test.ping"]
    data: PingData


_Any = Annotated[
    FilingPayload | SavedPayload | DigestPayload | AlarmPayload | EndpointPayload | PingPayload,
    Field(discriminator="type"),
]
_ADAPTER: TypeAdapter[Any] = TypeAdapter(_Any)


def validate(payload: bytes) -> None:
    """Check that a payload is described to its last key. Raises ``ValueError``."""
    _ADAPTER.validate_json(payload)


def json_schema() -> str:
    """Return the schema as a JSON text (JSON Schema 2020-12)."""
    found = _ADAPTER.json_schema()
    _open(found)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"What eightk tells its endpoints, schema_version {SCHEMA_VERSION}",
        "description": "Keys may be added at any time: a reader passes over those that it does not know.",
    }
    return json.dumps(head | found, indent=1, ensure_ascii=False) + "\n"


def _open(schema: Any) -> None:
    """Allow keys that are not described, and drop titles that say nothing."""
    if isinstance(schema, list):
        for one in schema:
            _open(one)
        return
    if not isinstance(schema, dict):
        return
    if schema.get("additionalProperties") is False:
        del schema["additionalProperties"]
    if isinstance(schema.get("title"), str):
        del schema["title"]
    for one in schema.values():
        _open(one)


if __name__ == "__main__":
    sys.stdout.write(json_schema())
