"""What SQLite's query planner is told of how the values are spread: as they are in a store of a million filings.

Without figures it guesses that any index leaves ten rows, and goes over all saved filings where it could have looked up
one company. Figures that it gathers itself are those of the store as it happens to be; with these, each question is
answered in the same way in a small store and in a large one. They are written where its own would stand, as its
documentation of ``sqlite_stat1`` allows.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

__all__ = ["tell"]

# How many rows the table has, and for each index, by its columns, how many rows have one value of the first column, of
# the first two, and so on.
_SPREAD: dict[str, tuple[int, dict[tuple[str, ...], tuple[int, ...]]]] = {
    "filing": (
        1_000_000,
        {
            ("accession",): (1,),
            ("sort_key",): (1,),
            ("state", "run_at"): (200_000, 100_000),
            ("filed_on",): (300,),
            ("accepted_at", "accession"): (2, 1),
            ("spotted_at", "accession"): (2, 1),
            ("form", "sort_key"): (150_000, 1),
            ("state", "sort_key"): (200_000, 1),
            ("origin", "sort_key"): (250_000, 1),
        },
    ),
    "filer": (1_050_000, {("accession", "cik"): (2, 1), ("cik", "sort_key"): (100, 1)}),
    "filer_name": (20_000, {("cik", "name"): (2, 1)}),
    "report": (1_000_000, {("accession",): (1,), ("period_of_report",): (300,)}),
    "document": (2_000_000, {("accession", "sequence"): (2, 1), ("search_id",): (1,)}),
    "item": (2_200_000, {("accession", "position"): (3, 1), ("number", "sort_key"): (80_000, 1)}),
    "event": (
        1_500_000,
        {
            ("accession", "position"): (2, 1),
            ("event", "sort_key"): (20_000, 1),
            ("severity", "sort_key"): (400_000, 1),
        },
    ),
    "alert": (
        500_000,
        {
            ("id",): (1,),
            ("accession",): (2,),
            ("rule", "sequence"): (10_000, 1),
            ("severity", "sequence"): (125_000, 1),
            ("raised_at",): (2,),
        },
    ),
    "delivery": (
        600_000,
        {
            ("id",): (1,),
            ("alert_id", "endpoint"): (2, 1),
            ("state", "endpoint", "run_at"): (150_000, 20_000, 2),
            ("alert_sequence", "endpoint"): (2, 1),
            ("state", "alert_sequence", "endpoint"): (150_000, 2, 1),
            ("endpoint", "alert_sequence"): (60_000, 1),
        },
    ),
    "attempt": (700_000, {("delivery_id",): (2,)}),
    "sighting": (2_000_000, {("accession", "channel"): (2, 1), ("channel", "seen_at"): (400_000, 2)}),
    "journal": (500_000, {("at",): (2,)}),
}


def tell(connection: Connection) -> None:
    """Write the figures for the indexes that there are. Connections that are opened afterwards know them."""
    if connection.dialect.name != "sqlite":
        return
    connection.exec_driver_sql("ANALYZE sqlite_master")  # makes the table, and gathers nothing
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    for table, (rows, indexes) in _SPREAD.items():
        for name, columns in _indexes(connection, table):
            if (spread := indexes.get(columns)) is not None:
                stat = " ".join(map(str, (rows, *spread)))
                connection.exec_driver_sql(
                    "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", (table, name, stat)
                )


def _indexes(connection: Connection, table: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each index of a table with its columns, in their order."""
    named = connection.exec_driver_sql("SELECT name FROM pragma_index_list(?)", (table,)).scalars().all()
    for name in named:
        columns = connection.exec_driver_sql("SELECT name FROM pragma_index_info(?) ORDER BY seqno", (name,))
        yield name, tuple(columns.scalars())
