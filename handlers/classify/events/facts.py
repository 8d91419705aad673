"""The few facts that a sentence about an event gives: who, which office, from when, how much, with whom.

A fact is told only where the words are plain; a missing one means nothing. Every pattern looks at one sentence, which
is bounded in length, and repeats a bounded number of times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from handlers.classify.events.sentences import MONTHS, dates_in
from watcher.words import fold

__all__ = ["FACTS", "Told", "facts_in", "is_of_others"]


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence that speaks for an event."""

    text: str
    company: str = ""  # the filer, who is no counterparty
    start: int = 0  # of the words that speak for it
    end: int | None = None
    around: str = ""  # the passage, in which a person's whole name may stand


def facts_in(wanted: Iterable[str], told: Told) -> dict[str, str]:
    """Return those of the wanted facts that the sentence gives."""
    found = {_KEYS.get(name, name): FACTS[name](told) for name in wanted}
    return {name: fact for name, fact in found.items() if fact}


def is_of_others(facts: Mapping[str, str], known: Mapping[str, str]) -> bool:
    """Whether a further sentence speaks of another person than the ones before."""
    person, before = facts.get("person", ""), known.get("person", "")
    return bool(person and before) and _surname(person) != _surname(before)


# ---- persons

_WORD = r"(?:[A-Z][a-z]*[A-Z]?[a-z'\u2019-]+(?:-[A-Z][a-z]+)?|[A-Z]\.)"
_TITLE = r"(?:(?:Mr|Ms|Mrs|Dr|Messrs)\.[ \n])"
_SUFFIX = r"(?:,?[ \n](?:Jr\.|Sr\.|III|II|IV))?"
_FULL = rf"{_TITLE}?{_WORD}(?:[ \n](?:{_WORD}|(?:de|van|von|der)(?=[ \n][A-Z]))){{1,3}}{_SUFFIX}"
_NAME = rf"(?:{_FULL}|{_TITLE}{_WORD}{_SUFFIX})"
# What stands between a name and its verb: an age, an office. It begins in lower case, or with a known word, so that it
# is no part of a company's name.
_ASIDE = (
    r"(?:,\s(?:age|aged|who|the|a|an|our|its|currently|formerly|\d\d|[Cc]hief|[Pp]resident|[Ee]xecutive|[Ss]enior|[Vv]ice)\b"
    r"[^;]{0,160}?,)?"
)
_LEAVES = (
    r"(?:resign(?:ed|s)|retire[ds]|notified|informed|advised|tendered|gave|delivered|submitted|provided|stepped|steps|"
    r"departed|left|ceased|passed|decided|elected|chose|announced|"
    r"is\s(?:leaving|retiring|resigning|stepping|departing)|"
    r"(?:will|to|intends\sto|plans\sto)\s(?:be\s)?(?:resign|retir|step|depart|leav|ceas|transition|not\sstand)\w*|"
    r"(?:will\s)?no\slonger|(?:was|were|has\sbeen)\s(?:terminated|removed|dismissed)|"
    r"(?:has|have)\s(?:resigned|retired|notified|informed|decided|stepped|left|elected|announced|tendered|advised|"
    r"departed|ceased))\b"
)
_JOINS = (
    r"(?:(?:was|were|is|are|has\sbeen|have\sbeen|had\sbeen|will\sbe|to\sbe)\s(?:\w+ly\s)?"
    r"(?:appointed|named|elected|promoted|hired|selected|designated)|will\s(?:become|serve|assume|succeed|join|act)|"
    r"succeed(?:s|ed)|assume[ds]|join(?:s|ed)|to\s(?:become|serve|succeed|assume)|became|as\b)"
)
_LEAVING = r"(?:resignation|retirement|departure|removal|termination|death|passing|stepping\sdown)"
_JOINING = r"(?:appointment|election|promotion|hiring|selection|addition)"
_APPOINTS = r"(?:appoint|nam|elect|promot|hir|select|add|nominat)(?:ed|s|ing|es)?"
_ONE_NAME = re.compile(_NAME)
_BETWEEN_NAMES = re.compile(r",?\s(?:and\s)?")
_MOST_NAMES = 6
_BEFORE_NAME = 40  # characters


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands behind a name, before it, or behind one in the genitive, of somebody to whom something happens."""

    behind: re.Pattern[str]
    before: re.Pattern[str]
    behind_own: re.Pattern[str]


_LEAVER = _Around(
    re.compile(rf"{_ASIDE}\s{_LEAVES}"),
    re.compile(rf"(?:\b{_LEAVING}\s(?:of\s)?|\b(?:informed|notified|advised)\sby\s)$"),
    re.compile(rf"\s(?:\w+\s){{0,2}}{_LEAVING}"),
)
_JOINER = _Around(
    re.compile(rf"{_ASIDE}\s{_JOINS}"),
    re.compile(rf"(?:\b{_JOINING}\sof\s|\b{_APPOINTS}\s(?:\w+\sto\s)?)$"),
    re.compile(rf"\s(?:\w+\s){{0,2}}{_JOINING}"),
)
_NOT_A_PERSON = frozenset(
    (
        *("The", "This", "Board", "Company", "Corporation", "Committee", "Chief", "Executive", "Officer", "President"),
        *("Vice", "Directors", "Director", "Item", "Effective", "Compensation", "Nominating", "Audit", "Section"),
        *("Exhibit", "Annual", "Meeting", "Registrant", "Chairman", "Senior", "General", "Form", "Act", "On", "In"),
        *("As", "At", "Agreement", "Bank", "Inc", "Corp", "Independent", "Lead", "Class", "Communications", "Group"),
        *(
            "Financial",
            "Operating",
            "Appointment",
            "Departure",
            "Resignation",
            "Election",
            "Retirement",
            "New",
            "Interim",
        ),
        *(
            "Current",
            "Immediate",
            "Certain",
            "Controller",
            "Treasurer",
            "Counsel",
            "Secretary",
            "Technologies",
            "Holdings",
        ),
        *(
            "Partners",
            "Capital",
            "Trust",
            "LLC",
            "LP",
            "International",
            "Systems",
            "Accounting",
            "Principal",
            "Services",
        ),
        *("Following", "After", "Upon", "Since", "While", "Also", "Plan", "Stock", "Award", "Release", "Press"),
        *(name.capitalize() for name in MONTHS),
    )
)


def _leaver(told: Told) -> str:
    return _persons(_LEAVER, told)


def _joiner(told: Told) -> str:
    return _persons(_JOINER, told)


def _person(told: Told) -> str:
    return _leaver(told) or _joiner(told)


def _persons(around: _Around, told: Told) -> str:
    """The first, or the first few named together, of whom the sentence says it."""
    for run in _runs(told.text):
        start, end = run[0].start(), run[-1].end()
        is_own = run[-1].group().endswith(("'s", "\u2019s", "'", "\u2019"))
        behind = around.behind_own if is_own else around.behind
        before = told.text[max(0, start - _BEFORE_NAME) : start]
        if not behind.match(told.text, end) and not around.before.search(before):
            continue
        names = [_plain_name(one.group()) for one in run]
        if all(name and not _NOT_A_PERSON.intersection(re.findall(r"\w+", name)) for name in names):
            return "; ".join(_whole_name(one, told.around) for one in names)
    return ""


def _runs(text: str) -> Iterator[list[re.Match[str]]]:
    """Give the names of a sentence; those that are named together, as in "A, B and C", in one list."""
    run: list[re.Match[str]] = []
    for name in _ONE_NAME.finditer(text):
        if run and (len(run) == _MOST_NAMES or not _BETWEEN_NAMES.fullmatch(text, run[-1].end(), name.start())):
            yield run
            run = []
        run.append(name)
    if run:
        yield run


def _whole_name(name: str, around: str) -> str:
    """Where a sentence has the surname alone, the name as the passage has it first."""
    if " " in name:
        return name
    for match in re.finditer(rf"(?<!\w)((?:{_WORD}[ \n]){{1,3}}){re.escape(name)}\b{_SUFFIX}", around):
        whole = " ".join(match.group().split())
        if not _NOT_A_PERSON.intersection(re.findall(r"\w+", whole)):
            return whole
    return name


def _plain_name(name: str) -> str:
    name = re.sub(_TITLE, "", " ".join(name.split()) + " ").strip()
    words = name.removesuffix("'s").removesuffix("\u2019s").rstrip("'\u2019").split()
    first = next((place for place, word in enumerate(words) if word not in _NOT_A_PERSON), len(words))
    return "" if first and len(words) - first == 1 else " ".join(words[first:])  # "Directors Ann Bell"


def _surname(person: str) -> str:
    return re.sub(rf"{_SUFFIX}$", "", person.partition(";")[0]).split()[-1]


# ---- offices and dates

_ROLE = re.compile(
    r"(?:(?:Interim|Acting|Co-|Executive|Senior|President and|Vice President and|Executive Vice President(?:,| and))"
    r"[ \n]?){0,3}"
    r"(?:Chief[ \n][A-Z][a-z]+(?:[ \n](?:and[ \n])?[A-Z][a-z]+){0,2}[ \n]Officer|"
    r"Principal[ \n][A-Z][a-z]+(?:[ \n]and[ \n][A-Z][a-z]+)?[ \n]Officer|"
    r"General[ \n]Counsel|(?:(?:Executive|Senior|Corporate)[ \n])?Vice[ \n]President|Corporate[ \n]Controller|"
    r"Controller|Treasurer|President|CEO|CFO|COO)\b|\bdirector\b",
    re.IGNORECASE,
)
_EFFECTIVE = re.compile(
    r"\b(?:effective|commencing|beginning)(?:[ \n](?:as[ \n]of|on|upon|from|at))?[^.;]{0,40}?"
    rf"((?:{'|'.join(MONTHS)})[ \n]+\d{{1,2}},?[ \n]+(?:19|20)\d\d)",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    r"\b(?:(?:fiscal[ \n])?(?:first|second|third|fourth)[ \n-]+(?:fiscal[ \n])?quarter"
    r"(?:[ \n]and[ \n](?:full[ \n-]|fiscal[ \n])?year)?"
    r"(?:[ \n](?:of|ended|ending|for|in))?(?:[ \n]the)?(?:[ \n]fiscal)?(?:[ \n]year)?[ \n]"
    rf"(?:(?:{'|'.join(MONTHS)})[ \n]\d{{1,2}},?[ \n])?(?:19|20)\d\d"
    r"|(?:fiscal[ \n])?(?:quarter|quarterly[ \n]period|year|half|(?:three|six|nine|twelve)[ \n]months)"
    r"[ \n]end(?:ed|ing)[ \n]"
    rf"(?:{'|'.join(MONTHS)})[ \n]\d{{1,2}},?[ \n](?:19|20)\d\d"
    r"|(?:full[ \n-]|fiscal[ \n])year[ \n](?:19|20)\d\d|Q[1-4][ \n](?:FY[ \n]?)?(?:19|20)\d\d)\b",
    re.IGNORECASE,
)


def _role(told: Told) -> str:
    """The office that the words speaking for the event name: another one is another's, or an earlier one."""
    end = len(told.text) if told.end is None else told.end
    roles = [one for one in _ROLE.finditer(told.text) if one.start() < end and one.end() > told.start]
    # These words begin or end with a part of it. A vice president and chief officer is told by the office.
    roles = [one for one in roles if one.end() >= end or one.start() <= told.start] or roles
    names = [" ".join(one.group().split()) for one in roles]
    return next((one for one in names if "chief" in one.lower() or "principal" in one.lower()), next(iter(names), ""))


def _effective_on(told: Told) -> str:
    match = _EFFECTIVE.search(told.text)
    days = dates_in(match[1]) if match else []
    return days[0].isoformat() if days else ""


def _period(told: Told) -> str:
    match = _PERIOD.search(told.text)
    return " ".join(match.group().split()) if match else ""


# ---- sums

# A letter before the sign makes it the dollar of another country.
_AMOUNT = re.compile(
    r"(?<![A-Za-z$])(?:US)?\$[ ]?\d[\d,]{0,17}(?:\.\d{1,6})?(?:\s(?:million|billion|thousand|trillion)\b)?",
    re.IGNORECASE,
)
_BEFORE, _AFTER = 80, 60  # characters around a sum that say what it is
_EACH = re.compile(
    r"\s*(?:per|a|for each|on each|each|/)\s?(?:\w+ ){0,3}?(?:shares?|units?|ADSs?|warrants?|notes?)\b", re.IGNORECASE
)
_UP_TO = r"(?: (?:up to|approximately|about|nearly|over|an additional))?"
# What is told in passing: what a share or note is worth, how large the other side is, a condition, an old sum.
_IN_PASSING = re.compile(
    r"(?:par value(?: of)?|\bper|\beach|liquidation (?:preference|value) of|fees? of|"
    rf"\b(?:revenues?|sales|assets|deposits|income|earnings|multiples|denominations?|increments) of{_UP_TO}|"
    r"\b(?:more|less|greater|fewer) than|\bexceed(?:s|ed|ing)?|\bat least|\bin excess of|\bminimum(?: of)?|\bfrom)"
    r"[ (]*$",
    re.IGNORECASE,
)
_PART_OF = re.compile(
    r",? ?(?:par value|of the (?:net )?proceeds|in (?:revenues?|sales|assets|deposits))", re.IGNORECASE
)
_CALLED_THE_SUM = re.compile(
    r"\b(?:aggregate|total|amount|consideration|purchase price|valued at|program|authorization)"
    rf"(?: \w+){{0,5}}?(?: of)?{_UP_TO} ?$",
    re.IGNORECASE,
)
_OF_PRINCIPAL = re.compile(r" ?(?:in )?(?:aggregate )?(?:principal|initial)\b", re.IGNORECASE)
_AS_BEFORE = re.compile(r"\b(?:from|than|compared (?:to|with)) ?$", re.IGNORECASE)
_PAR = re.compile(r"\bpar value(?: of)? ?$", re.IGNORECASE)


def _sums(text: str) -> Iterator[tuple[str, str, str]]:
    """Give each sum with what stands before and after it, in one line."""
    for match in _AMOUNT.finditer(text):
        before = " ".join(text[max(0, match.start() - _BEFORE) : match.start()].split()) + " "
        yield " ".join(match.group().split()), before, " ".join(text[match.end() : match.end() + _AFTER].split())


def _amount(told: Told) -> str:
    """A sum of money, rather one that is called the total, the price or the principal; never what one share costs."""
    found = ""
    for amount, before, after in _sums(told.text):
        if _IN_PASSING.search(before) or _PART_OF.match(after) or _EACH.match(after):
            continue
        if _CALLED_THE_SUM.search(before) or _OF_PRINCIPAL.match(after):
            return amount
        found = found or amount
    return found


def _per_share(told: Told) -> str:
    """What is paid for one share; the new sum where an old one is told as well."""
    found = [(amount, before) for amount, before, after in _sums(told.text) if _EACH.match(after)]
    new = [amount for amount, before in found if not _AS_BEFORE.search(before) and not _PAR.search(before)]
    return new[0] if new else ""


# ---- the other side

_FIRM = (
    r"((?:[A-Z][\w&.'\u2019-]*,?\s){1,6}?"
    r"(?:Inc\.|Incorporated|Corp\.|Corporation|LLC|L\.L\.C\.|Ltd\.?|Limited|L\.P\.|LP|plc|PLC|N\.A\.|AG|S\.A\.|Company|Co\.|"
    r"Bank)(?:,?\s(?:plc|PLC|N\.A\.|Inc\.|Ltd\.?|Limited|LLC|L\.P\.|AG))?)"
)
_COUNTERPARTY = re.compile(
    r"(?:\b(?:acquisition|purchase|mergers?|stock|shares|assets|interests?|ownership|business|units|sale)\b"
    r"[^.;]{0,60}?\sof|\b(?:Company|Corporation|Registrant)[)\"'\u201d\u2019]{0,3}\sand|"
    rf"\b(?:with|to|from|by|acquired|acquires?|acquiring))\s{_FIRM}"
)
_FOR_ANOTHER = re.compile(
    r"\b(?:(?:subsidiary|affiliate|division|unit|parent|spin-off|behalf|laws) of|subsidiary,.*) $", re.IGNORECASE
)
_ONLY_ACTS = re.compile(
    r",? ?(?:as|serving as|acting as) (?:an? |the )?(?:escrow|trustee|(?:\w+ )?representative|exchange agent|joint)",
    re.IGNORECASE,
)


def _counterparty(told: Told) -> str:
    own = _first_word(told.company)
    for match in _COUNTERPARTY.finditer(told.text):
        name = " ".join(match[1].split())
        before = " ".join(told.text[max(0, match.start(1) - 60) : match.start(1)].split()) + " "
        after = " ".join(told.text[match.end(1) : match.end(1) + _AFTER].split())
        is_own = name.startswith("The ") or (own and _first_word(name).startswith(own))
        if not is_own and not _FOR_ANOTHER.search(before) and not _ONLY_ACTS.match(after):
            return name
    return ""


def _first_word(name: str) -> str:
    return next(iter(re.findall(r"\w+", fold(name).text)), "")


FACTS: Mapping[str, Callable[[Told], str]] = {
    "person": _person,
    "leaver": _leaver,
    "joiner": _joiner,
    "role": _role,
    "effective_on": _effective_on,
    "amount": _amount,
    "per_share": _per_share,
    "counterparty": _counterparty,
    "period": _period,
}
# Who leaves and who joins are told as the person.
_KEYS = {"leaver": "person", "joiner": "person"}
