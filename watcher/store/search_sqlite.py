"""The full-text index of SQLite, FTS5, asked in its own language."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Date, bindparam, text

from watcher.store.search_asked import Asked
from watcher.store.search_words import any_of, quoted

__all__ = ["numbers"]

_TYPES = {"since": Date(), "until": Date()}
_PLAIN = "SELECT search.rowid FROM search WHERE search MATCH :expression"
# A CROSS JOIN is done in the order in which it is written: else each filing of those days might be looked up.
_DATED = """SELECT search.rowid FROM search CROSS JOIN filing
WHERE search MATCH :expression AND filing.sort_key = search.rowid >> 16"""  # as PER_FILING is
_CONDITIONS = {
    "low": "search.rowid >= :low",
    "high": "search.rowid < :high",
    "since": "filing.filed_on >= :since",
    "until": "filing.filed_on <= :until",
    "severity": """EXISTS (SELECT 1 FROM event
WHERE event.severity = :severity AND event.sort_key = search.rowid >> 16)""",
}


def numbers(connection: Connection, asked: Asked) -> Iterator[int]:
    """Give the numbers of the documents one by one as the index finds them, the newest first."""
    given = {name: value for name in _CONDITIONS if (value := getattr(asked, name)) is not None}
    statement = _DATED if {"since", "until"} & given.keys() else _PLAIN
    narrowed = " AND ".join([statement, *(_CONDITIONS[name] for name in given)])
    values = [bindparam(name, value, _TYPES.get(name)) for name, value in given.items()]
    ordered = text(f"{narrowed} ORDER BY search.rowid DESC").bindparams(*values)
    with connection.execute(ordered, {"expression": _expression(asked)}) as rows:
        yield from (row[0] for row in rows)


def _expression(asked: Asked) -> str:
    """The search in FTS5's language."""
    words = asked.words
    all_of = [f"{{text names}} : ({words.match})"]
    all_of += (f"names : {quoted(word)}" for word in asked.names)
    all_of += (f"tags : {quoted(one)}" for one in asked.tags)
    if asked.ciks:
        all_of.append(f"tags : ({' OR '.join(f'cik{cik}' for cik in asked.ciks)})")
    expression = " AND ".join(f"({one})" for one in all_of)
    return f"({expression}) NOT ({{text names}} : ({any_of(words.without)}))" if words.without else expression
