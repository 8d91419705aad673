"""What becomes of an answer when a fault befalls it: another one in its place, or itself spoiled on its way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from watcher.simulator.exchange import JSON, PLAIN, Ask, Reply
from watcher.simulator.faults import Fault, Faults
from watcher.simulator.refusals import access_denied, no_such_key, page, unavailable, undeclared

__all__ = ["refusal", "spoiled"]

_INSTEAD = ("undeclared", "maintenance", "outage", "error", "denied", "missing", "empty", "html")


def refusal(ask: Ask, faults: Faults, key: str, now: float) -> Reply | None:
    """Return what is answered in place of what was asked for; None where that is answered."""
    fault = faults.first(now, key, ask.family, _INSTEAD)
    return None if fault is None else _instead(fault, ask)


def _instead(fault: Fault, ask: Ask) -> Reply:
    makers: dict[str, Callable[[], Reply]] = {
        "undeclared": undeclared,
        "maintenance": unavailable,
        "outage": unavailable,
        # The search's own words when it fails.
        "error": lambda: Reply(b'{"message": "Internal server error"}', JSON, int(fault.value)),
        "denied": access_denied,
        "missing": lambda: no_such_key(ask.path),
        "empty": lambda: Reply(b"", PLAIN),
        "html": lambda: page("EDGAR", "EDGAR", "This page stands where something else was asked for.", status=200),
    }
    return makers[fault.kind]()


def spoiled(reply: Reply, ask: Ask, faults: Faults, key: str, now: float) -> Reply:
    """Return an answer as it arrives: late, cut short, or broken off, if a fault befalls it."""
    late = faults.first(now, key, ask.family, ("slow",))
    if late is not None:
        reply = replace(reply, delay_seconds=late.value)
    if reply.status == 200 and faults.first(now, key, ask.family, ("short",)) is not None:
        reply = replace(reply, body=reply.body[: len(reply.body) // 2])
    if faults.first(now, key, ask.family, ("cut",)) is not None:
        reply = replace(reply, is_cut=True)
    return reply
