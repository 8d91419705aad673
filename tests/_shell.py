"""Terminals in which the blocks of a page are typed: what it says is printed is compared with what is.

A block ```` ```console NAME ```` is typed into the terminal of that name; without a name into the reader's own one, in
which each command must come to its end. ``$ `` begins a command, ``^C`` presses Ctrl-C, and what stands between is what
is printed: ``...`` is anything, on a line of its own any lines. Another block with a second word is a file's text.
"""

import os
import re
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docs._make.pages import Block

HOME = "/home/you"
SECONDS = 300  # for anything: far more than it takes
ME = "you"
EXIT_CODE = re.compile(r"# exit code (\d+)$")  # 0 where the page says nothing


def type_page(blocks: list[Block], shell: "Shell") -> None:
    """Do all that a page tells its reader to do, and end what it started."""
    try:
        for block in blocks:
            if block.language == "console":
                shell.terminal(block.words[0] if block.words else ME).type(block)
            elif block.words:
                shell.write(block)
    finally:
        shell.end()


@dataclass
class Shell:
    """Everything that a reader has: a home, terminals, ports that nobody else has."""

    home: Path
    begin: Path
    path: str
    more: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[int, ...] = (8000, 8900, 9000)

    def __post_init__(self) -> None:
        self._terminals: dict[str, Terminal] = {}
        self._ports = dict(zip(map(str, self.ports), map(str, free_ports(len(self.ports))), strict=True))

    def terminal(self, name: str) -> "Terminal":
        if name not in self._terminals:
            self._terminals[name] = Terminal(self, name, self.begin if name == ME else self.home)
        return self._terminals[name]

    def write(self, block: Block) -> None:
        path = self.terminal(ME).place / block.words[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.meant(block.text))

    def meant(self, text: str) -> str:
        """What is typed here, for what is shown."""
        return re.sub(rf"(?<=:|\s)({'|'.join(self._ports)})\b", lambda found: self._ports[found[1]], text)

    def shown(self, text: str) -> str:
        """What would be printed on the page's own machine."""
        for page, here in self._ports.items():
            text = text.replace(f":{here}", f":{page}")
        return text.replace(str(self.home), HOME)

    def environment(self) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("LANG", "TMPDIR", "SYSTEMROOT") if key in os.environ}
        return {**kept, "HOME": str(self.home), "PATH": self.path, "PYTHONUNBUFFERED": "1", **self.more}

    def end(self) -> None:
        for one in self._terminals.values():
            one.kill()


class Terminal:
    """One terminal: where it is and what was exported stays from command to command."""

    def __init__(self, shell: Shell, name: str, place: Path) -> None:
        self.shell, self.place = shell, place
        self._exported = shell.home / f".{name}.exported"
        self._exported.touch()
        self._left = shell.home / f".{name}.left"
        self._log = shell.home / f".{name}.log"
        self._may_go_on = name != ME
        self._seen = 0
        self._running: subprocess.Popen[bytes] | None = None

    def type(self, block: Block) -> None:
        for command, printed in commands_of(block.text):
            if command == "^C":
                self._press(str(block))
                continue
            if command:
                self._begin(command)
            self._expect(command, printed, str(block))

    def kill(self) -> None:
        if self._running is not None and self._running.poll() is None:
            os.killpg(self._running.pid, signal.SIGKILL)
            self._running.wait()

    def _begin(self, command: str) -> None:
        script = (
            f". {self._exported}; cd {shlex.quote(str(self.place))}\n{self.shell.meant(command)}\n"
            f"code=$?; export -p > {self._exported}; pwd > {self._left}; exit $code"
        )
        self._seen = 0
        with self._log.open("wb") as log:
            self._running = subprocess.Popen(
                ["bash", "-c", script],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.shell.environment(),
                start_new_session=True,
            )

    def _expect(self, command: str, printed: list[str], where: str) -> None:
        """Wait until the command has ended; or, in a terminal where it may go on, until all of this was printed."""
        assert self._running is not None, f"{where}: nothing was started here"
        until = time.monotonic() + SECONDS
        while self._running.poll() is None and time.monotonic() < until:
            if self._may_go_on and printed and self._is_printed(printed):
                return
            time.sleep(0.05)
        self._end_of(command)
        told = self._printed()
        wanted = EXIT_CODE.search(command)
        assert self._running.returncode == (int(wanted[1]) if wanted else 0), f"{where}: {command}\n{told}"
        assert pattern_of(printed, is_all=True).fullmatch(told.rstrip("\n")), (
            f"{where}: {command}\n--- printed\n{told}\n--- the page says\n" + "\n".join(printed)
        )

    def _is_printed(self, printed: list[str]) -> bool:
        found = pattern_of(printed, is_all=False).match(self._printed())
        self._seen += found.end() if found else 0
        return found is not None

    def _printed(self) -> str:
        return self.shell.shown(self._log.read_text())[self._seen :]

    def _press(self, where: str) -> None:
        assert self._running is not None, f"{where}: nothing runs here"
        os.killpg(self._running.pid, signal.SIGINT)
        assert self._running.wait(timeout=SECONDS) == 0, f"{where}: Ctrl-C\n{self._printed()}"

    def _end_of(self, command: str) -> None:
        assert self._running is not None
        if self._running.poll() is None:
            self.kill()
            raise AssertionError(f"{command} did not end\n{self._printed()}")
        self.place = Path(self._left.read_text().strip())


def commands_of(text: str) -> Iterator[tuple[str, list[str]]]:
    """Give each command with what it prints; "" for what one that goes on prints later."""
    command, printed = "", list[str]()
    for line in text.splitlines():
        if line.startswith("$ ") or line == "^C":
            if command or printed:
                yield command, printed
            command, printed = line.removeprefix("$ "), []
        else:
            printed.append(line)
    if command or printed:
        yield command, printed


def pattern_of(printed: list[str], *, is_all: bool) -> re.Pattern[str]:
    """What a page says is printed, as a pattern."""
    lines = [
        r"(?:.*\n)*?" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + r"\n" for line in printed
    ]
    if is_all and printed and printed[-1] == "...":
        lines[-1] = r"(?:.*\n?)*"
    pattern = "".join(lines)
    return re.compile(pattern.removesuffix(r"\n") if is_all else r"(?:.*\n)*?" + pattern)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()
