"""Reads the cover page: from its inline XBRL facts where it has them, else as it is printed."""

from __future__ import annotations

import re
from typing import Any

from handlers.parse.dates import find_date
from watcher import unescape_entities

__all__ = ["read_cover"]

_FACT = re.compile(r"<ix:non(?:Numeric|Fraction)\b([^<>]*)>")
_ATTRIBUTE = re.compile(r"\b(name|contextRef|format)\s*=\s*[\"']([^\"']*)[\"']", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_MAX_FACT = 20_000

# The cover's facts, and what they are called here.
_TEXTS = {
    "DocumentType": "form",
    "EntityRegistrantName": "registrant",
    "EntityCentralIndexKey": "cik",
    "EntityFileNumber": "file_number",
    "EntityTaxIdentificationNumber": "irs_number",
    "EntityIncorporationStateCountryCode": "state_of_incorporation",
    "EntityInformationFormerLegalOrRegisteredName": "former_name",
    "AmendmentDescription": "amendment_description",
}
_ADDRESS = (
    *("EntityAddressAddressLine1", "EntityAddressAddressLine2", "EntityAddressAddressLine3"),
    *("EntityAddressCityOrTown", "EntityAddressStateOrProvince", "EntityAddressPostalZipCode", "EntityAddressCountry"),
)
_BOXES = {
    "WrittenCommunications": "written_communications",
    "SolicitingMaterial": "soliciting_material",
    "PreCommencementTenderOffer": "pre_commencement_tender_offer",
    "PreCommencementIssuerTenderOffer": "pre_commencement_issuer_tender_offer",
}
_FLAGS = {
    "AmendmentFlag": "is_amendment",
    "EntityEmergingGrowthCompany": "is_emerging_growth",
    "EntityExTransitionPeriod": "declines_transition_period",
}
_SECURITY = {"Security12bTitle": "title", "TradingSymbol": "ticker", "SecurityExchangeName": "exchange"}

_TICKED, _EMPTY = "☑☒✓✔✗✘þýxX■", "☐□¨oO❑❏"
_EXCHANGES = (
    (("nasdaq",), "NASDAQ"),
    (("nyse american", "nyse mkt"), "NYSEAMER"),
    (("nyse arca", "archipelago"), "NYSEArca"),
    (("new york stock exchange", "nyse"), "NYSE"),
    (("cboe", "bats"), "CboeBZX"),
    (("chicago stock", "nyse chicago"), "CHX"),
    (("long-term", "ltse"), "LTSE"),
)

_FILE_NUMBER = re.compile(r"\b((?:0{0,2}[01]|33|333|811|814|2-?)\s?-\s?\d{4,6}(?:-\d{1,3})?)\b")
_IRS_NUMBER = re.compile(r"\b(\d{2}-\d{7})\b")
_PHONE = re.compile(r"(\(?\b\d{3}\)?[ \t.\-–/]{0,3}\d{3}[ \t.\-–]{1,3}\d{4})\b")
_REGISTRANT = re.compile(r"\(?\s*exact\s+name\s+of\s+(?:the\s+)?registrant", re.IGNORECASE)
_STATE = re.compile(r"\(?\s*state\s+or\s+other\s+juris", re.IGNORECASE)
_LABEL = re.compile(r"\W*(?:commission\s+file|i\.?\s?r\.?\s?s\b|date\s+of|form\s+8)", re.IGNORECASE)
_EVENT_DATE = re.compile(r"date\s+of\s+(?:the\s+)?(?:earliest|report)", re.IGNORECASE)
_CELL = re.compile(r"\t| {3,}")
_BOX_LINES = (
    ("written_communications", re.compile(r"written\s+communications?\s+pursuant", re.IGNORECASE)),
    ("soliciting_material", re.compile(r"soliciting\s+material\s+pursuant", re.IGNORECASE)),
    (
        "pre_commencement_tender_offer",
        re.compile(r"pre-?\s?commencement\s+communications?[^\n]{0,60}14d-?2", re.IGNORECASE),
    ),
    (
        "pre_commencement_issuer_tender_offer",
        re.compile(r"pre-?\s?commencement\s+communications?[^\n]{0,60}13e-?4", re.IGNORECASE),
    ),
)
_GROWTH = re.compile(r"emerging\s+growth\s+company\W{0,4}([☐☑☒□■¨þýxXoO])(?!\w)", re.IGNORECASE)
_SECURITIES = re.compile(r"title\s+of\s+each\s+class", re.IGNORECASE)
_AMENDMENT = re.compile(r"\bamendment\s+no\.?\s*(\d{1,2})\b", re.IGNORECASE)
_COVER_CHARS = 15_000


def read_cover(source: str, page: str) -> dict[str, Any]:
    """Read the cover. ``source`` is the document as filed, ``page`` its text up to the first item."""
    page = page[:_COVER_CHARS]
    cover = _tagged(source) if "dei:" in source else {}
    if not cover:
        cover = _printed(page)
    event = _event_date(page)
    if event:
        cover["event_date"] = event
    amendment = _AMENDMENT.search(page)
    if amendment:
        cover["amendment_number"] = int(amendment[1])
    return cover


def _tagged(source: str) -> dict[str, Any]:
    """Read the dei facts of inline XBRL."""
    cover: dict[str, Any] = {}
    boxes: dict[str, bool] = {}
    address: dict[str, str] = {}
    securities: dict[str, dict[str, str]] = {}
    phone: dict[str, str] = {}
    for name, context, form, value in _facts(source):
        if name in _TEXTS:
            if value:
                cover.setdefault(_TEXTS[name], value)
        elif name in _BOXES:
            boxes.setdefault(_BOXES[name], _is_true(form, value))
        elif name in _FLAGS:
            cover.setdefault(_FLAGS[name], _is_true(form, value))
        elif name in _ADDRESS:
            address.setdefault(name, value.rstrip(", "))
        elif name in _SECURITY and value:
            securities.setdefault(context, {})[_SECURITY[name]] = value
        elif name in ("CityAreaCode", "LocalPhoneNumber"):
            phone.setdefault(name, value)
    if not cover:
        return {}
    listed = [security for security in securities.values() if "title" in security or "ticker" in security]
    return {
        "source": "inline-xbrl",
        **cover,
        "address": [address[name] for name in _ADDRESS if address.get(name)],
        "phone": " ".join(phone[name] for name in ("CityAreaCode", "LocalPhoneNumber") if phone.get(name)),
        "check_boxes": boxes,
        "securities": [
            {key: _exchange(text) if key == "exchange" else text for key, text in one.items()} for one in listed
        ],
    }


def _facts(source: str) -> list[tuple[str, str, str, str]]:
    """Give (name, context, format, value) of each dei fact."""
    facts = []
    for match in _FACT.finditer(source, 0, source.rfind("dei:") + _MAX_FACT):
        if "dei:" not in match[1]:
            continue
        attributes = {name.lower(): value for name, value in _ATTRIBUTE.findall(match[1])}
        name = attributes.get("name", "")
        if not name.startswith("dei:") or match[1].endswith("/"):
            continue
        value = _value(source, match.end())
        facts.append((name[4:], attributes.get("contextref", ""), attributes.get("format", ""), value))
    return facts


def _value(source: str, start: int) -> str:
    """Return the text up to the end tag of the fact that starts here. A fact may hold others."""
    depth, place = 1, start
    while depth:
        end = source.find("</ix:non", place, start + _MAX_FACT)
        if end < 0:
            return ""
        depth += source.count("<ix:non", place, end) - 1
        place = end + 8
    return " ".join(unescape_entities(_TAG.sub("", source[start:end])).split())


def _is_true(form: str, value: str) -> bool:
    form = form.lower()
    if form.endswith(("true", "booleantrue")):
        return True
    if form.endswith(("false", "booleanfalse")):
        return False
    return (value.strip("[]() ")[:1] in _TICKED and value != "") or value.lower() in ("true", "yes")


def _exchange(text: str) -> str:
    """Bring an exchange's name to its short form; an unknown name stays."""
    low = text.lower()
    for words, short in _EXCHANGES:
        if any(word in low for word in words):
            return short
    return text


def _printed(page: str) -> dict[str, Any]:
    """Read what a printed cover tells."""
    boxes = {key: ticked for key, pattern in _BOX_LINES if (ticked := _box(page, pattern)) is not None}
    growth = _GROWTH.search(page)
    return {
        "source": "printed",
        **_some("registrant", _above(page, _REGISTRANT)),
        **_some("file_number", _first(_FILE_NUMBER, page)),
        **_some("irs_number", _first(_IRS_NUMBER, page)),
        **_some("state_of_incorporation", _above(page, _STATE)),
        **_some("phone", _first(_PHONE, page)),
        "check_boxes": boxes,
        **({"is_emerging_growth": growth[1] in _TICKED} if growth else {}),
        "securities": _printed_securities(page),
    }


def _some(key: str, value: str) -> dict[str, str]:
    return {key: value} if value else {}


def _first(pattern: re.Pattern[str], page: str) -> str:
    match = pattern.search(page)
    return "".join(match[1].split()) if match and pattern is _FILE_NUMBER else match[1] if match else ""


def _above(page: str, label: re.Pattern[str]) -> str:
    """Return what stands above a label such as "(Exact name of registrant ...)", in its column."""
    match = label.search(page)
    if match is None:
        return ""
    line_start = page.rfind("\n", 0, match.start()) + 1
    column = len(_CELL.findall(page[line_start : match.start()].strip()))
    on_line = page[line_start : match.start()].strip(" \t_-–—=*(")
    if on_line and column == 0:
        return " ".join(on_line.split())
    for line in reversed(page[max(0, line_start - 600) : line_start].split("\n")):
        cells = [cell.strip(" _-–—=*") for cell in _CELL.split(line.strip())]
        cells = [cell for cell in cells if cell]
        if cells:
            found = " ".join(cells[min(column, len(cells) - 1)].split())
            return "" if _LABEL.match(found) else found
    return ""


def _box(page: str, label: re.Pattern[str]) -> bool | None:
    """Tell whether the box before this label is ticked; None when no box is to be seen."""
    match = label.search(page)
    if match is None:
        return None
    before = page[max(0, page.rfind("\n\n", 0, match.start())) : match.start()].strip()
    mark = re.search(r"\[\s*([xX]?)\s*\]|\(\s*([xX]?)\s*\)|([☐☑☒□■¨þýoOxX✓✔_])\W*$", before[-20:])
    if mark is None:
        return None
    return bool(mark[1] or mark[2] or (mark[3] and mark[3] in _TICKED))


def _printed_securities(page: str) -> list[dict[str, str]]:
    match = _SECURITIES.search(page)
    if match is None:
        return []
    securities = []
    for line in page[match.end() :].split("\n")[1:]:
        cells = [cell.strip() for cell in line.split("\t") if cell.strip()]
        if len(cells) == 3 and len(cells[1]) <= 20:
            securities.append({"title": cells[0], "ticker": cells[1], "exchange": _exchange(cells[2])})
        elif cells and (securities or len(line) > 200):
            break
    return securities


def _event_date(page: str) -> str | None:
    """Find the date of the earliest event, as ISO text."""
    match = _EVENT_DATE.search(page)
    if match is None:
        return None
    found = find_date(page[match.end() : match.end() + 300]) or find_date(
        page[max(0, match.start() - 120) : match.start()]
    )
    return found.isoformat() if found else None
