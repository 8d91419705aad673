"""Search over stored texts: what people type, what is found, where, and what it may cost."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from _stores import save, store_url, update_facts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from watcher.models import Document, Event, Filer, Filing, Item, Origin, Report
from watcher.store import search, search_postgresql
from watcher.store.database import Store, time_limit
from watcher.store.passages import MOST_LOOKED_AT, MOST_PLACES, Term, passage
from watcher.store.search import Search
from watcher.store.search_asked import Asked
from watcher.store.search_words import MOST_LETTERS, MOST_TERMS, read_words

pytestmark = pytest.mark.usefixtures("either_store")

NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path):
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


def accession(number: int) -> str:
    return f"0000000001-26-{number:06}"


def put(store: Store, number: int, *texts: str, **changes: object) -> Report:
    """Save a report with these texts, accepted on its own day of March."""
    at = NOON + timedelta(days=number)
    made: dict[str, object] = {
        "filers": (Filer(7, "Quarry Lane Holdings, Inc."),),
        "form": "8-K",
        "items": (),
        "events": (),
        "accepted_at": at,
        "filed_on": at.date(),
        "origin": Origin.LIVE,
    } | changes
    about = Filing(
        accession(number),
        made["form"],
        made["filers"],
        made["filed_on"],
        made["accepted_at"],
        source="poller",
        origin=made["origin"],
    )
    documents = tuple(
        Document(place, "8-K" if place == 1 else f"EX-99.{place - 1}", f"d{place}.htm", f"document {place}", 9, text)
        for place, text in enumerate(texts, 1)
    )
    items = tuple(Item(one, "A title", declared=True, found=True) for one in made["items"])
    events = tuple(Event(one, 0.9) for one in made["events"])
    found = Report(about, documents=documents, items=items, events=events)
    save(store, found)
    return found


def numbers(store: Store, words: str, **narrowed: object) -> list[int]:
    """The numbers of the filings that are found."""
    results = store.read_now(search.find, Search(words, **narrowed))
    return [int(one.stored.filing.accession[-6:]) for one in results.found]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("dividend", [3, 1]),
        ("DIVIDEND", [3, 1]),
        ("dividend board", [1]),
        ("dividend AND board", [1]),
        ('"declared a dividend"', [1]),
        ("“declared a dividend”", [1]),
        ('"a declared dividend"', []),
        ("dividend -board", [3]),
        ("dividend NOT board", [3]),
        ('dividend -"the board"', [3]),
        ("tender OR board", [2, 1]),
        ("tender OR board offer", [2]),
        ("divid*", [3, 1]),
        ('"regular divid*"', [3]),
        ("5.02", [2]),
        ("5.2", []),
        ("$1.5 billion", [2]),
        ("co-chairman", [2]),
        ("O'Brien", [2]),
        ("O’Brien", [2]),
        ("resume", [3]),
        ("résumé", [3]),
        ("quarry dividend", [3, 1]),
        ('"tender offer', [2]),
        ("dividend &", [3, 1]),
    ],
)
def test_words_find_what_people_mean(store: Store, words: str, found: list[int]):
    put(store, 1, "The Board declared a dividend.")
    put(store, 2, "A tender offer of $1.5 billion under Item 5.02 by co-chairman O’Brien.")
    put(store, 3, "No regular dividend: résumé of talks.")

    assert numbers(store, words) == found


def test_all_words_must_stand_in_one_document(store: Store):
    put(store, 1, "A dividend.", "A buyback.")

    assert numbers(store, "dividend buyback") == []


@pytest.mark.parametrize(
    "narrowed",
    [
        {"form": "8-K/A"},
        {"item": "5.02"},
        {"item": "5"},
        {"event": "cfo-departure"},
        {"cik": 9},
        {"company": "9"},
        {"company": "stone mill"},
        {"since": date(2026, 3, 4)},
        {"origin": Origin.BACKFILL},
    ],
    ids=str,
)
def test_a_search_is_narrowed_to_what_is_asked_for(store: Store, narrowed: dict[str, object]):
    put(store, 1, "A dividend.", items=("8.01",), events=("ceo-departure",))
    mill = (Filer(9, "Stone Mill Corp"), Filer(10, "Another"))
    of_a_mill = {"form": "8-K/A", "items": ("5.02", "5"), "events": ("cfo-departure",), "origin": Origin.BACKFILL}
    put(store, 2, "A dividend.", filers=mill, **of_a_mill)

    assert numbers(store, "dividend", **narrowed) == [2]


def test_the_span_of_a_search_is_that_of_filing_dates(store: Store):
    """What is accepted on a Friday evening is dated Monday."""
    put(store, 1, "A dividend.", accepted_at=datetime(2026, 3, 6, 23, 0, tzinfo=UTC), filed_on=date(2026, 3, 9))
    put(store, 2, "A dividend.", accepted_at=None, filed_on=None)

    assert numbers(store, "dividend", since=date(2026, 3, 9), until=date(2026, 3, 9)) == [1]
    assert numbers(store, "dividend", until=date(2026, 3, 8)) == []


def test_a_ticker_that_nobody_has_finds_nothing(store: Store):
    put(store, 1, "A dividend.")

    assert numbers(store, "dividend", ticker="NONE") == []


def test_a_hit_tells_where_it_stands(store: Store):
    text = "Some words before it. The Board <b>declared</b> a dividend, and another dividend. " + "More words. " * 40
    put(store, 1, text, "Nothing.", "A dividend as well.")

    (found,) = store.read_now(search.find, Search("dividend")).found
    first, second = found.hits
    assert (first.document, first.label, second.document, second.label) == (1, "8-K", 3, "EX-99.2")
    assert text[first.start : first.end] == "dividend"
    assert first.start == text.index("dividend")
    assert "".join(piece.text for piece in first.pieces) in text
    assert [piece.text for piece in first.pieces if piece.is_match] == ["dividend", "dividend"]


def test_of_many_documents_the_first_are_shown(store: Store):
    put(store, 1, *["A dividend."] * 5)

    (found,) = store.read_now(search.find, Search("dividend")).found
    assert [hit.document for hit in found.hits] == [1, 2, 3]
    assert found.more == 2


def test_words_of_the_name_alone_have_no_place_in_the_text(store: Store):
    put(store, 1, "A dividend.")

    (found,) = store.read_now(search.find, Search("quarry")).found
    assert [(hit.start, hit.end) for hit in found.hits] == [(None, None)]


def test_pages_follow_each_other_without_gap_or_repetition(store: Store):
    for number in range(1, 8):
        put(store, number, "A dividend.", "A dividend.")

    seen, cursor = [], None
    for _ in range(4):
        page = store.read_now(search.find, Search("dividend", limit=2, before=cursor))
        seen += [int(one.stored.filing.accession[-6:]) for one in page.found]
        cursor = page.next

    assert seen == [7, 6, 5, 4, 3, 2, 1]
    assert cursor is None


def test_a_reread_replaces_what_is_found(store: Store):
    put(store, 1, "A dividend.", "An annex.")
    put(store, 1, "A buyback.")

    assert (numbers(store, "dividend OR annex"), numbers(store, "buyback")) == ([], [1])


def test_a_filing_whose_acceptance_changes_is_found_at_its_new_place(store: Store):
    put(store, 1, "A dividend.")
    put(store, 2, "A dividend.")
    one = Filing(accession(1), "8-K", (), date(2026, 3, 20), datetime(2026, 3, 20, 15, tzinfo=UTC))
    update_facts(store, one)

    assert numbers(store, "dividend") == [1, 2]
    assert numbers(store, "dividend", until=date(2026, 3, 10)) == [2]


def test_a_filing_that_is_deleted_is_not_found(store: Store):
    put(store, 1, "A dividend.")
    store.write_now(lambda connection: connection.exec_driver_sql("DELETE FROM filing"))

    assert numbers(store, "dividend") == []
    if not store.is_shared:
        check = "INSERT INTO search (search, rank) VALUES ('integrity-check', 1)"
        store.write_now(lambda connection: connection.exec_driver_sql(check))


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("", "the search has no words"),
        ("& - !", "the search has no words"),
        ("OR", "the search has no words"),
        ("-dividend", "only what is to be left out"),
        ("d*", "at least 3 letters or digits must stand before the *"),
        ('"a dividend of 5*"', "at least 3 letters or digits"),
        ("a OR -b", "cannot stand beside OR"),
        (f'"{"a " * 11}"', "has 11 words; 10 are the most of a phrase"),
        (".".join("abcdefghijk"), "has 11 words; 10 are the most"),
        ("x" * (MOST_LETTERS + 1), "500 are the most"),
        (" OR ".join("abcd" for _ in range(MOST_TERMS + 1)), "more than 32 words"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(words: str, problem: str):
    with pytest.raises(ValueError, match=problem.replace("*", r"\*")):
        read_words(words)


@pytest.fixture
def shelf(tmp_path: Path):
    with Store(store_url(tmp_path / "shelf.db")) as opened:
        put(opened, 1, "A dividend, “quoted”, of $1.5 billion (5.02) for O’Brien: NEAR the end*.")
        yield opened


ODD = st.sampled_from(['"', *"*()-^+:“\0", "NEAR", "NEAR(", "OR", "NOT", "AND", "{text}"])


@given(st.lists(ODD | st.text(max_size=8) | st.just("dividend"), max_size=10), st.booleans())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_is_typed_is_an_error_of_the_index(shelf: Store, parts: list[str], is_spaced: bool):
    typed = (" " if is_spaced else "").join(parts)
    with suppress(ValueError):  # its words are for the person who typed it; an error of the index is a StoreError
        shelf.read_now(search.find, Search(typed, company=typed or None, form=typed or None, event=typed or None))


def test_a_search_that_takes_too_long_is_given_up_and_others_are_answered(store: Store):
    put(store, 1, "A dividend.")

    def endless(connection: Connection) -> None:
        with time_limit(connection, 0.01):
            connection.exec_driver_sql(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
            ).all()

    with pytest.raises(TimeoutError, match=r"interrupted after 0\.01 seconds"):
        store.read_now(endless)
    assert numbers(store, "dividend") == [1]


def test_texts_that_have_the_words_but_not_the_phrase_are_not_looked_through_for_ever(store: Store):
    if not store.is_shared:
        pytest.skip("SQLite's index knows where words stand")
    put(store, 1, "The board met. A dividend was declared.")

    def look(connection: Connection) -> list[int]:
        return list(search_postgresql.numbers(connection, Asked(read_words('"dividend board"'), seconds=-1)))

    with pytest.raises(TimeoutError, match="interrupted"):
        store.read_now(look)


def test_the_limit_of_a_search_is_told_in_words(store: Store, monkeypatch: pytest.MonkeyPatch):
    def slow(*_: object) -> None:
        raise TimeoutError

    put(store, 1, "A dividend.")
    monkeypatch.setattr(search, "_groups", slow)

    with pytest.raises(ValueError, match=r"takes longer than 5 seconds: use rarer or longer words"):
        numbers(store, "dividend")


def test_a_word_that_stands_in_a_text_countless_times_costs_no_more(store: Store):
    put(store, 1, "A dividend. " * 50_000 + "The board.")

    (found,) = store.read_now(search.find, Search("dividend board")).found
    assert found.hits[0].start == 2


def test_the_passage_is_where_most_of_the_words_stand_together(store: Store):
    put(store, 1, "The board met. " + "Other words. " * 100 + "A dividend was declared by the board. " + "More. " * 100)

    (found,) = store.read_now(search.find, Search("dividend board")).found
    assert [piece.text for piece in found.hits[0].pieces if piece.is_match] == ["dividend", "board"]


class Looks:
    """Counts how often it is asked whether the time is over, which is once for each place that is looked at."""

    def __init__(self, most: float = float("inf")) -> None:
        self.count, self.most = 0, most

    def __call__(self) -> bool:
        self.count += 1
        return self.count > self.most


def test_a_text_of_one_word_over_and_over_takes_a_bounded_number_of_looks():
    looks = Looks()
    terms = [Term(("a",) * count + ("b",)) for count in range(1, 10)]

    shown = passage("a " * 200_000, terms, looks)

    assert (shown.start, looks.count <= len(terms) * (MOST_PLACES + 1)) == (None, True)
    assert shown.pieces[0].text.startswith("a a a")


def test_the_passage_is_looked_for_in_the_first_part_of_a_text_only():
    text = "Begin. " + "x" * MOST_LOOKED_AT + " dividend"

    assert passage(text, [Term(("dividend",))]).start is None
    assert passage(text, [Term(("begin",))]).start == 0


def test_a_passage_without_time_is_the_beginning_without_marks():
    shown = passage("The board. " * 10, [Term(("board",))], Looks(most=3))

    assert ([piece.is_match for piece in shown.pieces], shown.start) == ([False], None)


@pytest.mark.parametrize(
    ("text", "words", "is_open", "span"),
    [
        ("resigned, then the cfo resigns", ("cfo", "resign"), True, (19, 30)),
        ("resigned, then the cfo resigns", ("cfo", "resign"), False, None),
        ("a a a a b", ("a", "a", "b"), False, (4, 9)),
        ("co--chair, co-\n chair", ("co", "chair"), False, (0, 9)),
        ("coach air", ("co", "air"), False, None),
        ("scoop coop", ("coop",), False, (6, 10)),
    ],
)
def test_a_phrase_is_whole_words_one_after_the_other(
    text: str, words: tuple[str, ...], is_open: bool, span: tuple[int, int] | None
):
    shown = passage(text, [Term(words, is_open)])

    assert (shown.start, shown.end) == (span or (None, None))


def test_equal_terms_are_looked_for_once():
    words = read_words('dividend OR DIVIDEND OR "dividend" board Board résumé OR resume resume*')

    assert [(one.words, one.is_open) for one in words.terms] == [
        (("dividend",), False), (("board",), False), (("resume",), False), (("resume",), True),
    ]  # fmt: skip


def test_a_search_is_narrowed_to_the_severity_of_an_event(store: Store):
    put(store, 1, "A dividend.", "Another dividend.", events=("cfo-departure",))
    put(store, 2, "A dividend.")

    assert (numbers(store, "dividend", severity="medium"), numbers(store, "dividend", severity="high")) == ([1], [])
    assert numbers(store, "dividend", severity="medium", since=date(2026, 3, 4)) == []


@pytest.mark.parametrize("cursor", ["", "x", "1.5", "9" * 20])
def test_a_cursor_that_is_none_is_refused(store: Store, cursor: str):
    with pytest.raises(ValueError, match="is no cursor"):
        numbers(store, "dividend", before=cursor)
