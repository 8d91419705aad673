"""The facts of an event: told where the words are plain, and of the right person, office, sum and side."""

from datetime import date

import pytest

from handlers.classify import FindEvents
from handlers.classify.events.facts import FACTS, Told, facts_in
from watcher import Document, Filer, Filing, Item, Report

FIND = FindEvents()


def fact(wanted: str, sentence: str, **told: str) -> str:
    return next(iter(facts_in([wanted], Told(sentence, **told)).values()), "")  # type: ignore[arg-type]


def facts_of(text: str, number: str, event: str) -> dict[str, str]:
    item = Item(number, "", True, True, document=1, start=0, end=len(text), text=text)
    filing = Filing(accession="", filers=(Filer(1, "Northwind Inc"),), filed_on=date(2026, 3, 9))
    given = Report(filing, documents=(Document(1, "8-K", "a.htm", "", 0, text),), items=(item,))
    FIND.handle(given)
    return next(one.facts for one in given.events if one.event == event)


@pytest.mark.parametrize(
    ("sentence", "person"),
    [
        ("On May 1, Ann B. Bell resigned as a director.", "Ann B. Bell"),
        ("Mr. Tay Thiam Song notified the Company that he will not stand again.", "Tay Thiam Song"),
        ("Ann Bell, a member of the Board (the “Board”) of Northwind, Inc. (“we”), notified us.", "Ann Bell"),
        ("Ann Bell, 54, resigned.", "Ann Bell"),
        ("Directors Ann Bell, Bo Carr and Cy Dow notified the Company.", "Ann Bell; Bo Carr; Cy Dow"),
        ("The Company announced the resignation of Ann Bell, Jr., its President.", "Ann Bell, Jr."),
        ("In connection with Ms. Bell's departure, she is paid.", "Bell"),
        ("The Company was informed by Ann Bell that she would leave.", "Ann Bell"),
        ("Northwind Communications, Inc. announced a change.", ""),
        ("Ann Bell was appointed acting President for the time between Bo Carr’s departure and the next.", "Bo Carr"),
        ("Chief Executive Officer retired.", ""),
    ],
)
def test_who_leaves(sentence: str, person: str) -> None:
    assert fact("leaver", sentence) == person


@pytest.mark.parametrize(
    ("sentence", "person"),
    [
        ("The Board appointed Dr. Ann H. Bell to the Board.", "Ann H. Bell"),
        ("Ann Bell and Bo Carr were promoted to the office.", "Ann Bell; Bo Carr"),
        ("It approved the appointment of Ann Bell as controller.", "Ann Bell"),
        ("Bo Carr resigned, and the Board named Ann Bell as his successor.", "Ann Bell"),
        ("Ms. Ann Bell, our controller, will assume Mr. Carr’s duties.", "Ann Bell"),
        ("The Board appointed a committee.", ""),
        ("Appointment of Chief Financial Officer", ""),
    ],
)
def test_who_joins(sentence: str, person: str) -> None:
    assert fact("joiner", sentence) == person


def test_a_surname_is_completed_by_the_passage() -> None:
    around = "Dr. Eli M. Harding has served since 1990. Dr. Harding will retire."

    assert fact("leaver", "Dr. Harding will retire.", around=around) == "Eli M. Harding"
    assert fact("leaver", "Dr. Harding will retire.", around="Chief Executive Harding spoke.") == "Harding"


def test_facts_are_those_of_one_person() -> None:
    text = (
        "Ann Bell resigned as Chief Executive Officer, effective March 31, 2026. Bo Carr, the Chief Financial Officer, "
        "was appointed acting Chief Executive Officer, effective April 1, 2026."
    )

    assert facts_of(text, "5.02", "ceo-departure") == {
        "person": "Ann Bell",
        "role": "Chief Executive Officer",
        "effective_on": "2026-03-31",
    }
    assert facts_of(text, "5.02", "ceo-appointment")["person"] == "Bo Carr"


def test_of_two_offices_in_a_sentence_the_one_that_the_event_is_about_is_told() -> None:
    text = "Ann Bell will no longer serve as Chief Executive Officer and Principal Financial Officer of the Company."

    assert facts_of(text, "5.02", "ceo-departure")["role"] == "Chief Executive Officer"
    assert facts_of(text, "5.02", "cfo-departure")["role"] == "Principal Financial Officer"


@pytest.mark.parametrize(
    ("sentence", "amount"),
    [
        ("It sold $6.25 Billion of notes.", "$6.25 Billion"),
        ("It sold shares at $23.28 per share, for an aggregate purchase price of $5.0 billion.", "$5.0 billion"),
        ("The conversion rate is 25 shares per $1,000 principal amount of notes.", ""),
        ("Shares with a liquidation preference of $10,000 were redeemed.", ""),
        ("It must pay a termination fee of $515,000,000.", ""),
        ("It bought a firm with revenues of approximately $16.7 million.", ""),
        ("If more than $150 million of the notes remain, the loan ends.", ""),
        ("It exchanged $4.0 million in cash for $354.8 million principal amount of notes.", "$354.8 million"),
        ("It sold the plant for C$5 million.", ""),
        ("It sold the plant for US$5 million.", "US$5 million"),
        ("It moved $160 million of the net proceeds.", ""),
    ],
)
def test_a_sum_is_the_one_that_the_event_is_about(sentence: str, amount: str) -> None:
    assert fact("amount", sentence) == amount


@pytest.mark.parametrize(
    ("sentence", "each"),
    [
        ("It declared a dividend of $0.28 per share.", "$0.28"),
        ("It declared a dividend of $0.03 for each share of stock.", "$0.03"),
        ("It raised its dividend from $0.04 per share to $0.10 per share.", "$0.10"),
        ("It cut its dividend to $0.05 per share from $0.135 per share.", "$0.05"),
        ("A dividend of stock, par value $0.01 per share, was paid.", ""),
        ("It paid $5 million.", ""),
    ],
)
def test_a_dividend_is_told_for_one_share(sentence: str, each: str) -> None:
    assert fact("per_share", sentence) == each


@pytest.mark.parametrize(
    ("sentence", "firm"),
    [
        ("It signed an agreement with Barclay Mills Bank plc (“Mills”), as agent.", "Barclay Mills Bank plc"),
        ("It acquired Contoso Software, Inc. (“Contoso”).", "Contoso Software, Inc."),
        ("The Company and Contoso, Inc. entered into it.", "Contoso, Inc."),
        ("It agreed with Contoso Bank, N.A., as escrow agent, on it.", ""),
        ("AOL, a wholly owned subsidiary of Contoso Inc., agreed.", ""),
        ("It permits the spin-off of Contoso Inc. later.", ""),
        ("Northwind.com Group, Inc. settled with Northwind.com Group, Inc. again.", ""),
    ],
)
def test_the_other_side_is_neither_the_filer_nor_who_acts_for_others(sentence: str, firm: str) -> None:
    assert fact("counterparty", sentence, company="NORTHWIND COM GROUP INC") == firm


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("announced results for the quarter ended March 31, 2026", "quarter ended March 31, 2026"),
        (
            "results for its fiscal fourth quarter and year ended June 30, 2025",
            "fiscal fourth quarter and year ended June 30, 2025",
        ),
        ("results for the first quarter of fiscal year 2026", "first quarter of fiscal year 2026"),
        ("announced its results", ""),
    ],
)
def test_results_are_told_with_their_period(text: str, period: str) -> None:
    assert facts_of(f"On May 4, 2026, the Company {text}.", "2.02", "earnings-results").get("period", "") == period


@pytest.mark.parametrize("name", sorted(FACTS))
def test_no_sentence_takes_long(name: str) -> None:
    for unit in ("Ann Bell, the ", "Ann Bell and ", "$1 of ", "stock of ", "Mr. A. B. C. ", "with A, B, C "):
        FACTS[name](Told((unit * 200)[:1500]))
