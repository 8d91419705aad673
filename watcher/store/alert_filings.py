"""Which filing each alert is about."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from watcher.store.schema import alert

__all__ = ["filings_of"]

_MOST_PARAMETERS = 1000


def filings_of(connection: Connection, alerts: Collection[str]) -> dict[str, str]:
    """Return accession numbers by alert id; a digest, or an alarm of the watcher itself, is about no single filing."""
    listed, found = list(alerts), dict[str, str]()
    for start in range(0, len(listed), _MOST_PARAMETERS):
        some = listed[start : start + _MOST_PARAMETERS]
        statement = select(alert.c.id, alert.c.accession).where(alert.c.id.in_(some), alert.c.accession.is_not(None))
        found |= {row.id: row.accession for row in connection.execute(statement)}
    return found
