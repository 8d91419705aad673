"""What a person reads of a message, before any channel dresses it."""

import json
from dataclasses import replace

import pytest

from handlers.notify._letter import text_of
from handlers.notify._message import Fact, Line, Link, read
from handlers.notify._plain import dressed, plain, units
from tests._telling import EDGAR, HOSTILE, PAGE, alarm, digest, hostile, matched, ping, report, saved
from watcher.models import Event, Severity


def test_an_alert_is_told_with_company_form_items_time_words_and_links():
    content = read(matched())

    assert content.summary == "Made-up Corp: Regulation FD disclosure"
    assert content.severity is Severity.HIGH
    assert content.facts == (
        Fact("Severity", "high"),
        Fact("Rule", "Regulation FD disclosure"),
        Fact("Company", "Made-up Corp (MADE), CIK 1234567"),
        Fact("Form", "8-K"),
        Fact("Items", "7.01 Regulation FD Disclosure; 9.01 Financial Statements and Exhibits"),
        Fact("Accepted", "2026-05-20 16:15:03 EDT"),
    )
    assert content.snippets == ("furnishing its results", "will hold a call", "the outlook is lower")
    assert content.links == (Link("EDGAR", EDGAR), Link("eightk", PAGE))


def test_the_most_severe_events_are_told_in_words():
    message = matched()
    told = json.loads(message.payload)
    departure = {
        "event": "cfo-departure",
        "severity": "high",
        "facts": {"role": "Chief Financial Officer", "person": "Ann Bell"},
        "history": {"words": "third CFO change in 24 months", "severity": "critical"},
    }
    others = [{"event": name, "severity": "low"} for name in ("executive-pay", "other", "shareholder-vote")]
    told["data"]["events"] = [*others, departure, None, {"event": None}]
    told["data"]["amends"] = [{"accession": "1", "form": "8-K", "filed_on": "2026-05-18", "is_sure": False}]

    facts = {fact.label: fact.value for fact in read(replace(message, payload=json.dumps(told).encode())).facts}

    assert facts["Happened"] == (
        "CFO departure: Ann Bell, Chief Financial Officer (critical, third CFO change in 24 months); "
        "executive pay (low); other (low)"
    )
    assert facts["Amends"] == "perhaps 1 (8-K of 2026-05-18)"


def test_a_filing_that_no_rule_matched_is_told_with_what_happened():
    about = report()
    about.events = (Event("auditor-change", 0.9, severity=Severity.HIGH),)

    content = read(saved(about))

    assert content.summary == "Made-up Corp: 8-K 7.01 9.01"
    assert content.severity is Severity.HIGH
    assert [fact.label for fact in content.facts] == ["Company", "Form", "Items", "Happened", "Accepted"]
    assert read(saved()).severity is Severity.LOW


def test_an_alarm_is_told_with_its_kind_and_time():
    began, over = read(alarm()), read(alarm(over=True))

    assert began.facts == (Fact("Alarm", "quiet"), Fact("Began", "2026-05-20 14:00:00 EDT"))
    assert over.facts[-1] == Fact("Ended", "2026-05-20 15:00:00 EDT")
    assert (began.severity, over.severity) == (Severity.HIGH, Severity.LOW)


def test_a_digest_is_told_as_one_line_for_each_alert():
    content = read(digest())

    assert content.lines[0] == Line("Made-up Corp: results 0", EDGAR)
    assert (len(content.lines), content.count) == (3, 3)


def test_a_digest_says_how_many_it_leaves_out():
    content = read(digest(120, told=4))

    assert (len(content.lines), content.count) == (4, 120)
    assert "and 116 more" in text_of(content)


def test_a_digest_of_another_shape_is_told_as_far_as_it_can_be_read():
    data = {
        "rule": "reg-fd",
        "key": "2026-05-20",
        "count": 7,
        "alerts": [{"accession": "1", "company": "Made-up"}, None],
    }
    content = read(replace(digest(), payload=json.dumps({"data": data}).encode()))

    assert content.lines == (Line("Made-up 1", ""),)
    assert (content.count, content.facts) == (7, (Fact("Same", "2026-05-20"),))


def test_a_test_message_is_told_by_its_summary():
    content = read(ping())

    assert (content.summary, content.facts, content.snippets) == ("A test of this endpoint", (), ())


@pytest.mark.parametrize(
    "payload", [b"", b"no json", b"[]", b"null", b'{"data": 1}', b'{"data": {"rule": [], "filing": 3}}', b"[" * 100_000]
)
def test_what_cannot_be_read_is_told_by_summary_and_link(payload):
    content = read(replace(matched(), type="somebody.elses", payload=payload))

    assert content.summary == "Made-up Corp: Regulation FD disclosure"
    assert (content.facts, content.links) == ((), (Link("Read on", PAGE),))


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "http://x/<script>", "http://x/(a)", "http://x/|y", "http://x y", "ftp://x/", "http://"],
)
def test_what_is_no_plain_url_is_no_link(url):
    assert read(replace(matched(), type="other", url=url, payload=b"{}")).links == ()


@pytest.mark.parametrize("name", HOSTILE)
def test_every_text_comes_out_as_one_line_that_hides_nothing(name):
    content = read(hostile(HOSTILE[name]))
    texts = [content.summary, *(fact.value for fact in content.facts), *content.snippets]

    assert all(text.replace("\u200c", "").replace("\u200d", "").isprintable() for text in texts)
    assert max(map(units, texts)) <= 400


def test_a_text_that_is_cut_says_so_and_is_never_cut_within_a_character():
    assert plain("abcdef", 4) == "abc…"
    assert plain("😀😀😀", 5) == "😀😀…"
    assert dressed("<<<", 9, {"<": "&lt;"}) == "&lt;&lt;…"
    assert dressed("<<<", 12, {"<": "&lt;"}) == "&lt;&lt;&lt;"
