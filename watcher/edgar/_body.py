"""Reads the body of an answer with a bound on its size, on the wire and after decompression."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator

from watcher.errors import EdgarError, TooLargeError

__all__ = ["gunzip", "gunzip_head", "read_body"]

_GZIP_MAGIC = b"\x1f\x8b"
_MOST_MEMBERS = 16  # each costs a copy of all that follows; EDGAR sends one


async def read_body(chunks: AsyncIterator[bytes], encoding: str, max_bytes: int) -> bytes:
    """Read chunks as they came over the wire, in that content encoding, up to ``max_bytes`` of content.

    Raises ``TooLargeError``, or ``EdgarError`` when the compression is damaged or unknown. The HTTP library's own
    decoding is not used: it unpacks a whole chunk, whatever its size becomes, as often as a header asks for.
    """
    if encoding.strip().lower() in ("", "identity"):
        return await _plain(chunks, max_bytes)
    if encoding.strip().lower() in ("gzip", "x-gzip"):
        packed = await _plain(chunks, max_bytes)
        return await asyncio.to_thread(gunzip, packed, max_bytes)
    raise EdgarError(f"expected gzip or no compression, came content encoding {encoding[:40]!r}")


def gunzip(packed: bytes, max_bytes: int) -> bytes:
    """Unpack gzip of one or several members; bytes that are not gzip at all come back as they are.

    Raises ``TooLargeError``, or ``EdgarError`` when it is damaged or cut off.
    """
    if not packed.startswith(_GZIP_MAGIC):
        return packed
    content = bytearray()
    for _ in range(_MOST_MEMBERS):
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            content += member.decompress(packed, max_bytes - len(content) + 1)
        except zlib.error as error:
            raise EdgarError(f"damaged gzip after {len(content)} bytes of content") from error
        if len(content) > max_bytes:
            raise _too_large(max_bytes)
        if not member.eof:
            raise EdgarError(f"truncated: the gzip stops after {len(content)} bytes of content")
        packed = member.unused_data.lstrip(b"\0")
        if not packed:
            return bytes(content)
    raise EdgarError(f"expected gzip of at most {_MOST_MEMBERS} members, came more")


def gunzip_head(packed: bytes, size: int) -> bytes:
    """Unpack the first ``size`` bytes of gzip and no more; of bytes that are not gzip, return the first.

    Raises ``EdgarError`` when it is damaged there.
    """
    if not packed.startswith(_GZIP_MAGIC):
        return packed[:size]
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(packed, size)
    except zlib.error as error:
        raise EdgarError("damaged gzip at its beginning") from error


async def _plain(chunks: AsyncIterator[bytes], max_bytes: int) -> bytes:
    content = bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(content)


def _too_large(max_bytes: int) -> TooLargeError:
    return TooLargeError(f"expected at most {max_bytes:,} bytes, came more")
