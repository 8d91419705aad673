"""Turns the header of an archive file into EDGAR's other dialect, tags with item numbers: what ``.hdr.sgml`` holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from watcher.items import number_of_wording
from watcher.simulator.catalog import CatalogFiling

__all__ = ["header_tags"]

_LEAVES = {
    "ACCESSION NUMBER": "ACCESSION-NUMBER",
    "CONFORMED SUBMISSION TYPE": "TYPE",
    "PUBLIC DOCUMENT COUNT": "PUBLIC-DOCUMENT-COUNT",
    "CONFORMED PERIOD OF REPORT": "PERIOD",
    "ITEM INFORMATION": "ITEMS",
    "FILED AS OF DATE": "FILING-DATE",
    "DATE AS OF CHANGE": "DATE-OF-FILING-DATE-CHANGE",
    "SROS": "SROS",
    "COMPANY CONFORMED NAME": "CONFORMED-NAME",
    "CENTRAL INDEX KEY": "CIK",
    "STANDARD INDUSTRIAL CLASSIFICATION": "ASSIGNED-SIC",
    "ORGANIZATION NAME": "ORGANIZATION-NAME",
    "IRS NUMBER": "IRS-NUMBER",
    "EIN": "IRS-NUMBER",
    "STATE OF INCORPORATION": "STATE-OF-INCORPORATION",
    "FISCAL YEAR END": "FISCAL-YEAR-END",
    "FORM TYPE": "FORM-TYPE",
    "SEC ACT": "ACT",
    "SEC FILE NUMBER": "FILE-NUMBER",
    "FILM NUMBER": "FILM-NUMBER",
    "STREET 1": "STREET1",
    "STREET 2": "STREET2",
    "CITY": "CITY",
    "STATE": "STATE",
    "ZIP": "ZIP",
    "BUSINESS PHONE": "PHONE",
    "FORMER CONFORMED NAME": "FORMER-CONFORMED-NAME",
    "DATE OF NAME CHANGE": "DATE-CHANGED",
}
_SECTIONS = ("COMPANY DATA", "FILING VALUES", "BUSINESS ADDRESS", "MAIL ADDRESS", "FORMER COMPANY")
_LAST_NUMBER = re.compile(r".*?(\d+)\D*\Z")
_LINE = re.compile(r"[ \t]*([A-Z][A-Z0-9 ]*):[ \t]*(.*)")
_ACCEPTANCE = re.compile(r"<ACCEPTANCE-DATETIME>\d+")
_IS_TAGGED = re.compile(r"^<ACCESSION-NUMBER>", re.MULTILINE)


def header_tags(filing: CatalogFiling, header: str) -> str:
    """Return the header in tags, root and all. One that is in tags already keeps its lines."""
    if _IS_TAGGED.search(header):
        # The daily feed's own root goes; so does a root that is there already.
        lines = [
            line for line in header.splitlines() if line and not line.startswith(("<SUBMISSION", "<SEC-", "</SEC-"))
        ]
    else:
        acceptance = _ACCEPTANCE.search(header)
        lines = [*([acceptance[0]] if acceptance else []), *_tagged(filing, header)]
    first = f"<SEC-HEADER>{filing.accession}.hdr.sgml : {filing.filed_on:%Y%m%d}"
    return "\n".join((first, *lines, "</SEC-HEADER>")) + "\n"


def _tagged(filing: CatalogFiling, header: str) -> Iterator[str]:
    party = section = ""
    for line in header.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        label, value = match[1].strip(), match[2].strip()
        if label in _LEAVES:
            if value:
                yield f"<{_LEAVES[label]}>{_value(filing, label, value)}"
            continue
        if section:
            yield f"</{section}>"
        section = ""
        if label in _SECTIONS:
            section = label.replace(" ", "-")
            yield f"<{section}>"
        else:
            if party:
                yield f"</{party}>"
            party = label.replace(" ", "-")
            yield f"<{party}>"
    yield from (f"</{group}>" for group in (section, party) if group)


def _value(filing: CatalogFiling, label: str, value: str) -> str:
    match label:
        case "ITEM INFORMATION":
            return number_of_wording(value, filing.filed_on) or value
        case "STANDARD INDUSTRIAL CLASSIFICATION":
            return _LAST_NUMBER.sub(r"\1", value)
        case "SEC ACT":
            return value.removeprefix("19").removesuffix(" Act")
    return value
