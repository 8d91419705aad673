"""What is said of a rule's logic is true: held against every filing of a small world."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.alert.language.lists import Scope
from handlers.alert.language.logic import alternatives_of, always_matches, why_never
from handlers.alert.language.made_up import read_filing
from handlers.alert.language.match import read_match
from handlers.alert.language.nodes import Table, read_yaml
from handlers.alert.language.page import Page
from handlers.alert.matching.rules import ReportView, Rule
from watcher.models import Report, Severity

DAYS = ("2026-05-19", "2026-05-20", "2026-05-21")
NUMBERS = ("5.02", "7.01", "8.01")


def filing(fields: dict[str, object]) -> Report:
    node = read_yaml(json.dumps(fields))
    assert isinstance(node, Table)
    report = read_filing(Page("test"), node, "")
    assert report is not None
    return report


def world() -> tuple[Report, ...]:
    items = [list(one) for count in range(4) for one in itertools.combinations(NUMBERS, count)]
    others = itertools.product(
        items, ("8-K", "8-K/A"), (None, *DAYS), ([], ["1"], ["1", "2"]), (None, "We met.", "She resigned.")
    )
    made = []
    for numbers, form, day, ciks, text in others:
        fields: dict[str, object] = {"form": form, "items": numbers, "cik": ciks}
        fields |= {} if day is None else {"filed_on": day}
        if text is not None and "5.02" in numbers:
            fields["text.item.5_02"] = text
        made.append(filing(fields))
    return tuple(made)


WORLD = world()
SOME = st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3, unique=True)
CLAUSES = st.one_of(
    st.tuples(st.just("items|has"), st.sampled_from(NUMBERS)),
    st.tuples(st.sampled_from(["items|has_any", "items|has_all", "items|only"]), SOME),
    st.tuples(
        st.sampled_from(["items|exists", "filed_on|exists", "text.item.5_02|exists"]),
        st.sampled_from(["true", "false"]),
    ),
    st.tuples(st.sampled_from(["form", "form|neq"]), st.sampled_from(["8-K", "8-K/A"])),
    st.tuples(st.sampled_from(["cik", "cik|neq"]), st.lists(st.sampled_from("123"), min_size=1, max_size=2)),
    st.tuples(st.sampled_from([f"filed_on|{one}" for one in ("gt", "gte", "lt", "lte")]), st.sampled_from(DAYS)),
    st.tuples(st.sampled_from(["filed_on", "filed_on|neq"]), st.lists(st.sampled_from(DAYS), min_size=1, max_size=2)),
    st.tuples(st.just("text.item.5_02|phrase"), st.lists(st.sampled_from(["met", "resigned"]), min_size=1, max_size=2)),
)
MAPS = st.lists(CLAUSES, min_size=1, max_size=3).map(dict)
CONDITIONS = st.recursive(
    st.sampled_from("abc"),
    lambda inner: st.one_of(
        inner.map(lambda one: f"not {one}"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
    ),
    max_leaves=5,
)


def rule_of(parts: dict[str, object], *, include_amendments: bool = False) -> Rule:
    """The rule with this match."""
    page = Page("test")
    node = read_yaml(json.dumps(parts))
    assert node is not None
    match = read_match(Scope(page, {}, {}), node, "match")
    assert match is not None, page.faults
    return Rule("r", "t", Severity.LOW, include_amendments, (), match.selections, match.condition, "0")


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    condition = draw(CONDITIONS)
    names = [name for name in "abc" if name in condition.replace("and", "")]
    parts: dict[str, object] = {name: draw(st.lists(MAPS, min_size=1, max_size=2)) for name in names}
    return rule_of(parts | {"condition": condition}, include_amendments=draw(st.booleans()))


def outcome(rule: Rule) -> list[bool]:
    return [rule.alert(ReportView(one)) is not None for one in WORLD]


@settings(max_examples=150, deadline=None)
@given(rules())
def test_a_rule_that_is_said_never_to_match_matches_nothing(rule) -> None:
    if why_never(rule):
        assert not any(outcome(rule))


@settings(max_examples=150, deadline=None)
@given(rules())
def test_a_rule_that_is_said_always_to_match_matches_all(rule) -> None:
    if always_matches(rule):
        matched = zip(outcome(rule), WORLD, strict=True)

        assert all(holds for holds, one in matched if rule.include_amendments or not one.is_amendment)


def test_a_condition_too_large_to_write_out_is_left_alone() -> None:
    parts: dict[str, object] = {f"s{n}": [{"items|has": one}, {"cik": str(n)}] for n, one in enumerate(NUMBERS * 4)}
    rule = rule_of(parts | {"condition": " and ".join(parts)})

    assert alternatives_of(rule) is None
    assert why_never(rule) is None
    assert not always_matches(rule)


@pytest.mark.parametrize(("one", "other", "are_same"), [("a and b", "b and a", True), ("a or b", "a and b", False)])
def test_the_order_of_parts_does_not_matter(one, other, are_same) -> None:
    parts: dict[str, object] = {"a": {"items|has": "5.02"}, "b": {"cik": "1"}}
    shapes = [alternatives_of(rule_of(parts | {"condition": condition})) for condition in (one, other)]

    assert (shapes[0] == shapes[1]) is are_same
