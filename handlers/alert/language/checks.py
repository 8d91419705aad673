"""Warnings about rules that can be used, but perhaps do not mean what their author wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from handlers.alert.language.codes import Code
from handlers.alert.language.files import RuleFile
from handlers.alert.language.hints import check_values
from handlers.alert.language.logic import Alternatives, alternatives_of, always_matches, why_never
from handlers.alert.language.nodes import Entry, Node, Scalar, Series, Table
from handlers.alert.language.rule_reader import ReadRule
from handlers.alert.language.scalars import ambiguous_scalars, secrets_in
from handlers.alert.matching.index import RuleIndex
from handlers.alert.matching.rules import Rule

__all__ = ["check_files"]

# What the index says of a rule to which nothing leads that some filings have and others have not.
_EVERY_FILING = ("every filing", "text.body: any text")
_ASK_MORE = "if every filing is meant, leave it so; else ask for an item, a company or words that must be there"
_LEAD_TO_PATTERN = (
    'ask beside it for an item or a company, such as items|has: "8.01", or for words that stand wherever it matches: '
    "text.body|phrase"
)
_FEWEST_LETTERS = 4
_ABBREVIATION = 3
_WORD_MODIFIERS = ("phrase", "contains", "startswith", "endswith", "near")
_STOP_WORDS = frozenset(
    {
        *("a", "about", "after", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been", "before", "but"),
        *("by", "can", "date", "each", "for", "from", "had", "has", "have", "her", "his", "if", "in", "into", "is"),
        *("it", "its", "may", "more", "new", "no", "nor", "not", "of", "on", "one", "or", "other", "our", "per"),
        *("shall", "she", "such", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this"),
        *("those", "to", "under", "upon", "was", "we", "were", "when", "which", "who", "will", "with", "would", "you"),
    }
)


def check_files(files: Iterable[RuleFile], index: RuleIndex) -> None:
    """Put a warning on the page of each file for all that looks like a mistake in it. The index holds all rules."""
    shapes: dict[tuple[Alternatives, bool], ReadRule] = {}
    for file in files:
        _check_scalars(file)
        _check_unused(file)
        _check_phrases(file)
        check_values(file)
        for one in file.rules:
            if one.rule is not None:
                _check_match(one, one.rule, index)
                _check_same(one, one.rule, shapes)
                _check_tests(one)


def _check_scalars(file: RuleFile) -> None:
    for place, what in secrets_in(file.text):
        file.page.warn(Code.SECRET, place, "", f"here stands {what}", "keep it in a file of its own: secret_file")
    for scalar, taken_for in ambiguous_scalars(file.root) if file.root else ():
        problem = f"{scalar.text} without quotes is {taken_for} to other readers of YAML"
        file.page.warn(Code.AMBIGUOUS, scalar.place, "", problem, f'write "{scalar.text}"')


def _check_unused(file: RuleFile) -> None:
    if file.page.count:
        return  # a rule that could not be read may use it
    for mark, what, named in (("@", "list", file.lists), ("&", "phrase set", file.phrases)):
        for name, one in named.items():
            if f"{mark}{name}" not in file.used:
                key = f"{'lists' if mark == '@' else 'phrases'}.{name}"
                file.page.warn(Code.UNUSED, one.place, key, f"no rule uses this {what}", "use it, or drop it")


def _check_phrases(file: RuleFile) -> None:
    for phrases in file.phrases.values():
        for one in phrases.phrases:
            _check_phrase(file, one)
    for scalar in _searched(file.root) if file.root else ():
        _check_phrase(file, scalar)


def _searched(node: Node) -> Iterator[Scalar]:
    """Give each text of a file that is looked for in filings."""
    match node:
        case Series():
            for one in node.nodes:
                yield from _searched(one)
        case Table():
            for entry in node.entries:
                yield from _needles(entry) if _is_search(entry) else _searched(entry.value)


def _is_search(entry: Entry) -> bool:
    return any(modifier in _WORD_MODIFIERS for modifier in entry.key.text.split("|")[1:])


def _needles(entry: Entry) -> Iterator[Scalar]:
    """Give the words of one clause, but for the names of phrase sets."""
    if isinstance(entry.value, Table):
        nodes: Iterable[Node] = [one.value for one in entry.value.entries if one.key.text in ("a", "b")]
    else:
        nodes = (entry.value,)
    for node in nodes:
        for one in node.nodes if isinstance(node, Series) else (node,):
            if isinstance(one, Scalar) and not one.text.startswith("&"):
                yield one


def _check_phrase(file: RuleFile, phrase: Scalar) -> None:
    text = phrase.text.strip()
    if text.lower() in _STOP_WORDS:
        problem = f"{text!r} is in every filing"
    elif sum(char.isalnum() for char in text) < _FEWEST_LETTERS and not _is_abbreviation(text):
        problem = f"{text!r} is short, and stands in many filings by chance"
    else:
        return
    file.page.warn(Code.SHORT_PHRASE, phrase.place, "", problem, "look for more words, or use |cased or |near")


def _is_abbreviation(text: str) -> bool:
    return len(text) >= _ABBREVIATION and text.isalpha() and text.isupper()


def _check_match(read: ReadRule, rule: Rule, index: RuleIndex) -> None:
    place, key = read.place, f"rules.{rule.id}.match"
    if reason := why_never(rule):
        read.page.warn(Code.NEVER_MATCHES, place, key, f"no filing can match this: {reason}")
    elif always_matches(rule):
        read.page.warn(Code.ALWAYS_MATCHES, place, key, "every filing matches this", _ASK_MORE)
    elif index.found_by(rule) in _EVERY_FILING:
        problem = "nothing leads to this rule: each filing is tried on it"
        read.page.warn(Code.EVERY_FILING, place, key, problem, _ASK_MORE)
    elif index.scans_for_patterns(rule):
        read.page.warn(Code.EVERY_FILING, place, key, "each filing is searched for a pattern", _LEAD_TO_PATTERN)


def _check_same(read: ReadRule, rule: Rule, shapes: dict[tuple[Alternatives, bool], ReadRule]) -> None:
    shape = alternatives_of(rule)
    if shape is None:
        return
    first = shapes.setdefault((shape, rule.include_amendments), read)
    if first is not read:
        problem = f"asks for the same as rule {first.id.text!r}"
        remedy = f"drop one, or merge them; the other is {first.where}"
        read.page.warn(Code.SAME_CONDITION, read.place, f"rules.{rule.id}.match", problem, remedy)


def _check_tests(read: ReadRule) -> None:
    if not read.says_stable:
        return
    outcomes = {bool(test.expectation.fires) for test in read.tests}
    missing = [word for wanted, word in ((True, "match"), (False, "no-match")) if wanted not in outcomes]
    if missing:
        problem = f"is called stable, and has no test that expects {' and none that expects '.join(missing)}"
        remedy = "add tests to it, or call it experimental"
        read.page.warn(Code.NO_TESTS, read.id.place, f"rules.{read.id.text}.tests", problem, remedy)
