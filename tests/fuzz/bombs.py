"""Bombs: small or cheap inputs made to cost memory or time without end, each tried in a process that is bounded.

::

    python -m tests.fuzz.bombs [--small] [--json] [NAME...]

By default each is made in full, up to 200 MB; ``--small`` makes a twentieth of the large ones. A bomb is held when its
reader answers as ``told`` says, within `CPU_SECONDS` and within the memory that the bomb allows beside its own bytes.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import io
import json
import os
import re
import resource
import sys
import tarfile
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from handlers.alert import MatchRules
from handlers.parse import ParseEightK
from watcher import EightkError, Filing, split_submission
from watcher.config import examine_settings
from watcher.edgar._body import read_body
from watcher.edgar.day_files import read_day_files
from watcher.edgar.feed import parse_current
from watcher.edgar.full_text import parse_full_text
from watcher.edgar.index import parse_index
from watcher.edgar.submissions_api import parse_company_file
from watcher.edgar.xbrl_feed import parse_xbrl_feed
from watcher.line import Line
from watcher.sources._inbox import Inbox

__all__ = ["BOMBS", "CPU_SECONDS", "Bomb", "Held", "main", "tried"]

MEGABYTE = 2**20
CPU_SECONDS = 60
_SMALLER, _LARGE = 20, 500_000  # bytes: what is no larger is always made in full
_MOST_BYTES = 250 * MEGABYTE  # what the daemon reads of one filing
_MOST_ADDRESSES = 4 * 2**30
_ROOM = 48 * MEGABYTE  # what any reader may take, however little it reads
NAME = "0001234567-21-000042.txt"
_HEAD = b"<SEC-DOCUMENT>\n<SEC-HEADER>\nACCESSION NUMBER:\t0001234567-21-000042\nCONFORMED SUBMISSION TYPE:\t8-K\n"
_END = b"\n</SEC-DOCUMENT>\n"
_ENTITIES = b'<!ENTITY a0 "lol">' + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
_OUTSIDE = b'<!ENTITY % x SYSTEM "file:///etc/passwd">%x;<!ENTITY a11 SYSTEM "file:///etc/passwd">'


@dataclass(frozen=True, slots=True)
class Bomb:
    """What reads it, what makes it of about so many bytes, how it is answered, and what memory it may take."""

    reads: Callable[[bytes], object]
    make: Callable[[int], bytes]
    size: int  # in full
    told: str  # a pattern that the answer, or the error with its kind, must match
    times: float  # of its own size, beside `_ROOM`; 0 for what grows as it is unpacked


@dataclass(frozen=True, slots=True)
class Held:
    """How one bomb was answered. ``fault`` says what did not hold; "" when all did."""

    name: str
    size: int
    seconds: float
    megabytes: int
    answer: str
    fault: str


def _filled(piece: bytes, *, before: bytes = b"", after: bytes = b"") -> Callable[[int], bytes]:
    return lambda size: before + piece * (size // len(piece)) + after


def _submission(body: bytes, header: bytes = b"") -> bytes:
    return _HEAD + header + b"</SEC-HEADER>\n<DOCUMENT>\n<TYPE>8-K\n<TEXT>\n" + body + b"\n</TEXT>\n</DOCUMENT>" + _END


def _body(piece: bytes, *, before: bytes = b"", after: bytes = b"") -> Callable[[int], bytes]:
    make = _filled(piece, before=before, after=after)
    return lambda size: _submission(make(size))


def _headed(piece: bytes) -> Callable[[int], bytes]:
    return lambda size: _submission(b"x", piece * (size // len(piece)))


def _numbered(piece: bytes, *, before: bytes = b"", after: bytes = b"") -> Callable[[int], bytes]:
    return lambda size: before + b"".join(piece % n for n in range(size // len(piece))) + after


def _split(raw: bytes) -> object:
    found = split_submission(raw, NAME)
    return len(found.documents), found.document_count, found.documents[0].sequence


def _decoded(raw: bytes) -> object:
    return len(split_submission(raw, NAME).documents[0].decoded())


def _report(raw: bytes) -> object:
    found = Line([ParseEightK()]).run(Filing(accession=""), raw)
    assert "root:" not in found.documents[0].text, "a file of this machine came out"
    return [one.number for one in found.items]


def _rules(raw: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.yaml")
        path.write_bytes(raw)
        return [one.problem for one in MatchRules.check_book([path], ())][:1]


def _settings(raw: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "eightk.toml")
        path.write_bytes(raw)
        return len(examine_settings(path, {})[1])


def _from_inbox(raw: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.txt.gz")
        path.write_bytes(raw)
        return len(Inbox(path.parent, settle_seconds=0, max_bytes=_MOST_BYTES).read(path, path.lstat()))


def _from_wire(raw: bytes) -> object:
    async def chunks() -> AsyncIterator[bytes]:
        for place in range(0, len(raw), 65_536):
            yield raw[place : place + 65_536]

    return len(asyncio.run(read_body(chunks(), "gzip", 8_000_000)))


def _from_archive(raw: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "20240506.nc.tar.gz")
        path.write_bytes(raw)
        return [str(one.error or len(one.raw or b"")).partition(":")[2] for one in read_day_files(path)][-2:]


def _packed(size: int) -> bytes:
    """Gzip that unpacks to so much, in several members when it is much."""
    piece = gzip.compress(bytes(min(size, 50 * MEGABYTE)), mtime=0)
    return piece * max(1, size // (50 * MEGABYTE))


def _archive(size: int) -> bytes:
    """A day archive with a member of so many bytes, and names, links and devices that lead outside."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, kind in (("../a.nc", tarfile.REGTYPE), ("/etc/a.nc", tarfile.REGTYPE), ("l", tarfile.SYMTYPE)):
            archive.addfile(_member(name, kind=kind))
        archive.addfile(_member("d", kind=tarfile.CHRTYPE))
        archive.addfile(_member("huge.nc", size=size), io.BytesIO(bytes(size)))
        archive.addfile(_member("after.nc", size=5), io.BytesIO(b"after"))
    return made.getvalue()


def _member(name: str, *, size: int = 0, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size, made.type, made.linkname = size, kind, "/etc/passwd" if kind == tarfile.SYMTYPE else ""
    return made


def _typed(entities: bytes, before: bytes, after: bytes) -> Callable[[int], bytes]:
    return lambda _: b'<?xml version="1.0"?><!DOCTYPE feed [' + entities + b"]>" + before + b"&a11;" + after


_FEED, _RSS = (b"<feed>", b"</feed>"), (b"<rss><channel>", b"</channel></rss>")
_XML = {
    f"{kind}, {name}": Bomb(reads, _typed(entities, *shell), 0, "^EdgarError: .*(amplification|of type)", 0)
    for kind, entities in (("a billion laughs", _ENTITIES), ("a file of this machine", _OUTSIDE))
    for name, reads, shell in (("feed", parse_current, _FEED), ("XBRL feed", parse_xbrl_feed, _RSS))
}
_ENTITIED = {
    "a large entity, named often": Bomb(
        parse_current,
        lambda size: (
            b'<!DOCTYPE feed [<!ENTITY a "' + b"x" * (size // 2) + b'">]><feed>' + b"&a;" * (size // 6) + b"</feed>"
        ),
        8_000_000, "^EdgarError", 10,
    ),
    "a billion laughs, index": Bomb(parse_index, _typed(_ENTITIES, *_FEED), 0, "^EdgarError: index", 0),
    "a billion laughs, document": Bomb(
        _report, lambda _: _submission(_typed(_ENTITIES, b"<html><body>", b"</body></html>")(0)), 0, r"^\[\]", 0
    ),
    "a file of this machine, document": Bomb(
        _report, lambda _: _submission(_typed(_OUTSIDE, b"<html><body>", b"</body></html>")(0)), 0, r"^\[\]", 0
    ),
}  # fmt: skip
_LISTS = {
    "elements 100,000 deep, feed": Bomb(parse_current, _filled(b"<a>", before=b"<feed>"), 300_000, "^EdgarError", 30),
    "attributes, feed": Bomb(parse_current, _numbered(b'a%d="" ', before=b"<feed ", after=b"></feed>"), 4_500_000,
                             "^CurrentPage", 45),
    "entries, feed": Bomb(parse_current, _filled(b"<entry/>", before=b"<feed>", after=b"</feed>"), 8_000_000,
                          "^EdgarError: .* at most 20,000", 45),
    "broken entries, feed": Bomb(parse_current, _filled(b"<entry", before=b"<feed>", after=b"</feed>"), 8_000_000,
                                 "^EdgarError", 20),
    "brackets, JSON": Bomb(parse_full_text, _filled(b"["), 50_000_000, "^EdgarError: .*(recursion|at most)", 3),
    "numbers of a megabyte, JSON": Bomb(parse_full_text, _filled(b"9"), 50_000_000, "^EdgarError", 3),
    "empty lists, JSON": Bomb(
        parse_company_file, _filled(b"[],", before=b'{"cik":1,"filings":{"recent":{"form":[', after=b"1]}}}"),
        50_000_000, "^EdgarError: .*(at most|lists)", 8,
    ),
}  # fmt: skip
_ASKED = {
    "brackets 100,000 deep, rules": Bomb(_rules, _filled(b"["), 100_000, "nested more than 40", 30),
    "maps 100,000 deep, rules": Bomb(_rules, _filled(b"{a: "), 400_000, "nested more than 40", 30),
    "lists 100,000 deep, rules": Bomb(_rules, _filled(b"- "), 200_000, "nested more than 40", 30),
    "a billion laughs, rules": Bomb(_rules, lambda _: b"a: &a [x, x]\nb: &b [*a, *a]\n", 0, "is an anchor", 0),
    "unknown keys, rules": Bomb(_rules, _numbered(b"k%d: 1\n"), 1_000_000, "unknown key", 300),
    "brackets 100,000 deep, settings": Bomb(_settings, _filled(b"[", before=b"a = "), 100_000, "^ConfigError", 60),
    "a key of 400,000 parts, settings": Bomb(_settings, _filled(b"a.", after=b"a = 1"), 800_000, "deeper than 50", 30),
    "unknown keys, settings": Bomb(_settings, _numbered(b"k%d = 1\n"), 700_000, "^[0-9]+$", 400),
}
_PACKED = {
    "gzip of 1 GB, inbox": Bomb(_from_inbox, _packed, 1_000 * MEGABYTE, "^TooLargeError|^52428800", 0),
    "gzip of many members, inbox": Bomb(_from_inbox, _filled(gzip.compress(b"")), 4_000_000, "^0$", 20),
    "gzip of 1 GB, wire": Bomb(_from_wire, _packed, 1_000 * MEGABYTE, "^TooLargeError", 0),
    "gzip of many members, wire": Bomb(
        _from_wire, _filled(gzip.compress(b"")), 4_000_000, "^EdgarError: .* members", 20
    ),
    "a huge member, day archive": Bomb(_from_archive, _archive, 400 * MEGABYTE, "^\\[", 0),
}
_FILINGS = {
    "tags 100,000 deep": Bomb(_report, _body(b"<div>"), 500_000, r"^\[", 40),
    "tags of SGML": Bomb(_report, _body(b"<TEXT>\n"), 20_000_000, r"^\[", 16),
    "a line": Bomb(_report, _body(b"a"), 200 * MEGABYTE, r"^\[", 8),
    "a line of HTML": Bomb(_report, _body(b"a", before=b"<p>"), 200 * MEGABYTE, r"^\[", 8),
    "NULs": Bomb(_report, _body(b"\0"), 200 * MEGABYTE, r"^\[", 8),
    "NULs in tags": Bomb(_report, _body(b"<p\0>\0", before=b"<p>"), 20_000_000, r"^\[", 20),
    "tiny tags": Bomb(_report, _body(b"<b>", before=b"<p>"), 40_000_000, r"^\[", 20),
    "tiny attributes": Bomb(_report, _body(b"a=1 ", before=b"<p ", after=b">"), 40_000_000, r"^\[", 12),
    "tiny documents": Bomb(
        _split, lambda size: _HEAD + b"</SEC-HEADER>\n" + b"<DOCUMENT>\n<TYPE>8-K\n</DOCUMENT>\n" * (size // 33) + _END,
        130_000_000, "^NotASubmission: .*at most", 1,
    ),
    "a million header lines": Bomb(_split, _headed(b"A:b\n"), 4_000_000, r"^NotASubmission: .*at most|^\(1", 16),
    "header parties": Bomb(_split, _headed(b"FILER:\nCIK: 1\n"), 4_000_000, "^NotASubmission: .*at most", 16),
    "10^12 of everything": Bomb(
        _split,
        lambda _: _submission(b"x", b"PUBLIC DOCUMENT COUNT:\t1000000000000\n").replace(
            b"<TYPE>8-K\n", b"<TYPE>8-K\n<SEQUENCE>1000000000000\n"
        ),
        0, r"^\(1, None, 1\)", 0,
    ),
    "uuencode": Bomb(_decoded, _body(b"M" + b"A" * 60 + b"\n", before=b"begin 644 a\n"), 150_000_000,
                     "^(TooLarge|Truncated)Error", 2),
    "uuencode on one line": Bomb(_decoded, _body(b"M", before=b"begin 644 a\n"), 150_000_000, "^ReadError|^Trunc", 2),
}  # fmt: skip
BOMBS = _XML | _ENTITIED | _LISTS | _ASKED | _PACKED | _FILINGS


def tried(name: str, *, is_small: bool) -> Held:
    """Try one bomb in a child of this process, which must have no threads."""
    here, there = os.pipe()
    child = os.fork()
    if not child:
        _answer(there, name, is_small=is_small)
    os.close(there)
    with os.fdopen(here, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    if told and status == 0:
        return Held(**json.loads(told))
    size = BOMBS[name].size
    return Held(name, size, CPU_SECONDS, 0, "", f"its process ended with {os.waitstatus_to_exitcode(status)}")


def _answer(there: int, name: str, *, is_small: bool) -> None:
    """The child: try the bomb, tell how it went, and end."""
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_ADDRESSES, _MOST_ADDRESSES))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        os.write(there, json.dumps(asdict(_held(name, BOMBS[name], is_small=is_small))).encode())
        code = 0
    finally:
        os._exit(code)


def _held(name: str, bomb: Bomb, *, is_small: bool) -> Held:
    size = max(bomb.size // _SMALLER, min(bomb.size, _LARGE)) if is_small else bomb.size
    given = bomb.make(size)
    before, began = _peak(), time.process_time()
    try:
        answer = str(bomb.reads(given))
    except EightkError as error:
        answer = f"{type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001  # the fault that is looked for: it is told, and not held
        answer = f"{type(error).__name__} escaped: {error}"
    seconds, taken = time.process_time() - began, _peak() - before
    most = _ROOM + (bomb.times * len(given) if bomb.times or not bomb.size else 2 * _MOST_BYTES)
    fault = "" if re.search(bomb.told, answer) else f"expected {bomb.told}"
    if taken > most:
        fault = f"it took {taken // MEGABYTE} MB, {int(most) // MEGABYTE} are allowed"
    return Held(name, len(given), round(seconds, 2), taken // MEGABYTE, answer[:200], fault)


def _peak() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main(given: list[str] | None = None) -> int:
    """Try all bombs, or those that are named, and print a table, or JSON; 1 when one was not held."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.bombs")
    parser.add_argument("names", nargs="*", metavar="NAME", help="or a part of one")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(given)
    wanted = [name for name in BOMBS if not arguments.names or any(part in name for part in arguments.names)]
    held: list[Any] = []
    for name in wanted:
        held.append(tried(name, is_small=arguments.small))
        if not arguments.json:
            print(_row(held[-1]), flush=True)
    if arguments.json:
        print(json.dumps([asdict(one) for one in held]))
    return int(any(one.fault for one in held))


def _row(one: Held) -> str:
    told = f"NOT HELD: {one.fault}: {one.answer[:80]}" if one.fault else one.answer[:60]
    return f"{one.name:36}{one.size:>13,} bytes{one.seconds:>7.2f} s{one.megabytes:>5} MB  {told!r}"


if __name__ == "__main__":
    sys.exit(main())
