"""Makes what comes behind the readable documents: pictures, and the files that EDGAR renders from tagged covers."""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache

from watcher.simulator.made import Draft
from watcher.simulator.making.chance import Random
from watcher.simulator.making.cover import Fact
from watcher.simulator.making.sgml import Part, uuencode
from watcher.simulator.making.typeset import escape
from watcher.simulator.making.xbrl import cover_facts, instance_xml

__all__ = ["picture_part", "rendered_parts"]

_RENDERED = "IDEA: XBRL DOCUMENT"
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)  # a fixed one: the same facts must give the same bytes
_SCRIPT = "// Shows and hides the definitions on a rendered page.\nvar Show={};Show.last=null;\n" * 12
_STYLES = (
    "/* Styles of a rendered page. */\n.report table.authRefData{background-color:#def;border:2px solid #2F4497}\n" * 20
)


def picture_part(draft: Draft, rng: Random, sequence: int) -> Part:
    """Return a picture: a JPEG's beginning and end with noise between, as nobody looks at it."""
    filename = f"{draft.stem}_g{sequence}.jpg"
    start, end = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x01\x00H\x00H\x00\x00", b"\xff\xd9"
    content = start + rng.randbytes(rng.randint(1_500, 9_000)) + end
    return Part("GRAPHIC", filename, "GRAPHIC", uuencode(content, filename), sequence)


def rendered_parts(draft: Draft, main: Part, sequence: int) -> list[Part]:
    """Return the files that EDGAR adds to a filing with a tagged cover, numbered from ``sequence`` on."""
    archive = f"{draft.accession}-xbrl.zip"
    files = (
        ("XML", "R1.htm", _rendered_page(draft)),
        ("EXCEL", "Financial_Report.xlsx", _workbook()),
        ("XML", "Show.js", _SCRIPT),
        ("XML", "report.css", _STYLES),
        ("XML", "FilingSummary.xml", _summary(draft)),
        ("JSON", "MetaLinks.json", _links(draft, main)),
        ("ZIP", archive, uuencode(_zip(main.filename, main.body), archive)),
        ("XML", f"{main.filename.removesuffix('.htm')}_htm.xml", instance_xml(draft)),
    )
    return [
        Part(kind, name, _RENDERED, body, sequence + place, False) for place, (kind, name, body) in enumerate(files)
    ]


def _rendered_page(draft: Draft) -> str:
    rows = "".join(
        f'<tr class="re">\n<td class="pl"><a class="a" href="javascript:void(0);">{fact.name}</a></td>\n'
        f'<td class="text">{_rendered(fact)}<span></span>\n</td>\n</tr>\n'
        for fact in cover_facts(draft)
    )
    return (
        '<html>\n<head>\n<title></title>\n<link rel="stylesheet" type="text/css" href="report.css">\n'
        '<script type="text/javascript" src="Show.js">/* Do Not Remove This Comment */</script>\n</head>\n<body>\n'
        '<table class="report" border="0" cellspacing="2">\n<tr><th class="tl"><strong>Cover</strong></th></tr>\n'
        f"{rows}</table>\n</body>\n</html>"
    )


def _rendered(fact: Fact) -> str:
    return str(fact.is_ticked).lower() if fact.kind == "box" else escape(fact.text)


def _summary(draft: Draft) -> str:
    return (
        "<XML>\n<?xml version='1.0' encoding='utf-8'?>\n<FilingSummary>\n  <Version>3.25.1</Version>\n"
        f"  <ReportFormat>Html</ReportFormat>\n  <ContextCount>{len(draft.companies)}</ContextCount>\n"
        '  <MyReports>\n    <Report instance="cover">\n      <IsDefault>false</IsDefault>\n'
        "      <HtmlFileName>R1.htm</HtmlFileName>\n      <LongName>0000001 - Document - Cover</LongName>\n"
        "    </Report>\n  </MyReports>\n</FilingSummary>\n</XML>"
    )


def _links(draft: Draft, main: Part) -> str:
    tags = {f"dei_{fact.name}": {"xbrltype": "stringItemType", "localname": fact.name} for fact in cover_facts(draft)}
    instance = {
        main.filename: {"nsprefix": draft.company.ticker.lower(), "contextCount": len(draft.companies), "tag": tags}
    }
    return json.dumps({"version": "2.2", "instance": instance}, indent=1)


@cache
def _workbook() -> str:
    """Return an encoded workbook, the same one for all: nobody reads it, but it must be there."""
    sheet = "<worksheet><sheetData><row><c><v>Cover</v></c></row></sheetData></worksheet>"
    return uuencode(_zip("xl/worksheets/sheet1.xml", sheet), "Financial_Report.xlsx")


def _zip(name: str, text: str) -> bytes:
    """Store without compression: what a compressor gives differs from one machine to the next."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        entry = zipfile.ZipInfo(name, _ZIP_DAY)
        entry.create_system = 3  # or it would tell which system this ran on
        archive.writestr(entry, text.encode("ascii", "xmlcharrefreplace"))
    return buffer.getvalue()
