"""Writes what lies around one filing: its header pages, its folder, and its documents as single files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

from watcher.edgar.submission import Submission
from watcher.simulator.catalog import CatalogFiling
from watcher.simulator.exchange import HTML, PLAIN, Reply, json_reply
from watcher.simulator.header_tags import header_tags
from watcher.simulator.timeline import Listing

__all__ = ["company_folder", "document", "filing_folder", "header_page"]

_WRAPPER = re.compile(rb"\A\s*<(XBRL|XML|PDF)>[ \t]*\r?\n?(.*?)\r?\n?</\1>\s*\Z", re.DOTALL)
_KINDS = {
    ".htm": HTML,
    ".html": HTML,
    ".xml": "text/xml",
    ".xsd": "text/xml",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
}


def header_page(filing: CatalogFiling, submission: Submission, *, is_html: bool) -> Reply:
    """Answer with the header in tags: bare, or inside a comment of a page that shows the other dialect."""
    tags = header_tags(filing, submission.header)
    if not is_html:
        return Reply(tags.encode("latin-1", "replace"), PLAIN)
    listed = "".join(
        f"<DOCUMENT>\n<TYPE>{found.type}\n<SEQUENCE>{found.sequence}\n<FILENAME>{found.filename}\n<TEXT>\n"
        f"Document {found.sequence} - file: {found.filename}\n</DOCUMENT>\n"
        for found in submission.documents
    )
    shown = escape(f"{submission.header}\n{listed}</SEC-DOCUMENT>", quote=False)
    text = (
        f"<HTML><HEAD><TITLE>SEC EDGAR Submission {filing.accession}</TITLE>\n<!--\n{tags}-->\n</HEAD><BODY>\n"
        f"<PRE>{shown}</PRE></BODY></HTML>\n"
    )
    return Reply(text.encode("latin-1", "xmlcharrefreplace"))


def filing_folder(listing: Listing, submission: Submission, cik: int) -> Reply:
    """Answer with a filing's folder as JSON."""
    accession = listing.filing.accession
    folder = f"/Archives/edgar/data/{cik}/{accession.replace('-', '')}"
    names: dict[str, str] = {
        f"{accession}-index-headers.html": "",
        f"{accession}-index.html": "",
        f"{accession}.txt": "",
    }
    names |= {document.filename: str(document.size) for document in submission.documents if document.filename}
    items = [_folder_item(listing.updated, name, _icon(name), size) for name, size in names.items()]
    return json_reply({"directory": {"item": items, "name": folder, "parent-dir": folder.rsplit("/", 1)[0]}})


def company_folder(listings: Sequence[Listing], cik: int) -> Reply:
    """Answer with a company's folder as JSON: one folder for each of its filings."""
    items = [
        _folder_item(listing.updated, listing.filing.accession.replace("-", ""), "folder.gif", "")
        for listing in listings
    ]
    folder = f"/Archives/edgar/data/{cik}"
    return json_reply({"directory": {"item": items, "name": folder, "parent-dir": "/Archives/edgar/data"}})


def _folder_item(changed: datetime, name: str, icon: str, size: str) -> dict[str, Any]:
    return {"last-modified": f"{changed:%Y-%m-%d %H:%M:%S}", "name": name, "type": icon, "size": size}


def _icon(name: str) -> str:
    if name.endswith(".zip"):
        return "compressed.gif"
    return "image2.gif" if name.endswith((".jpg", ".gif")) else "text.gif"


def document(submission: Submission, name: str) -> Reply | None:
    """Answer with one document as its own file; None when the filing has none of this name."""
    found = next((document for document in submission.documents if document.filename == name), None)
    if found is None:
        return None
    suffix = "." + name.rpartition(".")[2].lower()
    if found.is_uuencoded():
        return Reply(found.decoded(), _KINDS.get(suffix, "application/octet-stream"))
    body = found.body()
    wrapped = _WRAPPER.match(body)
    return Reply(wrapped[2] if wrapped else body, _KINDS.get(suffix, PLAIN))
