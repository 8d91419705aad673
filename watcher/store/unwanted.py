"""Filings that are known and not fetched, because the settings do not want them: listed, each with its reason.

A filing that is listed without a reason is another thing: it is from before the watcher began.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from watcher.models import Filer, Filing, FilingState
from watcher.report_json import filer_from_json
from watcher.store.filings import get, update_facts
from watcher.store.schema import filing

__all__ = ["find", "leave", "note"]


def note(connection: Connection, reasons: Mapping[str, str | None]) -> None:
    """Note why each of these, by accession number, stands as it does; None takes an earlier reason back."""
    for accession, reason in reasons.items():
        connection.execute(filing.update().where(filing.c.accession == accession).values(reason=reason))


def find(connection: Connection, accessions: Collection[str]) -> dict[str, tuple[Filer, ...]]:
    """Return those of one page that stand listed for not being wanted, with the filers that are known of them."""
    statement = select(filing.c.accession, filing.c.filers).where(filing.c.accession.in_(accessions))
    statement = statement.where(filing.c.state == FilingState.LISTED.value, filing.c.reason.is_not(None))
    return {row.accession: tuple(map(filer_from_json, row.filers)) for row in connection.execute(statement)}


def leave(connection: Connection, one: Filing, reason: str) -> None:
    """Leave a filing listed for which work was owed, and keep what its header told, which decides the next one's."""
    before = get(connection, one.accession)
    update_facts(connection, one, before, state=FilingState.LISTED.value, run_at=None, reason=reason)
