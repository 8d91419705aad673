"""What fuzzing starts from where no filing is read: lists, answers, rules, settings, searches, cursors, reports."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

from handlers.parse import ParseEightK
from watcher import Filing, ReadError, Skip, Submission, split_submission
from watcher.line import Line
from watcher.report_json import report_line
from watcher.web.api._pages import cursor_of

__all__ = ["companies", "company_files", "cursors", "feeds", "hits", "rules", "searches", "settings", "stored", "waits"]

Seeds = Callable[[bytes], Iterator[bytes]]

_CONFIG = Path(__file__).parents[2] / "config"
_FEED = (
    '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n<title>Latest</title>\n'
    "<updated>2024-05-06T16:32:00-04:00</updated>\n{}</feed>\n"
)
_ENTRY = (
    "<entry>\n<title>{form} - {name} ({cik:010}) (Filer)</title>\n"
    '<link rel="alternate" type="text/html" href="https://www.sec.gov/Archives/edgar/data/{cik}/{acc}-index.htm"/>\n'
    '<summary type="html">\n &lt;b&gt;Filed:&lt;/b&gt; 2024-05-06 &lt;b&gt;AccNo:&lt;/b&gt; {acc} '
    "&lt;br&gt;Item 5.02: Departure\n</summary>\n<updated>2024-05-06T16:31:05-04:00</updated>\n"
    '<category scheme="https://www.sec.gov/" label="form type" term="{form}"/>\n'
    "<id>urn:tag:sec.gov,2008:accession-number={acc}</id>\n</entry>\n"
)
_RSS = (
    '<?xml version="1.0" encoding="windows-1252"?>\n<rss version="2.0">\n<channel>\n<title>Filings</title>\n'
    "<lastBuildDate>Mon, 06 May 2024 20:00:00 EDT</lastBuildDate>\n{}</channel>\n</rss>\n"
)
_ITEM = (
    "<item>\n<title>{name} ({cik:010}) (Filer)</title>\n<link>https://www.sec.gov/Archives/edgar/data/{cik}/{acc}</link>"
    "\n<guid>{acc}</guid>\n<description>{form}</description>\n<pubDate>Mon, 06 May 2024 16:31:05 EDT</pubDate>\n"
    '<edgar:xbrlFiling xmlns:edgar="https://www.sec.gov/Archives/edgar">\n<edgar:companyName>{name}'
    "</edgar:companyName><edgar:formType>{form}</edgar:formType><edgar:filingDate>05/06/2024</edgar:filingDate>"
    "<edgar:cikNumber>{cik:010}</edgar:cikNumber><edgar:accessionNumber>{acc}</edgar:accessionNumber>"
    "<edgar:acceptanceDatetime>20240506163105</edgar:acceptanceDatetime><edgar:otherCikNumbers>2 3</edgar:"
    "otherCikNumbers></edgar:xbrlFiling>\n</item>\n"
)
_RULES = b"""version: 1
lists: {makers: {values: ["2834", "8731"], type: sic}}
phrases: {merger: [merger agreement, "tender offer"]}
defaults: {notify: [desk], severity: high}
groups:
- name: deals
  rules:
  - id: merger
    title: A merger
    status: stable
    match: {text.item.1_01|phrase: "&merger", sic|in: "@makers"}
    throttle: {key: [cik], window: 30d}
    inhibits: [other]
    tests: [{name: signed, filing: {text.item.1_01: "A merger agreement.", sic: 2834}, expect: match}]
  - id: other
    title: Words near each other
    match:
      quiet: {items|has_any: ["2.02", "8.01"]}
      sold: [{text.body|near: {a: [stock], b: [sold], within_words: 9}}, {text.ex99|contains|cased: Net}]
      condition: quiet and not (sold or quiet)
    active: {days: [mon, fri], from: "08:00", to: "18:00", timezone: America/New_York}
    group: {by: [filed_on], wait: 15m, max: 50}
    expires: 6h
  - {id: pattern, title: A pattern, match: {text.body|re: '[a-z]+ (stock|share)s?', form|neq: 8-K/A}}
"""
_SETTINGS = b"""data_dir = "data"
[edgar]
contact = "Your Firm you@example.com"
poll_cron = "*/5 6-22 * * mon-fri"
busy_windows = ["05:59-07:15"]
[web]
listen = "127.0.0.1:0"
[endpoint.desk]
kind = "webhook"
url = "http://127.0.0.1:9000/hook"
secret_file = "secrets/desk"
allow = ["127.0.0.1:9000", "10.0.0.0/8", "hooks.internal:80"]
headers = {x-team = "desk"}
"""
_SEARCHES = (
    *(
        "merger agreement",
        '"chief financial officer" resign*',
        "a -b OR c",
        'x"y z',
        "“phrase” NOT word",
        "merg* * - OR",
    ),
    *("'", '""', "a" * 500, "\u0130\u017f \u00e9", "AND OR NOT", "5.02 -9.01"),
)
_CURSORS = (cursor_of("filings", 7), cursor_of("filings", "0001234567-21-000042"), cursor_of("filings", 1, "desk"))
_WAITS = (
    *("120", "0", "Mon, 12 Jan 2026 17:05:00 GMT", "Monday, 12-Jan-26 17:05:00 GMT", "Mon Jan 12 17:05:00 2026", "-1"),
    *("Mon, 12 Jan 2026 17:05:00 +1400", "Mon, 12 Jan 9999 23:59:59 -1200", "9" * 30, "1.5", ""),
)


def feeds(raw: bytes) -> Iterator[bytes]:
    """The live list and the XBRL feed, with an entry for each of a filing's filers."""
    for shell, entry in ((_FEED, _ENTRY), (_RSS, _ITEM)):
        told = [
            entry.format(form=found.form, name=escape(filer.name), cik=filer.cik, acc=found.accession)
            for found in _split(raw)
            for filer in found.filers
        ]
        yield shell.format("".join(told)).encode("latin-1", "xmlcharrefreplace")


def company_files(raw: bytes) -> Iterator[bytes]:
    """What data.sec.gov tells of a filing's first filer, and its filings alone."""
    for found in _split(raw):
        rows = {
            "accessionNumber": [found.accession] * 2,
            "filingDate": ["2024-05-06", "2024-05-06"],
            "reportDate": ["2024-05-03", ""],
            "acceptanceDateTime": ["2024-05-06T16:31:05.000Z", "2024-05-06T20:31:05.000Z"],
            "form": [found.form, "10-K"],
            "items": ["5.02,9.01", ""],
            "size": [674000, 1],
            "isXBRL": [1, 0],
        }
        older = [{"name": "CIK0000000001-submissions-001.json", "filingCount": 3, "filingFrom": "2001-02-03"}]
        formers = [{"name": "A CO", "from": "2007-11-21T05:00:00.000Z", "to": None}]
        facts = {"cik": "0000000001", "name": "A", "tickers": ["A", "B"], "exchanges": ["NYSE", None]}
        yield _json(facts | {"formerNames": formers, "filings": {"recent": rows, "files": older}})
        yield _json(rows)


def hits(raw: bytes) -> Iterator[bytes]:
    """An answer of the full-text search, with each of a filing's documents."""
    for found in _split(raw):
        told = {
            "ciks": [f"{one.cik:010}" for one in found.filers],
            "display_names": [f"{one.name}  (A, B)  (CIK {one.cik:010})" for one in found.filers],
            "root_forms": ["8-K"],
            "file_date": "2024-05-06",
            "form": found.form,
            "adsh": found.accession,
            "items": ["5.02", "9.01"],
        }
        documents = [{"_id": f"{found.accession}:{one.filename}", "_source": told} for one in found.documents]
        total = {"value": len(documents), "relation": "eq"}
        yield _json({"timed_out": False, "hits": {"total": total, "hits": documents}, "query": {"from": 0}})


def companies(raw: bytes) -> Iterator[bytes]:
    """EDGAR's lists of companies, in both layouts."""
    filers = [filer for found in _split(raw) for filer in found.filers]
    yield _json({str(n): {"cik_str": one.cik, "ticker": f"T{n}", "title": one.name} for n, one in enumerate(filers)})
    rows = [[one.cik, one.name, f"T{n}", "NYSE"] for n, one in enumerate(filers)]
    yield _json({"fields": ["cik", "name", "ticker", "exchange"], "data": rows})


def rules(_: bytes) -> Iterator[bytes]:
    """A rule file with something of everything, and those that are shipped."""
    yield _RULES
    yield from (path.read_bytes() for path in sorted((_CONFIG / "rules").glob("*.yaml")))


def settings(_: bytes) -> Iterator[bytes]:
    """Settings with something of everything, and those that are shipped."""
    yield _SETTINGS
    yield (_CONFIG / "eightk.toml").read_bytes()


def searches(_: bytes) -> Iterator[bytes]:
    """What people type into a search."""
    return (text.encode() for text in _SEARCHES)


def cursors(_: bytes) -> Iterator[bytes]:
    """Cursors of each kind."""
    return (text.encode() for text in _CURSORS)


def waits(_: bytes) -> Iterator[bytes]:
    """How servers tell how long to wait: in the header, and in the body behind it."""
    return (f"{text}\n{body}".encode() for text in _WAITS for body in ("", '{"retry_after": 1.5, "global": false}'))


def stored(raw: bytes) -> Iterator[bytes]:
    """A report as it lies in the store."""
    try:
        yield _json(report_line(Line([ParseEightK()]).run(Filing(accession=""), raw)))
    except (ReadError, Skip):
        return


def _split(raw: bytes) -> Iterator[Submission]:
    try:
        yield split_submission(raw, "0001234567-21-000042.txt")
    except ReadError:
        return


def _json(told: object) -> bytes:
    return json.dumps(told).encode()
