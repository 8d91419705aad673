"""Tells whether an item's title stands behind its number, however filers bend it, and where it ends.

A title is walked along word by word: words may be missing, misspelt behind their fifth letter, or set over several
lines and cells. How much of it must be there depends on how sure the number alone already is.
"""

from __future__ import annotations

import re
from functools import cache

from watcher import official_title

__all__ = ["is_of_another_form", "odd_title_end", "section_item", "title_end", "titles_end"]

_OFFICERS = "Departure of Directors or Principal Officers; Election of Directors; Appointment of Principal Officers"
# What filers write beside the official title, some of it from earlier wordings of the form.
_VARIANTS: dict[str, tuple[str, ...]] = {
    "1.03": ("Bankruptcy",),
    "2": ("Completion of Acquisition or Disposition of Assets",),
    "3": ("Bankruptcy",),
    "5": ("Other Events and Regulation FD Disclosure", "Other Events and Required FD Disclosure", "Other Information"),
    "7": (
        "Financial Statements, Pro Forma Financial Information and Exhibits",
        "Financial Statements, Pro Forma Financial Statements and Exhibits",
        "Exhibits",
    ),
    "9": ("Sales of Equity Securities Pursuant to Regulation S", "Regulation FD Disclosure"),
    "12": ("Disclosure of Results of Operations and Financial Condition",),
    "2.02": ("Disclosure of Results of Operations and Financial Condition",),
    "5.02": (_OFFICERS, f"{_OFFICERS}; Compensatory Arrangements of Certain Officers"),
    "5.08": ("Shareholder Nominations Pursuant to Exchange Act Rule 14a-11",),
    "8.01": ("Other Information",),
    "9.01": (
        "Financial Statements, Pro Forma Financial Information and Exhibits",
        "Financial Statements and Exhibits",
        "Exhibits",
    ),
}
# What an item of this number is called in an annual or quarterly report or a proxy statement, which an 8-K may
# quote. Only the first words count.
_OF_ANOTHER_FORM = re.compile(
    r"(?:description\s+of\s+)?(?:business|propert(?:y|ies)|legal\s+proceedings|risk\s+factors|unresolved\s+staff|"
    r"mine\s+safety\s+disclosures|submission\s+of\s+matters|market\s+for|selected\s+(?:consolidated\s+)?financial|"
    r"management.?s\s+discussion|quantitative|financial\s+statements\s+and\s+supplementa|consolidated\s+financial|"
    r"changes\s+in\s+and\s+disagree|controls\s+and\s+proc|directors[,\s]+(?:and\s+)?executive|executive\s+(?:officers|comp)|"
    r"security\s+ownership|certain\s+relation|principal\s+account|exhibits?[,\s]+financial|exhibits\s+and\s+reports|"
    r"defaults?\s+upon|(?:the\s+)?(?:re-?)?elect(?:ion|ing)\s+(?:of|the)|(?:the\s+)?ratif|advisory\s+vote|approval\s+of|"
    r"(?:to\s+)?(?:approve|elect|ratify|amend)\b|proposal)",
    re.IGNORECASE,
)

_AFTER_NUMBER = re.compile("[\\s.:;,\\-–—)\\]*_|•·/\"“”'‘’]{0,60}+")
_BETWEEN = re.compile(r"[ \t]{0,3}(?:\([^()\n]{1,40}\)|(?:of|on|to|under)?\s{0,2}form\s+8-k)", re.IGNORECASE)
_SENTENCE = re.compile(r"[ \t]+(?!(?:and|or|of|in|to|by|for)\b)[a-z]")
_ON_NEXT_LINE = re.compile(r"\W{0,60}\n")
_FURTHER = re.compile(r"[\s.,;:/&\-–—]{0,12}(?:(?:and|or)\b[\s.,;:/&\-–—]{0,12})?", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z][A-Za-z'’]*|\d[\d.()\-]*")
_BETWEEN_WORDS = r"[\s;,:/\-\u2010\u2011–—]{1,4}"
_SMALL_WORDS = frozenset(("of", "or", "and", "the", "a", "an", "in", "to", "under", "on", "by", "with"))
_JOINING_WORDS = frozenset(("into", "from", "with", "under", "that", "than", "upon", "between", "among"))
_MAX_STRANGE = 3  # so many words in a row that are not the title's end it
_MAX_BREAKS = 3
_MAX_TITLE_LINES = 4

_Stems = tuple[str, ...]


def titles_end(text: str, start: int, numbers: tuple[str, ...]) -> int | None:
    """Find where the titles of these items end, in whatever order they stand, or None when none of them follows."""
    end = None
    for _ in numbers:
        if end is None:
            place = start
        else:
            gap = _FURTHER.match(text, end)
            place = gap.end() if gap else end
        further = [title_end(text, place, number) for number in numbers]
        furthest = max((found for found in further if found is not None), default=None)
        # Another title must follow at once: the content may well begin with the words of one.
        if furthest is None or (end is not None and "\n\n" in text[end:furthest]):
            break
        end = furthest
    return end


def title_end(text: str, start: int, number: str, *, is_whole: bool = False) -> int | None:
    """Find where this item's title ends, or None when it does not follow.

    ``is_whole`` asks for the title from its first word on and most of it, where the number alone proves little.
    """
    end = _furthest(text, start, number, is_whole=is_whole)
    between = _BETWEEN.match(text, start) if end is None else None
    return end if between is None else _furthest(text, between.end(), number, is_whole=is_whole)


def _furthest(text: str, start: int, number: str, *, is_whole: bool) -> int | None:
    exact = _exact(number).match(text, start)
    ends = [exact.end()] if exact else [_walk(text, start, stems, is_whole=is_whole) for stems in _titles(number)]
    end = max((end for end in ends if end is not None), default=None)
    # On a line of its own, the content may begin with the words of the title.
    is_sentence = end is not None and _SENTENCE.match(text, end) and _ON_NEXT_LINE.match(text, start)
    return None if is_sentence else end


def section_item(text: str, start: int, number: str) -> str | None:
    """Return the item that a filer means who writes its section only ("Item 9. Financial Statements and Exhibits").

    The old item of that number must have another title.
    """
    if title_end(text, start, number) is not None:
        return None
    candidates = (f"{number}.0{part}" for part in range(1, 9))
    return next((item for item in candidates if official_title(item) and _is_titled(text, start, item)), None)


def _is_titled(text: str, start: int, number: str) -> bool:
    return title_end(text, start, number, is_whole=True) is not None


def is_of_another_form(rest: str) -> bool:
    """Whether what follows a number is the title of an item of an annual report, or a proposal to be voted on."""
    return _OF_ANOTHER_FORM.match(rest) is not None


def odd_title_end(text: str, start: int) -> int | None:
    """Find the end of lines that read like a title, though not like an official one; None when there are none."""
    place = _AFTER_NUMBER.match(text, start)
    begin = place.end() if place else start
    if text.count("\n", start, begin) > _MAX_BREAKS:
        return None
    end = None
    for _ in range(_MAX_TITLE_LINES):
        line_end = text.find("\n", begin, begin + 200)
        if line_end < 0 or not _is_like_title(text[begin:line_end].strip(" \t.:;")):
            break
        end, begin = line_end, line_end + 1
    return end


def _is_like_title(line: str) -> bool:
    words = _WORD.findall(line)
    if not 2 <= len(words) <= 20 or not line[0].isupper() or any(character.isdigit() for character in line):
        return False
    if any(word[0].islower() for word in words if word not in _JOINING_WORDS and len(word) > 3):
        return False
    return not line.lower().startswith(("not ", "none", "n/a", "see "))


@cache
def _titles(number: str) -> tuple[_Stems, ...]:
    return tuple(tuple(map(_stem, words)) for words in _title_words(number))


def _title_words(number: str) -> list[list[str]]:
    titles = dict.fromkeys((official_title(number), *_VARIANTS.get(number, ())))
    return [_WORD.findall(title) for title in titles]


@cache
def _exact(number: str) -> re.Pattern[str]:
    """Match the item's titles as they are in the form: nine in ten are, and this is quicker than to walk along.

    A title that another one begins with is left out, since the longer one might follow.
    """
    titles = _title_words(number)
    whole = [words for words in titles if not any(words == other[: len(words)] for other in titles if other != words)]
    patterns = (_BETWEEN_WORDS.join(re.escape(word).replace("'", "['’]?") for word in words) for words in whole)
    return re.compile(rf"{_AFTER_NUMBER.pattern}(?<!\n\n\n)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)


def _stem(word: str) -> str:
    return word.lower().replace("'", "").replace("’", "")[:5]


def _walk(text: str, start: int, stems: _Stems, *, is_whole: bool) -> int | None:
    """Walk along the words while they follow the title's, and return where they stop following.

    Two words in a row may differ, but not over an empty line. Less than two words that carry meaning is no title.
    """
    at, told, strange, end = 0, 0, 0, None
    place = _AFTER_NUMBER.match(text, start)
    position = place.end() if place else start
    if text.count("\n", start, position) > _MAX_BREAKS:
        return None
    while at < len(stems) and strange < _MAX_STRANGE:
        word = _WORD.search(text, position, position + 80)
        if word is None:
            break
        gap = text[position : word.start()]
        is_new_line = end is not None and ("\n\n" in gap or (strange and "\n" in gap))
        stem = _stem(word[0])
        if end is None and (stem != stems[0] if is_whole else stem in _SMALL_WORDS):
            break
        # A title goes on over an empty line only with its very next word.
        if is_new_line and (stem != stems[at] or strange or gap.count("\n") > _MAX_BREAKS):
            break
        if stem in stems[at:]:
            at = stems.index(stem, at) + 1
            told += stem not in _SMALL_WORDS
            strange, end = 0, word.end()
        else:
            strange += 1
        if end is None:
            break
        position = word.end()
    return end if told >= _needed(stems, is_whole=is_whole) else None


@cache
def _needed(stems: _Stems, *, is_whole: bool) -> int:
    carrying = sum(stem not in _SMALL_WORDS for stem in stems)
    return max(min(2, carrying), (carrying + 1) // 2 if is_whole else 0)
