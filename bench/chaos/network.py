"""Faults of the network: for an hour EDGAR, the receivers, or both cannot be reached. The clock makes it seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from bench.chaos.fault import Fault, Outcome, Trial
from bench.chaos.gate import Gate, gate_to
from bench.chaos.scene import Scene, recovery, scene
from bench.chaos.supply import LOOK_OFTEN, Supply, check_store, expect_words, mark
from bench.errors import BenchError
from watcher.audit_hours import DAY_ENDS
from watcher.clock import Clock
from watcher.simulator.server import Simulator, serve

__all__ = ["FAULTS", "changed"]

# Monday, 14:30 in New York: what comes in the hour is of that day, whose index is looked at in its evening.
_BEGINS = datetime(2026, 1, 12, 19, 30, tzinfo=UTC)
_SCALE = 900.0
_OUTAGE_SECONDS = 3_900 / _SCALE
_CLOCK = 'clock = "simulator"\n'
_NO_EDGAR = ("EDGAR cannot be polled; trying on", '"alarm"')
_EDGAR_AGAIN = ("EDGAR can be polled again", '"alarm is over"')
_NO_RECEIVER = ("delivery failed, will be tried again",)


@dataclass(frozen=True, slots=True)
class _Stage:
    made: Scene
    supply: Supply
    edgar: Gate
    receivers: Gate

    def name_known(self, *, is_known: bool) -> None:
        """Have names of hosts looked up in vain, or not."""
        mark_file = self.made.folder / "nameless"
        mark_file.unlink(missing_ok=True) if is_known else mark_file.touch()


Change = Callable[[_Stage], Awaitable[None]]


@asynccontextmanager
async def _staged(trial: Trial) -> AsyncIterator[_Stage]:
    """A daemon on the simulator's fast clock that has done some work; gates stand before EDGAR and the receivers."""
    simulator = Simulator.from_submissions((), clock=Clock.standing(_BEGINS, scale=_SCALE))
    async with AsyncExitStack() as stack:
        edgar = await stack.enter_async_context(gate_to(await stack.enter_async_context(serve(simulator))))
        # By name, which may be unknown.
        url = f"http://localhost:{edgar.port}"
        made = await stack.enter_async_context(scene(trial, edgar=url, more=_CLOCK + LOOK_OFTEN))
        receivers = await stack.enter_async_context(gate_to(_receiver_of(made)))
        _settle_on(made, receivers)
        await made.begin(("-m", "bench.runners.upset", str(trial.folder)))
        await made.until_watching()
        stage = _Stage(made, Supply(made, simulator), edgar, receivers)
        stage.supply.both(2)
        await made.settle()
        yield stage


def _receiver_of(made: Scene) -> str:
    line = next(one for one in made.settings.splitlines() if one.startswith("url = ") and one.endswith('/hook"'))
    return line.removeprefix("url = ").strip('"')


def _settle_on(made: Scene, receivers: Gate) -> None:
    """Write settings for an hour in seconds: a poll each minute, audits, and receivers behind their gate."""
    changes = {
        urlsplit(_receiver_of(made)).netloc: receivers.address,
        "poll_seconds = 0.5": "poll_seconds = 60",
        "[audit]\nenabled = false": f'[audit]\nenabled = true\nevening = "{DAY_ENDS:%H:%M}"',
    }
    made.settings = changed(made.settings, changes)
    made.write_settings(_CLOCK + LOOK_OFTEN)
    # A signature holds for five minutes, which are less than a second here.
    made.receiver.secret = None


def changed(settings: str, changes: Mapping[str, str]) -> str:
    """Return the settings with each text replaced. Raises `BenchError` when one is not there to be replaced."""
    for old, new in changes.items():
        if old not in settings:
            raise BenchError(f"settings: no {old!r} to change")
        settings = settings.replace(old, new)
    return settings


async def _away(
    trial: Trial,
    *,
    begin: Change,
    end: Change,
    words: tuple[str, ...],
    words_after: tuple[str, ...] = (),
    scrolled_off: int = 0,
) -> Outcome:
    async with _staged(trial) as stage:
        made, supply, since = stage.made, stage.supply, mark(stage.made)
        await begin(stage)
        supply.both(2)
        supply.list(scrolled_off, is_listed=False)
        await asyncio.sleep(_OUTAGE_SECONDS)
        await expect_words(made, since, *words)
        await end(stage)
        await recovery(made, made.settle)
        supply.both(1)
        await made.settle()
        await expect_words(made, since, *words_after)
        if code := await made.end():
            made.wrong.append(f"exit code {code}")
        check_store(made)
        return made.outcome()


async def _shut_edgar(stage: _Stage) -> None:
    await stage.edgar.shut()


async def _silence_edgar(stage: _Stage) -> None:
    await stage.edgar.fall_silent()


async def _open_edgar(stage: _Stage) -> None:
    await stage.edgar.shut()
    await stage.edgar.open()


async def _forget_names(stage: _Stage) -> None:
    stage.name_known(is_known=False)
    # A connection that stands needs no name.
    await _open_edgar(stage)


async def _know_names(stage: _Stage) -> None:
    stage.name_known(is_known=True)


async def _shut_receivers(stage: _Stage) -> None:
    await stage.receivers.shut()


async def _silence_receivers(stage: _Stage) -> None:
    await stage.receivers.fall_silent()


async def _open_receivers(stage: _Stage) -> None:
    await stage.receivers.shut()
    await stage.receivers.open()


async def _shut_both(stage: _Stage) -> None:
    await _shut_edgar(stage)
    await _shut_receivers(stage)


async def _open_both(stage: _Stage) -> None:
    await _open_edgar(stage)
    await _open_receivers(stage)


_edgar_away = partial(_away, end=_open_edgar, words=_NO_EDGAR, words_after=_EDGAR_AGAIN)
_nameless = partial(_away, begin=_forget_names, end=_know_names, words=_NO_EDGAR, words_after=_EDGAR_AGAIN)
_receivers_away = partial(_away, end=_open_receivers, words=_NO_RECEIVER)
_all_away = partial(
    _away,
    begin=_shut_both,
    end=_open_both,
    words=(*_NO_EDGAR, *_NO_RECEIVER),
    words_after=_EDGAR_AGAIN,
    scrolled_off=2,
)
_ON_SQLITE = ("sqlite",)

FAULTS = (
    Fault("network gone for an hour", _all_away, times=1),
    Fault("EDGAR refuses for an hour", partial(_edgar_away, begin=_shut_edgar), times=1, stores=_ON_SQLITE),
    Fault("EDGAR hangs for an hour", partial(_edgar_away, begin=_silence_edgar), times=1, stores=_ON_SQLITE),
    Fault("EDGAR's name unknown for an hour", _nameless, times=1, stores=_ON_SQLITE),
    Fault("receivers refuse for an hour", partial(_receivers_away, begin=_shut_receivers), times=1, stores=_ON_SQLITE),
    Fault("receivers hang for an hour", partial(_receivers_away, begin=_silence_receivers), times=1, stores=_ON_SQLITE),
)
