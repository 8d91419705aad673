"""How the heading of an item is printed: a dozen ways, as filers have them."""

from __future__ import annotations

from datetime import date

from watcher.items import official_title
from watcher.simulator.making.chance import Random

__all__ = ["combined_heading", "heading", "printed_title"]

# ``{n}`` number, ``{t}`` title. A tab makes cells, a line break two lines.
_TEXT_WAYS = (
    "Item {n}.  {t}.",
    "ITEM {N}.   {T}.",
    "ITEM {N}    {T}",
    "Item {n}.\n{t}",
    "Item {n} -- {t}",
)
_HTML_WAYS = (
    "Item {n}. {t}.",
    "Item {n}    {t}.",
    "ITEM {N}. {T}.",
    "ITEM {N}  {T}",
    "Item {n} – {t}",
    "Item {n}.\t{t}.",
    "Item {n}\t{t}",
    "Item {n}.\n{t}.",
    "Item {n}:  {t}",
    "Item {n}.  {t}",
    "Item No. {n}. {t}.",
)
_OLD_TITLES = {
    "7": "Financial Statements, Pro Forma Financial Information and Exhibits",
    "5": "Other Events and Regulation FD Disclosure",
}


def printed_title(number: str, filed_on: date, rng: Random) -> str:
    """Return an item's title as a filer prints it, which is not always the official one."""
    if number in _OLD_TITLES and rng.random() < 0.4 and (number == "7" or filed_on >= date(2001, 1, 1)):
        return _OLD_TITLES[number]
    return official_title(number, filed_on) or "Other Matters"


def heading(number: str, title: str, way: int, *, is_text: bool) -> str:
    """Return a heading; ``way`` chooses one of the ways and is kept for all items of a filing."""
    ways = _TEXT_WAYS if is_text else _HTML_WAYS
    return ways[way % len(ways)].format(n=number, N=number, t=title, T=title.upper())


def combined_heading(numbers: tuple[str, str], titles: tuple[str, str]) -> str:
    """Return one heading for two items."""
    return f"Items {numbers[0]} and {numbers[1]}. {titles[0]}; {titles[1]}."
