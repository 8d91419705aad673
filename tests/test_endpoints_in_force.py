"""Reading the settings again while the daemon runs: its endpoints are put in force, all of them or none."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from _running import Place

from watcher.config import load_settings
from watcher.endpoints_in_force import EndpointReloader, changed_elsewhere, renewed
from watcher.errors import StoreError
from watcher.outbound import Outbound
from watcher.outbox import endpoints_of
from watcher.ready import Ready, examine

OTHER = '\n[endpoint.other]\nkind = "log"\nlevel = "warning"\n'


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path).set_up(workers=None)  # as tests write that table


class Daemon:
    """Notes what it was given to use."""

    def __init__(self) -> None:
        self.used: list[Ready] = []
        self.error: StoreError | None = None

    async def use(self, ready: Ready) -> None:
        if self.error is not None:
            raise self.error
        self.used.append(ready)


def reloader(place: Place, daemon: Daemon) -> EndpointReloader:
    return EndpointReloader(load_settings(place.config, {}), use=daemon.use)


def write(place: Place, more: str) -> None:
    with place.config.open("a") as file:
        file.write(more)


async def test_a_new_endpoint_is_put_in_force(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    daemon = Daemon()
    one = reloader(place, daemon)
    write(place, OTHER)

    with caplog.at_level(logging.INFO):
        assert await one.reload()

    assert set(daemon.used[0].notifiers) == set(one.settings.endpoint) == {"desk", "log", "other"}
    assert [record.added for record in caplog.records if record.message == "endpoints read again"] == ["other"]


async def test_who_is_told_of_alarms_is_taken_over(place: Place) -> None:
    daemon = Daemon()
    one = reloader(place, daemon)
    write(place, '\n[operator]\nnotify = ["desk"]\n')

    assert await one.reload()
    assert daemon.used[0].settings.operator.notify == one.settings.operator.notify == ("desk",)


async def test_other_settings_stay_and_are_told_to_need_a_restart(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    daemon = Daemon()
    one = reloader(place, daemon)
    write(place, "\n[operator]\nquiet_minutes = 7\n[limits]\nworkers = 9\n[handler.rules]\n")

    assert await one.reload()

    (told,) = [record for record in caplog.records if record.message == "these settings need a restart"]
    assert told.settings == "handler.rules, limits.workers, operator.quiet_minutes"
    assert (one.settings.limits.workers, one.settings.operator.quiet_minutes) == (2, 120.0)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ('\n[endpoint.other]\nkind = "nothing"\n', "endpoint.other.kind: no notifier 'nothing'"),
        ('\n[endpoint.other]\nkind = "log"\nlevel = 7\n', "endpoint.other"),
        ("\n[endpoint.other\n", "is not TOML"),
        ('\n[operator]\nnotify = ["nobody"]\n', "operator.notify: no endpoint 'nobody'"),
        ("\n[limits]\nworkers = 0\n", "limits.workers"),
    ],
)
async def test_any_fault_leaves_everything_as_it_was_and_is_told(
    place: Place, caplog: pytest.LogCaptureFixture, more: str, reason: str
) -> None:
    daemon = Daemon()
    one = reloader(place, daemon)
    before = one.settings
    write(place, more)

    assert not await one.reload()

    assert (daemon.used, one.settings) == ([], before)
    assert one.trouble.startswith("the settings file is not in force as it stands: ")
    assert reason in one.trouble
    assert any(reason in record.reason for record in caplog.records)


async def test_an_endpoint_that_a_rule_names_cannot_be_taken_away(place: Place) -> None:
    daemon = Daemon()
    one = reloader(place, daemon)
    place.config.write_text(place.config.read_text().replace("[endpoint.desk]", "[endpoint.other]"))

    assert not await one.reload()
    assert "desk" in one.trouble


async def test_what_is_told_of_a_fault_quotes_no_value(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    one = reloader(place, Daemon())
    write(place, '\n[endpoint.other]\nkind = "webhook"\nurl = 7\nsecret_file = "secret"\nheaders = "hunter2"\n')

    assert not await one.reload()
    assert "hunter2" not in one.trouble + caplog.text


async def test_a_file_that_is_mended_ends_the_trouble(place: Place) -> None:
    daemon = Daemon()
    one = reloader(place, daemon)
    text = place.config.read_text()
    write(place, "\n[nonsense]\n")
    assert not await one.reload()

    place.config.write_text(text + OTHER)

    assert await one.reload()
    assert (one.trouble, len(daemon.used)) == ("", 1)


async def test_a_store_that_refuses_leaves_everything_as_it_was(place: Place) -> None:
    daemon = Daemon()
    daemon.error = StoreError("disk full")
    one = reloader(place, daemon)
    before = one.settings
    write(place, OTHER)

    assert not await one.reload()
    assert (one.settings, "disk full" in one.trouble) == (before, True)


async def test_it_reads_when_it_is_asked(place: Place) -> None:
    daemon = Daemon()
    one = reloader(place, daemon)
    running = asyncio.create_task(one.run())
    write(place, OTHER)

    one.ask()
    async with asyncio.timeout(30):
        while not daemon.used:
            await asyncio.sleep(0.01)
    running.cancel()

    assert "other" in daemon.used[0].notifiers


async def test_an_endpoint_whose_settings_are_the_same_stays_what_it_is(place: Place) -> None:
    write(place, OTHER)
    first = examine(place.config)
    outbound = Outbound()
    before = endpoints_of(first, outbound)
    place.config.write_text(place.config.read_text().replace('level = "warning"', 'level = "error"'))

    after = renewed(examine(place.config), before, first.settings, outbound)
    await outbound.aclose()

    assert after["desk"] is before["desk"]
    assert after["other"] is not before["other"]


def changed(place: Place, **values: Any) -> tuple[str, ...]:
    before = load_settings(place.config, {})
    return changed_elsewhere(before, before.model_copy(update=values))


def test_what_is_taken_over_does_not_count_as_changed_elsewhere(place: Place) -> None:
    before = load_settings(place.config, {})
    operator = before.operator.model_copy(update={"notify": ()})

    assert changed(place, endpoint={}, operator=operator) == ()
    assert changed(place, data_dir=Path("/elsewhere"), handler={"x": {}}) == ("data_dir", "handler.x")
