"""What people type into a search, and what it means.

It is read by rules of our own, so that nothing that is typed is an error of the index's language.
Words must all stand in one document; ``"a phrase"`` stands as it is; ``-word`` must not be there; ``OR`` between two
makes either enough, and binds closer than anything else; ``merg*`` is any word that begins so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from watcher.store import passages

__all__ = ["MOST_LETTERS", "MOST_TERMS", "MOST_WORDS", "Term", "Words", "any_of", "quoted", "read_words"]

MOST_LETTERS = 500
MOST_TERMS = 32
MOST_WORDS = 10  # of a phrase
# A shorter beginning stands for so many words that the index reads half of itself.
SHORTEST_PREFIX = 3

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))  # as filings and telephones write them
# An apostrophe or a quotation mark within a word does not begin a phrase.
_TOKEN = re.compile(r'(?P<minus>-?)"(?P<phrase>[^"]*)(?:"(?P<open>\*?)|$)|(?P<word>\S+?)(?=\s|$|(?<=[\s-])")')
_MINUS = str.maketrans(dict.fromkeys("‐‑‒–−", "-"))


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase; ``is_open``: any word that begins as its last one does."""

    text: str
    is_open: bool = False

    @property
    def match(self) -> str:
        """The term in FTS5's language."""
        return f"{quoted(self.text)}{' *' if self.is_open else ''}"

    @property
    def term(self) -> passages.Term:
        """What is looked for in a text to show it."""
        return passages.term_of(_runs(self.text), is_open=self.is_open)


@dataclass(frozen=True, slots=True)
class Words:
    """What is looked for: one of each group must stand in the document, and none of ``without``."""

    groups: tuple[tuple[Term, ...], ...]
    without: tuple[Term, ...] = ()

    @property
    def match(self) -> str:
        """The groups in FTS5's language."""
        return " AND ".join(f"({any_of(group)})" for group in self.groups)

    @property
    def term_groups(self) -> tuple[tuple[passages.Term, ...], ...]:
        """The groups as they are looked for in a text."""
        return tuple(tuple(one.term for one in group) for group in self.groups)

    @property
    def terms(self) -> tuple[passages.Term, ...]:
        """What is looked for in a text to show them, each once."""
        return tuple(dict.fromkeys(one for group in self.term_groups for one in group))


def any_of(terms: Iterable[Term]) -> str:
    """What matches one of them, in FTS5's language."""
    return " OR ".join(one.match for one in terms)


def read_words(text: str) -> Words:
    """Read what a person typed. Raises ``ValueError``, for a person, when that cannot be asked."""
    if len(text) > MOST_LETTERS:
        raise ValueError(f"the search has {len(text):,} characters; {MOST_LETTERS} are the most")
    groups: list[list[Term]] = []
    without: list[Term] = []
    is_or = is_not = False
    for minus, term, operator in _terms(text):
        if term is None:
            is_or, is_not = is_or or operator == "OR", is_not or operator == "NOT"
            continue
        if minus or is_not:
            if is_or:
                raise ValueError("what is left out cannot stand beside OR: search twice")
            without.append(term)
        elif is_or and groups:
            groups[-1].append(term)
        else:
            groups.append([term])
        is_or = is_not = False
    if sum(map(len, groups)) + len(without) > MOST_TERMS:
        raise ValueError(f"the search has more than {MOST_TERMS} words and phrases")
    if not groups:
        nothing = "only what is to be left out: say what is looked for, too" if without else "no words"
        raise ValueError(f"the search has {nothing}")
    return Words(tuple(dict.fromkeys(map(_distinct, groups))), _distinct(without))


def _distinct(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Leave out what says the same as another, but for capitals and accents."""
    found: dict[passages.Term, Term] = {}
    for one in terms:
        found.setdefault(one.term, one)
    return tuple(found.values())


def quoted(text: str) -> str:
    """The text as a phrase of FTS5, whatever is in it: within quotation marks only these mean anything there."""
    plain = text.replace('"', " ").replace("\0", " ")
    return f'"{plain.encode("utf-8", "replace").decode()}"'


def _terms(text: str) -> Iterator[tuple[bool, Term | None, str]]:
    """Give each term with whether it is left out; or an operator."""
    for found in _TOKEN.finditer(text.translate(_QUOTES)):
        word, phrase = found["word"], found["phrase"]
        if word in ("OR", "AND", "NOT"):
            yield False, None, word
            continue
        if word is not None:
            word = word[:1].translate(_MINUS) + word[1:]
        minus = bool(found["minus"]) if word is None else word.startswith("-")
        plain = phrase if word is None else word.lstrip("-")
        is_open = plain.rstrip().endswith("*") or bool(found["open"])
        if (term := _term(plain, is_open)) is not None:
            yield minus, term, ""


def _term(plain: str, is_open: bool) -> Term | None:
    """One word or phrase; None when there is no letter and no digit in it, so that it says nothing."""
    runs = _runs(plain)
    if not runs:
        return None
    if len(runs) > MOST_WORDS:
        raise ValueError(f"{plain[:50]}: has {len(runs)} words; {MOST_WORDS} are the most of a phrase")
    if is_open and len(runs[-1]) < SHORTEST_PREFIX:
        raise ValueError(f"{plain[:50]}: at least {SHORTEST_PREFIX} letters or digits must stand before the *")
    return Term(plain, is_open)


def _runs(text: str) -> list[str]:
    """The words as the index sees them: runs of letters and digits."""
    return re.findall(r"[^\W_]+", text)
