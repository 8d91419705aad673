"""Who signed: name, title, date and registrant, as signature blocks are set."""

from datetime import date
from pathlib import Path

import pytest

from handlers.parse import ParseEightK
from handlers.parse.signers import find_signatures
from watcher import Filing, Signature
from watcher.testing import handled, submission

STATEMENT = """SIGNATURES

Pursuant to the requirements of the Securities Exchange Act of 1934, the registrant has duly caused this report to be
signed on its behalf by the undersigned hereunto duly authorized.

"""


def signed(block: str) -> list[tuple[str, str | None, date | None, tuple[str, ...]]]:
    return [(one.name, one.title, one.date, one.registrants) for one in find_signatures(STATEMENT + block)]


def only(block: str) -> tuple[str, str | None]:
    (one,) = find_signatures(STATEMENT + block)
    return one.name, one.title


@pytest.mark.parametrize(
    ("block", "name", "title"),
    [
        ("By: /s/ Ann B. Lee\nAnn B. Lee\nChief Financial Officer", "Ann B. Lee", "Chief Financial Officer"),
        ("By:\t/s/ A. Lee\n\nName:\tAnn B. Lee\n\nTitle:\tTreasurer", "Ann B. Lee", "Treasurer"),
        ("By:\t/s/ A. Lee\nName: Title:\tAnn B. Lee Treasurer", "Ann B. Lee Treasurer", None),
        ("By:\t/s/ Ann B. Lee\nName: Title:\tAnn B. Lee Vice President", "Ann B. Lee", "Vice President"),
        ("/s/\nAnn B. Lee\nSecretary", "Ann B. Lee", "Secretary"),
        ("/s/ Ann Lee\nAnn Lee President,\nChief Executive Officer", "Ann Lee", "President, Chief Executive Officer"),
        ("/s/ Ann Lee\nAnn Lee, Ph.D., Chief Scientific Officer", "Ann Lee, Ph.D.", "Chief Scientific Officer"),
        ("/s/ Ann Lee\nDate: May 4, 2021 Ann Lee, Vice President\nand Clerk", "Ann Lee", "Vice President and Clerk"),
        ("By: /s/ Ann Lee\nName: Ann Lee\n      Its President and Chief Executive\n      Officer", "Ann Lee",
         "President and Chief Executive Officer"),
        ("By: Ann Lee\nIts: President", "Ann Lee", "President"),
        ("By: /s/ Ann Lee, Attorney-in-Fact", "Ann Lee", "Attorney-in-Fact"),
        ("By: /s/ Ann Lee\nPrinted Name: Ann Lee\nTitle: EVP & CFO", "Ann Lee", "EVP & CFO"),
        ("By /s/Ann Lee\nAnn Lee\nComptroller", "Ann Lee", "Comptroller"),
    ],
)  # fmt: skip
def test_a_signature_in_any_dress_is_read(block: str, name: str, title: str | None) -> None:
    assert only(block) == (name, title)


@pytest.mark.parametrize(
    "block",
    [
        "MADE UP WIDGETS, INC.\n\nDate: March 4, 2021\tBy:\t/s/ Ann Lee\nAnn Lee\nSecretary",
        "MADE UP WIDGETS, INC.\n(Registrant)\n\nBy: /s/ Ann Lee\nAnn Lee\nSecretary\n\nDated:\tMarch 4, 2021",
        "Dated: March 4, 2021\tMADE UP WIDGETS, INC.\n\nBy: /s/ Ann Lee\nAnn Lee\nSecretary",
        "March 4, 2021   MADE UP WIDGETS,   INC.\n\nBy: /s/ Ann Lee\nAnn Lee\nSecretary".replace(",   INC", ", INC"),
        (
            "                 MADE UP WIDGETS, INC.\n                 (Registrant)\n\nMarch 4, 2021    /s/ Ann Lee\n"
            "- -------------    -----------\nDate             Ann Lee\n                 Secretary"
        ),
    ],
)
def test_date_and_registrant_are_read_wherever_they_stand(block: str) -> None:
    assert signed(block) == [("Ann Lee", "Secretary", date(2021, 3, 4), ("MADE UP WIDGETS, INC.",))]


def test_the_date_that_a_label_announces_wins() -> None:
    block = "As amended on January 2, 2019.\n\nBy: /s/ Ann Lee\nAnn Lee\n\nDate: March 4, 2021"

    assert signed(block)[0][2] == date(2021, 3, 4)


def test_a_page_without_a_date_has_none() -> None:
    assert signed("By: /s/ Ann Lee\nAnn Lee, Secretary")[0][2] is None


def test_each_registrant_has_its_signer() -> None:
    block = (
        "Date: March 4, 2021\tMADE UP HOLDINGS\nBy /s/ Ann Lee\nAnn Lee\nComptroller\n\n"
        "MADE UP POWER COMPANY\nMADE UP GAS COMPANY\nBy /s/ Bo Roe\nBo Roe\nAssistant Secretary\n"
    )

    assert signed(block) == [
        ("Ann Lee", "Comptroller", date(2021, 3, 4), ("MADE UP HOLDINGS",)),
        ("Bo Roe", "Assistant Secretary", date(2021, 3, 4), ("MADE UP POWER COMPANY", "MADE UP GAS COMPANY")),
    ]


def test_one_person_may_sign_for_two_registrants() -> None:
    block = "HOLDINGS LP\nBy: /s/ Ann Lee\nAnn Lee\nSecretary\n\nFINANCE CORP.\nBy: /s/ Ann Lee\nAnn Lee\nSecretary\n"

    assert [(one[0], one[3]) for one in signed(block)] == [
        ("Ann Lee", ("HOLDINGS LP",)),
        ("Ann Lee", ("FINANCE CORP.",)),
    ]


def test_two_may_sign_for_one_registrant() -> None:
    block = "MADE UP, INC.\n\nBy: /s/ Ann Lee\nAnn Lee\nPresident\n\nBy: /s/ Bo Roe\nBo Roe\nTreasurer\n"

    assert [(one[0], one[1], one[3]) for one in signed(block)] == [
        ("Ann Lee", "President", ("MADE UP, INC.",)),
        ("Bo Roe", "Treasurer", ("MADE UP, INC.",)),
    ]


@pytest.mark.parametrize("heading", ["EXHIBIT INDEX", "Exhibit 16.1", "INDEX TO EXHIBITS"])
def test_who_signed_an_exhibit_did_not_sign_the_report(heading: str) -> None:
    block = f"By: /s/ Ann Lee\nAnn Lee\nPresident\n\n{heading}\n\nWe agree.\n\n/s/ Accountants LLP\n"

    assert [one[0] for one in signed(block)] == ["Ann Lee"]


def test_nobody_signed_gives_none() -> None:
    assert find_signatures(STATEMENT + "Date: March 4, 2021\n") == ()


@pytest.mark.parametrize("seed", range(12))
def test_who_signed_a_made_up_filing_is_read(seed: int) -> None:
    report = handled(submission(seed=seed), ParseEightK())

    assert report.signature is not None
    assert report.signature == report.signatures[0]
    assert report.signature.title


def test_every_real_filing_is_signed_by_a_person(shared: Path) -> None:
    odd: list[tuple[str, Signature | None]] = []
    for path in (path for folder in ("full", "main_docs") for path in sorted((shared / "corpus" / folder).iterdir())):
        one = handled(path.read_bytes(), ParseEightK(), filing=Filing(accession=path.name[:20])).signature
        is_person = one is not None and one.title is not None and 2 <= len(one.name.replace(",", "").split()) <= 5
        odd += [] if is_person else [(path.name, one)]

    assert odd == []
