"""Finds where the signature block of a main document starts. Who signed is read by `handlers.parse.signers`."""

from __future__ import annotations

import re

from handlers.parse.signers import find_signatures
from watcher import Signature

__all__ = ["find_signature", "signature_start"]

# The sentence that a report is signed under, as the form has it and as filers change it.
_PURSUANT = re.compile(
    r"[Pp](?:ursuant|URSUANT)(?i:\s+to\s+the\s+requirements?\s+of\s+(?:section\s++[^\n]{0,40}?\s++of\s+)?(?:the\s+)?"
    r"(?:securities(?:\s+and)?\s+(?:exchange\s+)?act|securities\s+and\s+exchange\s+commission))"
)
_CAUSED = re.compile(r"caused\s+this\s+(?:[\w\-]+\s+){1,6}to\s+be\s+signed", re.IGNORECASE)
_SIGNS = re.compile(r"\b(?:signed|undersigned|caused|behalf)\b|/[ \t]?s[ \t]?/|\bBy:\s", re.IGNORECASE)
_TITLE_LINE = re.compile(
    r"(?:^|\n)[^\w\n]*s[ \t]?i[ \t]?g[ \t]?n[ \t]?a[ \t]?t[ \t]?u[ \t]?r[ \t]?e[ \t]?s?(?:[ \t]+page)?[^\w\n]*(?=\n|$)",
    re.IGNORECASE,
)
_MARK = re.compile(r"/[ \t]?s[ \t]?/|\bBy:?\s|_{6,}", re.IGNORECASE)
_LOOK_AROUND = 600
_SENTENCE = 300


def signature_start(text: str, after: int = 0) -> int:
    """Return where the signature block starts, its heading included; the text's length when there is none."""
    duty = next((match for match in _PURSUANT.finditer(text, after) if _is_signed(text, match, after)), None)
    duty = duty or _CAUSED.search(text, after)
    if duty is not None:
        return _title_start(text, duty, after) or max(after, _paragraph_start(text, duty.start()))
    mark: re.Match[str] | None = None
    for title in _TITLE_LINE.finditer(text, after):
        if mark is None or mark.start() < title.end():
            mark = _MARK.search(text, title.end())
        if mark is None:
            break
        if mark.start() < title.end() + 1_500:
            return _line_start(text, title)
    return len(text)


def _is_signed(text: str, duty: re.Match[str], after: int) -> bool:
    """Whether a signature follows, and the words are not only said in passing."""
    if _title_start(text, duty, after) is not None:
        return True
    paragraphs = text[duty.end() : duty.end() + _SENTENCE].split("\n\n")
    return any(_SIGNS.search(paragraph) for paragraph in paragraphs[:2])


def _title_start(text: str, duty: re.Match[str], after: int) -> int | None:
    """Find the heading ("SIGNATURES") above the sentence."""
    titles = list(_TITLE_LINE.finditer(text, max(after, duty.start() - _LOOK_AROUND), duty.start()))
    return _line_start(text, titles[-1]) if titles else None


def _line_start(text: str, title: re.Match[str]) -> int:
    return title.start() + (text[title.start()] == "\n")


def _paragraph_start(text: str, place: int) -> int:
    """Find where the paragraph starts, or the line if the paragraph is long: then it holds more than a signature."""
    line = text.rfind("\n", 0, place) + 1
    paragraph = text.rfind("\n\n", max(0, place - _SENTENCE), place)
    return line if paragraph < 0 else paragraph + 2


def find_signature(block: str) -> Signature | None:
    """Read the first signature of the block that starts here, or None when nobody signed."""
    return next(iter(find_signatures(block)), None)
