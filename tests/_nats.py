"""A real NATS server with JetStream on loopback: it can be killed, and comes back with its store."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nkeys
from _required import program
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import StreamConfig

_STARTS_SECONDS = 30.0


def need_server() -> str:
    """The server's program."""
    return program("nats-server", "nats-server")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Server:
    """One server at one port, whichever process it is."""

    folder: Path
    more: str = ""  # of its configuration
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        file = self.folder / "nats.conf"
        storage = f'jetstream {{ store_dir: "{self.folder / "js"}" }}'
        file.write_text(f'listen: "{self.place}"\nserver_name: test\n{storage}\n{self.more}\n')
        with (self.folder / "nats.log").open("ab") as log:
            self.process = subprocess.Popen([need_server(), "-c", str(file)], stdout=log, stderr=log)
        until = time.monotonic() + _STARTS_SECONDS
        while not self._answers():
            is_lost = self.process.poll() is not None or time.monotonic() > until
            assert not is_lost, (self.folder / "nats.log").read_text()
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a power cut would, as far as a process can be."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        # JetStream restores its streams before the port opens.
        with socket.socket() as one:
            one.settimeout(1)
            return one.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def serving(folder: Path, more: str = "") -> Iterator[Server]:
    """Run a server while inside."""
    need_server()
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(folder, more)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@asynccontextmanager
async def connected(server: Server, **options: Any) -> AsyncIterator[JetStreamContext]:
    """A client of the test's own, which finds the server again when that comes back."""

    async def quiet(error: Exception) -> None:
        """The server is killed on purpose."""

    client = Client()
    await client.connect(
        f"nats://{server.place}", error_cb=quiet, max_reconnect_attempts=-1, reconnect_time_wait=0.1, **options
    )
    try:
        yield client.jetstream()
    finally:
        await client.close()


async def add_stream(js: JetStreamContext, name: str = "EIGHTK", **more: Any) -> None:
    await js.add_stream(StreamConfig(name=name, subjects=["eightk.>"], **more))


async def stored(js: JetStreamContext, name: str = "EIGHTK") -> list[Any]:
    """All messages of a stream, in order."""
    state = (await js.stream_info(name)).state
    if not state.messages:
        return []
    return [await js.get_msg(name, seq) for seq in range(state.first_seq, state.last_seq + 1)]


class Keys:
    """An operator, its system account, an account with JetStream and one user: what `nsc` makes, made here."""

    def __init__(self) -> None:
        pairs = {name: _pair(name) for name in ("operator", "system", "account", "user")}
        public = {name: pair.public_key.decode() for name, (_, pair) in pairs.items()}
        self.seed = pairs["user"][0]
        limits = dict.fromkeys(("subs", "data", "payload", "imports", "exports", "conn", "leaf"), -1)
        storage = dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), -1)
        account = {"limits": limits | {"wildcards": True}, "type": "account", "version": 2}
        with_storage = account | {"limits": limits | storage | {"wildcards": True}}
        operator = pairs["operator"][1]
        said = {
            "operator": {"type": "operator", "version": 2, "system_account": public["system"]},
            "system": account,
            "account": with_storage,
        }
        jwts = {name: _jwt(operator, public[name], claims) for name, claims in said.items()}
        user = {"subs": -1, "data": -1, "payload": -1, "type": "user", "version": 2}
        self.jwt = _jwt(pairs["account"][1], public["user"], user)
        self.config = (
            f"operator: {jwts['operator']}\nsystem_account: {public['system']}\nresolver: MEMORY\n"
            f"resolver_preload: {{ {public['system']}: {jwts['system']}, {public['account']}: {jwts['account']} }}\n"
        )

    @property
    def credentials(self) -> str:
        return (
            f"-----BEGIN NATS USER JWT-----\n{self.jwt}\n------END NATS USER JWT------\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{self.seed}\n------END USER NKEY SEED------\n"
        )


def _pair(name: str) -> tuple[str, Any]:
    prefix = {
        "operator": nkeys.PREFIX_BYTE_OPERATOR,
        "system": nkeys.PREFIX_BYTE_ACCOUNT,
        "account": nkeys.PREFIX_BYTE_ACCOUNT,
        "user": nkeys.PREFIX_BYTE_USER,
    }
    seed = nkeys.encode_seed(os.urandom(32), prefix[name])
    return seed.decode(), nkeys.from_seed(bytearray(seed))


def _jwt(issuer: Any, subject: str, claims: dict[str, Any]) -> str:
    body = {"jti": "TEST", "iat": 1, "iss": issuer.public_key.decode(), "name": "test", "sub": subject, "nats": claims}
    said = f"{_encoded({'typ': 'JWT', 'alg': 'ed25519-nkey'})}.{_encoded(body)}"
    return f"{said}.{_base64(issuer.sign(said.encode()))}"


def _encoded(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
