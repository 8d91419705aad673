"""The items of Form 8-K: their numbers, their official titles, and EDGAR's own wording for them.

Two lists exist. Until 22 August 2004 items were integers; since then they read ``5.02``. A submission's header
gives items in words ("ITEM INFORMATION: Other Events"), and some words stand in both lists.
"""

from __future__ import annotations

import re
from datetime import date

__all__ = [
    "CURRENT_ITEMS",
    "CURRENT_SINCE",
    "LEGACY_ITEMS",
    "is_current_number",
    "is_item_number",
    "is_legacy_number",
    "number_of_wording",
    "official_title",
]

CURRENT_SINCE = date(2004, 8, 23)  # SEC Release 33-8400

CURRENT_ITEMS: dict[str, str] = {
    "1.01": "Entry into a Material Definitive Agreement",
    "1.02": "Termination of a Material Definitive Agreement",
    "1.03": "Bankruptcy or Receivership",
    "1.04": "Mine Safety - Reporting of Shutdowns and Patterns of Violations",
    "1.05": "Material Cybersecurity Incidents",
    "2.01": "Completion of Acquisition or Disposition of Assets",
    "2.02": "Results of Operations and Financial Condition",
    "2.03": "Creation of a Direct Financial Obligation or an Obligation under an Off-Balance Sheet Arrangement "
    "of a Registrant",
    "2.04": "Triggering Events That Accelerate or Increase a Direct Financial Obligation or an Obligation under "
    "an Off-Balance Sheet Arrangement",
    "2.05": "Costs Associated with Exit or Disposal Activities",
    "2.06": "Material Impairments",
    "3.01": "Notice of Delisting or Failure to Satisfy a Continued Listing Rule or Standard; Transfer of Listing",
    "3.02": "Unregistered Sales of Equity Securities",
    "3.03": "Material Modification to Rights of Security Holders",
    "4.01": "Changes in Registrant's Certifying Accountant",
    "4.02": "Non-Reliance on Previously Issued Financial Statements or a Related Audit Report or Completed "
    "Interim Review",
    "5.01": "Changes in Control of Registrant",
    "5.02": "Departure of Directors or Certain Officers; Election of Directors; Appointment of Certain Officers; "
    "Compensatory Arrangements of Certain Officers",
    "5.03": "Amendments to Articles of Incorporation or Bylaws; Change in Fiscal Year",
    "5.04": "Temporary Suspension of Trading Under Registrant's Employee Benefit Plans",
    "5.05": "Amendments to the Registrant's Code of Ethics, or Waiver of a Provision of the Code of Ethics",
    "5.06": "Change in Shell Company Status",
    "5.07": "Submission of Matters to a Vote of Security Holders",
    "5.08": "Shareholder Director Nominations",
    "6.01": "ABS Informational and Computational Material",
    "6.02": "Change of Servicer or Trustee",
    "6.03": "Change in Credit Enhancement or Other External Support",
    "6.04": "Failure to Make a Required Distribution",
    "6.05": "Securities Act Updating Disclosure",
    "6.06": "Static Pool",
    "6.10": "Alternative Filings of Asset-Backed Issuers",
    "7.01": "Regulation FD Disclosure",
    "8.01": "Other Events",
    "9.01": "Financial Statements and Exhibits",
}

LEGACY_ITEMS: dict[str, str] = {
    "1": "Changes in Control of Registrant",
    "2": "Acquisition or Disposition of Assets",
    "3": "Bankruptcy or Receivership",
    "4": "Changes in Registrant's Certifying Accountant",
    "5": "Other Events",
    "6": "Resignations of Registrant's Directors",
    "7": "Financial Statements and Exhibits",
    "8": "Change in Fiscal Year",
    "9": "Regulation FD Disclosure",
    "10": "Amendments to the Registrant's Code of Ethics, or Waiver of a Provision of the Code of Ethics",
    "11": "Temporary Suspension of Trading Under Registrant's Employee Benefit Plans",
    "12": "Results of Operations and Financial Condition",
    "13": "Receipt of an Attorney's Written Notice Pursuant to 17 CFR 205.3(d)",
}

# Item 9 was another one until Regulation FD took effect.
_REGULATION_FD_SINCE = date(2000, 10, 23)
_REGULATION_S_TITLE = "Sales of Equity Securities Pursuant to Regulation S"

# EDGAR's wording where it is not the official title (but for case and punctuation).
_CURRENT_WORDINGS: dict[str, str] = {
    "Departure of Directors or Principal Officers; Election of Directors; Appointment of Principal Officers": "5.02",
    "Cost Associated with Exit or Disposal Activities": "2.05",
    "Material Modifications to Rights of Security Holders": "3.03",
    "Shareholder Nominations Pursuant to Exchange Act Rule 14a-11": "5.08",
}
_LEGACY_WORDINGS: dict[str, str] = {
    "Other Events and Regulation FD Disclosure": "5",
    "Other Events and Required FD Disclosure": "5",
    "Financial Statements, Pro Forma Financial Information and Exhibits": "7",
    "Amendments to the Registrant.s Code of Ethics": "10",
    "Amendments to the Registrant's Code of Ethics": "10",
    _REGULATION_S_TITLE: "9",
}

_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


def is_current_number(text: str) -> bool:
    """Whether this is the number of one of today's items, such as ``5.02``."""
    return text in CURRENT_ITEMS


def is_legacy_number(text: str) -> bool:
    """Whether this is the number of an item of before 23 August 2004, such as ``5``."""
    return text in LEGACY_ITEMS


def is_item_number(text: str) -> bool:
    """Whether this is the number of an item of either list."""
    return text in CURRENT_ITEMS or text in LEGACY_ITEMS


def official_title(number: str, filed_on: date | None = None) -> str:
    """Return the item's official title, or "" when there is no such item.

    ``filed_on`` matters for the old item 9 only, which had another meaning before Regulation FD.
    """
    if number == "9" and filed_on is not None and filed_on < _REGULATION_FD_SINCE:
        return _REGULATION_S_TITLE
    return CURRENT_ITEMS.get(number) or LEGACY_ITEMS.get(number, "")


def number_of_wording(text: str, filed_on: date | None = None) -> str | None:
    """Return the number of the item that EDGAR calls so, or None when no item is called so.

    Where both lists have these words the filing date decides. Without a date the case of the letters does, since
    EDGAR writes the old titles like a sentence; words that are the same even in case are taken for today's item.
    """
    key = _normal(text)
    legacy, current = _LEGACY_BY_WORDING.get(key), _CURRENT_BY_WORDING.get(key)
    if legacy is None or current is None:
        return legacy or current
    if filed_on is not None:
        return legacy if filed_on < CURRENT_SINCE else current
    words = [word for word in text.split() if len(word) > 3]
    return legacy if len(words) > 1 and all(word.islower() for word in words[1:]) else current


def _normal(text: str) -> str:
    """Bring wordings that differ in case or punctuation only to one form."""
    return _NOT_A_WORD.sub(" ", text.lower().replace("'", "").replace("’", "")).strip()


def _by_wording(items: dict[str, str], others: dict[str, str]) -> dict[str, str]:
    table = {_normal(title): number for number, title in items.items()}
    table.update((_normal(wording), number) for wording, number in others.items())
    return table


_CURRENT_BY_WORDING = _by_wording(CURRENT_ITEMS, _CURRENT_WORDINGS)
_LEGACY_BY_WORDING = _by_wording(LEGACY_ITEMS, _LEGACY_WORDINGS)
