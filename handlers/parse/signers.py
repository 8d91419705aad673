"""Reads who signed: name, title, date and for which registrant, of everyone in the signature block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from handlers.parse.dates import find_date, find_dates
from watcher import Signature

__all__ = ["find_signatures"]

_SIGNED = re.compile(r"/[ \t]?s[ \t]?/|\\s\\|//[ \t]|/s(?=[ \t][A-Z])", re.IGNORECASE)
_BY = re.compile(r"^by\b\s*[:.]?\s*(.*)$", re.IGNORECASE)
_LABEL = re.compile(
    r"^(?:printed\s+|print\s+)?(name(?:\s*(?:and|&|/)\s*title)?|title|its|dated?|as)\s*[:.]\s*(.*)$", re.IGNORECASE
)
_FRAGMENT = re.compile(r"\t+| {3,}|\n")
_RULE = re.compile(r"^[\s_\-=–—.*|]*$")
_BLOCK_END = re.compile(
    r"^[^\w\n]*(?:index[ \t]+(?:to|of)[ \t]+exhibits?|exhibits?[ \t]+(?:index|list)|list[ \t]+of[ \t]+exhibits|"
    r"table of contents|exhibits?[ \t]+(?:no\.?[ \t]*)?\d{1,3}(?:\.\d{1,3})?)[^\w\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_DATE_LABEL = re.compile(r"^(?:dated?|as\s+of)\b\s*[:.]?\s*", re.IGNORECASE)
_LABELLED_DATE = re.compile(r"\bdated?\b[\s:.,_]{0,20}(?:as\s+of\s+|this\s+|the\s+)?", re.IGNORECASE)
_NOT_A_TITLE = re.compile(
    r"^(?:\W*\d{1,3}\W*$|date|dated|exhibit|page\b|signature|pursuant|\(?registrant|\(signature|by\s*:|/s/)",
    re.IGNORECASE,
)
_NOT_A_REGISTRANT = re.compile(
    r"^\W*(?:by\b|name\b|title\b|signatures?\b|pursuant|page\b|its\b|thereunto|hereunto|duly)|"
    r"\b(?:securities|caused|signed|behalf|undersigned|authorized|exchange\s+act|19[34]\d|requirements|capacit\w+|indicated)\b",
    re.IGNORECASE,
)
_IS_REGISTRANT = re.compile(r"^\W*(?:the\s+)?(?:co-?)?registrants?\W*$", re.IGNORECASE)
_REST_OF_A_NAME = re.compile(
    r"(?:corporation|incorporated|inc|company|co|llc|l\.l\.c|l\.p|lp|ltd|limited|trust|group)\W*", re.IGNORECASE
)
_OFFICE = re.compile(
    r"\b(?:officer|president|counsel|secretary|treasurer|director|controller|chair\w*|manager|partner|trustee|ceo|cfo|evp|svp|"
    r"coo|cao|clo|attorney|comptroller|cashier|representative|executive|principal|signatory|accountant|administrator|vice|"
    r"founder|head|member|agent|owner|actuary|liquidator|receiver)\b",
    re.IGNORECASE,
)
_HALF_OFFICES = frozenset(("vice", "executive", "principal"))
_GOES_ON = re.compile(r"(?:,|&|\band|\bof|\bfor|-|/)$", re.IGNORECASE)
_ITS = re.compile(r"^(?:its|title|as)\s*:?\s+(?=[A-Z])", re.IGNORECASE)
_BLOCK_CHARS = 8_000
_MOST_FRAGMENTS = 400
_LOOK_AHEAD = 10  # fragments from a mark to the end of what belongs to it
_MOST_SIGNERS = 50


def find_signatures(block: str) -> tuple[Signature, ...]:
    """Read everyone who signed in the block that starts here; () when nobody did."""
    block = block[:_BLOCK_CHARS]
    stop = _BLOCK_END.search(block)
    block = block[: stop.start()] if stop else block
    fragments = _fragments(block)
    marks = [index for index, fragment in enumerate(fragments) if _SIGNED.search(fragment)]
    # A page that nobody conformed has its names behind "By:" alone.
    marks = marks or [index for index, fragment in enumerate(fragments) if _BY.match(fragment)][:1]
    day = _date_of(block)
    signatures: dict[tuple[str, tuple[str, ...]], Signature] = {}
    registrants: tuple[str, ...] = ()
    begun = 0
    for place, mark in enumerate(marks[:_MOST_SIGNERS]):
        end = marks[place + 1] if place + 1 < len(marks) else len(fragments)
        registrants = _registrants(fragments[begun:mark]) or registrants
        signed = _signed(fragments, mark, min(end, mark + _LOOK_AHEAD), day, registrants)
        if signed is not None:
            signatures.setdefault((signed.name, registrants), signed)
        begun = mark + 1
    return tuple(signatures.values())


def _fragments(block: str) -> list[str]:
    """Cut the block into its cells and lines, dates taken off the front of what else stands there."""
    fragments: list[str] = []
    for part in _FRAGMENT.split(block)[:_MOST_FRAGMENTS]:
        text = part.strip()
        if not _RULE.match(text):
            fragments.extend(_without_date(text))
    return fragments


def _without_date(text: str) -> Iterator[str]:
    """Split "Date: March 30, 2021 Ann Lee, Secretary" in two."""
    label = _DATE_LABEL.match(text)
    found = next(find_dates(text), None) if label else None
    rest = text[found[2] :].strip(" ,.;") if label and found and found[1] <= label.end() + 20 else ""
    if rest and found:
        yield text[: found[2]]
        yield rest
    else:
        yield text


def _date_of(block: str) -> date | None:
    """Return the date that a label announces, else the first one."""
    for label in _LABELLED_DATE.finditer(block):
        day = find_date(block[label.end() : label.end() + 40])
        if day is not None:
            return day
    return find_date(block)


def _signed(
    fragments: Sequence[str], mark: int, end: int, day: date | None, registrants: tuple[str, ...]
) -> Signature | None:
    """Read the signature whose mark stands in this fragment."""
    fragment = fragments[mark]
    signed, by = _SIGNED.search(fragment), _BY.match(fragment)
    own = fragment[signed.end() :] if signed else by[1] if by else ""
    name, title = _name_and_title(own.strip(" _-\t"), fragments[mark + 1 : end])
    return Signature(name=name, title=title, date=day, registrants=registrants) if name else None


def _registrants(fragments: Sequence[str]) -> tuple[str, ...]:
    """Find for whom the next signature is: the names above it, after the last words of the statement."""
    names: list[str] = []
    for fragment in reversed(fragments):
        name = _after_date(fragment)
        if not name or name.startswith("(") or _IS_REGISTRANT.match(name) or _BY.match(name):
            continue
        if _NOT_A_REGISTRANT.search(name) or _OFFICE.search(name) or len(name) > 120:
            break
        if names and _REST_OF_A_NAME.fullmatch(names[0]):
            names[0] = f"{name} {names[0]}"
        else:
            names.insert(0, name)
    return tuple(names)


def _after_date(fragment: str) -> str:
    """Return a fragment without the date that it begins with, or is."""
    label = _DATE_LABEL.match(fragment)
    found = next(find_dates(fragment[:60]), None)
    if found and found[1] <= (label.end() if label else 0) + 12:
        fragment = fragment[found[2] :]
    elif label:
        return ""
    return _tidy(fragment) if any(map(str.isalpha, fragment)) else ""


def _name_and_title(signed: str, after: Sequence[str]) -> tuple[str, str | None]:
    """Read the printed name and the title from what follows the mark of a signature."""
    name, title = _clean(signed), ""
    label = ""
    for fragment in after:
        match = _LABEL.match(fragment)
        value = match[2].strip() if match else fragment
        label = match[1].lower() if match else label
        if match and (not value or _LABEL.match(value)):
            continue
        if label.startswith("name"):
            name, title = _split(value, name)
            label = ""
        elif label in ("title", "its", "as"):
            title, label = _split(value, name)[1] or value, ""
        elif label:
            label = ""
        elif _NOT_A_TITLE.match(fragment):
            if title:
                break
        elif title:
            if not _title_goes_on(title, value):
                break
            title = f"{title} {value}"
        elif not name or _same_person(name, value):
            name, title = _split(value, name)
        elif _OFFICE.search(value) and not value.startswith("("):
            title = value
    if not title:
        name, title = _split(name, name)
    return _tidy(name), _ITS.sub("", _tidy(title)) or None


def _split(printed: str, signed: str) -> tuple[str, str]:
    """Split "Ann Lee, Jr., Chief Executive Officer" into name and title, and "Ann Lee President" below "Ann Lee"."""
    parts = _clean(printed).split(",")
    office = next((place for place, part in enumerate(parts) if place and _OFFICE.search(part)), None)
    if office is not None and not _OFFICE.search(parts[0]):
        return ",".join(parts[:office]), ",".join(parts[office:]).strip()
    words, known = printed.split(), _letters(signed)
    for count in range(1, len(words)):
        if known and _letters(" ".join(words[:count])) == known and _OFFICE.search(" ".join(words[count:])):
            return " ".join(words[:count]), " ".join(words[count:])
    return _clean(printed), ""


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, text)).lower()


def _title_goes_on(title: str, value: str) -> bool:
    """Whether the next line is the rest of a title: "Executive Vice President and Chief", "Financial Officer"."""
    if value.startswith("(") or len(value) > 100:
        return False
    last = title.rsplit(None, 1)[-1]
    return (
        _GOES_ON.search(title) is not None
        or value.lower().startswith("and ")
        or ((_OFFICE.fullmatch(last) is None or last.lower() in _HALF_OFFICES) and _OFFICE.search(value) is not None)
    )


def _same_person(signed: str, printed: str) -> bool:
    """Whether a printed line names the one who signed: the family name is the same."""
    words = re.findall(r"[a-z]{2,}", signed.lower())
    return any(word in re.findall(r"[a-z]{2,}", printed.lower()) for word in words[-2:]) and len(printed) < 120


def _clean(name: str) -> str:
    """Take a name without rules, marks and a second printing on the same line."""
    name = _tidy(_SIGNED.sub(" ", name))
    words = name.split()
    half = len(words) // 2
    if (
        half >= 2
        and len(words) % 2 == 0
        and [word.lower() for word in words[:half]] == [word.lower() for word in words[half:]]
    ):
        return " ".join(words[:half])
    return name


def _tidy(text: str) -> str:
    return " ".join(text.split()).strip(" _-–—:;,")
