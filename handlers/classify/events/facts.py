"""The few facts that a sentence about an event gives: who, which office, from when, how much, with whom.

A fact is told only where the words are plain; a missing one means nothing. Every pattern looks at one sentence, which
is bounded in length, and repeats a bounded number of times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from handlers.classify.events.sentences import MONTHS, dates_in
from watcher.words import fold

__all__ = ["FACTS", "facts_in"]

_NAME = r"(?:[A-Z][a-z]+|[A-Z]\.)(?:[ \n](?:[A-Z][\w'\u2019-]+|[A-Z]\.|de|van|von)){1,3}(?:,? (?:Jr\.|Sr\.|III|II))?"
_TITLE = r"(?:(?:Mr|Ms|Mrs|Dr)\.[ \n])"
_PERSON = re.compile(
    rf"(?:{_TITLE}?(?P<before>{_NAME}))(?:,[^,]{{1,80}},)?[ \n](?:resigned|retired|notified|informed|will|was|has|"
    rf"to be|intends|is|as|gave|tendered|joined)\b"
    rf"|(?:appointed|named|elected|promoted|appointment of|resignation of|retirement of|departure of|election of)[ \n]"
    rf"{_TITLE}?(?P<after>{_NAME})"
    rf"|{_TITLE}(?P<titled>[A-Z][\w'\u2019-]+(?:[ \n][A-Z][\w'\u2019-]+)?)"
)
_NOT_A_PERSON = frozenset(
    (
        *("The", "This", "Board", "Company", "Corporation", "Committee", "Chief", "Executive", "Officer", "President"),
        *("Vice", "Directors", "Director", "Item", "Effective", "Compensation", "Nominating", "Audit", "Section"),
        *("Exhibit", "Annual", "Meeting", "Registrant", "Chairman", "Senior", "General", "Form", "Act", "On", "In"),
        *("As", "At", "Agreement", "Bank", "Inc", "Corp", "Independent", "Lead", "Class"),
    )
)
_ROLE = re.compile(
    r"(?:(?:Interim|Co-|Executive|Senior|President and|Vice President and|Executive Vice President(?:,| and))[ \n]?)"
    r"{0,3}"
    r"(?:Chief[ \n][A-Z][a-z]+(?:[ \n](?:and[ \n])?[A-Z][a-z]+){0,2}[ \n]Officer|"
    r"Principal[ \n][A-Z][a-z]+[ \n]Officer|"
    r"General[ \n]Counsel|(?:Executive|Senior)[ \n]Vice[ \n]President|Corporate[ \n]Controller|Controller|Treasurer|"
    r"President|CEO|CFO|COO)|\bdirector\b",
    re.IGNORECASE,
)
_EFFECTIVE = re.compile(
    r"\beffective(?:[ \n](?:as[ \n]of|on|upon|from|at))?[^.;]{0,40}?"
    rf"((?:{'|'.join(MONTHS)})[ \n]+\d{{1,2}},?[ \n]+(?:19|20)\d\d)",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"(?:US)?\$[ ]?\d[\d,]{0,17}(?:\.\d{1,6})?(?:[ \n](?:million|billion|thousand|per[ \n]share))?")
_COUNTERPARTY = re.compile(
    r"\b(?:with|to|from|of|by)[ \n]((?:[A-Z][\w&.'\u2019-]*,?[ \n]){1,6}?"
    r"(?:Inc\.|Incorporated|Corp\.|Corporation|LLC|L\.L\.C\.|Ltd\.?|Limited|L\.P\.|LP|plc|PLC|N\.A\.|AG|S\.A\.|Company|Co\.|Bank))"
)


def facts_in(wanted: Iterable[str], sentence: str, company: str) -> dict[str, str]:
    """Return those of the wanted facts that the sentence gives. ``company``: the filer, who is no counterparty."""
    found = {name: FACTS[name](sentence, company) for name in wanted}
    return {name: fact for name, fact in found.items() if fact}


def _person(sentence: str, company: str) -> str:
    del company
    for match in _PERSON.finditer(sentence):
        name = " ".join((match["before"] or match["after"] or match["titled"]).split())
        name = name.removesuffix("'s").removesuffix("\u2019s")
        if not _NOT_A_PERSON.intersection(name.replace(",", "").split()):
            return name
    return ""


def _role(sentence: str, company: str) -> str:
    del company
    roles = [" ".join(match.group().split()) for match in _ROLE.finditer(sentence)]
    # A vice president and chief financial officer is told by the office, not by the rank.
    return next((one for one in roles if "chief" in one.lower() or "principal" in one.lower()), next(iter(roles), ""))


def _effective_on(sentence: str, company: str) -> str:
    del company
    match = _EFFECTIVE.search(sentence)
    days = dates_in(match[1]) if match else []
    return days[0].isoformat() if days else ""


def _amount(sentence: str, company: str) -> str:
    del company
    for match in _AMOUNT.finditer(sentence):
        before, after = sentence[: match.start()].rstrip(), sentence[match.end() :].lstrip(", \n")
        if not before.endswith(("par value", "par value of")) and not after.startswith("par value"):
            return " ".join(match.group().split())
    return ""


def _counterparty(sentence: str, company: str) -> str:
    own = fold(company).text.split()[:1]
    for match in _COUNTERPARTY.finditer(sentence):
        name = " ".join(match[1].split())
        if fold(name).text.split()[:1] != own and not name.startswith("The "):
            return name
    return ""


FACTS: Mapping[str, Callable[[str, str], str]] = {
    "person": _person,
    "role": _role,
    "effective_on": _effective_on,
    "amount": _amount,
    "counterparty": _counterparty,
}
