"""Sums of money as numbers: US dollars as filings write them. Nothing is converted, and nothing guessed."""

from __future__ import annotations

import re
from decimal import Decimal

__all__ = ["dollars", "whole_dollars"]

# A letter before the sign makes it another dollar (C$, A$, HK$), but for that of the United States.
_SUM = re.compile(
    r"(?<![A-Za-z])(?:US ?|USD ?)?\$ ?(\d{1,3}(?:,\d{3}){1,5}|\d{1,15})(\.\d{1,6})?"
    r"(?:[ \n-](thousand|million|billion|trillion))?(?![\d,.]?\d)",
    re.IGNORECASE,
)
_TIMES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_NOT_A_SUM = re.compile(r"[ \n]*(?:per|a|each|/)[ \n]?(?:share|unit|warrant|ADS)\b", re.IGNORECASE)
_WRITTEN = re.compile(
    r"(?:US ?)?\$? ?(\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(\.\d{1,6})?(?: (thousand|million|billion))?", re.IGNORECASE
)


def dollars(text: str) -> int | None:
    """Return a sum such as ``$1.5 billion`` or ``US$ 300,000`` in whole US dollars, cents rounded; None for no sum.

    Other currencies are none, nor is what is paid for one share.
    """
    match = _SUM.search(text)
    if match is None or _NOT_A_SUM.match(text, match.end()):
        return None
    return _whole(match)


def whole_dollars(text: str) -> int:
    """Read what a rule says: ``100000000``, ``100,000,000`` or ``$100 million``. Raises ``ValueError``."""
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise ValueError("expected US dollars, such as 100000000 or $100 million")
    return _whole(match)


def _whole(match: re.Match[str]) -> int:
    amount = Decimal(match[1].replace(",", "") + (match[2] or ""))
    return round(amount * _TIMES.get((match[3] or "").lower(), 1))
