"""The made-up filings of rule tests: what is given is what the fields read, and a mistake is told."""

import json
import string
from datetime import UTC, date, datetime

import pytest
from _rule_files import book, one_rule
from hypothesis import given
from hypothesis import strategies as st

from handlers.alert.language.made_up import read_filing
from handlers.alert.language.nodes import Table, read_yaml
from handlers.alert.language.page import Page
from handlers.alert.matching.fields import FACTS, FORMS, field_named
from watcher.errors import ConfigError
from watcher.items import CURRENT_ITEMS
from watcher.models import Report, Session


def made(fields: str) -> Report:
    """Read a filing that a rule test describes, and expect no fault."""
    page = Page("test")
    node = read_yaml(fields)
    assert isinstance(node, Table)
    report = read_filing(page, node, "filing")
    assert page.faults == []
    assert report is not None
    return report


def read(report: Report, name: str) -> list[object]:
    """What a field says of the report."""
    if asked := FACTS.get(name):
        assert asked.values
        return list(asked.values(report))
    asked = field_named(name)
    assert asked
    assert asked.passages
    return [passage.text for passage in asked.passages(report)]


def test_the_form_is_8_k_and_nothing_else_is_given_unless_said() -> None:
    report = made("{}")

    assert {name: read(report, name) for name in FACTS if read(report, name)} == {
        "form": ["8-K"],
        "accession": ["0000000000-26-000001"],
    }
    assert read(report, "text.body") == []


def test_fields_are_typed_as_those_of_rules() -> None:
    report = made(
        """\
        form: 8-k/a
        items: ["5.02", "9.01"]
        cik: "0000320193"
        ticker: [abcd, abce]
        company: Made Up, Inc.
        sic: "0100"
        state: de
        accepted: 2026-05-20T16:15:00-04:00
        filed_on: 2026-05-20
        period: 2026-05-18
        events: cfo-departure
        timing: {session: post, business_days_after_event: "2", is_late: "false"}
        accession: 0001234567-26-000042
        """
    )

    assert {name: read(report, name) for name in FACTS if name != "items"} == {
        "form": ["8-K/A"],
        "exhibits": [],
        "cik": [320193],
        "ticker": ["ABCD", "ABCE"],
        "company": ["Made Up, Inc."],
        "sic": [100],
        "state": ["DE"],
        "accepted": [datetime(2026, 5, 20, 20, 15, tzinfo=UTC)],
        "filed_on": [date(2026, 5, 20)],
        "period": [date(2026, 5, 18)],
        "events": ["cfo-departure"],
        "event.amount_usd": [],
        "event.is_expected": [True],
        "event.score": [1.0],
        "event.severity": ["medium"],
        "amounts.max_usd": [],
        "amounts.min_usd": [],
        "timing.session": ["post"],
        "timing.business_days_after_event": [2],
        "timing.is_late": [False],
        "accession": ["0001234567-26-000042"],
    }
    assert report.is_amendment


def test_items_are_those_with_a_text_and_the_body_holds_them_unless_said() -> None:
    report = made('{text.item.5_02: "She resigned.", text: {item: {"8_01": "It burnt."}}}')

    assert [(item.number, item.text, item.found) for item in report.items] == [
        ("5.02", "She resigned.", True),
        ("8.01", "It burnt.", True),
    ]
    (body,) = read(report, "text.body")
    assert str(body).index("She resigned.") < str(body).index("Item 8.01 Other Events") < str(body).index("It burnt.")


def test_evidence_in_an_item_stands_where_the_body_has_it(tmp_path) -> None:
    rules = book(tmp_path, one_rule("{text.item.5_02|phrase: resigned}"))
    report = made('{text.body: "COVER. Item 5.02. She resigned. She resigned.", text.item.5_02: "She resigned."}')
    (evidence,) = rules.alerts(report)[0].evidence

    assert report.documents[0].text[evidence.start : evidence.end] == evidence.text == "resigned"
    assert evidence.start == 22


def test_an_item_whose_text_is_not_in_the_body_is_matched_all_the_same(tmp_path) -> None:
    rules = book(tmp_path, one_rule("{text.item.5_02|phrase: resigned}"))
    report = made('{text.body: "Something else.", text.item.5_02: "She resigned."}')

    assert [one.text for one in rules.alerts(report)[0].evidence] == ["resigned"]


def test_exhibits_may_have_texts_or_numbers_only() -> None:
    assert read(made('{exhibits: {"99.1": "Record results.", 10.1: "A lease."}}'), "text.ex99") == ["Record results."]
    assert sorted(map(str, read(made('{exhibits: ["99.1", "104"]}'), "exhibits"))) == ["104", "99.1"]


def test_several_filers_have_their_values_in_one_order() -> None:
    report = made('{cik: [1, 2], company: ["A, Inc.", "B, Inc."], state: [DE], ticker: [A, AW]}')

    assert [(one.cik, one.name, one.state_of_incorporation, one.tickers) for one in report.filing.filers] == [
        (1, "A, Inc.", "DE", ("A", "AW")),
        (2, "B, Inc.", None, ()),
    ]


WORDS = st.text(
    string.ascii_letters + string.digits + " .,;:'\"#&@{}[]|\n\u00a0\u2019\u20ac", min_size=1, max_size=60
).filter(lambda text: text.strip())
NUMBERS = st.lists(st.sampled_from(sorted(CURRENT_ITEMS)), min_size=1, max_size=4, unique=True)
STRATEGIES = {
    "form": st.sampled_from(FORMS),
    "cik": st.lists(st.integers(1, 9_999_999_999), min_size=1, max_size=3),
    "ticker": st.lists(st.from_regex(r"[A-Z]{1,5}", fullmatch=True), min_size=1, max_size=3),
    "sic": st.lists(st.integers(100, 9999), min_size=1, max_size=3),
    "state": st.lists(st.from_regex(r"[A-Z][A-Z0-9]", fullmatch=True), min_size=1, max_size=3),
    "company": st.lists(WORDS, min_size=1, max_size=3),
    "filed_on": st.dates(date(1993, 1, 1), date(2100, 1, 1)),
    "period": st.dates(date(1993, 1, 1), date(2100, 1, 1)),
    "accepted": st.datetimes(datetime(1993, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    "events": st.lists(st.from_regex(r"[a-z]{1,8}(-[a-z]{1,8})?", fullmatch=True), min_size=1, max_size=3, unique=True),
    "timing.session": st.sampled_from([one.value for one in Session]),
    "timing.business_days_after_event": st.integers(0, 400),
    "timing.is_late": st.booleans(),
    "text.body": WORDS,
    "exhibits": st.dictionaries(st.sampled_from(["99", "99.1", "99.2", "10.1", "2.1"]), WORDS, min_size=1, max_size=4),
}


@st.composite
def filings(draw: st.DrawFn) -> dict[str, object]:
    fields = draw(st.fixed_dictionaries({}, optional=STRATEGIES))
    items = draw(st.one_of(st.none(), NUMBERS))
    if items is not None:
        fields["items"] = items
        with_text = draw(st.lists(st.sampled_from(items), unique=True))
        fields |= {f"text.item.{number.replace('.', '_')}": draw(WORDS) for number in with_text}
    return fields


def written(value: object) -> object:
    """A value as a person writes it."""
    match value:
        case bool():
            return str(value).lower()
        case list():
            return [written(one) for one in value]
        case dict():
            return {name: written(one) for name, one in value.items()}
        case date():
            return value.isoformat()
    return str(value)


@given(filings())
def test_what_is_given_is_what_the_fields_read(fields) -> None:
    report = made(json.dumps(written(fields), ensure_ascii=False))

    for name, value in fields.items():
        if name == "exhibits":
            assert {one.number: one.text for one in report.exhibits} == value
        else:
            expected = value if isinstance(value, list) else [value]
            assert sorted(map(str, read(report, name))) == sorted(map(str, expected)), name
    for name in {*STRATEGIES, "items"} - set(fields) - {"form", "text.body"}:
        assert read(report, name) == [], name


@pytest.mark.parametrize(
    ("filing", "sentence"),
    [
        ("{itmes: 5.02}", "tests.filing.itmes: there is no field 'itmes' (did you mean 'items'?)"),
        ('{items: ["5.2"]}', "tests.filing.items: '5.2': expected an item number"),
        ("{cik: abc}", "tests.filing.cik: 'abc': expected a CIK of 1 to 10 digits"),
        ("{form: [8-K, 8-K/A]}", "tests.filing.form: expected one value, found a list"),
        (
            "{items: [], text.item.5_02: x}",
            "tests.filing: has a text of item 5.02, which is none of its items (add it:",
        ),
        ("{text.body: a, text: {body: b}}", "tests.filing.text.body: text.body is given twice"),
        ("{text.ex99_1: a}", 'the texts of exhibits stand under exhibits (write exhibits: {"99.1": "..."})'),
        ("{text: {item: {5.02: x}}}", "there is no field 'text.item.5.02' (did you mean 'text.item.5_02'?)"),
        ("{exhibits: {EX-1: x}}", "tests.filing.exhibits: 'EX-1': expected an exhibit number such as 99.1"),
        ('{exhibits: {"99.1": }}', "tests.filing.exhibits.99.1: is empty"),
        ("{timing: {session: night}}", "tests.filing.timing.session: 'night': expected one of closed"),
        ("{accepted: 2026-05-20}", "expected a time with its zone"),
        ("{text.item.5_02: {a: b}}", "expected one value, found a map"),
        ("[]", "tests.filing: expected one value, found a list"),
        ("no.txt", "tests.filing: there is no "),
        ("no.html", "'no.html': expected a file that ends in .txt, .gz, or a map of fields"),
    ],
)
def test_a_mistake_in_a_filing_is_told_with_its_remedy(tmp_path, filing, sentence) -> None:
    more = f"tests: [{{name: n, filing: {filing}, expect: match}}]"
    with pytest.raises(ConfigError) as caught:
        book(tmp_path, one_rule('{items|has: "5.02"}', more=more))

    (fault,) = caught.value.faults
    assert sentence in str(fault)
    assert fault.key.startswith("rules.r.tests")
