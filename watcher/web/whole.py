"""All that is shown of one filing, as of one moment."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from watcher.background import NOTHING, Background
from watcher.models import FilingState, Report
from watcher.store import alerts, deliveries, endpoints, filings, journal, reports
from watcher.store.alerts import StoredAlert
from watcher.store.deliveries import StoredDelivery
from watcher.store.filings import StoredFiling
from watcher.store.history import background
from watcher.verdict import EndpointState

__all__ = ["WholeFiling", "whole_filing"]


@dataclass(frozen=True, slots=True)
class WholeFiling:
    """A filing with its report, if it has one, who was told of it, and what stands behind it."""

    stored: StoredFiling
    report: Report | None
    deliveries: tuple[StoredDelivery, ...]
    raised: tuple[StoredAlert, ...]
    background: Background = NOTHING  # what the company reported before; what it amends, and what amends it
    endpoints: tuple[EndpointState, ...] = ()  # that its deliveries go to
    place: int = 0  # in the journal: what comes after it is not shown


def whole_filing(connection: Connection, accession: str) -> WholeFiling:
    """Read it. Raises ``UnknownFiling``."""
    stored = filings.get(connection, accession)
    report = reports.load(connection, accession) if stored.state is FilingState.SAVED else None
    told, raised = deliveries.find(connection, accession), alerts.find(connection, accession)
    behind = background(connection, report) if report else NOTHING
    states = endpoints.load_all(connection, {one.delivery.endpoint for one in told})
    return WholeFiling(stored, report, told, raised, behind, tuple(states.values()), journal.last(connection))
