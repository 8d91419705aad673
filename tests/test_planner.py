"""That each question is answered along an index that leaves few rows, in a store that is still small, too."""

from pathlib import Path

import pytest
from _stores import ACCESSION, report, save
from sqlalchemy import Connection

from watcher.store import planner
from watcher.store.database import Store


@pytest.fixture
def store(tmp_path: Path):
    with Store(f"sqlite:///{tmp_path / 'eightk.db'}") as opened:
        save(opened, report(ACCESSION))
        yield opened


def plan(store: Store, statement: str) -> str:
    def explained(connection: Connection) -> str:
        return "\n".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}"))

    return store.read_now(explained)


def test_of_every_index_the_planner_is_told_how_it_is_spread(store: Store):
    def untold(connection: Connection) -> set[tuple[str, tuple[str, ...]]]:
        return {
            (table, columns)
            for table, (_, told) in planner._SPREAD.items()
            for _, columns in planner._indexes(connection, table)
            if columns not in told
        }

    assert store.read_now(untold) == set()


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (
            """SELECT * FROM filing JOIN filer ON filer.accession = filing.accession
            WHERE filing.state = 'saved' AND filer.cik IN (1, 2)""",
            "SEARCH filer USING INDEX ix_filer_cik (cik=?)",
        ),
        (
            """SELECT * FROM event JOIN filing ON filing.accession = event.accession JOIN filer ON
            filer.accession = event.accession WHERE filer.cik = 1 AND event.event = 'dividend'""",
            "SEARCH filer USING INDEX ix_filer_cik (cik=?)",
        ),
        (
            "SELECT * FROM filing WHERE state = 'failed' AND filed_on >= '2026-01-01' AND filed_on <= '2026-01-31'",
            "SEARCH filing USING INDEX ix_filing_filed_on (filed_on>? AND filed_on<?)",
        ),
        (
            "SELECT accession FROM filing WHERE state = 'spotted' AND run_at <= '2026-01-31' ORDER BY run_at LIMIT 9",
            "SEARCH filing USING INDEX ix_filing_owed (state=? AND run_at<?)",
        ),
        (
            "SELECT * FROM delivery WHERE state = 'pending' AND endpoint = 'desk' AND run_at <= '2026-01-31'",
            "SEARCH delivery USING INDEX ix_delivery_owed (state=? AND endpoint=? AND run_at<?)",
        ),
        (
            "SELECT * FROM filing WHERE sort_key IN (1, 2) AND form = '8-K' AND state = 'saved' AND filed_on > '2026'",
            "sort_key=?)",
        ),
    ],
    ids=["company", "event of a company", "failed of a month", "due", "owed", "list"],
)
def test_a_question_goes_along_the_index_that_leaves_few_rows(store: Store, statement: str, index: str):
    assert index in plan(store, statement)
