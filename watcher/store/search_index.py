"""What the full-text index holds of each document: its text, the names of its filers, and tags to narrow a search by.

In SQLite it is an FTS5 table over the rows of `document`, which keeps no second copy of them. Triggers keep it in step
with those rows, whoever changes or deletes them. A document's number there is its filing's sort key times `PER_FILING`
and its place: so the newest come first without sorting, and a span of time is a range of numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from watcher.store.sort_keys import PER_FILING

__all__ = ["MAKE", "REMOVE", "document_rows", "event_rows", "names_of", "tag", "tags_of"]

# What is passed to SQLite to make the index. Without columnsize, which only ranking by relevance needs, it is smaller.
MAKE = (
    """CREATE VIRTUAL TABLE search USING fts5(text, names, tags, content='document', content_rowid='search_id',
    columnsize=0, tokenize='unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER search_added AFTER INSERT ON document WHEN new.search_id IS NOT NULL BEGIN
    INSERT INTO search (rowid, text, names, tags) VALUES (new.search_id, new.text, new.names, new.tags);
    END""",
    """CREATE TRIGGER search_removed AFTER DELETE ON document WHEN old.search_id IS NOT NULL BEGIN
    INSERT INTO search (search, rowid, text, names, tags)
    VALUES ('delete', old.search_id, old.text, old.names, old.tags);
    END""",
    """CREATE TRIGGER search_changed AFTER UPDATE OF search_id, text, names, tags ON document BEGIN
    INSERT INTO search (search, rowid, text, names, tags)
    SELECT 'delete', old.search_id, old.text, old.names, old.tags WHERE old.search_id IS NOT NULL;
    INSERT INTO search (rowid, text, names, tags)
    SELECT new.search_id, new.text, new.names, new.tags WHERE new.search_id IS NOT NULL;
    END""",
)
REMOVE = (
    "DROP TRIGGER search_changed",
    "DROP TRIGGER search_removed",
    "DROP TRIGGER search_added",
    "DROP TABLE search",
)


def tag(kind: str, value: str) -> str:
    """The one word that stands for a fact in the index, as in ``item502``, ``form8ka`` and ``eventcfodeparture``."""
    return kind + "".join(letter for letter in value.casefold() if letter.isascii() and letter.isalnum())


def tags_of(line: Mapping[str, Any], origin: str) -> str:
    """The words for all that a search can be narrowed by, of a report's JSON form."""
    tags = [tag("origin", origin)]
    if line["form"]:
        tags.append(tag("form", line["form"]))
    tags += (tag("item", one["number"]) for one in line["items"])
    tags += (tag("event", one["event"]) for one in line["events"])
    tags += (f"cik{one['cik']}" for one in line["filers"])
    return " ".join(dict.fromkeys(tags))


def names_of(line: Mapping[str, Any]) -> str:
    """The names of all filers, each on a line of its own."""
    return "\n".join(dict.fromkeys(one["name"] for one in line["filers"]))


def document_rows(
    accession: str, key: int, line: Mapping[str, Any], origin: str, texts: Mapping[int, str]
) -> Iterator[dict[str, Any]]:
    """The rows of `document` for a report's texts, by sequence; a document without text has none."""
    names, tags = names_of(line), tags_of(line, origin)
    for place, (sequence, text) in enumerate((sequence, text) for sequence, text in texts.items() if text):
        row = {"accession": accession, "sequence": sequence, "text": text, "names": names, "tags": tags}
        yield {**row, "search_id": key * PER_FILING + place if place < PER_FILING else None}


def event_rows(accession: str, key: int, events: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows of `event` for a report's events in their JSON form."""
    for position, one in enumerate(events):
        yield {
            "accession": accession,
            "position": position,
            "event": one["event"],
            "score": one["score"],
            "severity": one.get("severity", "medium"),  # reports of older versions have neither
            "is_expected": one.get("is_expected", True),
            "sort_key": key,
        }
