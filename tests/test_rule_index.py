"""The index of rules: it answers as each rule does by itself, and looks at no more than it must."""

import dataclasses
from datetime import UTC, date, datetime

import pytest
from _ruling import clause, near, rule
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.alert.matching import view as _view
from handlers.alert.matching.conditions import AllOf, AnyOf, Condition, Named, Not, names_in
from handlers.alert.matching.index import RuleIndex
from handlers.alert.matching.rules import Clause, Rule, Selection
from handlers.alert.matching.view import ReportView
from watcher.models import Document, Exhibit, Filer, Filing, Item, Report, Session, Timing
from watcher.words.phrases import AutomatonMatcher, WordMatcher

PHRASES = ("cfo", "the cfo", "resign", "a", "b a", "Σας", "$5", "--", "naïve", "co.", "b")
PATTERNS = (r"c\w+", r"the.{0,9}resign", "é|ï", r"\bb\b", "^a", "σ")
ITEM_FIELDS = ("text.item.5_02", "text.item.8_01")
TEXT_FIELDS = ("text.body", "text.ex99", "text.ex99_1", *ITEM_FIELDS)
FEW = st.booleans()


def some(values: tuple[object, ...], most: int = 3) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True).map(tuple)


def asked(name: str, operator: str, values: st.SearchStrategy, *, cased: bool = False) -> st.SearchStrategy[Clause]:
    return st.builds(lambda chosen: clause(name, operator, *chosen, cased=cased), values)


def words(name: str, *, cased: bool) -> st.SearchStrategy[Clause]:
    nears = st.builds(
        lambda a, b, within: (near(a, b, within, cased=cased),), some(PHRASES), some(PHRASES), st.integers(1, 4)
    )
    return st.one_of(
        *(asked(name, one, some(PHRASES), cased=cased) for one in ("phrase", "contains", "startswith", "endswith")),
        asked(name, "near", nears, cased=cased),
        asked(name, "re", some(PATTERNS), cased=cased),
        asked(name, "exists", st.booleans().map(lambda flag: (flag,)), cased=cased),
    )


ITEMS = some(("5.02", "8.01", "9.01"))
NAMES = some(("Acme Corp", "The CFO & Co.", "Naïve a b"))
CLAUSES = st.one_of(
    asked("items", "has", ITEMS.map(lambda values: values[:1])),
    *(asked("items", one, ITEMS) for one in ("has_any", "has_all", "only")),
    asked("exhibits", "has_any", some(("99.1", "10.1"))),
    *(asked("cik", one, some((1, 2, 3))) for one in ("", "in", "neq")),
    *(asked("sic", one, some((100, 2834)).map(lambda values: values[:1])) for one in ("", "gt", "lte")),
    *(asked("company", one, NAMES, cased=cased) for one in ("in", "neq") for cased in (False, True)),
    asked("form", "", some(("8-K", "8-K/A"))),
    asked("timing.session", "in", some(("post", "evening"))),
    asked("timing.is_late", "", st.booleans().map(lambda flag: (flag,))),
    asked("filed_on", "gte", st.just((date(2026, 5, 1),))),
    asked("period", "exists", st.booleans().map(lambda flag: (flag,))),
    *(words(name, cased=cased) for name in (*TEXT_FIELDS, "company") for cased in (False, True)),
)
SELECTIONS = st.lists(st.lists(CLAUSES, min_size=1, max_size=3).map(tuple), min_size=1, max_size=2).map(tuple)
NAMED = st.sampled_from("abc").map(Named)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    NAMED,
    lambda parts: st.one_of(
        parts.map(Not),
        st.lists(parts, min_size=1, max_size=3).map(lambda some_: AllOf(tuple(some_))),
        st.lists(parts, min_size=1, max_size=3).map(lambda some_: AnyOf(tuple(some_))),
    ),
    max_leaves=4,
)


@st.composite
def rules(draw: st.DrawFn) -> list[Rule]:
    made = []
    for number in range(draw(st.integers(1, 6))):
        condition = draw(CONDITIONS)
        selections = tuple(Selection(name, draw(SELECTIONS)) for name in dict.fromkeys(names_in(condition)))
        amendments = draw(st.booleans())
        made.append(rule(id=f"r{number}", selections=selections, condition=condition, include_amendments=amendments))
    return made


TEXTS = st.lists(
    st.tuples(
        st.sampled_from(("cfo", "CFO", "the", "resign", "a", "b", "ab", "Σας", "ΣΑΣ", "$5", "İ", "naïve", "co.", "s")),
        st.sampled_from((" ", "\n\n ", "-", "--", "\u2019", ", ", "\u00ad", "", "  ")),
    ),
    max_size=20,
).map(lambda pairs: "".join(map("".join, pairs)))


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Reports whose items and exhibits may be cut out of a document in the middle of a word, or stand in none."""
    documents = tuple(
        Document(number, "8-K", f"{number}.htm", "", 0, draw(TEXTS)) for number in range(1, draw(st.integers(1, 4)))
    )
    filers = draw(st.lists(st.sampled_from(FILERS), max_size=2))
    late = draw(st.sampled_from((None, True, False)))
    return Report(
        Filing(
            "0001234567-26-000042",
            form=draw(st.sampled_from(("8-K", "8-K/A"))),
            filers=tuple(filers),
            filed_on=draw(st.sampled_from((None, date(2026, 5, 20)))),
            accepted_at=datetime(2026, 5, 20, 20, tzinfo=UTC),
        ),
        documents=documents,
        items=tuple(draw(item(documents)) for _ in range(draw(st.integers(0, 3)))),
        exhibits=tuple(draw(exhibit(documents)) for _ in range(draw(st.integers(0, 2)))),
        timing=draw(st.sampled_from((None, Timing(Session.POST, 1, is_late=late)))),
    )


FILERS = (
    Filer(1, "ACME  Corp", sic="2834"),
    Filer(2, "The CFO & Co.", sic="100"),
    Filer(3, "naïve a b", state_of_incorporation="DE"),
)


@st.composite
def stretch(draw: st.DrawFn, documents: tuple[Document, ...]) -> tuple[int, int, str]:
    if not documents or draw(st.integers(0, 5)) == 0:
        return 1, 0, draw(TEXTS)
    document = draw(st.sampled_from(documents))
    start, end = sorted((draw(st.integers(0, len(document.text))), draw(st.integers(0, len(document.text)))))
    return document.sequence, start, document.text[start:end]


@st.composite
def item(draw: st.DrawFn, documents: tuple[Document, ...]) -> Item:
    number = draw(st.sampled_from(("5.02", "8.01", "9.01")))
    document, start, text = draw(stretch(documents))
    found = draw(st.booleans())
    if not found:
        return Item(number, "", declared=True, found=False)
    return Item(number, "", True, True, document, start, start + len(text), text)


@st.composite
def exhibit(draw: st.DrawFn, documents: tuple[Document, ...]) -> Exhibit:
    document, start, text = draw(stretch(documents))
    return Exhibit(draw(st.sampled_from(("99", "99.1", "10.1"))), "", document, "x.htm", text, start=start)


@pytest.fixture(params=[WordMatcher, AutomatonMatcher])
def build(request):
    if request.param is AutomatonMatcher:
        pytest.importorskip("ahocorasick_rs", reason="the compiled matcher is not installed")
    return request.param


def made_report(text: str = "", **changes) -> Report:
    report = Report(
        Filing("0001234567-26-000042", form="8-K", filers=(Filer(1, "Acme Corp", sic="2834"),)),
        documents=(Document(1, "8-K", "a.htm", "", len(text), text),) if text else (),
        items=(Item("5.02", "", declared=True, found=False), Item("9.01", "", declared=True, found=False)),
    )
    return dataclasses.replace(report, **changes)


def looked_at(report: Report, *given: Rule) -> list[str]:
    index = RuleIndex(given)
    return [one.id for one in index.candidates(index.view(report))]


@settings(max_examples=150)
@given(rules(), reports())
def test_the_index_answers_as_each_rule_by_itself(given_rules, report):
    plain = [rule.alert(ReportView(report)) for rule in given_rules]
    expected = tuple(alert for alert in plain if alert is not None)

    assert RuleIndex(given_rules, build=WordMatcher).alerts(report) == expected


@settings(max_examples=100)
@given(rules(), reports())
def test_the_index_answers_alike_with_both_matchers(given_rules, report):
    pytest.importorskip("ahocorasick_rs", reason="the compiled matcher is not installed")
    expected = RuleIndex(given_rules, build=WordMatcher).alerts(report)

    assert RuleIndex(given_rules, build=AutomatonMatcher).alerts(report) == expected


@settings(max_examples=100)
@given(rules(), reports())
def test_every_piece_of_evidence_is_what_stands_there(given_rules, report):
    texts = {document.sequence: document.text for document in report.documents}
    inside = [
        (one.document, one.start, one.text)
        for one in (*report.items, *report.exhibits)
        if one.text and texts.get(one.document, "").startswith(one.text, one.start or 0)
    ]
    if len(inside) < sum(bool(one.text) for one in (*report.items, *report.exhibits)):
        return

    for alert in RuleIndex(given_rules).alerts(report):
        for one in alert.evidence:
            assert texts[one.document][one.start : one.end] == one.text


def test_alerts_come_in_the_order_of_the_rules(build):
    given_rules = [
        rule(clause("text.body", "phrase", "cfo"), id="z"),
        rule(clause("form", "exists", True), id="a"),
        rule(clause("cik", "in", 1, 7), id="m"),
    ]

    alerts = RuleIndex(given_rules, build=build).alerts(made_report("the CFO"))
    assert [alert.rule for alert in alerts] == ["z", "a", "m"]


def test_rules_whose_facts_a_filing_has_not_are_not_looked_at():
    given_rules = (
        rule(clause("items", "has", "5.02"), id="item"),
        rule(clause("items", "has", "1.01"), id="other-item"),
        rule(clause("items", "has_all", "5.02", "1.01"), id="one-of-two-items"),
        rule(clause("cik", "", 2), clause("items", "has", "5.02"), id="other-company"),
        rule(clause("text.body", "phrase", "resign"), id="phrase"),
        rule(clause("text.body", "phrase", "retire"), id="other-phrase"),
        rule(clause("items", "has", "5.02"), clause("text.body", "phrase", "retire"), id="item-and-other-phrase"),
        rule(clause("text.body", "near", near(("cfo",), ("retire",), 5)), id="near"),
        rule(clause("text.ex99", "contains", "x"), id="no-such-exhibit"),
        rule(clause("sic", "gt", 100), id="every-filing"),
    )

    assert looked_at(made_report("the CFO will resign"), *given_rules) == ["item", "phrase", "every-filing"]


def test_a_rule_with_an_alternative_is_looked_at_for_either(build):
    either = (Selection("a", ((clause("cik", "", 7),), (clause("items", "has", "9.01"),))),)

    assert looked_at(made_report(), rule(selections=either, condition=Named("a"))) == ["r"]
    assert looked_at(made_report(items=()), rule(selections=either, condition=Named("a"))) == []


def test_what_must_not_be_leads_to_no_rule():
    neither = (Selection("a", ((clause("cik", "", 1),),)),)

    assert looked_at(made_report(), rule(selections=neither, condition=Not(Named("a")))) == ["r"]


@pytest.fixture
def scans(monkeypatch) -> list[str]:
    """The texts that were scanned, as they were folded."""
    scanned: list[str] = []
    scan = _view.Scanner.scan

    def noted(scanner, text: str, *, cased: bool):
        scanned.append(text)
        return scan(scanner, text, cased=cased)

    monkeypatch.setattr(_view.Scanner, "scan", noted)
    return scanned


def test_no_text_is_scanned_where_facts_rule_it_out(scans):
    given_rules = [
        rule(clause("items", "has", "1.01"), clause("text.body", "phrase", "cfo"), id="a"),
        rule(clause("cik", "", 2), clause("text.body", "phrase", "cfo"), id="b"),
        rule(clause("text.item.5_02", "phrase", "cfo"), id="c"),
    ]

    assert RuleIndex(given_rules).alerts(made_report("the CFO")) == ()
    assert scans == []


def test_a_document_is_scanned_once_for_all_fields_that_lie_in_it(scans):
    text = "Item 5.02 Departure The CFO will resign. Item 8.01 Other The CFO stays."
    items = tuple(
        Item(number, "", True, True, 1, text.index(words), text.index(words) + len(words), words)
        for number, words in (("5.02", "The CFO will resign."), ("8.01", "The CFO stays."))
    )
    given_rules = [
        rule(clause(name, "phrase", "cfo", "resign"), id=name)
        for name in ("text.body", "text.item.5_02", "text.item.8_01")
    ]

    alerts = RuleIndex(given_rules).alerts(made_report(text, items=items))
    assert [[one.text for one in alert.evidence] for alert in alerts] == [
        ["CFO", "resign", "CFO"],
        ["CFO", "resign"],
        ["CFO"],
    ]
    assert scans == [text.lower()]


def test_a_passage_that_begins_within_a_word_is_read_as_it_stands(build):
    text = "the acfo resigns"
    items = (Item("5.02", "", True, True, 1, 5, 12, "cfo res"),)
    asks = rule(clause("text.item.5_02", "phrase", "cfo"), clause("text.item.5_02", "phrase", "res"))

    (alert,) = RuleIndex([asks], build=build).alerts(made_report(text, items=items))
    assert [(one.start, one.text) for one in alert.evidence] == [(5, "cfo"), (9, "res")]


def test_a_set_of_values_that_many_rules_share_is_stored_once():
    watched = tuple(range(1, 5_001))
    index = RuleIndex(rule(clause("cik", "in", *watched), id=f"r{number}") for number in range(50))
    branches = [branch for by_value in index._root.by.values() for found in by_value.values() for branch in found]

    assert len(branches) == len(watched)
    assert len(set(map(id, branches))) == 1


@pytest.mark.parametrize(
    ("clauses", "told"),
    [
        ((clause("items", "has", "5.02"),), "items: 5.02"),
        ((clause("cik", "in", 1, 7), clause("items", "has", "5.02")), "cik: 1, 7"),
        ((clause("text.body", "phrase", "CFO"),), "text.body: cfo"),
        ((clause("items", "has", "5.02"), clause("text.body", "phrase", "CFO")), "items: 5.02, and text.body: cfo"),
        ((clause("text.ex99", "re", "a"),), "text.ex99: a pattern"),
        ((clause("text.ex99", "contains", "a"),), "text.ex99: any text"),
        ((clause("company", "phrase", "CFO"),), "company: cfo"),
        ((clause("sic", "gt", 100),), "every filing"),
        ((clause("cik", "in", *range(20)),), "cik: 0, 1, 10, 11, 12, 13 and 14 more"),
    ],
)
def test_what_leads_to_a_rule_can_be_told(clauses, told):
    asks = rule(*clauses)

    assert RuleIndex([asks]).found_by(asks) == told
