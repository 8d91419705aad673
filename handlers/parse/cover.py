"""Reads the cover page: from its inline XBRL facts where it has them, else as it is printed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from handlers.parse.boxes import TICKED
from handlers.parse.dates import find_date, find_dates
from handlers.parse.printed_cover import printed_cover
from handlers.parse.securities import short_exchange
from watcher import Filer, unescape_entities

__all__ = ["read_cover", "with_tickers"]

_FACT = re.compile(r"<ix:non(?:Numeric|Fraction)\b([^<>]*)>")
_ATTRIBUTE = re.compile(r"([A-Za-z:]++)\s*+=\s*+[\"']([^\"']*+)[\"']")
_CONTEXT = re.compile(r"<(?:\w{1,20}:)?context\s[^<>]{0,200}?\bid\s*=\s*[\"']([^\"'<>]{1,200})[\"'][^<>]{0,200}>")
_LEGAL_ENTITY = re.compile(
    r"<(?:\w{1,20}:)?explicitMember\s[^<>]{0,200}?\bdimension\s*=\s*[\"']dei:LegalEntityAxis[\"'][^<>]{0,200}>\s*([^<\s]{1,300})"
)
_TAG = re.compile(r"<[^<>]*>")
_MAX_FACT = 20_000
_MAX_CONTEXT = 4_000
_MAX_FACTS = 5_000

# The cover's facts, and what they are called here. Those of a registrant may come once for each.
_OF_REGISTRANT = {
    "EntityRegistrantName": "registrant",
    "EntityCentralIndexKey": "cik",
    "EntityFileNumber": "file_number",
    "EntityTaxIdentificationNumber": "irs_number",
    "EntityIncorporationStateCountryCode": "state_of_incorporation",
}
_TEXTS = {
    "DocumentType": "form",
    "EntityInformationFormerLegalOrRegisteredName": "former_name",
    "AmendmentDescription": "amendment_description",
}
_ADDRESS = (
    *("EntityAddressAddressLine1", "EntityAddressAddressLine2", "EntityAddressAddressLine3"),
    *("EntityAddressCityOrTown", "EntityAddressStateOrProvince", "EntityAddressPostalZipCode", "EntityAddressCountry"),
)
_PHONE = ("CountryRegion", "CityAreaCode", "LocalPhoneNumber", "Extension")
_BOXES = {
    "WrittenCommunications": "written_communications",
    "SolicitingMaterial": "soliciting_material",
    "PreCommencementTenderOffer": "pre_commencement_tender_offer",
    "PreCommencementIssuerTenderOffer": "pre_commencement_issuer_tender_offer",
}
_FLAGS = {
    "AmendmentFlag": "is_amendment",
    "EntityEmergingGrowthCompany": "is_emerging_growth",
    "EntityExTransitionPeriod": "declines_transition_period",
}
_SECURITY = {"Security12bTitle": "title", "TradingSymbol": "ticker", "SecurityExchangeName": "exchange"}

_NOTHING = re.compile(r"\W*(?:n\W?a|none|not\s+applicable|inapplicable)?\W*", re.IGNORECASE)
_EVENT_DATE = re.compile(r"date\s+of\s+(?:the\s+)?(?:earliest|report)", re.IGNORECASE)
_EARLIEST = re.compile(r"date\s+of\s+(?:the\s+)?earliest", re.IGNORECASE)
_AMENDMENT = re.compile(r"\bamendment\s+(?:no\.?|number|#)\s*(\d{1,2}|one|two|three|four|five|six)\b", re.IGNORECASE)
_WORDS = ("one", "two", "three", "four", "five", "six")
_COVER_CHARS = 15_000


class _Fact(NamedTuple):
    """One tagged value: which, of whom or what, how it is written, and its words."""

    name: str
    context: str
    format: str
    value: str


def read_cover(source: str, page: str) -> dict[str, Any]:
    """Read the cover. ``source`` is the document as filed, ``page`` its text up to the first item.

    Facts about who reports stand at the top level for the first registrant, and in ``registrants`` for each.
    """
    page = page[:_COVER_CHARS]
    cover = _tagged(source) if "dei:" in source else {}
    if not cover:
        cover = printed_cover(page)
    event = cover.get("event_date") or _event_date(page)
    if event:
        cover["event_date"] = event
    amendment = _AMENDMENT.search(page) if "mendment" in page or "MENDMENT" in page else None
    if amendment:
        word = amendment[1].lower()
        cover["amendment_number"] = int(word) if word.isdigit() else _WORDS.index(word) + 1
    return cover


def with_tickers(filers: tuple[Filer, ...], cover: dict[str, Any]) -> tuple[Filer, ...]:
    """Give each filer the tickers that the cover shows for it; those of nobody in particular are the first one's.

    They go before what a list told, which may be of another day.
    """
    names = {one["registrant"]: int(one["cik"]) for one in cover.get("registrants", ()) if _is_cik(one.get("cik", ""))}
    tickers: dict[int, dict[str, None]] = {}
    for security in cover.get("securities", ()):
        whose = names.get(security.get("registrant", ""), filers[0].cik if filers else 0)
        if security.get("ticker"):
            tickers.setdefault(whose, {})[security["ticker"]] = None
    return tuple(
        replace(filer, tickers=tuple(tickers[filer.cik])) if filer.cik in tickers else filer for filer in filers
    )


def _is_cik(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10


def _tagged(source: str) -> dict[str, Any]:
    """Read the dei facts of inline XBRL; {} when there are none."""
    facts = _facts(source)
    if not any(fact.name in _OF_REGISTRANT or fact.name in _TEXTS for fact in facts):
        return {}
    members = _members(source) if "LegalEntityAxis" in source else {}
    registrants = _registrants(facts, members)
    texts = {_TEXTS[fact.name]: fact.value for fact in reversed(facts) if fact.name in _TEXTS and fact.value}
    if _NOTHING.fullmatch(texts.get("former_name", "")):
        texts.pop("former_name", None)
    flags = {_FLAGS[fact.name]: _is_true(fact) for fact in reversed(facts) if fact.name in _FLAGS}
    event = find_date(next((fact.value for fact in facts if fact.name == "DocumentPeriodEndDate"), ""))
    return {
        "source": "inline-xbrl",
        **texts,
        **(registrants[0] if registrants else {"address": [], "phone": ""}),
        **flags,
        **({"event_date": event.isoformat()} if event else {}),
        "check_boxes": {_BOXES[fact.name]: _is_true(fact) for fact in reversed(facts) if fact.name in _BOXES},
        "securities": _securities(facts, members, registrants),
        "registrants": registrants,
    }


def _registrants(facts: list[_Fact], members: dict[str, str]) -> list[dict[str, Any]]:
    """Collect what is told of each registrant: of the first without a member, of others under theirs."""
    told: dict[str, dict[str, str]] = {"": {}}
    for fact in facts:
        if fact.name in _OF_REGISTRANT or fact.name in _ADDRESS or fact.name in _PHONE:
            told.setdefault(members.get(fact.context, ""), {}).setdefault(fact.name, fact.value)
    return [_registrant(one) for one in told.values() if one.get("EntityRegistrantName")]


def _registrant(told: dict[str, str]) -> dict[str, Any]:
    texts = {key: told[name].rstrip(", ") for name, key in _OF_REGISTRANT.items() if told.get(name)}
    return {
        **texts,
        "address": [told[name].rstrip(", ") for name in _ADDRESS if told.get(name)],
        "phone": " ".join(told[name] for name in _PHONE if told.get(name)),
    }


def _securities(
    facts: Iterable[_Fact], members: dict[str, str], registrants: list[dict[str, Any]]
) -> list[dict[str, str]]:
    """Collect the securities: the facts of one context make one. Of several registrants each tells its own."""
    listed: dict[str, dict[str, str]] = {}
    for fact in facts:
        if fact.name in _SECURITY and fact.value:
            value = short_exchange(fact.value) if fact.name == "SecurityExchangeName" else fact.value
            listed.setdefault(fact.context, {}).setdefault(_SECURITY[fact.name], value)
    if len(registrants) > 1:
        names = {members.get(fact.context, ""): fact.value for fact in facts if fact.name == "EntityRegistrantName"}
        for context, security in listed.items():
            security["registrant"] = names.get(members.get(context, ""), registrants[0]["registrant"])
    return [security for security in listed.values() if "title" in security or "ticker" in security]


def _members(source: str) -> dict[str, str]:
    """Tell of each context which legal entity it speaks of; those of the first registrant have none."""
    members: dict[str, str] = {}
    for context in _CONTEXT.finditer(source):
        end = source.find("context>", context.end(), context.end() + _MAX_CONTEXT)
        entity = _LEGAL_ENTITY.search(source, context.end(), end if end >= 0 else context.end())
        if entity:
            members[context[1]] = entity[1]
    return members


def _facts(source: str) -> list[_Fact]:
    """Give each dei fact, in the order of the document."""
    facts: list[_Fact] = []
    for match in _FACT.finditer(source, 0, source.rfind("dei:") + _MAX_FACT):
        if "dei:" not in match[1] or match[1].endswith("/"):
            continue
        attributes = dict(_ATTRIBUTE.findall(match[1]))
        name = attributes.get("name", "")
        if not name.startswith("dei:"):
            continue
        value = _value(source, match.end())
        if "continuedAt" in attributes:
            value = f"{value} {_continued(source, attributes['continuedAt'])}".strip()
        facts.append(_Fact(name[4:], attributes.get("contextRef", ""), attributes.get("format", ""), value))
        if len(facts) == _MAX_FACTS:
            break
    return facts


def _value(source: str, start: int) -> str:
    """Return the text up to the end tag of the fact that starts here. A fact may hold others."""
    depth, place = 1, start
    while depth:
        end = source.find("</ix:non", place, start + _MAX_FACT)
        if end < 0:
            return ""
        depth += source.count("<ix:non", place, end) - 1
        place = end + 8
    return _words(source[start:end])


def _continued(source: str, name: str) -> str:
    """Return the rest of a fact that goes on elsewhere, such as in the next line of a table."""
    for quote in "\"'":
        start = source.find(f"<ix:continuation id={quote}{name}{quote}")
        inside = source.find(">", start) + 1 if start >= 0 else 0
        end = source.find("</ix:continuation>", inside, inside + _MAX_FACT) if inside else -1
        if end >= 0:
            return _words(source[inside:end])
    return ""


def _words(markup: str) -> str:
    text = _TAG.sub("", markup) if "<" in markup else markup
    return " ".join(unescape_entities(text).split())


def _is_true(fact: _Fact) -> bool:
    """Read a flag by its format, which decides, or by the glyph of its box: its words may be any."""
    form, value = fact.format.lower(), fact.value
    if form.endswith("true"):
        return True
    if form.endswith("false"):
        return False
    return (value != "" and value.strip("[]() ")[:1] in TICKED) or value.lower() in ("true", "yes")


def _event_date(page: str) -> str | None:
    """Find the date of the earliest event, as ISO text: behind its label, or above it."""
    label = _EARLIEST.search(page) or _EVENT_DATE.search(page)
    if label is None:
        return None
    behind = page[label.end() : label.end() + 250]
    dates = list(find_dates(behind))[:2]
    if not dates:
        dates = list(find_dates(page[max(0, label.start() - 160) : label.start()]))[-1:]
    elif len(dates) == 2 and behind[dates[0][2] : dates[1][1]].strip(" \n,") == "(":
        # "March 14, 2002 (March 6, 2002)": the report's date, and in brackets the event's.
        dates = [min(dates)]
    return dates[0][0].isoformat() if dates else None
