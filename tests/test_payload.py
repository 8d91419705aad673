"""The payload: what an endpoint is told of an alert, and how little room a filer has in it."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.background import NOTHING, Background, EventHistory, Link
from watcher.models import Alert, Document, Event, Evidence, Filer, Filing, Item, Report, Severity, saved_id
from watcher.payload.alert import MAX_PAYLOAD_BYTES, edgar_url, filing_message, message_for, numbered
from watcher.payload.schema import validate

SAVED_AT = datetime(2026, 5, 20, 20, 16, tzinfo=UTC)
FOLDER = "https://www.sec.gov/Archives/edgar/data/1234567/000123456726000042"
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
        documents=(Document(1, "8-K", "made-up 8k.htm", "8-K", 9_000),),
    )
    found.versions["rules"] = "0a1b"
    return found


def told(alert: Alert = ALERT, about: Report | None = None, **settings):
    payload = message_for(alert, about or report(), saved_at=SAVED_AT, **settings).payload
    validate(payload)
    return json.loads(payload)


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
                    "edgar": f"{FOLDER}/0001234567-26-000042-index.htm",
                    "page": PAGE,
                },
            },
            "match": {
                "selections": ["match"],
                "evidence": [
                    {
                        "document": 1,
                        "start": 120,
                        "end": 158,
                        "text": "Item 7.01 Regulation FD Disclosure",
                        "url": f"{PAGE}#d1-120",
                        "edgar_url": f"{FOLDER}/made-up%208k.htm#:~:text=Item%207.01%20Regulation%20FD%20Disclosure",
                    }
                ],
            },
            "events": [
                {
                    "event": "guidance",
                    "score": 0.9123,
                    "severity": "medium",
                    "is_expected": True,
                    "facts": {},
                    "evidence": None,
                    "history": None,
                }
            ],
            "amends": [],
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


def links(alert: Alert, about: Report | None = None, page_url: str | None = PAGE) -> list[tuple[str, str]]:
    evidence = told(alert, about, page_url=page_url)["data"]["match"]["evidence"]
    return [(one["url"], one["edgar_url"]) for one in evidence]


def test_without_a_page_of_ours_words_are_shown_at_edgar_alone():
    ((ours, theirs),) = links(ALERT, page_url=None)

    assert (ours, theirs.partition("#")[0]) == (None, f"{FOLDER}/made-up%208k.htm")


def test_words_of_a_document_that_is_not_known_have_no_link_to_edgar():
    assert links(replace(ALERT, evidence=(Evidence(7, 1, 5, "word"),))) == [(f"{PAGE}#d7-1", None)]


def test_a_link_that_names_long_words_opens_the_document_alone():
    long = replace(ALERT, evidence=(Evidence(1, 0, 600, "x" * 600),))

    assert links(long) == [(f"{PAGE}#d1-0", f"{FOLDER}/made-up%208k.htm")]


def test_a_file_name_that_is_too_long_for_a_link_gets_none():
    about = report()
    about.documents = (Document(1, "8-K", "x" * 600, "8-K", 1),)

    assert links(ALERT, about) == [(f"{PAGE}#d1-120", None)]


@pytest.mark.parametrize("length", [0, 100, 200, 300, 400])
def test_where_there_is_no_room_links_are_left_out_edgar_s_first_and_the_last_ones_first(length):
    alert = replace(ALERT, evidence=tuple(Evidence(1, n, n + 400, "é" * 40) for n in range(20)))
    left = links(alert, crowded(), page_url=PAGE + "x" * length)
    ours, theirs = [one[0] is not None for one in left], [one[1] is not None for one in left]

    assert (ours, theirs) == (sorted(ours, reverse=True), sorted(theirs, reverse=True))
    assert all(ours) or not any(theirs)
    assert (length < 200) is all(theirs)


def test_an_event_is_told_with_its_facts_its_words_and_what_happened_before():
    about = report(form="8-K/A")
    words = Evidence(1, 120, 158, "resigned as Chief Financial Officer")
    about.events = (Event("cfo-departure", 0.9, (words, words), True, {"person": "Ann Bell"}, Severity.HIGH),)
    before = EventHistory(
        "cfo-departure", 3, Severity.CRITICAL, "third CFO change in 24 months", since=date(2019, 2, 1)
    )
    link = Link("0001234567-26-000041", "8-K", date(2026, 5, 18), "it names the filing date 2026-05-18")
    data = told(about=about, background=Background({"cfo-departure": before}, (link,)))["data"]

    assert data["events"] == [
        {
            "event": "cfo-departure",
            "score": 0.9,
            "severity": "high",
            "is_expected": True,
            "facts": {"person": "Ann Bell"},
            "evidence": {"document": 1, "start": 120, "end": 158, "text": "resigned as Chief Financial Officer"},
            "history": {
                "count": 3,
                "months": 24,
                "words": "third CFO change in 24 months",
                "severity": "critical",
                "since": "2019-02-01",
            },
        }
    ]
    assert data["amends"] == [
        {
            "accession": "0001234567-26-000041",
            "form": "8-K",
            "filed_on": "2026-05-18",
            "basis": "it names the filing date 2026-05-18",
            "is_sure": True,
        }
    ]


def test_where_there_is_no_room_the_most_severe_event_is_told_first():
    about = crowded()
    long = {f"fact {n}": "x" * 100 for n in range(20)}
    about.events = tuple(replace(one, facts=long) for one in about.events)
    about.events = (*about.events[:10], replace(about.events[10], severity=Severity.CRITICAL), *about.events[11:])
    facts = [len(one["facts"]) for one in told(about=about)["data"]["events"]]

    assert [place for place, count in enumerate(facts) if count] == [0, 1, 10]


def crowded() -> Report:
    """A report whose facts take much room."""
    about = report()
    about.items = tuple(Item(f"{n:02}{'x' * 200}", "", declared=True, found=False) for n in range(20))
    about.events = tuple(Event(f"{n:02}{'x' * 200}", 0.5) for n in range(20))
    return about


@given(
    st.lists(st.text(max_size=300), max_size=25),
    st.text(max_size=500),
    st.integers(min_value=0, max_value=500),
    st.integers(min_value=1, max_value=2**63 - 1),
)
def test_the_payload_stays_under_20_kb_with_its_links_whatever_the_words(words, name, length, sequence):
    about = crowded()
    about.documents = (Document(1, "8-K", name, "8-K", 1),)
    alert = replace(ALERT, evidence=tuple(Evidence(1, n, n + 1, text) for n, text in enumerate(words)))
    message = message_for(alert, about, saved_at=SAVED_AT, page_url=PAGE + "x" * length)
    sent = numbered(message.payload, sequence)

    validate(sent)
    assert len(sent) < MAX_PAYLOAD_BYTES
    assert json.loads(sent)["data"]["sequence"] == sequence


def test_a_number_is_put_in_and_all_else_stays_to_the_byte():
    first = message_for(ALERT, report(), saved_at=SAVED_AT, page_url=PAGE)
    later = message_for(ALERT, report(), saved_at=SAVED_AT, page_url=PAGE, sequence=42)

    assert numbered(first.payload, 42) == later.payload == numbered(later.payload, 42)


def test_what_is_no_payload_of_ours_stays_as_it_is():
    assert numbered(b'{"type":"x"}', 42) == b'{"type":"x"}'


def hostile_message():
    alert = replace(
        ALERT,
        rule=HOSTILE,
        title=HOSTILE,
        summary=HOSTILE,
        revision=HOSTILE,
        selections=(HOSTILE,) * 60,
        evidence=tuple(Evidence(1, n, len(HOSTILE), HOSTILE) for n in range(60)),
    )
    about, background = hostile_report()
    return message_for(alert, about, saved_at=SAVED_AT, page_url=PAGE, background=background)


def hostile_report() -> tuple[Report, Background]:
    about = report(
        form=HOSTILE,
        filers=(Filer(cik=9_999_999_999, name=HOSTILE, role=HOSTILE, tickers=(HOSTILE,) * 60),) * 60,
        items=(HOSTILE,) * 60,
    )
    about.items = tuple(Item(f"{n}{HOSTILE}", HOSTILE, declared=True, found=False) for n in range(60))
    words = (Evidence(10**18, 10**18, 10**18, HOSTILE),) * 9
    facts = {f"{n}{HOSTILE}": HOSTILE for n in range(60)}
    about.events = (Event(HOSTILE, float("nan"), words, False, facts, Severity.CRITICAL),) * 60
    about.versions |= {f"{n}{HOSTILE}": HOSTILE for n in range(60)}
    before = EventHistory(HOSTILE, 10**9, Severity.CRITICAL, HOSTILE, since=date(2019, 2, 1))
    links = (Link(HOSTILE, HOSTILE, date(2019, 2, 1), HOSTILE),) * 9
    return about, Background({HOSTILE: before}, links)


def test_whatever_a_filer_wrote_the_payload_stays_under_20_kb():
    assert 5_000 < len(hostile_message().payload) < 20_000


def test_whatever_a_filer_wrote_the_payload_is_json():
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    payload = hostile_message().payload
    validate(payload)
    content = json.loads(payload.decode("utf-8"), parse_constant=refuse)

    assert content["data"]["events"][0]["score"] is None


def saved(about: Report, background: Background = NOTHING):
    payload = filing_message(about, saved_at=SAVED_AT, page_url=PAGE, background=background).payload
    validate(payload)
    return payload


def test_a_saved_filing_is_told_with_its_facts_and_all_filers_and_no_rule():
    parties = (Filer(1234567, "Made-up Corp", tickers=("MADE",)), Filer(89, "Made-up Sub", role="subject company"))
    content = json.loads(saved(report(filers=parties)))
    data = content["data"]
    of_alert = told(about=report(filers=parties), page_url=PAGE)["data"]

    assert (content["type"], content["timestamp"]) == ("filing.saved", "2026-05-20T20:15:03Z")
    assert data["id"] == saved_id("0001234567-26-000042")
    assert data["summary"] == "Made-up Corp: 8-K 7.01 9.01"
    assert data["filing"].pop("filers") == [
        {"cik": 1234567, "name": "Made-up Corp", "role": "filer", "tickers": ["MADE"]},
        {"cik": 89, "name": "Made-up Sub", "role": "subject company", "tickers": []},
    ]
    shared = ("filing", "events", "amends", "versions")
    assert {name: data[name] for name in shared} == {name: of_alert[name] for name in shared}
    assert set(data) == {"schema_version", "id", "sequence", "summary", *shared}


def test_a_saved_filing_of_which_little_is_known_is_told_too():
    about = report(filers=(), form=None, accepted_at=None)
    about.items = ()
    data = json.loads(saved(replace(about, filing=replace(about.filing, items=()))))["data"]

    assert data["summary"] == "0001234567-26-000042: a filing"


def test_whatever_a_filer_wrote_a_saved_filing_stays_under_20_kb():
    about, background = hostile_report()

    payload = numbered(saved(about, background), 2**63 - 1)

    assert 5_000 < len(payload) < MAX_PAYLOAD_BYTES


@pytest.mark.parametrize("end", ["\n", "\r", "\u2028", "\x85"])
def test_whatever_a_filer_wrote_the_summary_stays_one_line(end):
    message = message_for(replace(ALERT, summary=f"Made-up{end}Corp"), report(), saved_at=SAVED_AT)

    assert message.summary == "Made-up Corp"
