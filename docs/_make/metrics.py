"""``reference/metrics.md``: every metric of ``/metrics``, by what the daemon itself would tell."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families

from docs._make.words import ABOUT, words_for
from docs._make.writing import code, page, table
from watcher.meters import DeliveryOutcome, PollOutcome
from watcher.monitoring.metrics import Metrics, Standing

__all__ = ["STANDING", "busy", "every_metric", "metrics_page"]


def every_metric() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return the kind and the labels of each metric. Raises ``ValueError`` for one of which nothing here is counted."""
    found = dict(_told())
    if silent := sorted(name for name, (_, labels) in found.items() if labels == ("?",)):
        raise ValueError(f"docs/_make/metrics.py: have something counted by {', '.join(silent)}")
    return found


def metrics_page() -> str:
    """Return the page."""
    found = every_metric()
    words = words_for("metrics", found)
    rows = [
        (code(name), kind, ", ".join(map(code, labels)), words[name]) for name, (kind, labels) in sorted(found.items())
    ]
    return page("Metrics", ABOUT["metrics"], table(["metric", "kind", "labels", "meaning"], rows))


def _told() -> Iterator[tuple[str, tuple[str, tuple[str, ...]]]]:
    for family in text_string_to_metric_families(busy().text(STANDING).decode()):
        if not family.name.startswith("eightk_"):
            continue
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        yield name, (family.type, tuple(sorted(labels)) if family.samples else ("?",))


# The page needs the labels alone; the figures are for the tests, which look for them among what is told.
STANDING = Standing(
    filings={"saved": 3},
    deliveries_owed={"desk": 2},
    endpoints_resting={"desk": True},
    alarms_open={"quiet": 1},
    last_poll=1_768_237_200.5,
    last_filing=1_768_237_100.0,
    is_blocked=True,
    audit_missing=4,
    audits_missed=1,
    is_ready={"poll": False},
    archive_bytes=10,
    store_bytes=11,
    free_bytes=12,
    jobs_running=1,
    job_failures=2,
    version="1",
)


def busy() -> Metrics:
    """Metrics of a daemon to which everything has happened once: a counter tells its labels no sooner."""
    metrics = Metrics()
    metrics.spotted("poller", "getcurrent", 12.0)
    metrics.settled("saved")
    metrics.examined(0.1)
    metrics.saved(0.01)
    metrics.attempted("desk", DeliveryOutcome.DELIVERED, 0.05)
    metrics.asked("www.sec.gov", 200)
    metrics.polled(PollOutcome.COMPLETE)
    metrics.worker_replaced("crash")
    metrics.removed("raw", 2, 1000)
    return metrics
