"""Running eightk as its users do: a folder with settings, and the command in a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import _warm
from _stores import store_url

from watcher.signing import new_secret

RULES = """\
version: 1
groups:
- name: test
  rules:
  - {id: every, title: Every filing, match: {items|exists: "true"}, include_amendments: "true", notify: [desk]}
"""


@dataclass
class Place:
    """A folder of settings for one store."""

    folder: Path
    secret: str = field(default_factory=new_secret)

    @property
    def config(self) -> Path:
        return self.folder / "config" / "eightk.toml"

    @property
    def inbox(self) -> Path:
        return self.folder / "inbox"

    @property
    def store(self) -> Path:
        return self.folder / "data" / "eightk.db"

    def set_up(
        self, *, edgar: str = "", receiver: str = "", more: str = "", rules: str = RULES, workers: int | None = 1
    ) -> "Place":
        """Write the settings: polling that EDGAR, and telling that receiver.

        So many ``workers`` read the filings, None for the default, or as ``more`` says: each takes as long to start as
        all else does.
        """
        (self.folder / "config" / "rules").mkdir(parents=True, exist_ok=True)
        (self.folder / "config" / "rules" / "test.yaml").write_text(rules)
        (self.folder / "secret").write_text(self.secret + "\n")
        url = store_url(self.store, is_made=False)
        lines = [] if url.startswith("sqlite") or "[store]" in more else [f'[store]\nurl = "{url}"']
        lines += [] if workers is None or "[limits]" in more else [f"[limits]\nworkers = {workers}"]
        lines += ['[web]\nlisten = "127.0.0.1:0"', "[folder]\nrescan_seconds = 1", more]
        if edgar:
            lines.append(f'[edgar]\ncontact = "Tests tests@example.com"\nbase_url = "{edgar}"')
            lines.append("poll_seconds = 0.2\nrequests_per_second = 10")
        if receiver:
            lines.append(f'[endpoint.desk]\nkind = "webhook"\nurl = "{receiver}/hook"\nsecret_file = "secret"')
            lines.append(f'allow = ["{receiver.removeprefix("http://")}"]')
        else:
            lines.append('[endpoint.desk]\nkind = "log"')
        self.config.write_text("\n".join(lines) + "\n")
        return self

    def plant(self, name: str, text: str) -> None:
        """Put a plain-file handler in."""
        (self.folder / "config" / "handlers").mkdir(exist_ok=True)
        (self.folder / "config" / "handlers" / name).write_text(text)

    def eightk(self, *arguments: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            command = [*arguments, "--config", str(self.config)]
            process = _warm.start(command, env=ENVIRONMENT, stdout=out.fileno(), stderr=err.fileno())
            try:
                code = process.wait(seconds)
            finally:
                process.kill()
            return subprocess.CompletedProcess(command, code, _text_of(out), _text_of(err))

    def filings(self, *arguments: str) -> list[dict[str, Any]]:
        """What the store holds, as the command tells it."""
        done = self.eightk("filings", "--json", *arguments)
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found


COMMAND = (sys.executable, "-m", "watcher.cli")
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("EIGHTK_")}


class Running:
    """``eightk run`` in a process of its own; on an empty store if there is none: making one takes a while."""

    def __init__(self, place: Place) -> None:
        if not place.store.parent.exists():
            place.store.parent.mkdir(mode=0o700)
            store_url(place.store)
        self._log = (place.folder / "log.txt").open("ab")
        out, there = os.pipe()
        self.stdout = os.fdopen(out, encoding="utf-8")
        command = ["run", "--config", str(place.config)]
        self.process = _warm.start(command, env=ENVIRONMENT, stdout=there, stderr=self._log.fileno())
        os.close(there)
        first = self.stdout.readline()
        found = re.search(r"http://\S+", first)
        assert found, f"{first}\n{(place.folder / 'log.txt').read_text()}"
        self.url = found[0]

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *exception: object) -> None:
        self.end(signal.SIGTERM)

    def end(self, number: signal.Signals) -> int:
        """Send a signal, wait, and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        self.stdout.close()
        self._log.close()
        return code


def _text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def wait_until(is_so: Callable[[], bool], seconds: float = 90.0) -> bool:
    """Look again and again; return whether it came to be so in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.05)
    return is_so()
