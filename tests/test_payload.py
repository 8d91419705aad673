"""The payload: what an endpoint is told of an alert, and how little room a filer has in it."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from watcher.models import Alert, Event, Evidence, Filer, Filing, Item, Report, Severity
from watcher.payload import edgar_url, message_for

SAVED_AT = datetime(2026, 5, 20, 20, 16, tzinfo=UTC)
PAGE = "http://127.0.0.1:8000/filings/0001234567-26-000042"
ALERT = Alert(
    id="alr_0011",
    rule="reg-fd",
    title="Regulation FD disclosure",
    severity=Severity.HIGH,
    revision="abc123",
    notify=("desk",),
    selections=("match",),
    evidence=(Evidence(1, 120, 158, "Item 7.01 Regulation FD Disclosure"),),
    summary="Made-up Corp: Regulation FD disclosure",
)
# What a filer could do to a field: long, with line ends, quotes, control characters, half a character.
HOSTILE = ('"\\\x00\x1f\ud83d\u2028é😀<!channel>\n' * 5_000)[:100_000]


def report(**changes) -> Report:
    filing = Filing(
        accession="0001234567-26-000042",
        form="8-K",
        filers=(Filer(cik=1234567, name="Made-up Corp", tickers=("MADE",)),),
        filed_on=date(2026, 5, 20),
        accepted_at=datetime(2026, 5, 20, 20, 15, 3, tzinfo=UTC),
        items=("8.01",),
    )
    found = Report(
        replace(filing, **changes),
        period_of_report=date(2026, 5, 19),
        items=(
            Item("9.01", "Financial Statements and Exhibits", declared=True, found=False),
            Item("7.01", "Regulation FD Disclosure", declared=True, found=True),
        ),
        events=(Event("guidance", 0.91234567),),
    )
    found.versions["rules"] = "0a1b"
    return found


def told(alert: Alert = ALERT, about: Report | None = None, **settings):
    return json.loads(message_for(alert, about or report(), saved_at=SAVED_AT, **settings).payload)


def test_the_payload_tells_the_whole_alert():
    assert told(page_url=PAGE, sequence=7) == {
        "type": "filing.matched",
        "timestamp": "2026-05-20T20:15:03Z",
        "data": {
            "schema_version": 1,
            "id": "alr_0011",
            "sequence": 7,
            "summary": "Made-up Corp: Regulation FD disclosure",
            "rule": {
                "id": "reg-fd",
                "title": "Regulation FD disclosure",
                "severity": "high",
                "revision": "abc123",
            },
            "filing": {
                "accession": "0001234567-26-000042",
                "form": "8-K",
                "is_amendment": False,
                "items": ["7.01", "9.01"],
                "cik": 1234567,
                "company": "Made-up Corp",
                "tickers": ["MADE"],
                "filed_on": "2026-05-20",
                "accepted_at": "2026-05-20T20:15:03Z",
                "period_of_report": "2026-05-19",
                "urls": {
                    "edgar": "https://www.sec.gov/Archives/edgar/data/1234567/000123456726000042/"
                    "0001234567-26-000042-index.htm",
                    "page": PAGE,
                },
            },
            "match": {
                "selections": ["match"],
                "evidence": [{"document": 1, "start": 120, "end": 158, "text": "Item 7.01 Regulation FD Disclosure"}],
            },
            "events": [{"event": "guidance", "score": 0.9123}],
            "versions": {"rules": "0a1b"},
        },
    }


def test_the_message_itself_carries_the_same_facts():
    message = message_for(ALERT, report(), saved_at=SAVED_AT, page_url=PAGE)

    assert (message.id, message.type, message.url) == ("alr_0011", "filing.matched", PAGE)
    assert message.timestamp == datetime(2026, 5, 20, 20, 15, 3, tzinfo=UTC)
    assert message.summary == "Made-up Corp: Regulation FD disclosure"


def test_an_amendment_is_another_type_of_message():
    assert told(about=report(form="8-K/A"))["type"] == "filing.amended"


def test_before_a_filing_is_read_the_items_of_the_list_are_told():
    about = report()
    about.items = ()

    assert told(about=about)["data"]["filing"]["items"] == ["8.01"]


def test_without_an_acceptance_time_the_time_of_saving_counts():
    assert told(about=report(accepted_at=None))["timestamp"] == "2026-05-20T20:16:00Z"


def test_without_a_page_of_ours_a_person_is_sent_to_edgar():
    message = message_for(ALERT, report(), saved_at=SAVED_AT)

    assert message.url == edgar_url(report().filing)


def test_a_filing_without_a_known_filer_is_told_without_a_link_to_edgar():
    filing = told(about=report(filers=()))["data"]["filing"]

    assert (filing["cik"], filing["company"], filing["urls"]["edgar"]) == (None, None, None)


def test_without_a_summary_company_and_title_make_one():
    assert told(replace(ALERT, summary=""))["data"]["summary"] == "Made-up Corp: Regulation FD disclosure"


def test_the_same_arguments_give_the_same_bytes():
    first = message_for(ALERT, report(), saved_at=SAVED_AT).payload

    assert message_for(ALERT, report(), saved_at=SAVED_AT).payload == first


def test_text_is_written_as_utf_8_and_not_as_escapes():
    about = report(filers=(Filer(cik=1, name="Société Générale"),))

    assert "Société Générale".encode() in message_for(ALERT, about, saved_at=SAVED_AT).payload


def test_all_snippets_together_take_at_most_1_kb():
    alert = replace(ALERT, evidence=tuple(Evidence(1, n, n + 900, "word " * 180) for n in range(10)))
    snippets = [one["text"] for one in told(alert)["data"]["match"]["evidence"]]

    assert len(snippets) == 10
    assert 900 < sum(len(text.encode()) for text in snippets) <= 1024
    assert snippets[0].startswith("word word")
    assert snippets[0].endswith("…")


def hostile_message():
    alert = replace(
        ALERT,
        rule=HOSTILE,
        title=HOSTILE,
        summary=HOSTILE,
        revision=HOSTILE,
        selections=(HOSTILE,) * 60,
        evidence=(Evidence(1, 0, len(HOSTILE), HOSTILE),) * 60,
    )
    about = report(
        form=HOSTILE,
        filers=(Filer(cik=9_999_999_999, name=HOSTILE, tickers=(HOSTILE,) * 60),) * 60,
        items=(HOSTILE,) * 60,
    )
    about.items = tuple(Item(f"{n}{HOSTILE}", HOSTILE, declared=True, found=False) for n in range(60))
    about.events = (Event(HOSTILE, float("nan")),) * 60
    about.versions |= {f"{n}{HOSTILE}": HOSTILE for n in range(60)}
    return message_for(alert, about, saved_at=SAVED_AT, page_url=PAGE)


def test_whatever_a_filer_wrote_the_payload_stays_under_20_kb():
    assert 5_000 < len(hostile_message().payload) < 20_000


def test_whatever_a_filer_wrote_the_payload_is_json():
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    content = json.loads(hostile_message().payload.decode("utf-8"), parse_constant=refuse)

    assert content["data"]["events"][0]["score"] is None


@pytest.mark.parametrize("end", ["\n", "\r", "\u2028", "\x85"])
def test_whatever_a_filer_wrote_the_summary_stays_one_line(end):
    message = message_for(replace(ALERT, summary=f"Made-up{end}Corp"), report(), saved_at=SAVED_AT)

    assert message.summary == "Made-up Corp"
