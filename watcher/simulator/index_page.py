"""Writes the index page of a filing, in the shape of EDGAR's "Filing Detail"."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from watcher.edgar.calendar import NEW_YORK
from watcher.edgar.submission import RawDocument, Submission
from watcher.models import Filer
from watcher.simulator.catalog import CatalogFiling
from watcher.simulator.exchange import Reply
from watcher.simulator.live_list import role_name
from watcher.simulator.making.wordings import edgar_wording, form_name

__all__ = ["index_page"]

_DATA_TYPES = ("EX-101", "XML")
_UNSEEN_TYPES = ("EXCEL", "ZIP", "JSON")  # EDGAR adds them, and its index page does not show them
_HEADS = ("Seq", "Description", "Document", "Type", "Size")
_PAGE = """\
<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" "http://www.w3.org/TR/html4/loose.dtd">
<html>
<head>
<title>EDGAR Filing Documents for {accession}</title>
</head>
<body>
<div id="contentDiv">
<!-- START FILING DIV -->
<div class="formDiv">
   <div id="formHeader">
      <div id="formName">
         <strong>Form {form}</strong> - {name}:
      </div>
      <div id="secNum">
         <strong><acronym title="Securities and Exchange Commission">SEC</acronym> Accession \
<acronym title="Number">No.</acronym></strong> {accession}
      </div>
   </div>
   <div class="formContent">
{groups}      <div style="clear:both"></div>
<!-- END FILING DIV -->
  </div>
</div>
{tables}{filers}</div>
</body>
</html>
"""
_TABLE = """\
<div class="formDiv">
   <p>{title}</p>
   <table class="tableFile" summary="{title}">
{rows}   </table>
</div>
"""
_FILER = """\
<!-- START FILER DIV -->
<div class="filerDiv">
   <div class="mailer">Business Address
{address}   </div>
<div class="companyInfo">
  <span class="companyName">{name} ({role})
 <acronym title="Central Index Key">CIK</acronym>: \
<a href="/cgi-bin/browse-edgar?CIK={cik}&amp;action=getcompany">{cik} (see all company filings)</a></span>
<p class="identInfo"><acronym title="Internal Revenue Service Number">EIN.</acronym>: <strong>{ein}</strong> | \
State of Incorp.: <strong>{state}</strong> | Fiscal Year End: <strong>{year_end}</strong><br />\
Type: <strong>{form}</strong> | Act: <strong>34</strong> | File No.: <strong>{file_number}</strong> | \
Film No.: <strong>{film_number}</strong><br />\
<acronym title="Standard Industrial Code">SIC</acronym>: <b>{sic}</b></p>
</div>
<div class="clear"></div>
</div>
<!-- END FILER DIV -->
"""


def index_page(filing: CatalogFiling, submission: Submission, cik: int, size: int) -> Reply:
    """Answer with the filing's index page. ``size`` is that of the whole submission, in bytes."""
    text = _PAGE.format(
        accession=filing.accession,
        form=escape(filing.form),
        name=escape(form_name(filing.form)),
        groups="".join(_groups(filing, submission)),
        tables=_tables(filing, submission, cik, size),
        filers="".join(_filer(filing, filer) for filer in filing.filers),
    )
    return Reply(text.encode("utf-8", "xmlcharrefreplace"))


def _groups(filing: CatalogFiling, submission: Submission) -> list[str]:
    accepted = f"{filing.filed_on} 00:00:00"  # what EDGAR shows where it kept no time
    if filing.accepted_at is not None:
        accepted = f"{filing.accepted_at.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S}"
    count = submission.document_count or len(submission.documents)
    groups = [_group(("Filing Date", str(filing.filed_on)), ("Accepted", accepted), ("Documents", str(count)))]
    if filing.period_of_report:
        groups.append(_group(("Period of Report", str(filing.period_of_report))))
    if filing.items:
        items = (f"Item {item}: {escape(edgar_wording(item, filing.filed_on))}<br />" for item in filing.items)
        groups.append(_group(("Items", "".join(items))))
    return groups


def _group(*rows: tuple[str, str]) -> str:
    lines = (
        f'         <div class="infoHead">{head}</div>\n         <div class="info">{value}</div>\n'
        for head, value in rows
    )
    return f'      <div class="formGrouping">\n{"".join(lines)}      </div>\n'


def _tables(filing: CatalogFiling, submission: Submission, cik: int, size: int) -> str:
    seen = [document for document in submission.documents if document.type not in _UNSEEN_TYPES]
    data = [document for document in seen if document.type.startswith(_DATA_TYPES)]
    rows = [_row(document, filing, cik) for document in seen if document not in data]
    whole = _link(filing, cik, f"{filing.accession}.txt")
    rows.append(("&nbsp;", "Complete submission text file", whole, "&nbsp;", str(size)))
    tables = _table("Document Format Files", rows)
    return tables + (_table("Data Files", [_row(document, filing, cik) for document in data]) if data else "")


def _row(document: RawDocument, filing: CatalogFiling, cik: int) -> tuple[str, ...]:
    link = _link(filing, cik, document.filename)
    return str(document.sequence), escape(document.description), link, escape(document.type), str(document.size)


def _link(filing: CatalogFiling, cik: int, name: str) -> str:
    href = f"/Archives/edgar/data/{cik}/{filing.accession.replace('-', '')}/{escape(name)}"
    return f'<a href="{href}">{escape(name)}</a>'


def _table(title: str, rows: Sequence[tuple[str, ...]]) -> str:
    heads = "".join(f'         <th scope="col">{head}</th>\n' for head in _HEADS)
    lines = [f"      <tr>\n{heads}      </tr>\n"]
    for place, row in enumerate(rows):
        cells = "".join(f'         <td scope="row">{cell}</td>\n' for cell in row)
        start = '      <tr class="evenRow">\n' if place % 2 else "      <tr>\n"
        lines.append(f"{start}{cells}      </tr>\n")
    return _TABLE.format(title=title, rows="".join(lines))


def _filer(filing: CatalogFiling, filer: Filer) -> str:
    lines = (f'      <span class="mailerAddress">{escape(line)}</span>\n' for line in filer.business_address)
    return _FILER.format(
        address="".join(lines),
        name=escape(filer.name),
        role=role_name(filer),
        cik=f"{filer.cik:010d}",
        ein=filer.irs_number or "",
        state=filer.state_of_incorporation or "",
        year_end=filer.fiscal_year_end or "",
        form=escape(filing.form),
        file_number=filer.file_number or "",
        film_number=filer.film_number or "",
        sic=filer.sic or "",
    )
