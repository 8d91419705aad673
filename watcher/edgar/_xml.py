"""Reads the lists that EDGAR writes as XML, entry by entry: hostile bytes cost little, one bad entry costs no other.

A list that is cut off is refused: what is missing at its end would look as if EDGAR did not list it. What the entries
mean is left to the reader of each list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from lxml import etree

from watcher.edgar._lists import ACCESSION, clip
from watcher.errors import EdgarError

__all__ = ["ListShape", "XmlList", "attribute", "child", "read_list", "text"]

_LONE_AMPERSAND = re.compile(rb"&(?!#?\w{1,20};)")
_PROLOG = re.compile(rb"\s*(<\?xml[^>]*\?>)?")
_WORDS = etree.XPath("string()")

_MOST_ENTRIES = 20_000  # EDGAR's own lists have some hundreds


@dataclass(frozen=True, slots=True)
class ListShape:
    """How a list is built, and what to call it in messages."""

    name: str  # as in "live list"
    kind: str  # as in "an Atom feed"
    root: str
    entry: str
    within: str = ""  # the child of the root that holds the entries; "" when the root itself does
    most_mended_bytes: int = 1_000_000  # of a damaged list: entry by entry is slow


@dataclass(frozen=True, slots=True)
class XmlList:
    """A list's entries in its order. ``problems`` names those that had to be mended."""

    head: etree._Element  # what holds the entries; of a damaged list only what comes before them
    entries: tuple[etree._Element, ...]
    problems: tuple[str, ...] = ()


def read_list(body: bytes, shape: ListShape) -> XmlList:
    """Read a list, entry by entry when it is not well-formed. Raises ``EdgarError`` when this is not that list."""
    try:
        root = _root(body, shape)
    except etree.XMLSyntaxError as error:
        return _read_piecemeal(body, shape, error)
    head = _holder(root, shape)
    entries = tuple(islice(head.iterchildren(f"{{*}}{shape.entry}"), _MOST_ENTRIES + 1))
    _refuse_too_many(len(entries), shape)
    return XmlList(head, entries)


def child(element: etree._Element, name: str) -> etree._Element | None:
    """Find a child by its name, in whatever namespace."""
    return element.find(f"{{*}}{name}")


def text(element: etree._Element, name: str) -> str:
    """The text of a child; "" when there is none."""
    found = child(element, name)
    return "" if found is None else str(_WORDS(found)).strip()


def attribute(element: etree._Element, name: str, key: str) -> str:
    """An attribute of a child; "" when there is none."""
    found = child(element, name)
    return "" if found is None else found.get(key, "")


def _root(xml: bytes, shape: ListShape, *, recover: bool = False) -> etree._Element:
    """Parse bytes that a stranger sent: no network, no entities, no document type, bounded depth and size."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,  # a million of them would cost a minute
        remove_pis=True,
        recover=recover,
    )
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError:
        if not recover:
            raise
        root = None  # nothing at all could be recovered, as where it begins with NULs
    if root is not None and root.getroottree().docinfo.doctype:
        raise EdgarError(f"{shape.name}: expected {shape.kind}, came a document of type {clip(root.tag)!r}")
    return root


def _holder(root: etree._Element, shape: ListShape) -> etree._Element:
    """Find what holds the entries."""
    name = root.tag.rpartition("}")[2]  # not `QName`, which raises for a prefix that nothing declares
    found = root if not shape.within else child(root, shape.within)
    if name != shape.root or found is None:
        raise EdgarError(f"{shape.name}: expected {shape.kind}, came <{clip(name)}>")
    return found


def _read_piecemeal(body: bytes, shape: ListShape, error: etree.XMLSyntaxError) -> XmlList:
    opening = f"<{shape.entry}".encode()
    head, *chunks = body.split(opening)
    ending = f"</{shape.root}>".encode()
    is_list = f"<{shape.root}".encode() in head and b"<!DOCTYPE" not in head.upper() and body.rstrip().endswith(ending)
    if not is_list or len(body) > shape.most_mended_bytes:
        raise _not_the_list(body, shape, error) from error
    _refuse_too_many(len(chunks), shape)
    top = _root(head, shape, recover=True)
    if top is None:
        raise _not_the_list(body, shape, error) from error
    prolog = _PROLOG.match(head)
    declaration = prolog[1] if prolog and prolog[1] else b""
    problems: list[str] = []
    entries = tuple(_mended(declaration, opening + chunk, shape, problems) for chunk in chunks)
    return XmlList(_holder(top, shape), entries, tuple(problems))


def _not_the_list(body: bytes, shape: ListShape, error: etree.XMLSyntaxError) -> EdgarError:
    came = f"{len(body):,} bytes that are not: {clip(str(error))}"
    return EdgarError(f"{shape.name}: expected {shape.kind}, whole, came {came}")


def _refuse_too_many(entries: int, shape: ListShape) -> None:
    if entries > _MOST_ENTRIES:
        raise EdgarError(f"{shape.name}: expected at most {_MOST_ENTRIES:,} entries, came more")


def _mended(declaration: bytes, chunk: bytes, shape: ListShape, problems: list[str]) -> etree._Element:
    """Parse one entry on its own, and as far as it goes when it is damaged."""
    ending = f"</{shape.entry}>".encode()
    entry = chunk.partition(ending)[0] + ending
    try:
        return _root(declaration + entry, shape)
    except etree.XMLSyntaxError as error:
        match = ACCESSION.search(entry.decode("latin-1"))
        problems.append(f"{match[1] if match else 'an entry'}: not well-formed XML: {clip(str(error.msg))}")
        mended = _root(declaration + _LONE_AMPERSAND.sub(b"&amp;", entry), shape, recover=True)
        return etree.Element(shape.entry) if mended is None else mended
