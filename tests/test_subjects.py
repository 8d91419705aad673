"""What a message is called in a stream."""

import json
import re
from dataclasses import replace

import pytest

from handlers.notify._subjects import FIELDS, Naming, identity
from handlers.notify.nats import SUBJECT
from tests._telling import HOSTILE, alarm, digest, hostile, hostile_digest, matched, ping, report, saved
from watcher.models import Event, Message, Severity


def told(**changes: object) -> Message:
    message = matched()
    content = json.loads(message.payload)
    content["data"]["filing"] |= changes
    return replace(message, payload=json.dumps(content).encode())


def with_events(*events: tuple[str, str]) -> Message:
    message = matched()
    content = json.loads(message.payload)
    content["data"]["events"] = [{"event": name, "severity": severity} for name, severity in events]
    return replace(message, payload=json.dumps(content).encode())


def test_an_alert_is_named_by_rule_form_item_event_and_company():
    message = with_events(("auditor-change", "medium"))

    assert Naming(SUBJECT).subject(message) == "eightk.alert.reg-fd.8-K.7_01.auditor-change.1234567"


def test_a_filing_is_named_as_its_alerts_are_but_without_a_rule():
    about = replace(report(form="8-K/A"), events=(Event("auditor-change", 0.9, severity=Severity.HIGH),))

    assert Naming(SUBJECT).subject(saved(about)) == "eightk.filing._.8-K_A.7_01.auditor-change.1234567"
    assert Naming("{ticker}.{severity}").subject(saved(about)) == "MADE._"
    headers = Naming(SUBJECT).headers(saved(about))
    assert {name: headers[name] for name in ("Eightk-Type", "Eightk-Items", "Eightk-Events", "Eightk-Cik")} == {
        "Eightk-Type": "filing.saved",
        "Eightk-Items": "7.01,9.01",
        "Eightk-Events": "auditor-change",
        "Eightk-Cik": "1234567",
    }
    assert not {"Eightk-Rule", "Eightk-Severity"} & set(headers)


@pytest.mark.parametrize(("message", "kind"), [(alarm(), "operator"), (digest(), "digest"), (ping(), "test")])
def test_other_messages_have_as_many_tokens(message, kind):
    subject = Naming(SUBJECT).subject(message)

    assert (subject.split(".")[1], len(subject.split("."))) == (kind, 7)


def test_what_a_message_does_not_have_is_an_underscore():
    assert Naming(SUBJECT).subject(alarm()) == "eightk.operator._._._._._"


@pytest.mark.parametrize(
    ("items", "token"), [(["2.02", "9.01"], "2_02"), (["9.01", "8.01"], "8_01"), (["9.01"], "9_01"), ([], "_")]
)
def test_the_leading_item_is_the_first_that_is_not_about_exhibits(items, token):
    assert Naming("{item}").subject(told(items=items)) == token


def test_the_gravest_event_stands_in_it():
    events = ("first", "low"), ("gravest", "high"), ("as-grave", "high"), ("strange", "unheard of")

    assert Naming("{event}").subject(with_events(*events)) == "gravest"


def test_an_amendment_s_form_is_one_token():
    assert Naming("x.{form}").subject(told(form="8-K/A")) == "x.8-K_A"


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("make", [hostile, hostile_digest])
def test_no_text_of_a_filing_adds_a_token_or_a_header(name, make):
    message = make(HOSTILE[name])
    naming = Naming(".".join(f"{{{field}}}" for field in FIELDS))

    assert re.fullmatch(r"([A-Za-z0-9_-]{1,64}\.){7}[A-Za-z0-9_-]{1,64}", naming.subject(message))
    assert all(re.fullmatch(r"[\x21-\x7e]{1,400}", value) for value in naming.headers(message).values())


def test_the_headers_have_all_items_and_events():
    message = with_events(("auditor-change", "medium"), ("cfo-departure", "high"))

    assert Naming(SUBJECT).headers(message) == {
        "Content-Type": "application/json",
        "Eightk-Type": "filing.matched",
        "Eightk-Rule": "reg-fd",
        "Eightk-Severity": "high",
        "Eightk-Accession": "0001234567-26-000042",
        "Eightk-Form": "8-K",
        "Eightk-Items": "7.01,9.01",
        "Eightk-Events": "auditor-change,cfo-departure",
        "Eightk-Cik": "1234567",
    }


def test_a_payload_that_is_no_table_has_a_subject_too():
    assert Naming(SUBJECT).subject(replace(matched(), payload=b"[]")) == "eightk.alert._._._._._"


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("", "expected tokens"),
        ("a..b", "expected tokens"),
        ("a.*", "expected tokens"),
        ("a.>", "expected tokens"),
        ("a b", "expected tokens"),
        ("a.{form", "expected tokens"),
        ("$JS.API", "expected tokens"),
        ("a.{company}", "{company} is no field; known: kind, rule"),
        (".".join("a" * 17), "more than 16 tokens"),
    ],
)
def test_a_template_that_is_none_is_refused(template, problem):
    with pytest.raises(ValueError, match=re.escape(problem)):
        Naming(template)


def test_an_id_that_fits_no_header_is_hashed_always_to_the_same():
    assert identity(matched()) == "alr_0011"
    assert re.fullmatch(r"[0-9a-f]{64}", identity(replace(matched(), id="a\r\nb")))
