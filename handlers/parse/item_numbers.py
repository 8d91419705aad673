"""Reads the number of an item as filers write it: "2.02", "2 .O2", "502", "9.1", "V", and several in a row."""

from __future__ import annotations

import re
from datetime import date

from handlers.parse.titles import section_item
from watcher import is_current_number, is_legacy_number

__all__ = ["NUMBER", "PARTS", "WORD_ITEM", "is_sure", "read_number", "read_numbers"]

_CURRENT = (
    r"0?[1-9]\s{0,2}[.,:\u00b7\u2024\-]{1,2}\s{0,2}(?:[0-9Oo](?:\d|[OolI](?![A-Za-z]))|\d\s\d)(?!\d)"
    r"|[1-9][01]\d(?![\d.])|[1-9]\.[1-9](?!\d)"
)
_LEGACY = r"(?:1[0-3]|[1-9])(?!\d|\.\d|[A-Za-z]\b)"
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii")
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_SPELT_NUMBERS = {word: str(number) for words in (_ROMAN, _WORDS) for number, word in enumerate(words, 1)}
_SPELT = rf"(?:{'|'.join(_SPELT_NUMBERS)})\b"
NUMBER = rf"(?:{_CURRENT}|{_LEGACY}|{_SPELT})"
"""Matches one number, however it is written. To be compiled with ``re.IGNORECASE``, as those below."""

PARTS = (
    r"(?:\.?[ \t]{0,2}\([A-Za-z0-9]{1,4}\)"
    r"(?:[ \t]{0,2}(?:,|;|/|&|and\b|through\b|-|–)(?=[ \t]{0,2}\([A-Za-z]\)))?){0,8}"
    r"(?:(?<=\d)[a-f](?![A-Za-z]))?"
)
"""Matches the parts that may follow a number: "(b)", "(b), (c) and (e)"."""

WORD_ITEM = (
    r"(?:(?<![A-Za-z0-9])i ?t ?e ?m|(?-i:(?<=[a-z])I(?:tem|TEM)|(?<=[A-Z])Item)) ?s?[\s:#.\-–—_*(\[]{0,12}"
    r"(?:(?:nos?\b|numbers?\b)[\s.:#]{0,6})?"
)
"""Matches the word "Item", set apart or glued to the line before, and what may stand between it and the number."""

_AS_IN_THE_FORM = re.compile(r"[1-9]\s?\.\s?[0-9Oo][0-9OolI]|1[0-3]|[1-9]")
_MORE = re.compile(
    rf"(?:(?:[\s.:]{{0,3}}(?:,|;|/|&|and\b|or\b)){{1,3}}[ \t]{{0,3}}\n?[ \t]{{0,40}}(?:{WORD_ITEM})?"
    rf"|[ \t.:]{{0,4}}\n?[ \t]{{0,40}}{WORD_ITEM})({NUMBER}){PARTS}",
    re.IGNORECASE,
)
_NO_DIGITS = re.compile(r"[^0-9]+")
_MISTYPED = str.maketrans("oli", "011")
_MAX_NUMBERS = 12  # keeps the time linear
_OLD_NUMBERS_UNTIL = date(2004, 12, 31)  # some filers kept the old numbers for months
_NEW_NUMBERS_SINCE = date(2004, 8, 1)


def is_sure(written: str) -> bool:
    """Whether a number is written as in the form, so that it can do without its title."""
    return _AS_IN_THE_FORM.fullmatch(written) is not None


def read_numbers(text: str, written: str, end: int, filed_on: date | None) -> tuple[tuple[str, ...], int]:
    """Read on from a number that ends here: the one or the several ("Items 2.02 and 7.01"), and where they end."""
    meant = section_item(text, end, written) if _is_section(written) and _may_be_new(filed_on) else None
    first = meant or read_number(written, filed_on)
    if first is None:
        return (), end
    numbers = [first]
    more = _MORE.match(text, end) if meant is None else None
    while more and len(numbers) < _MAX_NUMBERS:
        number = read_number(more[1], filed_on)
        if number is None or ("." in number) != ("." in first):
            break
        numbers.append(number)
        end = more.end()
        more = _MORE.match(text, end)
    return tuple(dict.fromkeys(numbers)), end


def read_number(written: str, filed_on: date | None) -> str | None:
    """Bring a number to its form, or return None when no such item existed at that time."""
    number = _SPELT_NUMBERS.get(written.lower()) or _digits(written)
    if "." in number:
        return number if _may_be_new(filed_on) and is_current_number(number) else None
    may_be = filed_on is None or filed_on <= _OLD_NUMBERS_UNTIL
    return number if may_be and is_legacy_number(number) else None


def _digits(written: str) -> str:
    digits = "".join(written.split()).lower().translate(_MISTYPED)
    whole, point, part = _NO_DIGITS.sub(".", digits).lstrip("0").partition(".")
    if point:
        return f"{whole}.{part:0>2}"
    return f"{whole[0]}.{whole[1:]}" if len(whole) == 3 else whole


def _is_section(written: str) -> bool:
    return len(written) == 1 and written.isdigit()


def _may_be_new(filed_on: date | None) -> bool:
    return filed_on is None or filed_on >= _NEW_NUMBERS_SINCE
