"""Messages as a notifier is given them, made by the program's own payload, and texts that a filer could choose."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from watcher.models import Alert, Evidence, Filer, Filing, Item, Message, Report, Severity
from watcher.payload.alert import DigestEntry, alarm_message, digest_message, filing_message, message_for

NOW = 1_780_000_000.75
ACCESSION = "0001234567-26-000042"
PAGE = f"http://127.0.0.1:8000/filings/{ACCESSION}"
EDGAR = f"https://www.sec.gov/Archives/edgar/data/1234567/000123456726000042/{ACCESSION}-index.htm"
ALERT = Alert(
    id="alr_0011",
    rule="reg-fd",
    title="Regulation FD disclosure",
    severity=Severity.HIGH,
    revision="abc123",
    notify=("desk",),
    selections=("match",),
    evidence=(
        Evidence(1, 120, 158, "furnishing its results"),
        Evidence(1, 220, 258, "will hold a call"),
        Evidence(1, 320, 358, "furnishing its results"),
        Evidence(1, 420, 458, "the outlook is lower"),
        Evidence(1, 520, 558, "a fourth one"),
    ),
    summary="Made-up Corp: Regulation FD disclosure",
)

# What a filer could write where a channel shows it.
HOSTILE = {
    "everybody in Slack": "<!channel> <!here> <@U012AB3CD> <https://evil.example|Regulation FD>",
    "everybody in Discord": "@everyone @here <@123456789012345678> <@&123456789012345678>",
    "a link in Markdown": "[Regulation FD](http://evil.example/x) ![x](http://evil.example/y)",
    "a bare link": "see http://evil.example/now and https://evil.example",
    "code": "```\nrm -rf\n``` `x` ``",
    "emphasis": "*bold* **bold** _it_ __it__ ~~gone~~ ||hidden|| > quoted # Heading",
    "the other way round": "\u202egnp.exe\u202c \u2066x\u2069 a\u200bb\u200fc \U000e0041",
    "lines": "one\ntwo\r\nthree\u2028four\x0bfive\x00six\x1b[31m",
    "headers": "x\r\nBcc: evil@evil.example\r\n\r\n<script>alert(1)</script>",
    "entities": '&lt;b&gt; &amp; <b onclick="x">',
    "backslashes": "\\[x\\](http://evil.example) \\",
    "half a character": "\ud83d\ude00 \ud83d x",
    "much": "A<&>`*@/|" * 11_000,
    "much beyond the plane": "😀" * 30_000,
    "a date function": "{{DATE(2026-01-01T00:00:00Z, SHORT)}} ${x} @{triggerBody()}",
}


def report(company: str = "Made-up Corp", **changes: Any) -> Report:
    filing = Filing(
        accession=ACCESSION,
        form="8-K",
        filers=(Filer(cik=1234567, name=company, tickers=("MADE",)),),
        filed_on=date(2026, 5, 20),
        accepted_at=datetime(2026, 5, 20, 20, 15, 3, tzinfo=UTC),
        items=("7.01",),
    )
    return Report(
        replace(filing, **changes),
        period_of_report=date(2026, 5, 19),
        items=(
            Item("7.01", "Regulation FD Disclosure", declared=True, found=True),
            Item("9.01", "Financial Statements and Exhibits", declared=True, found=True),
        ),
    )


def matched(alert: Alert = ALERT, about: Report | None = None) -> Message:
    at = datetime(2026, 5, 20, 20, 16, tzinfo=UTC)
    return message_for(alert, about or report(), saved_at=at, page_url=PAGE)


def saved(about: Report | None = None) -> Message:
    """Word of a filing to who wants to know of each."""
    at = datetime(2026, 5, 20, 20, 16, tzinfo=UTC)
    return filing_message(about or report(), saved_at=at, page_url=PAGE)


def alarm(*, over: bool = False, summary: str = "No 8-K for two hours") -> Message:
    alert = replace(ALERT, id="alr_alarm", summary=summary)
    began, ended = datetime(2026, 5, 20, 18, 0, tzinfo=UTC), datetime(2026, 5, 20, 19, 0, tzinfo=UTC)
    url = "http://127.0.0.1:8000/"
    return alarm_message(alert, kind="quiet", began_at=began, ended_at=ended if over else None, url=url)


def digest(count: int = 3, text: str = "Made-up Corp: results", told: int | None = None) -> Message:
    entries = [
        DigestEntry(f"alr_{number}", f"{text} {number}", report().filing, ("2.02",), PAGE)
        for number in range(count if told is None else told)
    ]
    at = datetime(2026, 5, 20, 20, 30, tzinfo=UTC)
    alert = replace(ALERT, id="alr_digest", summary=f"{count} alerts of Regulation FD disclosure")
    return digest_message(alert, entries, key="2026-05-20", count=count, opened_at=at, at=at, url=PAGE)


def hostile(text: str) -> Message:
    """A message in which the text stands wherever a filer has a say, uncut, as no payload of ours would have it."""
    message = matched()
    told = json.loads(message.payload)
    data = told["data"]
    data["summary"] = text
    data["rule"]["title"] = text
    data["filing"] |= {"company": text, "form": text, "tickers": [text], "items": [text]}
    data["events"] = [
        {"event": text, "severity": text, "facts": {"person": text}, "history": {"words": text, "severity": text}}
    ] * 9
    data["amends"] = [{"accession": text, "form": text, "filed_on": text}] * 9
    data["match"]["evidence"] = [{"document": 1, "start": 0, "end": 9, "text": f"{n} {text}"} for n in range(20)]
    return replace(message, summary=text, payload=json.dumps(told).encode())


def hostile_digest(text: str) -> Message:
    message = digest()
    told = json.loads(message.payload)
    entry = told["data"]["alerts"][0] | {"summary": text, "company": text}
    told["data"] |= {"alerts": [entry] * 200, "digest": {"key": text, "count": 10**9}}
    return replace(message, summary=text, payload=json.dumps(told).encode())


def ping() -> Message:
    told = {"type": "test.ping", "timestamp": "2026-05-20T20:15:03Z", "data": {"schema_version": 1}}
    return replace(matched(), type="test.ping", summary="A test of this endpoint", payload=json.dumps(told).encode())
