"""Tags a made-up cover page as inline XBRL, and makes the taxonomy files that come with it."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.simulator.made import Draft
from watcher.simulator.making.cover import Fact, Grid, cover_lines
from watcher.simulator.making.sgml import Part
from watcher.simulator.making.typeset import escape, smart

__all__ = ["cover_facts", "inline_end", "inline_start", "instance_xml", "tag_fact", "taxonomy_parts"]

# Filing tools differ in how they write the same facts; a look stands for a tool.
_DATES = ("ixt:datemonthdayyearen", "ixt:date-monthname-day-year-en", "ixt:date-monthname-day-year-en")
_FALSE = (("ixt-sec:boolballotbox", "&#9744;"), ("ixt:fixed-false", "o"), ("ixt:booleanfalse", "&#9744;"))
_TRUE = (("ixt-sec:boolballotbox", "&#9746;"), ("ixt:fixed-true", "x"), ("ixt:booleantrue", "&#9745;"))
_KINDS = {"state": "ixt-sec:stateprovnameen", "exchange": "ixt-sec:exchnameen"}
_IXT = (
    "http://www.xbrl.org/inlineXBRL/transformation/2015-02-26",
    "http://www.xbrl.org/inlineXBRL/transformation/2020-02-12",
    "http://www.xbrl.org/inlineXBRL/transformation/2015-02-26",
)
_LINKBASES = (
    ("EX-101.DEF", "def", "DEFINITION"),
    ("EX-101.LAB", "lab", "LABEL"),
    ("EX-101.PRE", "pre", "PRESENTATION"),
)


def cover_facts(draft: Draft) -> Iterator[Fact]:
    """Give every fact on the cover, in order, then those that are hidden."""
    for line in cover_lines(draft):
        rows = line.rows if isinstance(line, Grid) else ((line.cell,),)
        yield from (part for row in rows for cell in row for part in cell if isinstance(part, Fact))
    yield from _hidden(draft)


def _hidden(draft: Draft) -> list[Fact]:
    keys = [
        Fact("EntityCentralIndexKey", f"{company.cik:010d}", "", place) for place, company in enumerate(draft.companies)
    ]
    return [Fact("AmendmentFlag", "true" if draft.form.endswith("/A") else "false"), *keys]


def tag_fact(draft: Draft, fact: Fact) -> str:
    """Return a fact as an inline XBRL element."""
    text, transform = escape(smart(fact.text)), _KINDS.get(fact.kind, "")
    if fact.kind == "date":
        transform = _DATES[draft.look]
    elif fact.kind == "box":
        transform, text = (_TRUE if fact.is_ticked else _FALSE)[draft.look]
    form = f' format="{transform}"' if transform else ""
    element = (
        f'<ix:nonNumeric contextRef="c-{fact.of + 1}" name="dei:{fact.name}"{form} id="f-{fact.name}-{fact.of + 1}">'
    )
    if fact.kind == "box" and text in "ox":
        return f'<span style="font-family:Wingdings">{element}{text}</ix:nonNumeric></span>'
    return f"{element}{text}</ix:nonNumeric>"


def inline_start(draft: Draft) -> str:
    """Return the document's beginning, up to where the cover starts."""
    hidden = "".join(
        f'<ix:nonNumeric contextRef="c-{fact.of + 1}" name="dei:{fact.name}" id="f-{fact.name}-{fact.of + 1}">'
        f"{fact.text}</ix:nonNumeric>"
        for fact in _hidden(draft)
    )
    return (
        "<?xml version='1.0' encoding='ASCII'?>\n<html xmlns=\"http://www.w3.org/1999/xhtml\""
        ' xmlns:ix="http://www.xbrl.org/2013/inlineXBRL" xmlns:xbrli="http://www.xbrl.org/2003/instance"'
        ' xmlns:link="http://www.xbrl.org/2003/linkbase" xmlns:xlink="http://www.w3.org/1999/xlink"'
        ' xmlns:xbrldi="http://xbrl.org/2006/xbrldi" xmlns:ixt-sec="http://www.sec.gov/inlineXBRL/transformation/2015-08-31"'
        f' xmlns:ixt="{_IXT[draft.look]}" xmlns:dei="{_dei(draft)}" xml:lang="en-US">\n'
        f'<head><meta http-equiv="Content-Type" content="text/html"/><title>{draft.stem}</title></head>\n<body>'
        f'<div style="display:none"><ix:header><ix:hidden>{hidden}</ix:hidden><ix:references xml:lang="en-US">'
        f'<link:schemaRef xlink:type="simple" xlink:href="{draft.stem}.xsd"/></ix:references>'
        f"<ix:resources>{_contexts(draft)}</ix:resources></ix:header></div>\n"
    )


def inline_end() -> str:
    """Return the document's end."""
    return "</body></html>"


def _dei(draft: Draft) -> str:
    return f"http://xbrl.sec.gov/dei/{min(max(draft.filed_on.year, 2019), 2025)}"


def _contexts(draft: Draft) -> str:
    day = draft.period_of_report.isoformat()
    contexts = []
    for place, company in enumerate(draft.companies):
        segment = ""
        if place:
            # The facts of a co-registrant stand under the registrant's CIK, with a member that names the other company.
            segment = (
                '<xbrli:segment><xbrldi:explicitMember dimension="dei:LegalEntityAxis">'
                f"{company.ticker.lower()}:Registrant{place}Member</xbrldi:explicitMember></xbrli:segment>"
            )
        contexts.append(
            f'<xbrli:context id="c-{place + 1}"><xbrli:entity><xbrli:identifier scheme="http://www.sec.gov/CIK">'
            f"{draft.company.cik:010d}</xbrli:identifier>{segment}</xbrli:entity><xbrli:period><xbrli:startDate>{day}"
            f"</xbrli:startDate><xbrli:endDate>{day}</xbrli:endDate></xbrli:period></xbrli:context>"
        )
    return "".join(contexts)


def instance_xml(draft: Draft) -> str:
    """Return the instance that EDGAR extracts from the tagged cover."""
    values = "".join(
        f'  <dei:{fact.name} contextRef="c-{fact.of + 1}">{escape(_value(draft, fact))}</dei:{fact.name}>\n'
        for fact in cover_facts(draft)
    )
    return (
        '<XML>\n<?xml version="1.0" encoding="utf-8"?>\n<xbrl xmlns="http://www.xbrl.org/2003/instance"'
        ' xmlns:xbrli="http://www.xbrl.org/2003/instance" xmlns:xbrldi="http://xbrl.org/2006/xbrldi"'
        f' xmlns:dei="{_dei(draft)}">\n  {_contexts(draft)}\n{values}</xbrl>\n</XML>'
    )


def _value(draft: Draft, fact: Fact) -> str:
    if fact.kind == "box":
        return "true" if fact.is_ticked else "false"
    if fact.kind == "date":
        return draft.period_of_report.isoformat()
    return fact.text


def taxonomy_parts(draft: Draft, sequence: int) -> list[Part]:
    """Return the schema and its linkbases, numbered from ``sequence`` on."""
    namespace = f"http://{draft.company.ticker.lower()}.example/{draft.period_of_report:%Y%m%d}"
    parts = [
        Part(
            "EX-101.SCH",
            f"{draft.stem}.xsd",
            "XBRL TAXONOMY EXTENSION SCHEMA DOCUMENT",
            '<XBRL>\n<?xml version="1.0" encoding="utf-8"?>\n<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"'
            f' targetNamespace="{namespace}" elementFormDefault="qualified">\n'
            f'  <xs:import namespace="{_dei(draft)}" schemaLocation="{_dei(draft)}/dei.xsd"/>\n'
            "</xs:schema>\n</XBRL>",
            sequence,
        )
    ]
    names = tuple(dict.fromkeys(fact.name for fact in cover_facts(draft)))
    for place, (kind, suffix, word) in enumerate(_LINKBASES, sequence + 1):
        body = (
            '<XBRL>\n<?xml version="1.0" encoding="utf-8"?>\n<link:linkbase xmlns:link="http://www.xbrl.org/2003/linkbase"'
            ' xmlns:xlink="http://www.w3.org/1999/xlink">\n' + _links(suffix, names) + "</link:linkbase>\n</XBRL>"
        )
        parts.append(
            Part(kind, f"{draft.stem}_{suffix}.xml", f"XBRL TAXONOMY EXTENSION {word} LINKBASE DOCUMENT", body, place)
        )
    return parts


def _links(suffix: str, names: tuple[str, ...]) -> str:
    lines = [
        f'  <link:loc xlink:type="locator" xlink:href="dei.xsd#dei_{name}" xlink:label="{name}"/>\n' for name in names
    ]
    if suffix == "lab":
        lines += (
            f'  <link:label xlink:type="resource" xlink:label="{name}_lbl">{name}</link:label>\n' for name in names
        )
    return "".join(lines)
