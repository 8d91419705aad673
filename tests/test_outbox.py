"""Endpoints as the settings describe them."""

from typing import ClassVar

import pytest
from pydantic import ValidationError

from watcher.handler import Notifier
from watcher.outbound import Outbound
from watcher.outbox import _endpoint
from watcher.settings import EndpointSettings


class Slow(Notifier):
    name = "slow"
    requests_per_second: ClassVar[float | None] = 1.0


class Quick(Notifier):
    name = "quick"
    requests_per_second: ClassVar[float | None] = 50.0


class Plain(Notifier):
    name = "plain"


@pytest.mark.parametrize(
    ("notifier", "given", "rate"),
    [
        (Plain(), None, 10.0),
        (Slow(), None, 1.0),
        (Quick(), None, 10.0),
        (Slow(), 3.0, 3.0),
        (Plain(), 0, 0.0),
    ],
)
async def test_how_often_an_endpoint_is_told(notifier: Notifier, given: float | None, rate: float) -> None:
    outbound = Outbound()
    settings = EndpointSettings(kind=notifier.name, requests_per_second=given)

    assert _endpoint(notifier, settings, outbound).requests_per_second == rate
    await outbound.aclose()


@pytest.mark.parametrize("wrong", [{"concurrency": 0}, {"concurrency": 17}, {"requests_per_second": -1}])
def test_what_is_out_of_bounds_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        EndpointSettings.model_validate({"kind": "log", **wrong})
