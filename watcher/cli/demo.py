"""``eightk demo``: the whole route, offline, in one process: a pretend EDGAR, the daemon, a webhook receiver."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli._printing import say

if TYPE_CHECKING:
    from watcher.simulator.receiver import Receiver

__all__ = ["COMMANDS"]

PACE = 1.5
COUNT = 2000
RULES = """\
version: 1
groups:
- name: demo
  rules:
  - {id: every-filing, title: A new 8-K, severity: low, match: {form|in: [8-K, 8-K/A]}, include_amendments: "true",
     notify: [receiver]}
  - {id: officers, title: Officers and directors, severity: high, match: {items|has: "5.02"}, notify: [receiver]}
"""
SETTINGS = """\
[edgar]
contact = "eightk demo demo@example.com"
base_url = "{edgar}"
poll_seconds = 1
[web]
listen = "127.0.0.1:0"
[endpoint.receiver]
kind = "webhook"
url = "{receiver}/hook"
secret_file = "secret"
allow = ["{address}"]
"""


@click.command()
@click.option("--seconds", type=click.FloatRange(1), help="End after so many seconds; else at Ctrl-C.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes up the same filings.")
def demo(seconds: float | None, seed: int) -> None:
    """Show the whole route, offline: filings appear on a pretend EDGAR, and signed webhooks arrive."""
    with tempfile.TemporaryDirectory(prefix="eightk-demo-") as folder:
        asyncio.run(_demo(Path(folder), seconds, seed))


async def _demo(folder: Path, seconds: float | None, seed: int) -> None:
    from watcher.daemon import Daemon
    from watcher.ready import examine
    from watcher.signing import new_secret
    from watcher.simulator.receiver import Receiver, receive
    from watcher.simulator.server import Simulator, serve

    _narrate()
    secret = new_secret()
    receiver = Receiver(secret=secret)
    simulator = Simulator.from_generator(seed, COUNT, pace=PACE)
    async with serve(simulator) as edgar, receive(receiver) as told:
        say(f"A pretend EDGAR lists made-up filings at {edgar}")
        say(f"A webhook receiver listens at {told} and checks every signature")
        say("Ctrl-C ends it" if seconds is None else f"It ends after {seconds:g} seconds")
        file = _write_config(folder, secret, edgar, told)
        async with Daemon.open(examine(file)) as daemon:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, daemon.stop)
            if seconds is not None:
                loop.call_later(seconds, daemon.stop)
            teller = asyncio.create_task(_tell_what_arrives(receiver))
            await daemon.run(say, handle_signals=False)
            teller.cancel()
            await asyncio.gather(teller, return_exceptions=True)
    _sum_up(receiver)


def _write_config(folder: Path, secret: str, edgar: str, receiver: str) -> Path:
    (folder / "config" / "rules").mkdir(parents=True)
    (folder / "config" / "rules" / "demo.yaml").write_text(RULES)
    (folder / "secret").write_text(f"{secret}\n")
    file = folder / "config" / "eightk.toml"
    address = receiver.removeprefix("http://")
    file.write_text(SETTINGS.format(edgar=edgar, receiver=receiver, address=address))
    return file


async def _tell_what_arrives(receiver: Receiver) -> None:
    for count in range(1, COUNT * 2):
        await receiver.wait_for(count, seconds=3600)
        post = receiver.accepted[count - 1]
        data = json.loads(post.body)["data"]
        say(f"  webhook   {data['rule']['title']}: {data['filing']['company']}, signature verified")


def _sum_up(receiver: Receiver) -> None:
    ids = {post.message_id for post in receiver.accepted}
    refused = len(receiver.received) - len(receiver.accepted)
    told = f"{_count(len(receiver.accepted), 'webhook')} arrived for {_count(len(ids), 'alert')}"
    say(f"{told}, every signature verified; {refused} refused.")


def _narrate() -> None:
    logger = logging.getLogger("watcher")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(_Narrator())


class _Narrator(logging.Handler):
    """Tells the log's steps in a person's words."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one step, if it is one that a person wants to see."""
        facts = vars(record)
        match record.getMessage():
            case "spotted":
                say(f"  spotted   {facts['accession']}")
            case "examined":
                found = f"{_count(facts['items'], 'item')}, {_count(facts['alerts'], 'alert')}"
                say(f"  examined  {facts['accession']}: {found}")
            case message if record.levelno >= logging.WARNING:
                say(f"  {record.levelname.lower()}   {message}: {facts.get('reason', '')}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


COMMANDS = [demo]
