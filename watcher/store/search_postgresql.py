"""The full-text index of PostgreSQL: which words each document has, cut and folded by rules of our own.

So the same search finds the same in both databases; PostgreSQL's own reading would take ``5.02`` for a number and
``Smith-Jones`` for three words. It keeps no places of words, of which it could keep no more than 16,383 and a megabyte:
whether words stand as a phrase is seen in the text of each document that has them all.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Integer, Select, cast, select
from sqlalchemy.dialects.postgresql import TSQUERY

from watcher.store.passages import Term, fold, stands_in
from watcher.store.postgresql_schema import search_words
from watcher.store.schema import document, event, filing
from watcher.store.search_asked import Asked
from watcher.store.search_words import Words
from watcher.store.sort_keys import PER_FILING

__all__ = ["index_rows", "numbers"]

_WORD = re.compile(r"[^\W_]+")
# What a tsvector holds is bounded: 2 KB for a word, 1 MB for all of them.
_LONGEST_WORD = 200
_MOST_BYTES = 900_000
# Marks of words that are none of the text. A word has letters and digits only.
_NAME, _TAG = "@", "#"
_ROWS_AT_ONCE = 100
_PLACE_BITS = PER_FILING.bit_length() - 1


def index_rows(documents: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Give the rows of `search_words` for these rows of `document`; one that stands in no index has none."""
    for one in documents:
        if one["search_id"] is not None:
            words = _words_of(one["text"], one["names"], one["tags"])
            yield {"search_id": one["search_id"], "words": " ".join(words)}


def numbers(connection: Connection, asked: Asked) -> Iterator[int]:
    """Give the numbers of the documents, the newest first; each is looked at only when it is asked for.

    Raises ``TimeoutError`` when the time is over on the way: the server bounds each of its steps, but not how many
    texts are looked at here for a phrase that none of them has.
    """
    end = time.monotonic() + asked.seconds
    words = asked.words
    has_phrase = any(len(one.words) > 1 for one in (*words.terms, *(one.term for one in words.without)))
    columns = [search_words.c.search_id, *((document.c.text, document.c.names) if has_phrase else ())]
    statement = _narrowed(select(*columns), asked)
    if has_phrase:
        statement = statement.join(document, document.c.search_id == search_words.c.search_id)
    ordered = statement.order_by(search_words.c.search_id.desc())
    options = {"stream_results": True, "max_row_buffer": _ROWS_AT_ONCE}
    with connection.execute(ordered, execution_options=options) as rows:
        for row in rows:
            if time.monotonic() > end:
                raise TimeoutError(f"interrupted after {asked.seconds:g} seconds")
            if not has_phrase or _is_meant(words, (row.text, row.names or "")):
                yield row.search_id


def _narrowed(statement: Select[Any], asked: Asked) -> Select[Any]:
    number = search_words.c.search_id
    statement = statement.where(search_words.c.words.op("@@")(cast(_query(asked), TSQUERY)))
    if asked.low is not None:
        statement = statement.where(number >= asked.low)
    if asked.high is not None:
        statement = statement.where(number < asked.high)
    key = number.bitwise_rshift(cast(_PLACE_BITS, Integer))
    if asked.severity is not None:
        grave = select(event.c.accession).where(event.c.severity == asked.severity, event.c.sort_key == key)
        statement = statement.where(grave.exists())
    if asked.since is not None or asked.until is not None:
        dated = select(filing.c.accession).where(filing.c.sort_key == key)
        dated = dated if asked.since is None else dated.where(filing.c.filed_on >= asked.since)
        dated = dated if asked.until is None else dated.where(filing.c.filed_on <= asked.until)
        statement = statement.where(dated.exists())
    return statement


def _query(asked: Asked) -> str:
    """What the index can tell, in its language: which words there are, but not how they stand together."""
    all_of = [_any_of(map(_all_words, group)) for group in asked.words.term_groups]
    # Words that must not stand as a phrase may well be there.
    all_of += (f"!{_all_words(one.term)}" for one in asked.words.without if len(one.term.words) == 1)
    all_of += (_lexeme(_NAME + word) for name in asked.names for word in _WORD.findall(fold(name)))
    all_of += (_lexeme(_TAG + one) for one in asked.tags)
    if asked.ciks:
        all_of.append(_any_of(_lexeme(f"{_TAG}cik{cik}") for cik in asked.ciks))
    return " & ".join(all_of)


def _any_of(terms: Iterable[str]) -> str:
    return f"({' | '.join(terms)})"


def _all_words(term: Term) -> str:
    *first, last = term.words
    lexemes = [*map(_lexeme, first), _lexeme(last) + (":*" if term.is_open else "")]
    return f"({' & '.join(lexemes)})"


def _lexeme(word: str) -> str:
    # Within quotation marks; a word has none of its own, nor a backslash.
    return f"'{word[:_LONGEST_WORD]}'"


def _is_meant(words: Words, texts: Sequence[str]) -> bool:
    """Whether the document has it as it was meant, phrases and all."""
    folded = [fold(one) for one in texts]

    def stands(term: Term) -> bool:
        return any(stands_in(one, term) for one in folded)

    return all(any(map(stands, group)) for group in words.term_groups) and not any(
        stands(one.term) for one in words.without
    )


def _words_of(text: str, names: str, tags: str) -> list[str]:
    words = dict.fromkeys(_TAG + one for one in tags.split())
    of_names = _WORD.findall(fold(names))
    words |= dict.fromkeys(_NAME + one for one in of_names)
    words |= dict.fromkeys(of_names)
    words |= dict.fromkeys(word[:_LONGEST_WORD] for word in _WORD.findall(fold(text)))
    return list(_within_bounds(words))


def _within_bounds(words: Iterable[str]) -> Iterator[str]:
    taken = 0
    for word in words:
        taken += len(word.encode()) + 4  # what PostgreSQL keeps beside each
        if taken > _MOST_BYTES:
            return  # so many different words no person wrote
        yield word
