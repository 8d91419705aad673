"""Tests of the made-up filings: repeatable, true to each era's format, and telling what was written into them."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

import pytest
from lxml import etree, html

from watcher.edgar.calendar import is_open
from watcher.edgar.submission import Submission, split_submission
from watcher.items import CURRENT_ITEMS, CURRENT_SINCE, LEGACY_ITEMS, number_of_wording
from watcher.models import EIGHT_K_FORMS
from watcher.simulator.eras import Era, items_of
from watcher.simulator.generator import STREAM_START, Generator, Wishes
from watcher.simulator.made import MadeSubmission
from watcher.simulator.making.chance import dice
from watcher.simulator.making.companies import FIRST_CIK
from watcher.simulator.making.story import read_stories, stories
from watcher.simulator.making.vocabulary import Vocabulary
from watcher.simulator.making.wordings import edgar_wording

ERAS = pytest.mark.parametrize("era", list(Era))
IX = {"ix": "http://www.xbrl.org/2013/inlineXBRL"}


def words(text: str) -> str:
    return " ".join(text.split())


def main_words(made: MadeSubmission) -> str:
    """Read the main document as a person does."""
    body = split_submission(made.raw).documents[0].text()
    if made.era.is_text:
        return words(body)
    body = re.sub(r"</?XBRL>|<\?xml[^>]*\?>", "", body)
    # Old editors wrote Windows numbers for quotation marks; every browser reads them so.
    body = body.replace("&#146;", "’").replace("&#147;", "“").replace("&#148;", "”").replace("&#150;", "–")
    return words(" ".join(html.fromstring(body).itertext()))


def inline_root(made: MadeSubmission) -> etree._Element:
    body = split_submission(made.raw).documents[0].body()
    return etree.fromstring(body.strip().removeprefix(b"<XBRL>").removesuffix(b"</XBRL>").strip())


def read_back(split: Submission) -> tuple[object, ...]:
    return (split.accession, split.form, split.filers, split.filed_on, split.accepted_at, split.declared_items)


def written(made: MadeSubmission) -> tuple[object, ...]:
    return (made.accession, made.form, made.filers, made.filed_on, made.accepted_at, made.declared_items)


def test_two_generators_of_one_seed_make_the_same_bytes() -> None:
    first, second = (Generator(5) for _ in range(2))

    assert [first.submission().raw for _ in range(4)] == [second.submission().raw for _ in range(4)]


def test_another_seed_makes_other_filings() -> None:
    assert Generator(5).submission().raw != Generator(6).submission().raw


def test_two_calls_with_the_same_wishes_make_different_filings() -> None:
    generator = Generator(5)

    assert generator.submission().accession != generator.submission().accession


def test_the_stream_does_not_depend_on_what_else_was_asked_for() -> None:
    disturbed = Generator(5)
    disturbed.submission()

    assert [made.raw for made in islice(disturbed.filings(), 5)] == [
        made.raw for made in islice(Generator(5).filings(), 5)
    ]


def test_the_stream_never_repeats_an_accession_number() -> None:
    accessions = [outline.accession for outline in islice(Generator(5).outlines(), 3_000)]

    assert len(set(accessions)) == 3_000


@ERAS
def test_a_header_of_each_era_is_read_back_as_it_was_written(era: Era) -> None:
    made = Generator(1).submission(era=era, co_registrants=1)

    assert read_back(split_submission(made.raw)) == written(made)


@pytest.mark.parametrize("form", sorted(EIGHT_K_FORMS))
def test_each_form_of_the_family_is_read_back(form: str) -> None:
    made = Generator(1).submission(form=form)

    assert read_back(split_submission(made.raw)) == written(made)


def test_two_hundred_filings_of_the_stream_are_read_back_as_they_were_written() -> None:
    made = list(islice(Generator(2).filings(), 200))

    assert [read_back(split_submission(each.raw)) for each in made] == [written(each) for each in made]


def test_the_stream_has_filings_of_every_era() -> None:
    assert {outline.era for outline in islice(Generator(2).outlines(), 300)} == set(Era)


@ERAS
def test_items_stand_in_the_body_under_their_headings(era: Era) -> None:
    made = Generator(3).submission(era=era)
    body = main_words(made)

    missing = [item.number for item in made.items if words(f"{item.heading} {item.text.split(chr(10))[0]}") not in body]

    assert missing == []


@pytest.mark.parametrize("number", [number for number in CURRENT_ITEMS if number != "9.01"])
def test_every_item_of_today_has_a_text_in_the_body(number: str) -> None:
    made = Generator(4).submission(items=(number,), accepted_at=datetime(2025, 3, 4, 18, 0, tzinfo=UTC))

    assert words(made.items[0].blocks[0].text) in main_words(made)


@pytest.mark.parametrize("number", [number for number in LEGACY_ITEMS if number != "7"])
def test_every_old_item_has_a_text_in_the_body(number: str) -> None:
    made = Generator(4).submission(items=(number,), accepted_at=datetime(2004, 3, 4, 18, 0, tzinfo=UTC))

    assert words(made.items[0].blocks[0].text) in main_words(made)


@ERAS
def test_each_exhibit_with_a_file_is_a_document_of_its_type_at_its_place(era: Era) -> None:
    made = Generator(5).submission(era=era, items=("2", "4", "7") if era.last_day < CURRENT_SINCE else ("2.01", "9.01"))
    documents = {document.sequence: document for document in split_submission(made.raw).documents}

    told = [(exhibit.sequence, f"EX-{exhibit.number}") for exhibit in made.exhibits if exhibit.sequence]

    assert told
    assert told == [(place, documents[place].type) for place, _ in told]


def test_an_inline_filing_lists_the_cover_page_file_without_a_document_of_its_own() -> None:
    made = Generator(5).submission()

    assert [exhibit.sequence for exhibit in made.exhibits if exhibit.number == "104"] == [None]


@ERAS
def test_the_signature_stands_in_the_body(era: Era) -> None:
    made = Generator(6).submission(era=era)

    assert f"{made.signature.name} " in main_words(made)
    assert made.signature.title in main_words(made)


@pytest.mark.parametrize("number", range(6))
def test_an_inline_main_document_is_well_formed_and_tags_its_registrant(number: int) -> None:
    generator = Generator(number)
    made = generator.submission(era=Era.INLINE, co_registrants=number % 2)
    root = inline_root(made)

    tagged = {fact.get("name"): fact.text for fact in reversed(root.findall(".//ix:nonNumeric", IX))}

    assert tagged["dei:EntityCentralIndexKey"] == f"{made.filers[0].cik:010d}"
    assert tagged["dei:TradingSymbol"] == made.tickers[0]
    assert tagged["dei:DocumentType"] == made.form


def test_co_registrants_are_tagged_in_contexts_of_their_own() -> None:
    made = Generator(1).submission(era=Era.INLINE, co_registrants=2)

    facts = inline_root(made).findall(".//ix:nonNumeric[@name='dei:TradingSymbol']", IX)

    assert [(fact.get("contextRef"), fact.text) for fact in facts] == [
        (f"c-{place}", ticker) for place, ticker in enumerate(made.tickers, 1)
    ]


def test_an_inline_filing_brings_the_files_that_edgar_renders() -> None:
    types = Counter(
        document.type for document in split_submission(Generator(1).submission(era=Era.INLINE).raw).documents
    )

    assert {"EX-101.SCH", "EX-101.LAB", "EX-101.PRE", "XML", "EXCEL", "ZIP", "JSON"} <= set(types)


def test_the_public_document_count_leaves_out_what_edgar_renders() -> None:
    split = split_submission(Generator(1).submission(era=Era.INLINE).raw)
    rendered = [document for document in split.documents if document.type in ("XML", "EXCEL", "ZIP", "JSON")]

    assert split.document_count == len(split.documents) - len(rendered)


def test_a_picture_is_a_jpeg_in_uuencode() -> None:
    filings = (split_submission(made.raw) for made in Generator(1).filings())
    pictures = (document for split in filings for document in split.documents if document.type == "GRAPHIC")

    assert next(pictures).decoded()[:3] == b"\xff\xd8\xff"


def test_an_ims_filing_is_mail_without_file_names() -> None:
    raw = Generator(1).submission(era=Era.IMS).raw

    assert raw.startswith(b"-----BEGIN PRIVACY-ENHANCED MESSAGE-----")
    assert b"<IMS-DOCUMENT>" in raw
    assert b"<FILENAME>" not in raw


def test_plain_text_fits_the_eighty_columns_of_its_time() -> None:
    generator = Generator(2)
    lines = [
        line
        for _ in range(20)
        for document in split_submission(generator.submission(era=Era.PLAIN).raw).documents
        for line in document.text().splitlines()
    ]

    assert max(map(len, lines)) <= 80


def test_a_header_of_2000_leaves_the_names_of_its_items_out() -> None:
    made = Generator(1).submission(era=Era.PLAIN, accepted_at=datetime(2000, 9, 28, 15, 0, tzinfo=UTC))

    assert b"ITEM INFORMATION:\t\t\n" in made.raw
    assert made.declared_items == ()


def test_a_time_after_half_past_five_gives_the_next_business_days_filing_date() -> None:
    friday_evening = datetime(2025, 5, 16, 21, 45, tzinfo=UTC)

    assert Generator(1).submission(accepted_at=friday_evening).filed_on == date(2025, 5, 19)


def test_an_amendment_explains_itself() -> None:
    assert "Explanatory Note." in main_words(Generator(1).submission(form="8-K/A"))


def test_own_texts_and_headings_are_taken_as_they_are() -> None:
    wishes = Wishes(texts={"8.01": 'We said "no".\n\nTwice.'}, headings={"8.01": "Item\n8.01"})

    made = Generator(1).submission(items=("8.01",), wishes=wishes)

    assert made.items[0].text == "We said “no”.\n\nTwice."
    assert "Item 8.01 We said “no”. Twice." in main_words(made)


def test_the_body_may_hold_other_items_than_the_header_declares() -> None:
    made = Generator(1).submission(items=("7.01", "9.01"), wishes=Wishes(body_items=("8.01", "9.01")))

    assert (made.declared_items, made.item_numbers) == (("7.01", "9.01"), ("8.01", "9.01"))


def test_now_and_then_two_items_share_a_heading() -> None:
    generator = Generator(1)
    made = [generator.submission(items=("2.02", "7.01", "9.01")) for _ in range(30)]
    shared = [each for each in made if each.items[0].heading == each.items[1].heading]

    assert shared
    assert shared[0].items[0].heading.startswith("Items 2.02 and 7.01.")


def test_items_that_did_not_exist_then_are_refused() -> None:
    with pytest.raises(ValueError, match=r"items of a filing of 1999-03-01: 5\.02 are not of that time"):
        Generator(1).submission(items=("5.02",), era=Era.PLAIN, accepted_at=datetime(1999, 3, 1, 15, 0, tzinfo=UTC))


def test_a_shape_is_not_made_before_its_time() -> None:
    with pytest.raises(ValueError, match="no filing of 2010-03-01 had the shape inline"):
        Generator(1).submission(era=Era.INLINE, accepted_at=datetime(2010, 3, 1, 15, 0, tzinfo=UTC))


def test_plain_text_may_be_made_after_its_time() -> None:
    made = Generator(1).submission(era=Era.PLAIN, accepted_at=datetime(2006, 3, 1, 15, 0, tzinfo=UTC))

    assert made.item_numbers == ("7.01", "9.01")


def test_items_come_about_as_often_as_they_do_on_edgar() -> None:
    outlines = [outline for outline in islice(Generator(9).outlines(), 2_500) if outline.era is Era.INLINE]
    share = {
        item: sum(item in each.items for each in outlines) / len(outlines) for item in ("9.01", "7.01", "5.02", "4.02")
    }

    assert share["9.01"] == pytest.approx(0.77, abs=0.04)
    assert share["7.01"] == pytest.approx(0.31, abs=0.05)
    assert share["5.02"] == pytest.approx(0.20, abs=0.05)
    assert share["4.02"] < 0.01


def test_filings_of_today_are_accepted_one_after_the_other_in_edgars_hours() -> None:
    times = [each.accepted_at for each in islice(Generator(9).outlines(), 3_000) if each.era is Era.INLINE]

    assert times == sorted(times)
    assert times[0] >= STREAM_START
    assert all(map(is_open, times))


def test_made_up_companies_have_ciks_that_edgar_has_not_reached() -> None:
    made = Generator(9).submission(co_registrants=3)

    assert min(filer.cik for filer in made.filers) >= FIRST_CIK


def test_a_company_keeps_its_name_and_number_in_all_of_its_filings() -> None:
    generator = Generator(9)
    company = generator.company(12)

    names = {made.filers[0].name for made in (generator.submission(company=company) for _ in range(3))}

    assert names == {company.name}


def test_every_blank_of_every_story_can_be_filled() -> None:
    company = Generator(1).company(1)
    for key, several in stories().items():
        for story in several:
            filled = Vocabulary(dice(key), company, date(2025, 1, 6))
            filled.update(exhibit="99.1", exhibit2="99.2")
            texts = [*story.paragraphs, *(enclosure.title for enclosure in story.enclosures)]

            assert "{" not in "".join(text.format_map(filled) for text in texts), key


def test_a_story_with_a_strange_line_in_its_head_is_refused() -> None:
    with pytest.raises(ValueError, match="'mood: bad'"):
        read_stories("\n== 8.01\nmood: bad\n\nText.\n")


def test_every_event_of_the_stories_is_one_of_the_taxonomy(shared: Path) -> None:
    with (shared / "events" / "taxonomy.csv").open(encoding="utf-8") as lines:
        known = {row["event"] for row in csv.DictReader(lines)}

    assert {event for several in stories().values() for story in several for event in story.events} <= known


@pytest.mark.parametrize(
    "day", [date(1995, 6, 1), date(2004, 8, 20), date(2004, 8, 23), date(2006, 1, 5), date(2025, 1, 6)]
)
def test_edgars_words_for_each_item_lead_back_to_its_number(day: date) -> None:
    numbers = items_of(day)

    assert [number_of_wording(edgar_wording(number, day), day) for number in numbers] == list(numbers)
