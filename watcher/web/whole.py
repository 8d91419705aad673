"""All that is shown of one filing, as of one moment."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from watcher.background import NOTHING, Background
from watcher.models import FilingState, Report
from watcher.store import alerts, deliveries, filings, reports
from watcher.store.alerts import StoredAlert
from watcher.store.deliveries import StoredDelivery
from watcher.store.filings import StoredFiling
from watcher.store.history import background

__all__ = ["WholeFiling", "whole_filing"]


@dataclass(frozen=True, slots=True)
class WholeFiling:
    """A filing with its report, if it has one, who was told of it, and what stands behind it."""

    stored: StoredFiling
    report: Report | None
    deliveries: tuple[StoredDelivery, ...]
    raised: tuple[StoredAlert, ...]
    background: Background = NOTHING  # what the company reported before; what it amends, and what amends it


def whole_filing(connection: Connection, accession: str) -> WholeFiling:
    """Read it. Raises ``UnknownFiling``."""
    stored = filings.get(connection, accession)
    report = reports.load(connection, accession) if stored.state is FilingState.SAVED else None
    told, raised = deliveries.find(connection, accession), alerts.find(connection, accession)
    return WholeFiling(stored, report, told, raised, background(connection, report) if report else NOTHING)
