"""A running daemon knows what handlers of one's own find and raise, before they ever did."""

from pathlib import Path

import httpx
import pytest
from _running import Place, Running

OWN = """
from watcher import Handler, Stage


class Recalls(Handler):
    name = "recalls"
    stage = Stage.CLASSIFY
    events = ("vehicle-recall",)

    def handle(self, report):
        pass


class Sums(Handler):
    name = "sums"
    stage = Stage.ALERT

    def handle(self, report):
        pass
"""
ASKED = {
    "/v1/filings?event=vehicle-recall": 200,
    "/v1/alerts?rule=sums": 200,
    "/v1/alerts?rule=every": 200,
    "/v1/deliveries?endpoint=desk": 200,
    "/v1/filings?event=vehicle-recal": 422,
    "/v1/alerts?rule=recalls": 422,
    "/v1/deliveries?endpoint=dsk": 422,
    "/?event=vehicle-recall": 200,
}


@pytest.mark.usefixtures("either_store")
def test_names_of_ones_own_can_be_asked_for_from_the_first_start(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up()
    place.plant("own.py", OWN)

    with Running(place) as running, httpx.Client(base_url=running.url, timeout=60.0) as client:
        found = {path: client.get(path).status_code for path in ASKED}

    assert found == ASKED
