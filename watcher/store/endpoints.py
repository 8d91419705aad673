"""How endpoints fare: one row for each that was ever named in the settings, or failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, or_, select

from watcher.errors import EndpointDisabled
from watcher.store.schema import endpoint_state
from watcher.verdict import EndpointState

__all__ = ["adopt", "check_enabled", "enable", "find", "load", "load_all", "resting", "save"]

_NAMES = tuple(one.name for one in fields(EndpointState))


def adopt(connection: Connection, fingerprints: Mapping[str, str]) -> tuple[str, ...]:
    """Note the settings that endpoints have now; return those whose state began anew because theirs changed."""
    known = {row.name: row.fingerprint for row in connection.execute(select(endpoint_state))}
    for name, fingerprint in fingerprints.items():
        if name not in known:
            connection.execute(endpoint_state.insert().values(name=name, fingerprint=fingerprint))
    changed = tuple(name for name, new in fingerprints.items() if name in known and known[name] != new)
    for name in changed:
        _begin_anew(connection, name, fingerprint=fingerprints[name])
    return changed


def enable(connection: Connection, name: str) -> bool:
    """Forget all that holds this endpoint back; tell whether it was disabled. What it is owed goes out at once."""
    was_disabled = load(connection, name).disabled_at is not None
    _begin_anew(connection, name)
    return was_disabled


def find(connection: Connection) -> tuple[EndpointState, ...]:
    """Return the states of all endpoints ever seen, by name."""
    rows = connection.execute(select(endpoint_state).order_by(endpoint_state.c.name)).mappings()
    return tuple(map(_state, rows))


def load(connection: Connection, name: str) -> EndpointState:
    """Return the state of this endpoint; of one that is not known, that of a new one."""
    return load_all(connection, [name])[name]


def load_all(connection: Connection, names: Iterable[str]) -> dict[str, EndpointState]:
    """Return the states of these endpoints."""
    states = {name: EndpointState(name) for name in names}
    rows = connection.execute(select(endpoint_state).where(endpoint_state.c.name.in_(states))).mappings()
    return states | {row["name"]: _state(row) for row in rows}


def save(connection: Connection, state: EndpointState) -> None:
    """Keep it."""
    values = asdict(state)
    changed = connection.execute(endpoint_state.update().where(endpoint_state.c.name == state.name).values(values))
    if not changed.rowcount:
        connection.execute(endpoint_state.insert().values(values))


def resting(now: datetime) -> ColumnElement[bool]:
    """The condition on a row that nothing may be sent to its endpoint now."""
    return or_(endpoint_state.c.disabled_at.is_not(None), endpoint_state.c.resumes_at > now)


def check_enabled(connection: Connection, name: str) -> None:
    """Raise ``EndpointDisabled`` if it is disabled."""
    state = load(connection, name)
    if state.disabled_at is not None:
        raise EndpointDisabled(
            f"endpoint {name} is disabled since {state.disabled_at:%Y-%m-%d %H:%M} UTC ({state.disabled_reason}); "
            f"eightk endpoint enable {name}"
        )


def _begin_anew(connection: Connection, name: str, **more: Any) -> None:
    new = asdict(EndpointState(name)) | more
    connection.execute(endpoint_state.update().where(endpoint_state.c.name == name).values(new))


def _state(row: RowMapping) -> EndpointState:
    return EndpointState(**{name: row[name] for name in _NAMES})
