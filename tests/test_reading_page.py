"""A filing as the page shows it: all of its text, once, with the words marked that raised an alert."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Never

import _stores
import httpx
import pytest
from _stores import NOW, save, store_url
from hypothesis import given
from hypothesis import strategies as st

from handlers.parse import ParseEightK
from watcher.cover_facts import cover_facts
from watcher.models import Alert, Document, Evidence, Exhibit, Filer, Filing, Item, Pacing, Report, Severity, alert_id
from watcher.places import anchor, edgar_place, page_place
from watcher.store import deliveries
from watcher.store.database import Store
from watcher.testing import handled, submission
from watcher.web.app import make_app
from watcher.web.desk import Desk, Health
from watcher.web.reading import exhibit_pieces, sections

pytestmark = pytest.mark.usefixtures("either_store")

ACCESSION = "0000000001-26-000001"
TEXT = "Cover page\nItem 1.01 Heading\nAn agreement was signed.\nItem 9.01 Exhibits\n99.1\nSIGNATURES\nA. Person"


def alert(*evidence: Evidence) -> Alert:
    return Alert(alert_id(ACCESSION, "r"), "r", "title", Severity.LOW, "1", (), evidence=evidence)


def words(text: str, quoted: str, document: int = 1) -> Evidence:
    start = text.index(quoted)
    return Evidence(document, start, start + len(quoted), quoted)


def report(*evidence: Evidence) -> Report:
    first, second, end = TEXT.index("Item 1.01"), TEXT.index("Item 9.01"), TEXT.index("SIGNATURES")
    return Report(
        Filing(ACCESSION, "8-K", (Filer(1, "Made Up, Inc."),)),
        documents=(Document(1, "8-K", "main doc.htm", "", 9, TEXT),),
        items=(
            Item("1.01", "One", declared=True, found=True, document=1, start=first, end=second, text="An agreement"),
            Item("9.01", "Nine", declared=True, found=True, document=1, start=second, end=end, text="99.1"),
            Item("7.01", "Seven", declared=True, found=False),
        ),
        alerts=(alert(*evidence),),
    )


def shown(found: Report) -> str:
    return "".join(piece.text for section in sections(found) for piece in section.pieces)


def test_the_whole_document_is_shown_once_and_declared_items_at_the_end():
    cut = sections(report())

    assert shown(report()) == TEXT
    assert [[item.number for item in section.items] for section in cut] == [[], ["1.01"], ["9.01"], [], ["7.01"]]


def test_words_of_an_alert_are_marked_where_they_stand():
    agreement, signed = words(TEXT, "agreement"), words(TEXT, "A. Person")
    cut = sections(report(agreement, signed))
    marked = {piece.text: piece.anchors for section in cut for piece in section.pieces if piece.is_marked}

    assert marked == {"agreement": (anchor(agreement),), "A. Person": (anchor(signed),)}
    assert [section.is_marked for section in cut] == [False, True, False, True, False]


def test_overlapping_words_are_marked_as_one_that_has_both_names():
    one, two = words(TEXT, "An agreement"), words(TEXT, "agreement was")
    marked = [piece for section in sections(report(one, two)) for piece in section.pieces if piece.is_marked]

    assert [(piece.text, piece.anchors) for piece in marked] == [("An agreement was", (anchor(one), anchor(two)))]


@given(st.lists(st.tuples(st.integers(-3, len(TEXT) + 3), st.integers(0, 30)), max_size=8))
def test_marks_never_add_or_drop_a_character(places: list[tuple[int, int]]):
    evidence = [Evidence(1, start, start + length, "") for start, length in places]

    assert shown(report(*evidence)) == TEXT


def test_an_exhibit_inside_the_main_document_is_marked_in_its_own_text():
    found = report(words(TEXT, "Person"))
    exhibit = Exhibit("99.1", "", 1, "main doc.htm", TEXT[20:], start=20)

    assert [(piece.text, piece.is_marked) for piece in exhibit_pieces(found, exhibit)] == [
        (TEXT[20 : TEXT.index("Person")], False),
        ("Person", True),
    ]


def names_on_the_page(found: Report) -> list[str]:
    pieces = [piece for section in sections(found) for piece in section.pieces]
    pieces += [piece for exhibit in found.exhibits for piece in exhibit_pieces(found, exhibit)]
    return [name for piece in pieces for name in piece.anchors]


def test_words_that_are_shown_twice_have_their_name_once():
    person = words(TEXT, "Person")
    found = report(person, words(TEXT, "agreement"))
    inside = Exhibit("99.1", "", 1, "main doc.htm", TEXT[20:], start=20)
    other = Document(2, "EX-99", "b.htm", "", 9, "She resigned.")
    resigned = Evidence(2, 4, 12, "resigned")
    twice = tuple(Exhibit(number, "", 2, "b.htm", other.text) for number in ("99.1", "99.2"))
    shown_again = replace(found, exhibits=(inside, *twice), documents=(*found.documents, other))
    shown_again.alerts = (alert(person, words(TEXT, "agreement"), resigned),)
    names = names_on_the_page(shown_again)

    assert sorted(names) == sorted({anchor(person), anchor(words(TEXT, "agreement")), anchor(resigned)})
    assert [piece.is_marked for piece in exhibit_pieces(shown_again, inside)] == [False, True, False, True]
    assert [piece.anchors for piece in exhibit_pieces(shown_again, twice[0]) if piece.is_marked] == [
        (anchor(resigned),)
    ]
    assert [piece.anchors for piece in exhibit_pieces(shown_again, twice[1]) if piece.is_marked] == [()]


def test_words_that_go_from_one_item_into_the_next_have_their_name_once():
    across = words(TEXT, "signed.\nItem 9.01")

    assert names_on_the_page(report(across)) == [anchor(across)]
    assert [section.is_marked for section in sections(report(across))] == [False, True, True, False, False]


@given(st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(1, 60)), max_size=8))
def test_no_name_is_given_twice(places: list[tuple[int, int]]):
    found = report(*(Evidence(1, start, start + length, "") for start, length in places))
    exhibits = (Exhibit("99.1", "", 1, "", TEXT[20:], start=20), Exhibit("99.2", "", 1, "", TEXT))
    names = names_on_the_page(replace(found, exhibits=exhibits))

    assert len(names) == len(set(names))


def test_a_made_up_filing_is_shown_whole():
    found = handled(submission(seed=5, items=("5.02", "9.01")), ParseEightK())

    assert found.main_document is not None
    assert shown(found) == found.main_document.text


@pytest.mark.parametrize(
    ("quoted", "fragment"),
    [
        ("agreement was", "agreement%20was"),
        ("a-b, c & d", "a%2Db%2C%20c%20%26%20d"),
        ("one two three four five six seven eight nine", "one%20two%20three%20four,six%20seven%20eight%20nine"),
    ],
)
def test_a_link_opens_edgars_copy_at_the_words(quoted: str, fragment: str):
    found = report()
    link = edgar_place(found.filing, found.documents, Evidence(1, 0, 9, quoted))

    assert link == f"https://www.sec.gov/Archives/edgar/data/1/000000000126000001/main%20doc.htm#:~:text={fragment}"


def test_no_link_is_made_up_where_the_address_is_not_known():
    found = report()
    quoted = words(TEXT, "agreement")

    assert edgar_place(found.filing, found.documents, replace(quoted, document=7)) is None
    assert edgar_place(replace(found.filing, filers=()), found.documents, quoted) is None
    assert page_place("http://127.0.0.1/filings/x", quoted) == f"http://127.0.0.1/filings/x#d1-{quoted.start}"


def test_a_cover_is_told_in_words_and_what_is_odd_is_left_out():
    cover = {
        "securities": [{"title": "Common Stock", "ticker": "ABCD", "exchange": "NYSE"}, "odd"],
        "address": ["1 Road", "Town"],
        "check_boxes": {"written_communications": True, "soliciting_material": False},
        "is_emerging_growth": True,
    }

    assert dict(cover_facts(cover)) == {
        "Security": "Common Stock (ABCD, NYSE)",
        "Address": "1 Road, Town",
        "Box ticked": "written communications under Rule 425",
        "Emerging growth company": "yes",
    }
    assert list(cover_facts({"securities": 3, "address": 4, "check_boxes": 5})) == []


async def test_what_expired_untried_says_when(tmp_path: Path):
    with Store(store_url(tmp_path / "eightk.db")) as store:
        raised = _stores.alert()
        save(store, _stores.report(_stores.ACCESSION, replace(raised, pacing=Pacing(expires_seconds=3600))))
        (owed,) = store.read_now(deliveries.find)
        store.write_now(deliveries.expire, owed.delivery, NOW + timedelta(hours=2))
        page = await page_of(store, _stores.ACCESSION)

    assert re.search(r"expired at 2026-01-12 18:00(:00)?, never tried", re.sub("<[^>]+>", "", page))


async def test_words_that_are_shown_twice_are_marked_twice_and_named_once_on_the_page(tmp_path: Path):
    text = "She resigned."
    resigned = Evidence(2, 4, 12, "resigned")
    found = _stores.report(_stores.ACCESSION, replace(_stores.alert(), evidence=(resigned,)))
    found.documents = (Document(1, "8-K", "a.htm", "", 9, "words"), Document(2, "EX-99", "b.htm", "", 9, text))
    found.exhibits = tuple(Exhibit(number, "", 2, "b.htm", text) for number in ("99.1", "99.2"))
    with Store(store_url(tmp_path / "eightk.db")) as store:
        save(store, found)
        page = await page_of(store, _stores.ACCESSION)

    assert page.count(f'<mark id="{anchor(resigned)}">resigned</mark>') == 1
    assert page.count("<mark>resigned</mark>") == 1


async def page_of(store: Store, accession: str) -> str:
    """A filing's page, as the daemon serves it."""

    async def never(*_: object) -> Never:
        raise AssertionError("nothing is asked for")

    class NoBackfill:
        ask = stop = never
        progress = None

    desk = Desk(store, "token", never, never, NoBackfill(), lambda: Health(is_well=True, edgar=""))
    transport = httpx.ASGITransport(app=make_app(desk))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        return (await client.get(f"/filings/{accession}")).text
