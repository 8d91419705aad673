"""What clues about events ask for: phrases that do not count, sentences close by, last resorts; and what is read."""

from datetime import date
from pathlib import Path

import pytest

from handlers.classify import FindEvents
from handlers.classify.events.passages import MAX_LEAD, headline_end, lead_end, passages
from handlers.classify.events.reading import read_book
from watcher import ConfigError, Document, Exhibit, Filing, Item, Report

FIND = FindEvents()


def report(texts: dict[str, str], *, release: str = "", cover: str = "", filed_on: date | None = None) -> Report:
    """A filing with these items by number, an exhibit 99.1, and a cover before the first item."""
    text, items = cover, []
    for number, one in texts.items():
        items.append(Item(number, "", True, True, document=1, start=len(text), end=len(text) + len(one), text=one))
        text += f"{one}\n\n"
    exhibits = (Exhibit("99.1", "News", document=2, text=release),) if release else ()
    documents = (Document(1, "8-K", "a.htm", "", 0, text), Document(2, "EX-99.1", "b.htm", "", 0, release))
    return Report(Filing("", filed_on=filed_on), documents=documents, items=tuple(items), exhibits=exhibits)


def told(given: Report, find: FindEvents = FIND) -> set[str]:
    find.handle(given)
    return {one.event for one in given.events}


def own(path: Path, text: str) -> FindEvents:
    path.write_text(f"version: 1\n{text}", encoding="utf-8")
    return FindEvents(path=path)


def test_a_phrase_inside_an_ignored_one_does_not_count(tmp_path: Path) -> None:
    rule = """\
phrases: {seals: [seal], animals: [harbor seal]}
ignore: ["&animals"]
events:
  sealing:
    meaning: A seal was set.
    clues: [{find: ["&seals"], in: ["8.01"], weight: 0.6}]
"""
    find = own(tmp_path / "own.yaml", rule)

    assert "sealing" in told(report({"8.01": "The seal was set."}), find)
    assert "sealing" in told(report({"8.01": "The seal was set on a harbor seal."}), find)
    assert "sealing" not in told(report({"8.01": "A harbor seal was seen."}), find)


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("On June 3, Sam Roe retired as Chief Financial Officer. The Board named Pat Doe as his successor.", True),
        ("The Board named Pat Doe as his successor. On June 3, Sam Roe retired as Chief Financial Officer.", True),
        ("On June 3, Sam Roe retired as head of sales. The Board named Pat Doe as his successor.", False),
    ],
)
def test_an_office_may_be_named_in_a_sentence_close_by(text: str, is_told: bool) -> None:
    assert ("cfo-appointment" in told(report({"5.02": text}))) is is_told


def test_an_office_named_far_away_is_another_one() -> None:
    between = "The Board thanks him for his service. " * 6
    text = f"Sam Roe retired as Chief Financial Officer. {between}The Board named Pat Doe as his successor."

    assert "cfo-appointment" not in told(report({"5.02": text}))


def test_a_last_resort_counts_only_beside_none_of_the_events_that_it_names() -> None:
    plain = "On June 3, the Company entered into an undertaking with Contoso."
    loan = "On June 3, the Company entered into a credit agreement with Contoso Bank."
    vote = "The stockholders elected each nominee."

    assert told(report({"1.01": plain})) == {"commercial-agreement"}
    assert told(report({"1.01": plain, "5.07": vote})) == {"commercial-agreement", "shareholder-vote"}
    assert told(report({"1.01": loan})) == {"credit-agreement"}


def test_of_several_last_resorts_the_first_in_the_rules_counts(tmp_path: Path) -> None:
    rules = "".join(
        f"  {name}:\n    meaning: It is.\n    clues: [{{items: ['5.08'], alone: true, weight: 0.6}}]\n"
        for name in ("zebra", "ant")
    )
    find = own(tmp_path / "own.yaml", f"events:\n{rules}")

    assert told(report({"5.08": "Something is."}), find) == {"zebra"}
    assert told(report({"5.08": "Something is.", "5.07": "All voted."}), find) == {"shareholder-vote"}


def test_a_last_resort_that_names_no_event_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "version: 1\nevents:\n  other:\n    clues: [{items: ['8.01'], alone: [divident], weight: 0.5}]\n", "utf-8"
    )

    with pytest.raises(ConfigError, match=r"own.yaml:4:13: events.other.clues.alone: there is no 'divident'") as caught:
        read_book([path])
    assert "did you mean 'dividend'" in str(caught.value)


def test_a_document_without_its_submission_is_dated_by_its_cover() -> None:
    old = {"5.02": "On March 5, 2019, Ann Bell resigned as Chief Financial Officer."}
    cover = "Date of Report (Date of earliest event reported): March 2, 2026\n\n"

    assert "cfo-departure" in told(report(old))
    assert "cfo-departure" not in told(report(old, cover=cover))
    assert "cfo-departure" in told(report(old, cover=cover, filed_on=date(2019, 3, 8)))


STORY = (
    "SPRINGFIELD, March 3, 2026 - Northwind Inc., a maker of paper, boxes, bags, labels and much else made of wood, "
    "with plants in nine states and customers in all of them, today announced that its Board declared a quarterly cash "
    "dividend of $0.10 per share.\n\nNorthwind is large.\n"
)


def test_the_first_paragraph_of_a_release_announces_as_its_headline_does() -> None:
    release = f"Exhibit 99.1\n\nGood News\n\n{STORY}"

    assert "dividend" in told(report({"8.01": "A release is attached."}, release=release))
    end = lead_end(release, headline_end(release))
    assert release[end:] == "\n\nNorthwind is large.\n"
    assert lead_end("word " * 1_000, 0) == MAX_LEAD


def test_the_first_paragraph_of_an_earnings_release_is_a_review() -> None:
    release = f"Exhibit 99.1\n\nGood News\n\n{STORY}"

    places = {
        number: next(one.text for one in passages(report({number: "Attached."}, release=release)) if one.document == 2)
        for number in ("2.02", "12", "8.01")
    }

    assert "SPRINGFIELD" in places["8.01"]
    assert "SPRINGFIELD" not in places["2.02"] + places["12"]


@pytest.mark.parametrize(
    ("number", "text", "headline", "events"),
    [
        ("2.02", "A release is attached.", "Northwind Third Quarter Production and Deliveries", {"monthly-report"}),
        ("2.02", "A release is attached.", "Northwind Reports Third Quarter Results", {"earnings-results"}),
        ("7.01", "A press release is furnished.", "Northwind and the Forest", {"product-news"}),
        ("7.01", "Exhibit 99.1 is for use with investors.", "Northwind and the Forest", {"investor-presentation"}),
        ("8.01", "A document is attached.", "Northwind and the Forest", {"other"}),
    ],
)
def test_what_is_attached_tells_of_an_item_without_words(
    number: str, text: str, headline: str, events: set[str]
) -> None:
    assert told(report({number: text}, release=f"{headline}\n\n{'Northwind makes paper. ' * 20}")) == events


def test_a_contract_among_the_exhibits_is_told_beside_a_deal() -> None:
    given = report({"1.01": "On June 3, Northwind entered into an Asset Purchase Agreement with Contoso."})
    given.exhibits = (Exhibit("10.1", "Supply Agreement between Northwind and Contoso"),)

    assert told(given) == {"asset-deal", "commercial-agreement"}
