"""A filing as the store knows it, and how it is made of its row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row

from watcher.models import Filing, FilingState, Origin
from watcher.report_json import filer_from_json
from watcher.store.archive import Archived

__all__ = ["StoredFiling", "stored_filing"]


@dataclass(frozen=True, slots=True)
class StoredFiling:
    """A filing as the store knows it."""

    filing: Filing
    state: FilingState
    run_as: Origin
    run_at: datetime | None
    attempts: int
    reason: str | None  # why it is skipped, failed, or tried again
    spotted_at: datetime
    settled_at: datetime | None
    archived: Archived | None
    gone_on: date | None = None  # the day on which EDGAR's index no longer had it: withdrawn, or replaced by another
    sort_key: int = 0  # its place among all others, as in `sort_keys`

    @property
    def is_live(self) -> bool:
        """Whether somebody waits for it, and the others give way; as `due` ranks it."""
        return self.run_as is Origin.LIVE and self.filing.source != "backfill"


def stored_filing(row: Row[Any]) -> StoredFiling:
    """Make it of its row."""
    found = Filing(
        accession=row.accession,
        form=row.form,
        filers=tuple(filer_from_json(one) for one in row.filers),
        filed_on=row.filed_on,
        accepted_at=row.accepted_at,
        items=tuple(row.listed_items),
        origin=Origin(row.origin),
        source=row.source,
        channel=row.channel,
    )
    archived = None if row.archive_path is None else Archived(row.archive_path, row.sha256, row.bytes)
    return StoredFiling(
        filing=found,
        state=FilingState(row.state),
        run_as=Origin(row.run_as),
        run_at=row.run_at,
        attempts=row.attempts,
        reason=row.reason,
        spotted_at=row.spotted_at,
        settled_at=row.settled_at,
        archived=archived,
        gone_on=row.gone_on,
        sort_key=row.sort_key,
    )
