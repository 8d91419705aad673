"""Finds the signature block of a main document, and who signed, as what and when."""

from __future__ import annotations

import re

from handlers.parse.dates import find_date
from watcher import Signature

__all__ = ["find_signature", "signature_start"]

_PURSUANT = re.compile(
    r"pursuant\s+to\s+the\s+requirements?\s+of\s+(?:section\s+[^\n]{0,40}\s+of\s+)?(?:the\s+)?"
    r"(?:securities(?:\s+and)?\s+(?:exchange\s+)?act|securities\s+and\s+exchange\s+commission)",
    re.IGNORECASE,
)
_TITLE_LINE = re.compile(
    r"(?:^|\n)[^\w\n]*s[ \t]?i[ \t]?g[ \t]?n[ \t]?a[ \t]?t[ \t]?u[ \t]?r[ \t]?e[ \t]?s?(?:[ \t]+page)?[^\w\n]*(?=\n|$)",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"/[ \t]?s[ \t]?/|\\s\\|//[ \t]", re.IGNORECASE)
_MARK = re.compile(r"/[ \t]?s[ \t]?/|\bBy:?\s|_{6,}", re.IGNORECASE)
_BY = re.compile(r"^by\b\s*[:.]?\s*(.*)$", re.IGNORECASE)
_LABEL = re.compile(r"^(?:printed\s+)?(name(?:\s+and\s+title)?|title|its|date[d]?)\s*[:.]\s*(.*)$", re.IGNORECASE)
_FRAGMENT = re.compile(r"\t+| {3,}|\n")
_RULE = re.compile(r"^[\s_\-=–—.*|]*$")
_BLOCK_END = re.compile(
    r"^\W*(?:index\s+(?:to|of)\s+exhibits?|exhibits?\s+(?:index|list)|table of contents)\W*$",
    re.IGNORECASE | re.MULTILINE,
)
_NOT_A_TITLE = re.compile(
    r"^(?:\W*\d{1,3}\W*$|date|dated|exhibit|page\b|signature|pursuant|\(?registrant|\(signature|by\s*:|/s/)",
    re.IGNORECASE,
)
_OFFICE = re.compile(
    r"\b(?:officer|president|counsel|secretary|treasurer|director|controller|chair\w*|manager|partner|trustee|ceo|cfo|"
    r"coo|attorney|comptroller|cashier|representative|executive|principal|signatory|accountant|administrator|vice|founder|head|member)\b",
    re.IGNORECASE,
)
_HALF_OFFICES = frozenset(("vice", "executive", "principal"))
_GOES_ON = re.compile(r"(?:,|&|\band|\bof|\bfor|-|/)$", re.IGNORECASE)
_BLOCK_CHARS = 3_000


def signature_start(text: str, after: int = 0) -> int:
    """Return where the signature block starts, its heading included; the text's length when there is none."""
    match = _PURSUANT.search(text, after)
    if match:
        titles = list(_TITLE_LINE.finditer(text, max(after, match.start() - 600), match.start()))
        if titles:
            return titles[-1].start() + (text[titles[-1].start()] == "\n")
        return max(after, text.rfind("\n", 0, match.start()) + 1)
    mark: re.Match[str] | None = None
    for title in _TITLE_LINE.finditer(text, after):
        if mark is None or mark.start() < title.end():
            mark = _MARK.search(text, title.end())
        if mark is None:
            break
        if mark.start() < title.end() + 1_500:
            return title.start() + (text[title.start()] == "\n")
    return len(text)


def find_signature(block: str) -> Signature | None:
    """Read the first signature of the block that starts here, or None when nobody signed."""
    block = block[:_BLOCK_CHARS]
    stop = _BLOCK_END.search(block)
    block = block[: stop.start()] if stop else block
    fragments = [fragment for part in _FRAGMENT.split(block) if not _RULE.match(part) and (fragment := part.strip())]
    for index, fragment in enumerate(fragments):
        signed = _SIGNED.search(fragment)
        by = _BY.match(fragment)
        if signed or (by and not any(_SIGNED.search(later) for later in fragments[index:])):
            own = fragment[signed.end() :] if signed else by[1] if by else ""
            name, title = _name_and_title(own.strip(" _-\t"), fragments[index + 1 : index + 10])
            if name:
                return Signature(name=name, title=title, date=find_date(block))
    return None


def _name_and_title(signed: str, after: list[str]) -> tuple[str, str | None]:
    """Read the printed name and the title from what follows the mark of a signature."""
    name, title = _clean(signed), ""
    label = ""
    for fragment in after:
        match = _LABEL.match(fragment)
        value = match[2].strip() if match else fragment
        label = match[1].lower() if match else label
        if match and not value:
            continue
        if label.startswith("name"):
            name, label = _clean(value), ""
        elif label in ("title", "its"):
            title, label = value, ""
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
            name = _clean(value) or name
            title = _title_behind(value)
        elif _OFFICE.search(value) and not value.startswith("("):
            title = value
    if "," in name and not title:
        title = _title_behind(name)
    return _without_office(name), _tidy(title) or None


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


def _title_behind(text: str) -> str:
    """Take the title of "Ann Lee, Chief Executive Officer"."""
    _, comma, rest = text.partition(",")
    return rest.strip() if comma and _OFFICE.search(rest) else ""


def _without_office(name: str) -> str:
    head, comma, rest = name.partition(",")
    return _tidy(head if comma and _OFFICE.search(rest) else name)


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
