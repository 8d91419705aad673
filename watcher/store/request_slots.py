"""When the daemons that share a store may ask EDGAR: one slot after the other, evenly apart, over all machines."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from watcher.store.database import get_meta, set_meta

__all__ = ["next_slot"]

_KEY = "edgar.slot"
_FURTHEST_SECONDS = 60.0  # a slot beyond that was taken by a clock that was set back since


def next_slot(connection: Connection, seconds_apart: float, now: float | None) -> float:
    """Take the next free slot, and return in how many seconds it is.

    ``now`` is the time of a clock that all share, in seconds since 1970; None: the server's own, as those of several
    machines differ.
    """
    at = _server_time(connection) if now is None else now
    last = get_meta(connection, _KEY)
    slot = at if last is None else max(at, float(last) + seconds_apart)
    if slot > at + _FURTHEST_SECONDS:
        slot = at
    set_meta(connection, _KEY, repr(slot))
    return slot - at


def _server_time(connection: Connection) -> float:
    return float(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())
