"""A real PostgreSQL of the test run's own on loopback: one for each test process, and others that may be killed.

``EIGHTK_TEST_DATABASE_URL`` names a server to be used instead; its user must be allowed to make databases.
"""

from __future__ import annotations

import atexit
import itertools
import os
import pwd
import select
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from _memory import folder_in_memory
from _required import do_without
from psycopg import sql

__all__ = ["OwnServer", "Server", "drop_database", "fresh_database", "run_sql", "server", "serving", "template"]

URL_VARIABLE = "EIGHTK_TEST_DATABASE_URL"
_USER = "eightk"
_STARTS_SECONDS = 60.0
_TOLD_HOW = 150_000  # the version from which a server is told how to copy a database
# Not the order of bytes, as on most servers: what sorts must say how.
_INITDB = ("--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu")
_SMALL = {
    "shared_buffers": "32MB",
    "max_connections": "200",
    "unix_socket_directories": "",
    "log_min_messages": "fatal",
}
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
# Ends the server as it is told, or at once when whoever started it is gone: the folder goes with it then. Whoever reads
# the output comes to its end when the last process of the server has.
_KEEPER = """
folder=$1; shift
"$@" <&- & server=$!
exec >&-
read -r signal
kill -"${signal:-QUIT}" $server
wait $server
[ -n "$signal" ] || rm -rf "$folder"
"""


class Server:
    """A PostgreSQL server, whoever runs it. ``url`` is that of a database that is always there."""

    def __init__(self, url: str) -> None:
        self._url = url

    def url(self, database: str = "") -> str:
        """The URL of a database, as `store.url` has it; without a name: that which is always there."""
        if not database:
            return self._url
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{database}"))


class OwnServer(Server):
    """A server that can be ended and comes back on the same port with its data."""

    def __init__(self, *, is_durable: bool = True) -> None:
        self._programs = _programs() or _no_server()
        self._settings = _SMALL | ({} if is_durable else _FAST)
        self.port = _free_port()
        super().__init__(f"postgresql://{_USER}@127.0.0.1:{self.port}/postgres")
        # Not in the user's own folder for such: another user must be able to come to it.
        place = "/tmp" if is_durable else folder_in_memory() or "/tmp"
        self.folder = Path(tempfile.mkdtemp(prefix="eightk-postgres-", dir=place))
        self._account = _account()
        if self._account:
            os.chown(self.folder, self._account["user"], self._account["group"])
        self._keeper: subprocess.Popen[str] | None = None
        atexit.register(self.remove)
        initdb = [self._programs / "initdb", *_INITDB, "--icu-locale=en-US", "-U", _USER, "-D", self.folder / "data"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=self.folder, **self._account)

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        command = [self._programs / "postgres", "-D", self.folder / "data", "-h", "127.0.0.1", "-p", str(self.port)]
        with (self.folder / "postgres.log").open("ab") as log:
            self._keeper = subprocess.Popen(
                ["/bin/sh", "-c", _KEEPER, "keeper", self.folder, *command, *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self.folder,
                start_new_session=True,  # the terminal's Ctrl-C is for the tests
                **self._account,
            )
        until = time.monotonic() + _STARTS_SECONDS
        while not self._answers():
            is_lost = self._is_over() or time.monotonic() > until
            assert not is_lost, (self.folder / "postgres.log").read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        """End it in order; connections are cut."""
        self._end("INT")

    def kill(self) -> None:
        """End it as a power cut would, as far as a process can be."""
        self._end("KILL")

    def restart(self) -> None:
        """End it in order, and start it again."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """End it, and take away all that it had. May be called twice."""
        self._end("")
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.remove)

    def _end(self, signal: str) -> None:
        if self._keeper is None:
            return
        self._keeper.communicate(f"{signal}\n" if signal else None)
        self._keeper = None

    def _is_over(self) -> bool:
        # Nothing is ever written there, so what can be read is the end.
        assert self._keeper is not None
        return bool(select.select([self._keeper.stdout], [], [], 0)[0])

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


@cache
def server() -> Server:
    """The server of this test process, started when it is first asked for. Its data need not outlive a crash."""
    if url := os.environ.get(URL_VARIABLE):
        return Server(url)
    own = OwnServer(is_durable=False)
    own.start()
    return own


@contextmanager
def serving() -> Iterator[OwnServer]:
    """Run a server of one's own while inside, one that keeps its word on what is committed."""
    own = OwnServer()
    own.start()
    try:
        yield own
    finally:
        own.remove()


_numbers = itertools.count(1)


def fresh_database(name: str = "test", *, of: str | None = None) -> str:
    """Make a database, empty or a copy of the template ``of``, and return its URL."""
    unique = f"{name}_{os.getpid()}_{next(_numbers)}"
    copied = sql.SQL(" TEMPLATE {}{}").format(sql.Identifier(of), _strategy()) if of else sql.SQL("")
    run_sql(server().url(), sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unique)) + copied)
    return server().url(unique)


@cache
def _strategy() -> sql.SQL:
    """By its files a database is copied at half the cost; a server before 15 copies no other way, and is not asked."""
    version = int(run_sql(server().url(), sql.SQL("SHOW server_version_num"))[0][0])
    return sql.SQL(" STRATEGY FILE_COPY" if version >= _TOLD_HOW else "")


def drop_database(url: str) -> None:
    """Drop it, and cut whoever is still connected to it."""
    name = urlsplit(url).path.removeprefix("/")
    run_sql(server().url(), sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


_templates: dict[str, str] = {}


def template(name: str, make: Callable[[str], object]) -> str:
    """Return the name of a database made once in this process by ``make(url)``, to be copied by `fresh_database`.

    ``make`` must leave no connection open.
    """
    if name not in _templates:
        url = fresh_database(f"template_{name}")
        atexit.register(_drop_quietly, url)
        make(url)
        _templates[name] = urlsplit(url).path.removeprefix("/")
    return _templates[name]


def run_sql(url: str, statement: str | sql.Composable, *values: Any) -> list[tuple[Any, ...]]:
    """Run one statement by itself, and return its rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def _drop_quietly(url: str) -> None:
    # A server of our own may be gone before, with all it had.
    if os.environ.get(URL_VARIABLE):
        drop_database(url)


def _programs() -> Path | None:
    """The folder of the server's programs: Debian keeps them off the path, a folder for each version."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((one.parent for one in versions), key=lambda one: int(one.parent.name), default=None)


def _account() -> dict[str, Any]:
    """As whom the server runs: it refuses root."""
    if os.getuid() != 0:
        return {}
    try:
        debian = pwd.getpwnam("postgres")
    except KeyError:
        do_without("PostgreSQL does not run as root, and there is no user 'postgres'")
        raise
    return {"user": debian.pw_uid, "group": debian.pw_gid, "extra_groups": []}


def _no_server() -> Path:
    do_without(f"PostgreSQL is not installed (Debian: apt install postgresql), and {URL_VARIABLE} names no server")
    raise AssertionError


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
