"""One filing can be followed through the log by its accession number: each step, in order, whoever writes the line."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from _running import Place, Running, wait_until

from watcher._worker import ACCESSION
from watcher.logs import JsonFormatter, about
from watcher.simulator.generator import Generator
from watcher.simulator.receiver import Receiver, receive
from watcher.simulator.server import Simulator, serve

CHATTY = """
import logging
from watcher import Handler, Stage

class Chatty(Handler):
    name = "chatty"
    stage = Stage.CLASSIFY

    def handle(self, report):
        logging.getLogger("chatty").warning("looked at it")
"""
NOTED = """
import logging
from watcher import DeliveryError, Notifier

class Noted(Notifier):
    name = "noted"

    async def notify(self, message, post, now):
        logging.getLogger("noted").info("noted by a stranger")
"""
JSON = '[log]\nformat = "json"'
ROUTE = ["spotted", "fetched", "looked at it", "examined", "saved", "delivered"]


def lines(place: Place, accession: str) -> list[dict[str, Any]]:
    """The lines of the log that are about this filing."""
    text = (place.folder / "log.txt").read_text()
    found = [json.loads(line) for line in text.splitlines()]
    return [one for one in found if one.get("accession") == accession]


async def test_a_filing_of_edgar_s_is_followed_from_the_list_to_the_receiver(tmp_path: Path) -> None:
    place = Place(tmp_path)
    receiver = Receiver(secret=place.secret)
    simulator = Simulator.from_generator(seed=8, count=4, listed=2)
    async with serve(simulator) as edgar, receive(receiver) as url:
        place.set_up(edgar=edgar, receiver=url, more=JSON)
        place.plant("chatty.py", CHATTY)
        accession = await _told(place, receiver)

    found = lines(place, accession)
    assert [one["message"] for one in found] == ROUTE
    by = {one["message"]: one for one in found}
    assert (by["spotted"]["source"], by["spotted"]["channel"]) == ("poller", "getcurrent")
    assert by["looked at it"]["logger"] == "chatty"
    assert by["delivered"].keys() >= {"alert", "delivery", "endpoint", "attempt", "milliseconds"}


async def _told(place: Place, receiver: Receiver) -> str:
    """Run the daemon until the receiver was told of two filings, and return the last one's accession number."""

    def run() -> None:
        with Running(place):
            wait_until(lambda: len(receiver.received) >= 2)

    await asyncio.to_thread(run)
    accession: str = json.loads(receiver.received[-1].body)["data"]["filing"]["accession"]
    return accession


def test_a_stranger_s_notifier_s_lines_say_which_delivery_they_are_about(tmp_path: Path) -> None:
    made = Generator(seed=3).submission(items=("7.01",))
    place = Place(tmp_path).set_up(more=JSON)
    place.plant("noted.py", NOTED)
    place.config.write_text(place.config.read_text().replace('kind = "log"', 'kind = "noted"'))
    place.inbox.mkdir()
    (place.inbox / "any.txt").write_bytes(made.raw)
    with Running(place):
        assert wait_until(lambda: any(one["message"] == "delivered" for one in lines(place, made.accession)))

    (noted,) = [one for one in lines(place, made.accession) if one["logger"] == "noted"]
    assert noted.keys() >= {"alert", "delivery", "endpoint"}
    assert noted["endpoint"] == "desk"


def test_facts_stand_on_every_line_inside_and_on_none_after() -> None:
    record = logging.makeLogRecord({"msg": "x", "levelname": "INFO"})

    with about(accession="a", endpoint=None), about(alert="b"):
        inside = json.loads(JsonFormatter().format(record))
    outside = json.loads(JsonFormatter().format(record))

    assert (inside["accession"], inside["alert"]) == ("a", "b")
    assert "endpoint" not in inside
    assert "accession" not in outside


def test_a_line_s_own_facts_go_before_those_around_it() -> None:
    record = logging.makeLogRecord({"msg": "x", "levelname": "INFO", "accession": "mine"})

    with about(accession="around"):
        assert json.loads(JsonFormatter().format(record))["accession"] == "mine"


@pytest.mark.parametrize("name", ["path/to/file.txt", "the first call"])
def test_only_a_filing_s_call_is_about_a_filing(name: str) -> None:
    assert ACCESSION.fullmatch("0000912345-24-000007")
    assert not ACCESSION.fullmatch(name)
