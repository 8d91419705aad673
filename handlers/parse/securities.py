"""Reads the cover's table of securities registered under Section 12(b): title, trading symbol, exchange."""

from __future__ import annotations

import re
from collections.abc import Iterator

from handlers.parse.columns import cells_of

__all__ = ["printed_securities", "short_exchange"]

_EXCHANGES = (
    (("nasdaq",), "NASDAQ"),
    (("nyse american", "nyse mkt", "american stock"), "NYSEAMER"),
    (("nyse arca", "archipelago"), "NYSEArca"),
    (("nyse texas",), "NYSETX"),
    (("chicago stock", "nyse chicago"), "CHX"),
    (("new york stock exchange", "nyse"), "NYSE"),
    (("cboe", "bats"), "CboeBZX"),
    (("long-term", "ltse"), "LTSE"),
    (("investors exchange", "iex"), "IEX"),
    (("texas stock exchange", "txse"), "TXSE"),
)
_HEAD = re.compile(r"title\s+of\s+(?:each|the)?\s*(?:class|securit)", re.IGNORECASE)
_COLUMNS = (
    ("title", re.compile(r"title", re.IGNORECASE)),
    ("ticker", re.compile(r"symbol|ticker", re.IGNORECASE)),
    ("exchange", re.compile(r"exchange|which\s+registered", re.IGNORECASE)),
    ("registrant", re.compile(r"\bregistrants?\W*$", re.IGNORECASE)),
)
_END = re.compile(
    r"^\W*(?:indicate\s+by|check\s+the|securities\s+registered|if\s+an\s+emerging|emerging\s+growth|item\s+\d|\[\s?\]|note\b)",
    re.IGNORECASE,
)
_NONE = re.compile(r"\W*(?:n\W?a|none|not\s+applicable|not\s+listed)?\W*", re.IGNORECASE)
_TICKER = re.compile(r"[A-Z0-9]{1,6}(?:[ .,/\-–]{1,2}[A-Za-z0-9]{1,5}){0,3}|[A-Z]{1,5}(?:, ?[A-Z]{1,5}){1,9}")
_EXCHANGE = re.compile(r"\bexchange\b|nasdaq|nyse|cboe|otc|global\s+(?:select\s+)?market|stock\s+market", re.IGNORECASE)
_HEAD_WORDS = ("name of each", "name of exchange", "trading symbol", "on which", "which registered", "symbol")
_MAX_ROWS = 200


def short_exchange(text: str) -> str:
    """Bring an exchange's name to the code of EDGAR's exchange list; an unknown name stays."""
    low = text.lower()
    return next((short for words, short in _EXCHANGES if any(word in low for word in words)), text)


def printed_securities(page: str) -> list[dict[str, str]]:
    """Read the rows of the table, or [] where there is none or it says "None"."""
    head = _HEAD.search(page)
    if head is None:
        return []
    start = page.rfind("\n", 0, head.start()) + 1
    lines = page[start:].split("\n")
    columns = _columns_of(lines[0])
    securities: list[dict[str, str]] = []
    for line in _rows(lines[1:], columns):
        _take(securities, [cell.text for cell in cells_of(line)], columns)
        if len(securities) == _MAX_ROWS:
            break
    return [{**one, "exchange": short_exchange(one["exchange"])} if "exchange" in one else one for one in securities]


def _columns_of(line: str) -> list[str]:
    """Name the columns of the table's head; the three of the form where it does not set them apart."""
    found = [next((name for name, words in _COLUMNS if words.search(cell.text)), "") for cell in cells_of(line)]
    return found if found.count("title") == 1 and len(found) > 2 else ["title", "ticker", "exchange"]


def _rows(lines: list[str], columns: list[str]) -> Iterator[str]:
    """Give the lines of the table's body; three cells that stand below each other are one row."""
    body: list[str] = []
    for line in lines:
        if _END.match(line):
            break
        if line.strip() and not _is_head(line):
            body.append(line)
    if len(body) >= len(columns) and not any("\t" in line or "   " in line.strip() for line in body):
        yield from ("\t".join(body[place : place + len(columns)]) for place in range(0, len(body), len(columns)))
    else:
        yield from body


def _is_head(line: str) -> bool:
    """Whether a line still belongs to the table's head."""
    words = line.strip(" \t_-–—=()").lower()
    return not words or words.startswith(_HEAD_WORDS)


def _take(securities: list[dict[str, str]], cells: list[str], columns: list[str]) -> None:
    """Add a row to the table, or what it adds to the row above."""
    if len(cells) == len(columns):
        row = {name: text for name, text in zip(columns, cells, strict=True) if name and not _NONE.fullmatch(text)}
        if "title" in row and not _HEAD.search(row["title"]):
            securities.append(row)
    elif len(cells) == 2 and _EXCHANGE.search(cells[1]):
        if _TICKER.fullmatch(cells[0]) and securities:  # one class on two exchanges
            securities.append({**securities[-1], "ticker": cells[0], "exchange": cells[1]})
        elif not _NONE.fullmatch(cells[0]):
            securities.append({"title": cells[0], "exchange": cells[1]})
    elif len(cells) == 1 and securities and not _NONE.fullmatch(cells[0]) and len(cells[0]) < 200:
        securities[-1]["title"] += " " + cells[0]
