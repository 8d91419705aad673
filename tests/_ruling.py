"""Builds rules without rule files, for the tests of what matches them."""

from handlers.alert.matching.conditions import Condition, Named
from handlers.alert.matching.fields import Operator, field_named
from handlers.alert.matching.rules import Clause, Rule, Selection
from watcher.models import Severity
from watcher.words.folding import fold
from watcher.words.near import Near


def folded(phrase: str, *, cased: bool = False) -> str:
    return fold(phrase, cased=cased).text.strip()


def clause(name: str, operator: str, *values, cased: bool = False) -> Clause:
    """A clause as the reader makes it: words are folded, patterns are not."""
    asked, asks = field_named(name), Operator(operator)
    assert asked is not None
    if asked.type.is_text and asks not in (Operator.RE, Operator.EXISTS, Operator.NEAR):
        values = tuple(folded(value, cased=cased) for value in values)
    return Clause(asked, asks, tuple(values), cased)


def near(a: tuple[str, ...], b: tuple[str, ...], within_words: int, *, cased: bool = False) -> Near:
    return Near(
        tuple(folded(one, cased=cased) for one in a), tuple(folded(one, cased=cased) for one in b), within_words
    )


def rule(
    *clauses: Clause,
    id: str = "r",  # noqa: A002
    selections: tuple[Selection, ...] = (),
    condition: Condition = Named("match"),  # noqa: B008
    include_amendments: bool = False,
) -> Rule:
    """A rule in which all of these must hold, unless selections and a condition say otherwise."""
    return Rule(
        id=id,
        title="A title",
        severity=Severity.MEDIUM,
        include_amendments=include_amendments,
        notify=("desk",),
        selections=selections or (Selection("match", (clauses,)),),
        condition=condition,
        revision="1",
    )
