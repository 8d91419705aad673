"""Finding what happened: sentences, clues, scores, facts, and the figures on labelled filings."""

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.events import events_tables, events_told, measure_events, read_labels
from handlers.classify import FindEvents
from handlers.classify.events.facts import Told, facts_in
from handlers.classify.events.passages import headline_end, item_place
from handlers.classify.events.reading import read_book
from handlers.classify.events.sentences import is_dated_before, sentences
from handlers.classify.events.trials import run_trials
from handlers.parse import ParseEightK
from watcher import Document, Event, Exhibit, Filer, Filing, Item, Report
from watcher.report_json import report_from_json, report_line
from watcher.simulator.generator import Generator
from watcher.testing import handled

BOOK = read_book()
FIND = FindEvents()


def report(text: str, *numbers: str, filed_on: date = date(2026, 3, 9), release: str = "") -> Report:
    """A filing whose every item has this text."""
    spaced = f"Heading\n\n{text}"
    items = tuple(Item(one, "", True, True, document=1, start=0, end=len(spaced), text=text) for one in numbers)
    documents = (Document(1, "8-K", "a.htm", "", 0, spaced), Document(2, "EX-99.1", "b.htm", "", 0, release))
    filing = Filing(accession="", filers=(Filer(1, "Northwind Inc"),), filed_on=filed_on)
    exhibits = (Exhibit("99.1", "Press release", document=2, text=release),) if release else ()
    return Report(filing=filing, documents=documents, items=items, exhibits=exhibits)


def events_of(given: Report) -> dict[str, Event]:
    FIND.handle(given)
    return {one.event: one for one in given.events}


def test_the_tests_that_stand_in_the_rules_pass() -> None:
    assert [trial.where for trial, is_ok in run_trials(BOOK) if not is_ok] == []


def test_every_event_has_a_test_that_finds_it_and_one_that_does_not() -> None:
    tests = Counter((trial.event, trial.expected) for trial in BOOK.trials)

    assert [one.event for one in BOOK.events if not (tests[one.event, True] and tests[one.event, False])] == []


def test_an_event_is_told_with_its_words_in_the_place_where_they_stand() -> None:
    given = report("On March 5, 2026, Ann Bell resigned as Chief Financial Officer, effective March 31, 2026.", "5.02")

    (event,) = events_of(given).values()

    assert event.event == "cfo-departure"
    assert 0.5 <= event.score < 1
    for words in event.evidence:
        assert given.documents[0].text[words.start : words.end] == words.text
    assert "resigned as Chief Financial Officer" in {words.text for words in event.evidence}


def test_the_facts_that_the_sentence_gives_are_told() -> None:
    given = report("On March 5, 2026, Ann Bell resigned as Chief Financial Officer, effective March 31, 2026.", "5.02")

    facts = events_of(given)["cfo-departure"].facts

    assert facts == {"person": "Ann Bell", "role": "Chief Financial Officer", "effective_on": "2026-03-31"}


@pytest.mark.parametrize(
    ("wanted", "sentence", "facts"),
    [
        ("amount", "It sold $500 million of its notes.", {"amount": "$500 million"}),
        ("amount", "It sold shares of $0.01 par value for $3 million.", {"amount": "$3 million"}),
        ("amount", "It sold some shares.", {}),
        (
            "counterparty",
            "Northwind Inc. agreed with Contoso Paper, Inc. on it.",
            {"counterparty": "Contoso Paper, Inc."},
        ),
        ("counterparty", "An agreement with Northwind Inc. was signed.", {}),
        ("person", "The Board appointed Ann B. Bell as a director.", {"person": "Ann B. Bell"}),
        ("person", "The Board appointed a director.", {}),
        ("role", "He is Vice President and Chief Legal Officer.", {"role": "Vice President and Chief Legal Officer"}),
        ("effective_on", "She retires, effective as of June 30, 2026.", {"effective_on": "2026-06-30"}),
        ("effective_on", "She retires, effective June 31, 2026.", {}),
    ],
)
def test_facts_are_told_where_they_are_plain(wanted: str, sentence: str, facts: dict[str, str]) -> None:
    assert facts_in([wanted], Told(sentence, "NORTHWIND INC")) == facts


@pytest.mark.parametrize(
    "text",
    [
        "As previously disclosed, Ann Bell resigned as Chief Financial Officer.",
        "On March 5, 2019, Ann Bell resigned as Chief Financial Officer.",
        "If Ms. Bell resigns as Chief Financial Officer, she is paid.",
        "Ann Bell has served as Chief Financial Officer until she retires.",
    ],
)
def test_what_was_told_before_or_may_come_is_no_event(text: str) -> None:
    assert "cfo-departure" not in events_of(report(text, "5.02"))


def test_terms_far_down_in_an_item_announce_nothing() -> None:
    far = "The parties made certain promises to each other. " * 40
    text = f"{far}The borrower entered into a supply agreement."

    assert "commercial-agreement" not in events_of(report(text, "8.01"))
    assert "commercial-agreement" in events_of(report(text.removeprefix(far), "8.01"))


def test_an_event_under_an_unusual_item_is_flagged() -> None:
    text = "On March 5, 2026, the Board appointed Ann Bell as Chief Executive Officer."

    assert events_of(report(text, "5.02"))["ceo-appointment"].is_expected
    assert not events_of(report(text, "8.01"))["ceo-appointment"].is_expected


def test_items_of_before_2004_are_read_by_those_of_today() -> None:
    assert "auditor-change" in events_of(report("The accountant was dismissed.", "4", filed_on=date(1999, 3, 9)))
    assert [item_place(one) for one in ("2", "5", "12", "5.02")] == ["2.01", "8.01", "2.02", "5.02"]


def test_an_item_that_says_none_tells_of_nothing() -> None:
    assert events_of(report("None.", "1.03")) == {}


def test_a_headline_tells_of_an_event_and_small_print_does_not() -> None:
    headline = "Exhibit 99.1\n\nNorthwind Raises Full-Year Outlook\n\n"
    story = "Northwind makes paper. " * 20
    given = report("A release is furnished.", "7.01", release=headline + story)

    assert "guidance" in events_of(given)
    assert headline_end(headline + story) == len(headline)


def test_events_that_another_handler_found_stay() -> None:
    given = report("On March 5, 2026, the Board amended the bylaws.", "5.03")
    given.events = (Event("vehicle-recall", 0.2),)

    assert set(events_of(given)) == {"vehicle-recall", "bylaws-charter-amended"}
    assert [one.score for one in given.events] == sorted((one.score for one in given.events), reverse=True)


def test_a_report_keeps_facts_and_flag_through_its_line() -> None:
    given = handled(next(iter(Generator(1).filings())).raw, ParseEightK(), FIND)
    given.events = (Event("dividend", 0.7, (), is_expected=False, facts={"amount": "$1"}), Event("other", 0.5))
    line = report_line(given)

    assert report_from_json(line, {}).events == given.events
    for event in line["events"]:
        del event["is_expected"], event["facts"]  # as older versions wrote it
    assert [one.is_expected for one in report_from_json(line, {}).events] == [True, True]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("He left. She came.", ["He left. ", "She came."]),
        ("Mr. Roe of Contoso Inc. left. He was 60.", ["Mr. Roe of Contoso Inc. left. ", "He was 60."]),
        ("J. Roe left.\n\nHeading\n\nMore", ["J. Roe left.", "Heading", "More"]),
        ("a cell\tanother", ["a cell", "another"]),
        ("", []),
    ],
)
def test_texts_are_cut_into_sentences(text: str, cut: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == cut


def test_a_very_long_sentence_is_cut() -> None:
    assert max(end - start for start, end in sentences("word " * 10_000)) <= 1_500


@pytest.mark.parametrize(
    ("sentence", "is_old"),
    [
        ("On March 5, 2026, it signed.", False),
        ("On March 5, 2021, it signed.", True),
        ("On May 5, 2026, it amended the plan of May 5, 2021.", False),
        ("It has been so since 2019.", True),
        ("The 2019 Plan was amended.", False),
        ("Notes due 2019 were called.", False),
        ("It signed.", False),
    ],
)
def test_a_sentence_is_old_by_its_dates(sentence: str, is_old: bool) -> None:
    assert is_dated_before(sentence, date(2026, 2, 1)) is is_old


def test_made_up_filings_have_events_with_evidence_in_its_place() -> None:
    found = 0
    for _, made in zip(range(60), Generator(5).filings(), strict=False):
        given = handled(made.raw, ParseEightK(), FIND)
        texts = {document.sequence: document.text for document in given.documents}
        for event in given.events:
            found += 1
            for words in event.evidence:
                assert texts[words.document][words.start : words.end] == words.text
    assert found


def test_the_bench_counts_what_is_right_wrong_and_missed(tmp_path: Path) -> None:
    made = next(iter(Generator(5).filings()))
    (tmp_path / "a.txt").write_bytes(made.raw)
    found = {event.event for event in handled(made.raw, ParseEightK(), FIND).events}
    labels = tmp_path / "labels.csv"
    labels.write_text(f"path,events,confidence\na.txt,{' '.join(sorted(found))} no-such,high\n", encoding="utf-8")

    measured = measure_events(tmp_path, read_labels(labels), print)

    tally = measured.groups["all but low"]
    assert (tally.right, tally.wrong, tally.missed) == (len(found), 0, 1)
    assert "item numbers alone, all" in str(events_tables(measured)[0])
    assert events_told(measured)["groups"]["all"] == [len(found), 0, 1]


def test_the_bench_says_what_labels_lack(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("path,event\na.txt,dividend\n", encoding="utf-8")

    with pytest.raises(BenchError, match="expected labels with path, events, confidence"):
        read_labels(tmp_path / "labels.csv")


def test_a_text_of_bullets_alone_is_read() -> None:
    assert events_of(report("\u2022 \u2022\n\n\u2022", "8.01")).keys() <= {"other"}


# With the labelled filings


def test_labelled_filings_are_found_out(shared: Path) -> None:
    labels = shared / "events" / "labels.csv"
    if not labels.is_file():
        pytest.skip("no labelled filings beside this checkout")

    measured = measure_events(shared / "corpus", read_labels(labels), print)

    assert measured.groups["all but low"].f1 >= 0.95
    assert measured.groups["all but low"].f1 > measured.baseline["all but low"].f1 + 0.2


def test_the_events_are_those_of_the_taxonomy(shared: Path) -> None:
    taxonomy = shared / "events" / "taxonomy.csv"
    if not taxonomy.is_file():
        pytest.skip("no taxonomy beside this checkout")
    with taxonomy.open(encoding="utf-8", newline="") as file:
        rows = {row["event"]: row["usual_items"].split() for row in csv.DictReader(file)}

    assert list(rows) == [one.event for one in BOOK.events]
    for one in BOOK.events:
        usual = {item_place(number) for number in rows[one.event]}
        assert usual <= set(one.items) or one.event == "other", one.event


def test_evidence_in_real_filings_stands_in_its_place(shared: Path) -> None:
    for path in sorted((shared / "corpus" / "full").glob("*.txt"))[::5]:
        given = handled(path.read_bytes(), ParseEightK(), FIND)
        texts = {document.sequence: document.text for document in given.documents}
        for words in (one for event in given.events for one in event.evidence):
            assert texts[words.document][words.start : words.end] == words.text, path.name
