"""What EDGAR itself calls each item, in headers, lists and index pages.

Most of it is the official title; where it is not, it stands here. This is EDGAR's side of what `watcher.items`
reads, kept apart so that the one can be tested against the other.
"""

from __future__ import annotations

from datetime import date

from watcher.items import official_title

__all__ = ["EIGHT_K_NAMES", "edgar_wording", "form_name"]

_CURRENT = {
    "2.05": "Cost Associated with Exit or Disposal Activities",
    "3.03": "Material Modifications to Rights of Security Holders",
    "5.02": "Departure of Directors or Certain Officers; Election of Directors; Appointment of Certain Officers: "
    "Compensatory Arrangements of Certain Officers",
    "5.08": "Shareholder Nominations Pursuant to Exchange Act Rule 14a-11",
}
# Item 5.02 was widened on 7 November 2006.
_OFFICERS_UNTIL = date(2006, 11, 7)
_OFFICERS = "Departure of Directors or Principal Officers; Election of Directors; Appointment of Principal Officers"

_LEGACY = {
    "1": "Changes in control of registrant",
    "2": "Acquisition or disposition of assets",
    "3": "Bankruptcy or receivership",
    "4": "Changes in registrant's certifying accountant",
    "5": "Other events",
    "6": "Resignations of registrant's directors",
    "7": "Financial statements and exhibits",
    "8": "Change in fiscal year",
    "10": "Amendments to the Registrant.s Code of Ethics",
}

EIGHT_K_NAMES = {
    "8-K": "Current report",
    "8-K12B": "Notification that a class of securities of successor issuer is deemed to be registered",
    "8-K12G3": "Notification that a class of securities of successor issuer is deemed to be registered",
    "8-K15D5": "Notification of assumption of duty to report by successor issuer",
}


def edgar_wording(number: str, filed_on: date) -> str:
    """Return EDGAR's words for an item, as it wrote them on that day; the number itself if it is none."""
    if number == "5.02" and filed_on < _OFFICERS_UNTIL:
        return _OFFICERS
    return _CURRENT.get(number) or _LEGACY.get(number) or official_title(number, filed_on) or number


def form_name(form: str) -> str:
    """Return what EDGAR's pages call a form, such as "Current report"."""
    base, amended = form.removesuffix("/A"), form.endswith("/A")
    name = EIGHT_K_NAMES.get(base, f"Form {base}")
    return f"[Amend] {name}" if amended else name
