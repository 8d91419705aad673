"""What the API says of itself is so: no 500, no answer that is not described, no body of another shape."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import schemathesis
from _running import Place
from _stores import ACCESSION, NOW, alert, filing, message, report
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks
from starlette.types import ASGIApp, Receive, Scope, Send

from watcher.audit_hours import Audit, AuditState
from watcher.config import load_settings
from watcher.endpoints_shown import endpoint_rows
from watcher.models import Document, Event, Evidence, Exhibit, Filer, Report, Severity, Signature, alert_id
from watcher.registry import line_spec, prepare_line
from watcher.rules import drafts
from watcher.rules.bounded import Ended
from watcher.rules.drafts import RuleDrafts
from watcher.settings import Settings
from watcher.sources.audit import AuditResult
from watcher.sources.backfill_progress import BackfillRequest, Progress
from watcher.store import audits, companies, filings, reports, sightings, silences
from watcher.store.archive import Archive
from watcher.store.companies import KnownCompany
from watcher.store.database import Store
from watcher.store.parts import RawFiles
from watcher.store.redelivery import Redelivery, Wanted, redeliver
from watcher.web.app import make_app
from watcher.web.desk import Desk, Health, SourceSeen

RULES = """\
version: 1
groups:
- name: test
  rules:
  - {id: r, title: Disclosures, match: {items|has: "7.01"}, notify: [desk]}
"""
DRAFT = {"findings": [], "faults": 0, "warnings": 0}
MADE = {"filings": 0, "with_warnings": 0, "first": None, "last": None, "deliveries": 0, "rules": []}
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
]


class Work:
    """What a daemon would do, as far as the store alone can."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.progress: Progress | None = None

    async def ask(self, request: BackfillRequest) -> Progress:
        request.check(NOW.date())
        self.progress = Progress(request, request.first)
        return self.progress

    async def stop(self) -> Progress | None:
        return self.progress

    async def retry(self, accession: str) -> None:
        await self.store.read(filings.get, accession)

    async def audit(self, day: date | None) -> AuditResult:
        if day is not None and day > NOW.date():
            raise ValueError("still to come")
        return AuditResult(Audit(day or NOW.date(), AuditState.DONE, NOW, 3, 1), True, (filing(),))

    async def company(self, cik: int) -> KnownCompany:
        return KnownCompany(cik, "Made Up, Inc.", ("MDUP",))

    async def redeliver(self, wanted: Wanted | str) -> Redelivery:
        return await self.store.write(redeliver, wanted, NOW)


def full(number: int) -> Report:
    accession = f"0000000001-26-{number:06}"
    words = Evidence(1, 0, 5, "words")
    document = Document(1, "8-K", "a.htm", "", 9, text="words and words")
    return replace(
        report(accession, alert(accession)),
        documents=(document,),
        exhibits=(Exhibit("99.1", "A title", 1, "a.htm", "words"),),
        events=(Event("cfo-departure", 0.9, (words,), facts={"person": "A. Person"}, severity=Severity.HIGH),),
        signature=Signature("A. Person", "Officer", NOW.date()),
        signatures=(Signature("A. Person", "Officer", NOW.date(), ("Made Up, Inc.",)),),
        period_of_report=NOW.date(),
        cover={"securities": [{"ticker": "MDUP"}]},
    )


def fill(store: Store, archive: Archive) -> None:
    for number in range(1, 4):
        found = full(number)
        store.write_now(filings.spot, [found.filing], NOW)
        archived = archive.keep(found.filing.accession, NOW.date(), b"raw words")
        store.write_now(filings.note_archived, found.filing.accession, archived)
        messages = {one.id: message(one) for one in found.alerts}
        store.write_now(reports.save, found, messages, NOW, late_hours=72, endpoints=frozenset({"desk"}))
        store.write_now(sightings.note, [found.filing.accession], "atom", NOW)
    for day in range(3):
        store.write_now(audits.note, Audit(NOW.date() - timedelta(days=day), AuditState.DONE, NOW, 3, 1))
    store.write_now(silences.add, rule="r", cik=None, why="w", by="", now=NOW, until=NOW + timedelta(days=1))
    store.write_now(companies.note_filers, [Filer(320, "Made Up, Inc.", former_names=("Made Over",))], NOW)


async def tried(arguments: list[str], *, seconds: int, megabytes: int) -> Ended:
    """Trying drafts out takes processes of their own, and is a test of its own."""
    return Ended(0, json.dumps(MADE if "backtest" in arguments else DRAFT).encode(), "")


def on_loopback(app: ASGIApp) -> ASGIApp:
    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope = {**scope, "headers": [*others, (b"host", b"127.0.0.1")]}
        await app(scope, receive, send)

    return called


def desk_on(store: Store, kept: Settings) -> Desk:
    work = Work(store)
    spec = prepare_line(line_spec(kept))
    return Desk(
        store=store,
        token="right",
        retry=work.retry,
        audit=work.audit,
        backfill=work,
        health=lambda: Health(is_well=True, edgar="polling"),
        now=lambda: NOW,
        company=work.company,
        redeliver=work.redeliver,
        endpoints=lambda records, now: endpoint_rows(kept, dict(records), now),
        sources=lambda: (SourceSeen("poller", is_on=True, state="well"),),
        raw=RawFiles(kept.data_dir / "raw"),
        rules=RuleDrafts(lambda: kept, spec, renew=lambda _: None, ask=lambda: None, trouble=lambda: ""),
    )


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ASGIApp]:
    folder = tmp_path_factory.mktemp("api")
    kept: Settings = load_settings(Place(folder).set_up(rules=RULES).config, environ={})
    with Store(kept.store_url) as store, pytest.MonkeyPatch.context() as patch:
        patch.setattr(drafts, "run_bounded", tried)
        fill(store, Archive(kept.data_dir / "raw", store.id))
        yield on_loopback(make_app(desk_on(store, kept)))


NOTHING: Any = None
# An application that is never asked: it describes itself.
APP = make_app(Desk(NOTHING, "", NOTHING, NOTHING, NOTHING, NOTHING))
DESCRIBED = APP.openapi()


def operations() -> dict[str, APIOperation]:
    """All of them but the stream, which has no end; the probes have tests of their own."""
    schema = schemathesis.openapi.from_dict(DESCRIBED)
    wanted = schema.include(path_regex="^/v1/").exclude(path="/v1/stream")
    return {one.label: one for one in (result.ok() for result in wanted.get_all_operations())}


OPERATIONS = operations()


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_every_answer_is_as_described(label: str, app: ASGIApp) -> None:
    operation = OPERATIONS[label]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    asked = st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])

    @given(asked)
    @settings(max_examples=30, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def holds(case: schemathesis.Case) -> None:
        answer = case.call(app=app, headers={"Authorization": "Bearer right"})
        case.validate_response(answer, checks=CHECKS)

    holds()


KNOWN = {
    "GET /v1/filings/{accession}": {"accession": ACCESSION},
    "GET /v1/filings/{accession}/raw": {"accession": ACCESSION},
    "GET /v1/filings/{accession}/documents/{number}/text": {"accession": ACCESSION, "number": 1},
    "GET /v1/alerts/{number}": {"number": alert_id(ACCESSION, "r")},
    "GET /v1/rules/{number}": {"number": "r"},
    "GET /v1/rules/files/{name}": {"name": "test.yaml"},
}
READ = sorted(label for label in OPERATIONS if label.startswith("GET") and ("{" not in label or label in KNOWN))
NEEDED = {"GET /v1/companies": {"name": "made"}}


@pytest.mark.parametrize("label", READ)
def test_what_is_there_is_as_described_to_its_last_key(label: str, app: ASGIApp) -> None:
    case = OPERATIONS[label].Case(path_parameters=KNOWN.get(label, {}), query=NEEDED.get(label, {}))
    answer = case.call(app=app)
    case.validate_response(answer, checks=CHECKS)

    # Whether a backfill was asked for depends on what was asked before.
    assert answer.status_code == 200 or label == "GET /v1/backfill"
    if answer.headers["content-type"] == ["application/json"]:
        told = DESCRIBED["paths"][label.removeprefix("GET ")]["get"]["responses"]["200"]
        assert undescribed(told["content"]["application/json"]["schema"], answer.json()) == []


def undescribed(schema: dict[str, Any], body: Any, where: str = "") -> list[str]:
    """The keys that a reader of the description would not know of, by where they stand."""
    if "$ref" in schema:
        return undescribed(DESCRIBED["components"]["schemas"][schema["$ref"].split("/")[-1]], body, where)
    if "anyOf" in schema:
        return min((undescribed(one, body, where) for one in schema["anyOf"]), key=len)
    if isinstance(body, list):
        items = schema.get("items")
        return (
            [f"{where}[]"]
            if items is None
            else [one for each in body for one in undescribed(items, each, f"{where}[]")]
        )
    if not isinstance(body, dict) or schema.get("additionalProperties"):
        return [where] if isinstance(body, dict) != (schema.get("type") == "object") else []
    known = schema.get("properties", {})
    unknown = [f"{where}.{key}" for key in body if key not in known]
    inside = (undescribed(known[key], body[key], f"{where}.{key}") for key in body if key in known)
    return [*unknown, *(one for found in inside for one in found)]


def test_every_operation_says_what_it_is() -> None:
    described = [one.definition.raw for one in OPERATIONS.values()]

    assert [one["operationId"] for one in described if not (one.get("summary") and one.get("description"))] == []
    assert len({one["operationId"] for one in described}) == len(described)
    assert all(one.get("tags") for one in described)


def test_a_key_that_is_not_described_is_found() -> None:
    told = DESCRIBED["paths"]["/v1/filings"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    body = {"filings": [{"accession": ACCESSION, "filers": [{"cik": 1, "odd": 2}]}], "next": None, "more": 1}

    assert undescribed(told, body) == [".more", ".filings[].filers[].odd"]
