"""``reference/metrics.md``: every metric of ``/metrics``, by what the daemon itself would tell."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families

from docs._make.words import ABOUT, words_for
from docs._make.writing import code, page, table
from watcher.meters import DeliveryOutcome, PollOutcome
from watcher.metrics import Metrics, Standing

__all__ = ["every_metric", "metrics_page"]


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
    for family in text_string_to_metric_families(_busy().text(_STANDING).decode()):
        if not family.name.startswith("eightk_"):
            continue
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        yield name, (family.type, tuple(sorted(labels)) if family.samples else ("?",))


_SOME = {"x": 1}
_STANDING = Standing(
    filings=_SOME,
    deliveries_owed=_SOME,
    endpoints_resting={"x": True},
    alarms_open=_SOME,
    last_poll=1.0,
    last_filing=1.0,
    audit_missing=0,
    is_ready={"x": True},
    archive_bytes=0,
    store_bytes=0,
    free_bytes=0,
)


def _busy() -> Metrics:
    """Metrics of a daemon to which everything has happened once: a counter tells its labels no sooner."""
    metrics = Metrics()
    metrics.spotted("poller", "getcurrent", 1.0)
    metrics.settled("saved")
    metrics.examined(1.0)
    metrics.saved(1.0)
    metrics.attempted("desk", DeliveryOutcome.DELIVERED, 1.0)
    metrics.asked("www.sec.gov", 200)
    metrics.polled(PollOutcome.COMPLETE)
    metrics.worker_replaced("crash")
    metrics.removed("raw", 1, 1)
    return metrics
