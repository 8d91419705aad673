"""Made-up rules, and made-up filings of 100 KB that they are held against."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cache
from itertools import count, cycle, islice
from random import Random
from typing import Any

from bench.runners.ours import read
from watcher.models import Document, Exhibit, Filer, Filing, Item, Report, Session, Timing
from watcher.simulator.generator import Generator

__all__ = ["FILINGS", "PLANTED", "filings", "phrase_rules", "rules"]

FILINGS = 10  # the last of them is the one that rules match
PLANTED = 20  # so many
_BODY, _RELEASE = 30_000, 70_000  # characters
_SEED = 8
_STATES = ("CA", "CO", "FL", "GA", "IL", "MA", "MD", "MN", "NJ", "NV", "NY", "OH", "PA", "TX", "VA", "WA")
_ITEMS = (
    *("1.01", "1.02", "1.03", "1.05", "2.01", "2.02", "2.03", "2.04", "2.05", "2.06", "3.01", "3.02", "3.03", "4.01"),
    *("4.02", "5.01", "5.02", "5.03", "5.05", "5.07", "5.08", "7.01", "8.01", "9.01"),
)
# The one that is matched: what no other filing has, and no rule but the planted ones asks for.
_CIK, _SIC, _STATE = 9_000_009, "1000", "AK"
_PLANTED_WORDS = "The quarrelsome zeppelin underwriter resigned over a violet dispute about marmalade covenants."
_WORD = re.compile(r"[^\W_]+")
_BREAK = "\n\n\u2013 "  # between paragraphs, so that no phrase reaches from one to the next
_Match = dict[str, Any]


def filings() -> list[Report]:
    """Make filings of a main document with two items and a press release, of made-up prose."""
    return [_filing(number) for number in range(FILINGS)]


def rules(number: int) -> str:
    """Write a rule file with so many rules: 40 % by items, 25 % CIK, 5 % SIC, 20 % phrases, 5 % near, 5 % patterns.

    Twenty of them match the last of the filings.
    """
    chance = Random(_SEED)
    phrases = _phrases(chance)
    kinds = [make for make, share in _KINDS for _ in range(share)]
    others = [kinds[at % len(kinds)](chance, phrases) for at in range(0, (number - PLANTED) * 7, 7)]
    return _file([*others, *_planted()])


def phrase_rules(number: int, each: int) -> str:
    """Write a rule file with rules that ask for one of so many phrases each, none of which any filing has."""
    phrases = _phrases(Random(_SEED))
    fields = cycle(("text.body|phrase", "text.ex99|phrase"))
    return _file([{next(fields): list(islice(phrases, each))} for _ in range(number)])


def _file(matches: Sequence[_Match]) -> str:
    made = [
        {"id": f"rule-{number}", "title": f"Rule {number}", "match": match, "notify": ["log"]}
        for number, match in enumerate(matches)
    ]
    lines = "\n".join(f"  - {json.dumps(one)}" for one in made)
    return f"version: 1\ngroups:\n- name: made-up\n  rules:\n{lines}\n"


def _by_items(chance: Random, phrases: Iterator[str]) -> _Match:
    number = chance.choice(_ITEMS)
    more: _Match = chance.choice(
        (
            {_text_of(number) + "|phrase": [next(phrases), next(phrases)]},
            {"state": chance.choice(_STATES)},
            {"timing.is_late": "true", "exhibits|has_any": ["99.1", "99.2"]},
        )
    )
    return {"items|has": number, **more}


def _by_cik(chance: Random, phrases: Iterator[str]) -> _Match:
    numbers = [str(chance.randrange(1_000, 2_000_000)) for _ in range(chance.randint(1, 5))]
    return {"cik|in": numbers, **chance.choice(({}, {"items|has": "2.02"}, {"text.ex99|phrase": next(phrases)}))}


def _by_sic(chance: Random, phrases: Iterator[str]) -> _Match:
    return {"sic|in": [str(chance.randrange(2_000, 9_000)) for _ in range(2)], "text.body|phrase": next(phrases)}


def _by_phrases(chance: Random, phrases: Iterator[str]) -> _Match:
    return {chance.choice(("text.body|phrase", "text.ex99|phrase")): list(islice(phrases, chance.randint(1, 3)))}


def _by_near(chance: Random, phrases: Iterator[str]) -> _Match:
    sides = {"a": ["Chief Financial Officer", "CFO"], "b": list(islice(phrases, 3)), "within_words": "30"}
    return {chance.choice(("text.body|near", "text.ex99|near")): sides}


def _by_pattern(chance: Random, phrases: Iterator[str]) -> _Match:
    one, other, *_ = (*next(phrases).split(), "guidance")
    pattern = rf"\b({one}|lower|cut)\w*\s+(?:\w+\s+){{0,6}}({other}{chance.randrange(100)}|zz)\b"
    if chance.random() < 0.5:
        return {"cik": str(chance.randrange(1_000, 2_000_000)), "text.ex99|re": pattern}
    number = chance.choice(_ITEMS)
    return {"items|has": number, _text_of(number) + "|re": pattern}


_KINDS: tuple[tuple[Callable[[Random, Iterator[str]], _Match], int], ...] = (
    (_by_items, 40),
    (_by_cik, 25),
    (_by_sic, 5),
    (_by_phrases, 20),
    (_by_near, 5),
    (_by_pattern, 5),
)


def _planted() -> list[_Match]:
    words = ("zeppelin underwriter", "violet dispute", "marmalade covenants", "quarrelsome zeppelin")
    return [
        *({"items|has": "5.02", "state": _STATE} for _ in range(8)),
        *({"cik|in": [str(_CIK), str(number)]} for number in range(5)),
        {"sic": _SIC},
        *({"text.body|phrase": [one]} for one in words),
        {"text.body|near": {"a": ["zeppelin"], "b": ["resigned"], "within_words": "3"}},
        {"cik": str(_CIK), "text.body|re": r"zeppelin\s+\w+\s+resign\w+"},
    ]


def _text_of(number: str) -> str:
    return f"text.item.{number.replace('.', '_')}"


@cache
def _prose() -> tuple[str, ...]:
    """Paragraphs of made-up filings, without their headings."""
    texts = (document.text for made in islice(Generator(_SEED).filings(), 60) for document in read(made.raw).documents)
    paragraphs = dict.fromkeys(paragraph for text in texts for paragraph in text.split("\n\n"))
    return tuple(one for one in paragraphs if len(one) > 80)


def _phrases(chance: Random) -> Iterator[str]:
    """Give phrases without end that stand in no filing; a third of them begin as the filings' sentences do."""
    text = " ".join(_prose())
    words = [word for word in dict.fromkeys(text.split()) if word.isalpha()]
    running = text.split()
    said = f" {' '.join(_WORD.findall(text.lower()))} "
    for _ in count():
        if chance.random() < 1 / 3:
            at = chance.randrange(len(running) - 2)
            phrase = " ".join((*running[at : at + 2], chance.choice(words)))
        else:
            phrase = " ".join(chance.choices(words, k=chance.choice((2, 2, 3, 4))))
        if phrase.replace(" ", "").isalpha() and phrase.lower() not in said:
            yield phrase


def _written(chance: Random, characters: int) -> str:
    paragraphs: list[str] = []
    while len(_BREAK.join(paragraphs)) < characters:
        paragraphs.append(chance.choice(_prose()))
    return _BREAK.join(paragraphs)[:characters]


def _filing(number: int) -> Report:
    is_matched = number == FILINGS - 1
    chance = Random(_SEED + number)
    items = (
        ("5.02", "9.01") if is_matched else chance.choice((("2.02", "9.01"), ("5.02", "9.01"), ("8.01",), ("7.01",)))
    )
    body = _written(chance, _BODY)
    if is_matched:
        body = f"{body[: -len(_PLANTED_WORDS)]}{_PLANTED_WORDS}"
    release = _written(chance, _RELEASE)
    filer = Filer(
        cik=_CIK if is_matched else 100 + number,
        name=f"Made-up {number} Corp",
        sic=_SIC if is_matched else "9995",
        state_of_incorporation=_STATE if is_matched else "DE",
    )
    return Report(
        Filing(
            f"0009599999-26-{number:06}",
            form="8-K",
            filers=(filer,),
            filed_on=date(2026, 5, 20),
            accepted_at=datetime(2026, 5, 20, 20, 15, tzinfo=UTC),
        ),
        documents=(
            Document(1, "8-K", "a.htm", "", len(body), body),
            Document(2, "EX-99.1", "b.htm", "", len(release), release),
        ),
        items=tuple(_cut(body, items)),
        exhibits=(Exhibit("99.1", "Press release", 2, "b.htm", release),),
        timing=Timing(Session.POST, 1, is_late=False),
    )


def _cut(body: str, numbers: Sequence[str]) -> Iterator[Item]:
    """Divide the second half of the body between the items, each from a paragraph's beginning to another's end."""
    length = _BODY // 2 // len(numbers)
    breaks = [body.index(_BREAK, _BODY // 2 + at * length) for at in range(len(numbers))]
    for number, start, end in zip(numbers, breaks, (*breaks[1:], body.rindex(".") + 1), strict=True):
        first = start + len(_BREAK)
        yield Item(number, "", True, True, document=1, start=first, end=end, text=body[first:end])
