"""The facts of a cover page, in a person's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["cover_facts"]

# The boxes of Form 8-K's cover page, by the rule that each is about.
_BOXES = {
    "written_communications": "written communications under Rule 425",
    "soliciting_material": "soliciting material under Rule 14a-12",
    "pre_commencement_tender_offer": "pre-commencement communications under Rule 14d-2(b)",
    "pre_commencement_issuer_tender_offer": "pre-commencement communications under Rule 13e-4(c)",
}


def cover_facts(cover: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give each fact that is told, with its name. A handler may have put anything there: what is odd is left out."""
    securities = cover.get("securities")
    for security in securities if isinstance(securities, (list, tuple)) else ():
        if isinstance(security, Mapping):
            yield "Security", _security(security)
    if number := cover.get("file_number"):
        yield "SEC file number", str(number)
    if number := cover.get("irs_number"):
        yield "IRS number", str(number)
    address = cover.get("address")
    if isinstance(address, (list, tuple)) and address:
        yield "Address", ", ".join(map(str, address))
    if phone := cover.get("phone"):
        yield "Telephone", str(phone)
    boxes = cover.get("check_boxes")
    for name, words in _BOXES.items():
        if isinstance(boxes, Mapping) and boxes.get(name):
            yield "Box ticked", words
    if cover.get("is_emerging_growth"):
        yield "Emerging growth company", "yes"


def _security(security: Mapping[str, Any]) -> str:
    listed = ", ".join(str(security[name]) for name in ("ticker", "exchange") if security.get(name))
    title = str(security.get("title") or "a security")
    return f"{title} ({listed})" if listed else title
