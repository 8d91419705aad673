"""Reads the check boxes of a printed cover, whatever a box is: ☐, [ ], |_|, or a letter in a font of symbols."""

from __future__ import annotations

import re

__all__ = ["TICKED", "is_growth_company", "is_transition_declined", "ticked_boxes"]

# Letters are what a box of Wingdings comes out as. Wingdings: o, q and ¨ are empty, x, þ and ý ticked; Wingdings 2:
# £ is empty, P, R, S and T are ticked.
TICKED, _EMPTY = "☑☒✓✔✗☓✘🗹🗷⊠þýxXûüPRST■", "☐□¨oOq£❑❏◻▢¡"
_MARK = (
    r"(?:[\[(|{/]\s{0,3}(?P<%s>[xX✓✔√]?)[\s_]{0,3}[\])|}/]"
    rf"|(?<![^\s_])_{{0,3}}(?P<%s>[{TICKED}{_EMPTY}])_{{0,3}}(?![^\s_.]))"
)
_BEFORE = re.compile(_MARK % ("framed", "bare") + r"[^\w\n]{0,6}\n{0,2}[^\w\n]{0,6}\Z")
_BEHIND = re.compile(r"[^\S\n]{0,9}" + _MARK % ("framed", "bare"))
_AFTER_YES = re.compile(
    rf"[\s:.,\-–—]{{0,6}}(?:yes\W{{0,4}}?{_MARK % ('framed', 'bare')}|{_MARK % ('framed2', 'bare2')}\W{{0,4}}yes)",
    re.IGNORECASE,
)
_LABELS = (
    ("written_communications", re.compile(r"written\s+communications?\s+pursuant", re.IGNORECASE)),
    ("soliciting_material", re.compile(r"soliciting\s+materials?\s+pursuant", re.IGNORECASE)),
    (
        "pre_commencement_tender_offer",
        re.compile(r"pre-?\s?commencement\s+communications?[^\n]{0,60}?14d-?\s?2", re.IGNORECASE),
    ),
    (
        "pre_commencement_issuer_tender_offer",
        re.compile(r"pre-?\s?commencement\s+communications?[^\n]{0,60}?13e-?\s?4", re.IGNORECASE),
    ),
)
_GROWTH = re.compile(r"emerging\s+growth\s+company", re.IGNORECASE)
_TRANSITION = re.compile(
    r"not\s+to\s+use\s+the\s+extended\s+transition\s+period[^☐☑☒¨]{0,250}?exchange\s+act\s*(?:of\s+1934)?[.,;:]{0,2}",
    re.IGNORECASE,
)


def ticked_boxes(page: str) -> dict[str, bool]:
    """Tell of each of the four boxes whether it is ticked; one that is not to be seen is left out."""
    boxes = {key: _box(page, label) for key, label in _LABELS}
    return {key: ticked for key, ticked in boxes.items() if ticked is not None}


def is_growth_company(page: str) -> dict[str, bool]:
    """Tell whether the box "Emerging growth company" is ticked, as an entry of the cover, or of none."""
    for match in _GROWTH.finditer(page):
        mark = _behind(page, match.end())
        start = page.rfind("\n", 0, match.start()) + 1
        lead = page[max(start - 12, match.start() - 40, 0) : match.start()]
        if mark is None and not lead.rstrip().endswith(("an", "a", ",")):
            mark = _is_ticked(_BEFORE.search(lead))
        if mark is not None:
            return {"is_emerging_growth": mark}
    return {}


def is_transition_declined(page: str) -> dict[str, bool]:
    """Tell whether the box of an emerging growth company that renounces the extended transition period is ticked."""
    match = _TRANSITION.search(page)
    mark = _is_ticked(_BEHIND.match(page[match.end() : match.end() + 40].lstrip())) if match else None
    return {} if mark is None else {"declines_transition_period": mark}


def _box(page: str, label: re.Pattern[str]) -> bool | None:
    match = label.search(page)
    if match is None:
        return None
    mark = _is_ticked(_BEFORE.search(page[max(0, match.start() - 30) : match.start()]))
    if mark is not None:
        return mark
    end = page.find("\n", match.end())
    line = page[match.end() : end if end >= 0 else len(page)].rstrip()
    return _is_ticked(re.search(_MARK % ("framed", "bare") + r"\Z", line[-12:]))


def _behind(page: str, place: int) -> bool | None:
    """Read the mark behind a label: "☐", or "Yes [ ] No [x]"."""
    answer = _AFTER_YES.match(page, place, place + 40)
    if answer:
        return _is_ticked(answer) or bool(answer["framed2"]) or (answer["bare2"] or " ") in TICKED
    return _is_ticked(_BEHIND.match(page, place, place + 20))


def _is_ticked(match: re.Match[str] | None) -> bool | None:
    if match is None:
        return None
    return bool(match["framed"]) or (match["bare"] is not None and match["bare"] in TICKED)
