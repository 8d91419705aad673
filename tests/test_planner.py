"""That each question is answered along an index that leaves few rows, in a store that is still small, too."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from _stores import ACCESSION, report, save
from sqlalchemy import Connection, event

from watcher.models import DeliveryState
from watcher.store import alerts, deliveries, planner
from watcher.store.database import Store


@pytest.fixture
def store(tmp_path: Path):
    with Store(f"sqlite:///{tmp_path / 'eightk.db'}") as opened:
        save(opened, report(ACCESSION))
        yield opened


def plan(store: Store, statement: str, given: Any = ()) -> str:
    def explained(connection: Connection) -> str:
        return "\n".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given))

    return store.read_now(explained)


def plan_of(store: Store, find: Callable[..., Any], **narrowed: Any) -> str:
    """How the first statement is answered that this function asks the store."""
    asked: list[tuple[str, Any]] = []

    def noted(connection: Connection) -> None:
        def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
            asked.append((statement, given))

        event.listen(connection, "before_cursor_execute", note)
        find(connection, limit=51, **narrowed)
        event.remove(connection, "before_cursor_execute", note)

    store.read_now(noted)
    return plan(store, *asked[0])


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


@pytest.mark.parametrize(
    ("narrowed", "index"),
    [
        ({"rule": "r"}, "SEARCH alert USING INDEX ix_alert_rule (rule=?)"),
        ({"rule": "r", "after": (9, "desk")}, "SEARCH alert USING INDEX ix_alert_rule (rule=? AND sequence<?)"),
        ({"rule": "r", "state": DeliveryState.FAILED}, "SEARCH alert USING INDEX ix_alert_rule (rule=?)"),
        ({"endpoint": "desk"}, "SEARCH delivery USING INDEX ix_delivery_endpoint (endpoint=?)"),
        ({"state": DeliveryState.FAILED}, "SEARCH delivery USING INDEX ix_delivery_state (state=?)"),
    ],
    ids=["rule", "next page of a rule", "failed of a rule", "endpoint", "state"],
)
def test_a_page_of_deliveries_is_walked_in_its_order_to_its_end_and_no_further(
    store: Store, narrowed: dict[str, Any], index: str
):
    found = plan_of(store, deliveries.find, **narrowed)

    assert index in found
    assert "USE TEMP B-TREE FOR ORDER BY" not in found  # which would need all of them
    assert "SCAN" not in found


@pytest.mark.parametrize(
    ("narrowed", "index"),
    [
        ({"rule": "r"}, "SEARCH alert USING COVERING INDEX ix_alert_rule (rule=?)"),
        ({"rule": "r", "before": 9}, "SEARCH alert USING COVERING INDEX ix_alert_rule (rule=? AND sequence<?)"),
        ({"severity": "high"}, "SEARCH alert USING COVERING INDEX ix_alert_severity (severity=?)"),
    ],
    ids=["rule", "next page of a rule", "severity"],
)
def test_a_page_of_alerts_is_walked_in_its_order_to_its_end_and_no_further(
    store: Store, narrowed: dict[str, Any], index: str
):
    found = plan_of(store, alerts.find, **narrowed)

    assert index in found
    assert "TEMP B-TREE" not in found
    assert "SCAN" not in found


def test_of_a_company_s_alerts_the_numbers_alone_are_put_in_order(store: Store):
    """Its filings are looked up by their index; of all that was sent of its alerts only a page is read."""
    found = plan_of(store, alerts.find, cik=1, before=9)

    assert "SEARCH filer USING INDEX ix_filer_cik (cik=?)" in found
    assert "SEARCH alert USING COVERING INDEX ix_alert_accession (accession=? AND rowid<?)" in found
    assert "SCAN" not in found
