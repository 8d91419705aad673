"""Reads the cover page as it is printed: who reports, with the numbers, states and addresses of one or several."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from handlers.parse.boxes import is_growth_company, is_transition_declined, ticked_boxes
from handlers.parse.columns import EDGES, above, before, cells_of, find_label, line_of, lines_above, lowered
from handlers.parse.securities import printed_securities

__all__ = ["printed_cover"]

Registrant = dict[str, Any]

# In lower case, and without the bracket that most of them stand in.
_NAME = re.compile(
    r"(?:exact\s+)?\b(?:names?|exact)\s+of\s+(?:each\s+|the\s+)?(?:co-?\s?)?"
    r"(?P<who>registrants?|issuers?|issuing\s+entity|corporation|company)\b"
)
_STATE = re.compile(
    r"(?:states?|province|country)\s+(?:or|of)\s+(?:other|incorp|organi|juris|country)|"
    r"(?:other\s+)?jurisdiction\s+of\b"
)
_FILE = re.compile(r"commission\b(?=\s+file|[^\n]{0,3}(?:\n|$)|\)?(?:\t|   ))|(?:sec\s+)?file\s+(?:number|nos?\b)")
_IRS = re.compile(r"i\.?\s?r\.?\s?s\b|internal\s+revenue|(?:federal\s+)?employer\s+ident")
_ADDRESS = re.compile(
    r"(?:registrants?['’]?s?['’]?\s+)?address(?:es)?\b\s*,?\s*(?:of|including|and)\b|street\s+address"
)
_FORMER = re.compile(r"former\s+(?:name|address)")
_ROWS_HEAD = re.compile(
    r"\bfile\s+n(?:umber|os?\b)[^\n]{0,300}\b(?:registrant|state)[^\n]{0,300}\b(?:i\.?\s?r\.?\s?s|employer)[^\n]*$",
    re.MULTILINE,
)
_ROWS_END = re.compile(
    r"^[^\w\n]*(?:check\s+the|indicate\s+by|securities\s+registered|this\s+combined|(?:the\s+)?(?:names?|address(?:es)?)\s+(?:and\s+address(?:es)?\s+)?of\b|"
    r"(?:registrants?['’]?s?\s+)?former|not\s+applicable|item\s)",
    re.IGNORECASE | re.MULTILINE,
)

_FILE_NUMBER = re.compile(r"(?<![\d-])\d{1,3}[ ]?[-–][ ]?\d{3,6}(?:-\d{1,3})?(?![\d-])")
_ANY_FILE_NUMBER = re.compile(r"(?<![\d-])(?:0{0,2}[012]|33|333|811|814)\s?-\s?\d{4,6}(?:-\d{1,3})?(?![\d-])")
_IRS_NUMBER = re.compile(r"(?<![\d-])\d{2}[ ]?[-–][ ]?\d{6,7}(?![\d-])")
_PHONE = re.compile(r"\(?(?<!\d)\d{3}\)?[ \t.\-–/]{0,3}\d{3}[ \t.\-–]{1,3}\d{4}(?!\d)")
_PLACE = re.compile(r"[A-Z][A-Za-z .,&'’]{1,60}")
_CHARTER = re.compile(
    r"\(?\b(?:an?\s+)?([A-Z][A-Za-z]+(?:\s[A-Z][A-Za-z]+){0,3})\s+"
    r"(?:corporation|limited\s+(?:liability\s+company|partnership)|company|partnership|(?:business\s+|statutory\s+)?trust)\)|"
    r"\(\s*(?:an?\s+|(?:incorporated|organized)\s+in\s+)?([A-Z][A-Za-z]+(?:\s[A-Z][A-Za-z]+){0,2})\s*\)",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"\b(?:date\s+of|earliest|commission|pursuant|act\s+of|l?19[34]\d|l934|washington,?\s+d|form\s+8|current\s+report|amendment|united\s+states|"
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december)\s+\d{1,2},?\s+(?:19|20)\d\d)\b|^\W*$|^\W*exchange\s+act\W*$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\W*(?:\((?!the\b)|commission\b|exact\s+name|i\.?\s?r\.?\s?s\b|date\s+of|form\s+8|registrants?['’]?s?,?\s+(?:tele|former)|"
    r"state\s+(?:or|of)\s|(?:of\s+)?incorporation\b|jurisdiction\b|employer\b|identification|file\s+n|former\s|address\s|zip\s+code|number\)|telephone)",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"\W*(?:n\W?a|none|not\s+applicable|inapplicable|same(?:\s+as\s+above)?|no\s+change|unchanged)?\W*", re.IGNORECASE
)
# "(as depositor under the Pooling and Servicing Agreement, dated as of ...)" is no part of a name.
_CAPACITY = re.compile(
    r"\s*\((?:as\s+(?:the\s+)?(?:company|depositor|seller|sponsor|servicer|master|issuer|registrant|trustee|originator)|"
    r"on\s+behalf\s+of|in\s+its\s+capacity)\b",
    re.IGNORECASE,
)
_COVER_CHARS = 15_000
_MAX_REGISTRANTS = 100
_MAX_NAMES = 12  # paragraphs of names above one label
_NAME_CHARS = 3_000


def printed_cover(page: str) -> dict[str, Any]:
    """Read what a printed cover tells: of the first registrant at the top level, of all in ``registrants``."""
    page = page[:_COVER_CHARS]
    low = lowered(page)
    registrants = _from_rows(page, low) or _from_labels(page, low)
    return {
        "source": "printed",
        **(registrants[0] if registrants else {}),
        **_former_name(page, low),
        "check_boxes": ticked_boxes(page),
        **is_growth_company(page),
        **is_transition_declined(page),
        "securities": printed_securities(page),
        "registrants": registrants,
    }


def _former_name(page: str, low: str) -> Registrant:
    """Read the former name or address behind its label, or right above it."""
    label = find_label(low, _FORMER)
    if label is None:
        return {}
    start, end = line_of(page, label.start())
    _, colon, name = page[label.end() : end].partition(":")
    if not colon:
        name = before(page, label.start())
        name = name or next(lines_above(page, start), "")
    name = " ".join(name.split()).strip(EDGES)
    is_other = _NOTHING.fullmatch(name) or _is_label(name) or _PHONE.search(name)
    return {} if is_other else {"former_name": name}


def _is_label(text: str) -> bool:
    return _LABEL.match(text) is not None


def _value(page: str, label: re.Match[str]) -> str:
    """Return what stands in front of a label in its cell, or above it."""
    return " ".join(before(page, label.start()).split()) or above(page, label.start(), _is_label)


def _numbered(page: str, label: re.Match[str], number: re.Pattern[str]) -> str:
    """Return the number that belongs to a label: above it, in front of it, or behind it on the line or the next."""
    found = number.search(_value(page, label)) or number.search(page, label.end(), label.end() + 80)
    return _compact(found[0]) if found else ""


def _from_labels(page: str, low: str) -> list[Registrant]:
    """Read the registrants whose names stand above "(Exact name of registrant ...)"."""
    labels = [label for label in islice(_NAME.finditer(low), _MAX_REGISTRANTS) if _name_above(page, label)]
    if not labels:
        return [found] if (found := _facts(page, low)) else []
    registrants: list[Registrant] = []
    lines = [line_of(page, label.start())[0] for label in labels]
    for index, label in enumerate(labels):
        end = labels[index + 1].start() if index + 1 < len(labels) else len(page)
        start = 0 if index == 0 else label.end()
        names = _name_above(page, label)
        if len(names) > 1:
            registrants += _side_by_side(names, page[label.end() : end], low[label.end() : end])
        elif lines.count(lines[index]) > 1:  # side by side: whose the other values are is not told by their place
            registrants.append({"registrant": names[0]})
        else:
            registrants.append({"registrant": names[0], **_facts(page[start:end], low[start:end])})
    return _with_shared(registrants)


def _with_shared(registrants: list[Registrant]) -> list[Registrant]:
    """Give all registrants the one address and telephone number that stand below the last of them."""
    for key in ("address", "phone"):
        told = [registrant[key] for registrant in registrants if key in registrant]
        if len(told) == 1:
            registrants = [{**registrant, key: told[0]} for registrant in registrants]
    return registrants


def _name_above(page: str, label: re.Match[str]) -> list[str]:
    """Return the name above its label, or names: one a line, where the label speaks of several."""
    start, end = line_of(page, label.start())
    inside = before(page, label.start())
    if inside and not _NO_NAME.search(inside):
        return [_tidy_name(inside)]
    if len(cells_of(page[start:end])) > 1:  # side by side
        name = above(page, label.start(), _is_label)
        return [_tidy_name(name)] if name and not _NO_NAME.search(name) else []
    is_several = label["who"].endswith("s")
    names: list[str] = []
    for paragraph in _paragraphs_above(page, start, _MAX_NAMES if is_several else 1):
        found = _names_in(paragraph)
        if not found:
            break
        names = [*found, *names]
    return [_tidy_name(name) for name in (names if is_several else [" ".join(names)]) if name]


def _paragraphs_above(page: str, start: int, most: int) -> list[str]:
    """Return the paragraphs above a label, the nearest first."""
    lead = page[max(0, start - _NAME_CHARS) : start].rstrip()
    return lead.split("\n\n")[: -most - 1 : -1]


def _names_in(paragraph: str) -> list[str]:
    """Take the last lines of a paragraph that may be names."""
    capacity = _CAPACITY.search(paragraph)
    names: list[str] = []
    for line in reversed(paragraph[: capacity.start() if capacity else None].split("\n")):
        text = " ".join(" ".join(cell.text for cell in cells_of(line)).split())
        if not text:
            continue
        if _NO_NAME.search(text) or _is_label(text) or not any(map(str.isalpha, text)):
            break
        names.insert(0, text)
    return names


def _tidy_name(name: str) -> str:
    capacity = _CAPACITY.search(name)
    return " ".join(name[: capacity.start() if capacity else None].split()).strip(EDGES)


def _facts(part: str, low: str) -> Registrant:
    """Read one registrant's numbers, state, address and telephone number from its part of the page."""
    file, irs, state = find_label(low, _FILE), find_label(low, _IRS), find_label(low, _STATE)
    other, phone = _ANY_FILE_NUMBER.search(part), _PHONE.search(part)
    place = _value(part, state) if state else ""
    found: Registrant = {
        "file_number": (_numbered(part, file, _FILE_NUMBER) if file else "") or (_compact(other[0]) if other else ""),
        "irs_number": _numbered(part, irs, _IRS_NUMBER) if irs else "",
        "state_of_incorporation": place.rstrip(",") if _PLACE.fullmatch(place) else "",
        "address": _address(part, low),
        "phone": " ".join(phone[0].split()) if phone else "",
    }
    return {key: value for key, value in found.items() if value}


def _compact(number: str) -> str:
    return "".join(number.split()).replace("–", "-")


def _address(part: str, low: str) -> list[str]:
    """Return the lines of the address above its label."""
    label = find_label(low, _ADDRESS)
    if label is None:
        return []
    start, _ = line_of(part, label.start())
    lines = [inside] if (inside := before(part, label.start())) else []
    for line in lines_above(part, start):
        cells = [cell.text for cell in cells_of(line) if not _PHONE.fullmatch(cell.text.strip("()"))]
        if len(lines) == 4 or any(map(_is_label, cells)) or _IRS_NUMBER.search(line) or _NAME.search(line.lower()):
            break
        lines.insert(0, " ".join(" ".join(cells).split()))
    return [line for line in lines if line]


def _side_by_side(names: list[str], part: str, low: str) -> list[Registrant]:
    """Give each of several names its row of state, file number and IRS number."""
    registrants: list[Registrant] = [{"registrant": name} for name in names]
    rows = [line for line in part.split("\n") if _FILE_NUMBER.search(line) and _IRS_NUMBER.search(line)]
    if len(rows) == len(names):
        for registrant, row in zip(registrants, rows, strict=True):
            registrant.update(_of_cells([cell.text for cell in cells_of(row)]))
    else:
        registrants[0] |= _facts(part, low)
    return registrants


def _of_cells(cells: list[str]) -> Registrant:
    found: Registrant = {}
    for cell in cells:
        if _IRS_NUMBER.fullmatch(cell):
            found["irs_number"] = cell
        elif _FILE_NUMBER.fullmatch(cell):
            found["file_number"] = cell
        elif _PLACE.fullmatch(cell):
            found["state_of_incorporation"] = cell
    return found


def _from_rows(page: str, low: str) -> list[Registrant]:
    """Read a table with a row for each registrant, as holding companies of utilities print it."""
    head = _ROWS_HEAD.search(low)
    if head is None:
        return []
    stop = _ROWS_END.search(page, head.end())
    rows: list[tuple[list[str], list[str]]] = []
    for line in page[head.end() : stop.start() if stop else len(page)].split("\n"):
        cells = [cell.text for cell in cells_of(line)]
        if len(cells) > 1 and _FILE_NUMBER.fullmatch(cells[0]):
            rows.append((cells, []))
        elif rows and cells:
            rows[-1][1].extend(cells)
    return [_of_row(cells, below) for cells, below in rows[:_MAX_REGISTRANTS]]


def _of_row(cells: list[str], below: list[str]) -> Registrant:
    """Read "1-3526 | The Company (A Delaware Corporation) 30 Street, City (404) 555-0100 | 58-0690070"."""
    irs = next((cell for cell in [*cells[1:], *below] if _IRS_NUMBER.fullmatch(cell)), "")
    inner = [cell for cell in cells[1:] if cell != irs]
    below = [cell for cell in below if cell != irs]
    words = _NAME_LABEL.sub(" ", " ".join(" ".join([*inner[:1], *below]).split()))
    charter = _CHARTER.search(words)
    phone = _PHONE.search(words)
    name = words[: charter.start()] if charter else inner[0] if inner else ""
    rest = words[charter.end() : phone.start() if phone else None] if charter else ""
    state = (charter[1] or charter[2]) if charter else inner[1] if len(inner) > 1 else ""
    found = {
        "registrant": _tidy_name(name),
        "file_number": cells[0],
        "irs_number": irs,
        "state_of_incorporation": state,
        "address": [rest.strip(EDGES)] if rest.strip(EDGES) else [],
        "phone": " ".join(phone[0].split()) if phone else "",
    }
    return {key: value for key, value in found.items() if value}


_NAME_LABEL = re.compile(r"\(\s*exact\s+name[^()]*\)", re.IGNORECASE)
