"""EDGAR is believed only where a certificate that is vouched for says that it is EDGAR."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from _mail import CERTIFICATE_AND_KEY, tls_context
from _wire import ACCESSION, CONTACT

from watcher.clock import Clock
from watcher.edgar.client import EdgarClient
from watcher.errors import EdgarError


@asynccontextmanager
async def somebody_else(pem: Path, heard: list[bytes]) -> AsyncIterator[int]:
    """Serve HTTPS with a certificate of one's own making; yield the port. What comes through is in ``heard``."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls_context(str(pem)))
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_certificate_that_nobody_vouches_for_is_told_and_nothing_is_asked(tmp_path: Path) -> None:
    pem = tmp_path / "own.pem"
    pem.write_text(CERTIFICATE_AND_KEY)
    heard: list[bytes] = []

    async with somebody_else(pem, heard) as port:
        base = f"https://127.0.0.1:{port}"
        async with EdgarClient(contact=CONTACT, clock=Clock(), base_url=base) as client:
            with pytest.raises(EdgarError, match="certificate verify failed"):
                await client.submission(912345, ACCESSION)

    assert heard == []
