"""The cover page of a made-up 8-K: what it says, as lines and grids that text, HTML and inline XBRL can all show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from watcher.simulator.made import Draft
from watcher.simulator.making.companies import Company
from watcher.simulator.making.vocabulary import long_date

__all__ = ["Cell", "Fact", "Grid", "Line", "cover_lines"]

_BOXES_SINCE = date(2004, 8, 23)
_GROWTH_SINCE = date(2017, 4, 12)
_CLASSES_SINCE = date(2019, 5, 2)
_FORMER = "(Former name or former address, if changed since last report)"
_BOXES = (
    ("WrittenCommunications", "Written communications pursuant to Rule 425 under the Securities Act (17 CFR 230.425)"),
    ("SolicitingMaterial", "Soliciting material pursuant to Rule 14a-12 under the Exchange Act (17 CFR 240.14a-12)"),
    (
        "PreCommencementTenderOffer",
        "Pre-commencement communications pursuant to Rule 14d-2(b) under the Exchange Act (17 CFR 240.14d-2(b))",
    ),
    (
        "PreCommencementIssuerTenderOffer",
        "Pre-commencement communications pursuant to Rule 13e-4(c) under the Exchange Act (17 CFR 240.13e-4(c))",
    ),
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A value that inline XBRL tags: ``name`` is its element, ``kind`` says how it is written, ``of`` whose it is."""

    name: str
    text: str
    kind: str = ""  # "", date, state, exchange or box
    of: int = 0  # place of the registrant

    @property
    def is_ticked(self) -> bool:
        """Whether a box is ticked."""
        return self.kind == "box" and self.text == "x"


Cell = tuple["str | Fact", ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the cover."""

    cell: Cell
    is_centered: bool = True
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells side by side, row by row; ``is_wide``: the last column takes the most room."""

    rows: tuple[tuple[Cell, ...], ...]
    is_wide: bool = False


def cover_lines(draft: Draft) -> list[Line | Grid]:
    """Return all that stands on the cover of this filing."""
    lines: list[Line | Grid] = [
        *(_bold(text) for text in ("UNITED STATES", "SECURITIES AND EXCHANGE COMMISSION", "Washington, D.C. 20549")),
        Line(("FORM ", Fact("DocumentType", draft.form)), is_bold=True),
    ]
    if draft.form.endswith("/A"):
        lines.append(_bold("(Amendment No. 1)"))
    lines += (
        _bold("CURRENT REPORT"),
        _bold("Pursuant to Section 13 or 15(d) of the Securities Exchange Act of 1934"),
        _date_line(draft),
    )
    for place, company in enumerate(draft.companies):
        lines += _registrant(company, place)
    lines += (Line(("Not Applicable",)), Line((_FORMER,)))
    if draft.filed_on >= _BOXES_SINCE:
        lines += _boxes(draft)
    if draft.filed_on >= _CLASSES_SINCE:
        lines += _classes(draft.companies)
    if draft.filed_on >= _GROWTH_SINCE:
        lines += _growth(draft.company)
    return lines


def _bold(text: str) -> Line:
    return Line((text,), is_bold=True)


def _date_line(draft: Draft) -> Line:
    label = ("Date of Report (Date of earliest event reported): ", "DATE OF REPORT (DATE OF EARLIEST EVENT REPORTED): ")
    day = Fact("DocumentPeriodEndDate", long_date(draft.period_of_report), "date")
    return Line((label[draft.era.is_text and draft.look == 0], day), is_bold=draft.look == 0)


def _registrant(company: Company, place: int) -> list[Line | Grid]:
    def fact(name: str, text: str, kind: str = "") -> Fact:
        return Fact(name, text, kind, place)

    ein = f"{company.ein[:2]}-{company.ein[2:]}"
    suite: Cell = (", ", fact("EntityAddressAddressLine2", company.suite)) if company.suite else ()
    return [
        Line((fact("EntityRegistrantName", company.full_name),), is_bold=True),
        Line(("(Exact name of registrant as specified in its charter)",)),
        Grid(
            (
                (
                    (fact("EntityIncorporationStateCountryCode", company.state_name, "state"),),
                    (fact("EntityFileNumber", company.file_number),),
                    (fact("EntityTaxIdentificationNumber", ein),),
                ),
                (
                    ("(State or other jurisdiction of incorporation)",),
                    ("(Commission File Number)",),
                    ("(IRS Employer Identification No.)",),
                ),
            )
        ),
        Line((fact("EntityAddressAddressLine1", company.street), *suite)),
        Line(
            (
                fact("EntityAddressCityOrTown", company.city),
                ", ",
                fact("EntityAddressStateOrProvince", company.home_state_name, "state"),
                " ",
                fact("EntityAddressPostalZipCode", company.postal_code),
            )
        ),
        Line(("(Address of principal executive offices, including zip code)",)),
        Line(("(", fact("CityAreaCode", company.area_code), ") ", fact("LocalPhoneNumber", company.phone))),
        Line(("(Registrant's telephone number, including area code)",)),
    ]


def _boxes(draft: Draft) -> list[Line | Grid]:
    ticked = [draft.is_written_communication, False, False, False]
    rows = tuple(
        ((Fact(name, "x" if on else "", "box"),), (label,)) for (name, label), on in zip(_BOXES, ticked, strict=True)
    )
    lead = (
        "Check the appropriate box below if the Form 8-K filing is intended to simultaneously satisfy the filing "
        "obligation of the registrant under any of the following provisions:"
    )
    return [Line((lead,), is_centered=False), Grid(rows, is_wide=True)]


def _classes(companies: Sequence[Company]) -> list[Line | Grid]:
    heads: tuple[Cell, ...] = (
        ("Title of each class",),
        ("Trading Symbol(s)",),
        ("Name of each exchange on which registered",),
    )
    rows = tuple(
        (
            (Fact("Security12bTitle", "Common Stock, $0.01 par value", "", place),),
            (Fact("TradingSymbol", company.ticker, "", place),),
            (Fact("SecurityExchangeName", company.exchange, "exchange", place),),
        )
        for place, company in enumerate(companies)
    )
    return [
        Line(("Securities registered pursuant to Section 12(b) of the Act:",), is_centered=False),
        Grid((heads, *rows)),
    ]


def _growth(company: Company) -> list[Line | Grid]:
    is_growth = company.cik % 7 == 0
    lead = (
        "Indicate by check mark whether the registrant is an emerging growth company as defined in Rule 405 of the "
        "Securities Act of 1933 (17 CFR 230.405) or Rule 12b-2 of the Securities Exchange Act of 1934 (17 CFR "
        "240.12b-2)."
    )
    rest = (
        "If an emerging growth company, indicate by check mark if the registrant has elected not to use the extended "
        "transition period for complying with any new or revised financial accounting standards provided pursuant to "
        "Section 13(a) of the Exchange Act. "
    )
    box = Fact("EntityEmergingGrowthCompany", "x" if is_growth else "", "box")
    transition: Cell = (rest, Fact("EntityExTransitionPeriod", "", "box")) if is_growth else (rest,)
    return [
        Line((lead,), is_centered=False),
        Line(("Emerging growth company ", box), is_centered=False),
        Line(transition, is_centered=False),
    ]
