"""A report as JSON: the documented keys, and the way there and back without a loss."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.models import (
    Alert,
    Amendment,
    Document,
    Event,
    Evidence,
    Exhibit,
    Filer,
    Filing,
    Item,
    Origin,
    Report,
    Session,
    Severity,
    Signature,
    Timing,
)
from watcher.report_json import error_line, filer_from_json, report_from_json, report_line, to_json

KEYS = [
    *(
        "path",
        "accession",
        "form",
        "is_amendment",
        "filed_on",
        "accepted_at",
        "period_of_report",
        "filers",
        "documents",
    ),
    *("items", "exhibits", "cover", "signature", "timing", "events", "alerts", "warnings", "versions", "error"),
    *("signatures", "amendment"),
]

words = st.text(max_size=12)
names = st.tuples() | st.tuples(words) | st.tuples(words, words)
days = st.dates(date(1993, 1, 1), date(2099, 12, 31))
# EDGAR knows whole seconds, and so does a line.
moments = st.datetimes(datetime(1993, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
numbers = st.integers(0, 10**6)
scores = st.floats(0, 1)
evidence = st.builds(Evidence, numbers, numbers, numbers, words)
evidences = st.tuples() | st.tuples(evidence)
filers = st.builds(
    Filer,
    cik=numbers,
    name=words,
    sic=st.none() | words,
    business_address=names,
    tickers=names,
    former_names=names,
    former_names_changed_on=st.tuples() | st.tuples(st.none() | days, days),
    act=st.none() | words,
    mail_address=names,
)
# What a list alone says (items, source, channel) is no part of a line: it is the store's to add.
filings = st.builds(
    Filing,
    accession=words.filter(bool),
    form=st.none() | st.sampled_from(["8-K", "8-K/A"]),
    filers=st.tuples() | st.tuples(filers, filers),
    filed_on=st.none() | days,
    accepted_at=st.none() | moments,
    origin=st.sampled_from(Origin),
)
documents = st.lists(
    st.builds(Document, st.integers(0, 5), words, words, words, numbers, words),
    max_size=4,
    unique_by=lambda one: one.sequence,
)
items = st.builds(
    Item,
    words,
    words,
    st.booleans(),
    st.booleans(),
    st.none() | numbers,
    st.none() | numbers,
    st.none() | numbers,
    words,
)
exhibits = st.builds(
    Exhibit, words, words, st.none() | numbers, st.none() | words, words, st.none() | words, st.integers(0, 9)
)
signatures = st.builds(Signature, words, st.none() | words, st.none() | days, names)
amendments = st.builds(
    Amendment,
    st.none() | numbers,
    st.none() | days,
    st.none() | days,
    names,
    words,
    st.none() | numbers,
    st.none() | numbers,
    st.none() | numbers,
    words,
)
alerts = st.builds(Alert, words, words, words, st.sampled_from(Severity), words, names, names, evidences, words)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
)
reports = st.builds(
    Report,
    filing=filings,
    period_of_report=st.none() | days,
    documents=documents.map(tuple),
    items=st.lists(items, max_size=2).map(tuple),
    exhibits=st.lists(exhibits, max_size=2).map(tuple),
    cover=st.dictionaries(words, json_values, max_size=3),
    signature=st.none() | signatures,
    signatures=st.lists(signatures, max_size=2).map(tuple),
    amendment=st.none() | amendments,
    timing=st.none()
    | st.builds(Timing, st.none() | st.sampled_from(Session), st.none() | numbers, st.none() | st.booleans()),
    events=st.lists(st.builds(Event, words, scores, evidences), max_size=2).map(tuple),
    alerts=st.lists(alerts, max_size=2).map(tuple),
    warnings=st.lists(words, max_size=2),
    versions=st.dictionaries(words, words, max_size=2),
)


def there_and_back(report: Report) -> Report:
    texts = {document.sequence: document.text for document in report.documents}
    return report_from_json(json.loads(json.dumps(report_line(report))), texts, origin=report.filing.origin)


@given(reports)
@settings(max_examples=60, deadline=None)
def test_any_report_comes_back_as_it_went(report: Report):
    texts = {document.sequence: document.text for document in report.documents}
    # An exhibit without a text of its own has its document's.
    exhibits = tuple(replace(one, text=one.text or texts.get(one.document, "")) for one in report.exhibits)

    assert there_and_back(report) == replace(report, exhibits=exhibits)


def test_an_exhibit_of_the_document_numbered_nought_gets_its_text_back():
    report = Report(
        Filing("a"), documents=(Document(0, "8-K", "a", "", 1, "words"),), exhibits=(Exhibit("99", "t", 0, "a", ""),)
    )

    assert there_and_back(report).exhibits[0].text == "words"


def test_a_line_has_the_documented_keys_in_their_order():
    assert list(report_line(Report(Filing("a")), "a.txt")) == KEYS


def test_the_line_of_a_file_that_cannot_be_read_has_the_same_keys():
    assert list(error_line("a.txt", "not a filing")) == KEYS


def test_the_line_of_a_file_that_cannot_be_read_says_why_and_nothing_else():
    line = error_line("a.txt", "not a filing")

    assert {key: value for key, value in line.items() if value is not None} == {
        "path": "a.txt",
        "error": "not a filing",
    }


def test_a_filing_without_an_accession_has_null_for_it():
    assert report_line(Report(Filing("")))["accession"] is None


def test_the_texts_of_documents_stay_out_of_the_line():
    report = Report(Filing("a"), documents=(Document(1, "8-K", "a.htm", "8-K", 14802, "words"),))

    assert report_line(report)["documents"] == [
        {"sequence": 1, "type": "8-K", "filename": "a.htm", "description": "8-K", "bytes": 14802}
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2017, 3, 8, 16, 2, 21, tzinfo=timezone(timedelta(hours=-5))), "2017-03-08T21:02:21Z"),
        (datetime(2017, 3, 8, 21, 2, 21, 999_999, tzinfo=UTC), "2017-03-08T21:02:21Z"),
        (date(2017, 3, 8), "2017-03-08"),
        (Severity.HIGH, "high"),
        ((1, [2], {"a": (date(2017, 3, 8),)}), [1, [2], {"a": ["2017-03-08"]}]),
        ({1: None}, {"1": None}),
        (Evidence(1, 2, 3, "x"), {"document": 1, "start": 2, "end": 3, "text": "x"}),
    ],
    ids=repr,
)
def test_each_kind_of_value_becomes_what_json_knows(value: object, expected: object):
    assert to_json(value) == expected


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="a time without a zone"):
        to_json(datetime(2017, 3, 8))  # noqa: DTZ001


def test_a_filer_of_an_older_line_may_lack_what_was_added_since():
    assert filer_from_json({"cik": 320, "name": "Made Up, Inc."}) == Filer(320, "Made Up, Inc.")


def test_a_report_of_an_older_line_may_lack_what_was_added_since():
    line = report_line(Report(Filing("a"), signature=Signature("Ann Lee"), exhibits=(Exhibit("99", "t"),)))
    del line["signatures"], line["amendment"], line["signature"]["registrants"]
    del line["exhibits"][0]["url"], line["exhibits"][0]["start"]

    found = report_from_json(line, {})

    assert (found.signature, found.signatures, found.amendment) == (Signature("Ann Lee"), (), None)
    assert found.exhibits == (Exhibit("99", "t"),)
