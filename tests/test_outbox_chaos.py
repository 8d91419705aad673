"""The outbox under a daemon that is killed, with endpoints that are down, slow, break off, redirect or want no more."""

from pathlib import Path

from bench.delivery import delivery_goals, delivery_plot, delivery_table, measure_delivery
from bench.outbox_chaos import Plan, run


async def test_each_endpoint_that_lives_has_all_that_it_was_owed(tmp_path: Path) -> None:
    plan = Plan(endpoints=10, alerts=50, unwell=3, kills=3, patience_seconds=90)

    found = await run(plan, tmp_path / "chaos", lambda words: None)

    assert (found.missing, found.foreign, found.visits) == (0, 0, 0)
    assert found.disabled == found.wanted_disabled
    assert found.kills == 3


def test_the_bench_counts_what_was_delivered(tmp_path: Path) -> None:
    measured = measure_delivery(tmp_path, lambda words: None, count=100)

    assert [(each.way.endpoints, each.deliveries) for each in measured] == [(1, 100), (100, 100), (100, 90)]
    assert [each.owed for each in measured] == [(0,), (0,), (10,)]
    assert all(each.per_second > 0 for each in measured)
    assert [row[0] for row in delivery_table(measured).rows] == [bar.name for bar in delivery_plot(measured).bars]
    assert len(delivery_goals(measured)) == 3
