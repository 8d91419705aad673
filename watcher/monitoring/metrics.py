"""The daemon's metrics for Prometheus: the home of its library.

What happens is counted as it does (`Metrics` is the daemon's `Meters`); what stands in the store and on the disk is
looked up when somebody asks, and handed in as a `Standing`. All times are the daemon's clock's. No label takes a value
from outside: hosts, endpoints and states come from the settings or from this program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from watcher.meters import DeliveryOutcome, Meters, PollOutcome

__all__ = ["CONTENT_TYPE", "Metrics", "Standing"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# When each counter was made would be as many series again, which Prometheus' text format has no use for.
disable_created_metrics()  # type: ignore[no-untyped-call]

_LAG = (1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 300, 600, 1_800, 7_200)
_EXAMINE = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SAVE = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_DELIVERY = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand at one moment. Times are Unix times; what is None is not known, and not told."""

    filings: Mapping[str, int] = field(default_factory=dict)  # by state
    deliveries_owed: Mapping[str, int] = field(default_factory=dict)  # by endpoint
    endpoints_resting: Mapping[str, bool] = field(default_factory=dict)  # by endpoint
    alarms_open: Mapping[str, int] = field(default_factory=dict)  # by kind
    last_poll: float | None = None
    last_filing: float | None = None  # when EDGAR accepted the newest filing that one of its lists brought
    is_blocked: bool = False
    audit_missing: int | None = None  # of the last day that was audited
    audits_missed: int = 0
    is_ready: Mapping[str, bool] = field(default_factory=dict)  # by check
    archive_bytes: int | None = None
    store_bytes: int | None = None
    free_bytes: int | None = None
    jobs_running: int = 0
    job_failures: int = 0
    version: str = ""


class Metrics(Meters):
    """Counts what happens in one daemon, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._count_filings()
        self._count_deliveries()
        self._polls = self._counter("polls", "Looks at EDGAR's live list.", "outcome")
        self._requests = self._counter(
            "edgar_requests", "Requests to EDGAR, by host and HTTP status.", "host", "status"
        )
        self._workers = self._counter("worker_restarts", "Worker processes that were replaced.", "reason")
        self._removed = self._counter("retention_removed", "What retention took away.", "what")
        self._removed_bytes = self._counter("retention_removed_bytes", "Bytes on the disk that it gave free.", "what")
        # Else a counter that never moved would be missing, and a rule on it silent.
        for outcome in PollOutcome:
            self._polls.labels(outcome.value)

    def text(self, standing: Standing) -> bytes:
        """Return all metrics in Prometheus' text format, `CONTENT_TYPE`."""
        now = CollectorRegistry()
        now.register(_Gauges(standing))
        return generate_latest(self._registry) + generate_latest(now)

    def spotted(self, source: str, channel: str, lag_seconds: float | None) -> None:  # noqa: D102
        self._spotted.labels(source, channel).inc()
        if lag_seconds is not None:
            self._lag.observe(max(0.0, lag_seconds))

    def settled(self, state: str) -> None:  # noqa: D102
        self._settled.labels(state).inc()

    def examined(self, seconds: float) -> None:  # noqa: D102
        self._examine.observe(seconds)

    def saved(self, seconds: float) -> None:  # noqa: D102
        self._save.observe(seconds)

    def attempted(self, endpoint: str, outcome: DeliveryOutcome, seconds: float | None) -> None:  # noqa: D102
        self._deliveries.labels(endpoint, outcome.value).inc()
        if seconds is not None:
            self._delivery.observe(seconds)

    def asked(self, host: str, status: int | None) -> None:  # noqa: D102
        self._requests.labels(host, "none" if status is None else str(status)).inc()

    def polled(self, outcome: PollOutcome) -> None:  # noqa: D102
        self._polls.labels(outcome.value).inc()

    def worker_replaced(self, reason: str) -> None:  # noqa: D102
        self._workers.labels(reason).inc()

    def removed(self, what: str, count: int, size: int) -> None:  # noqa: D102
        self._removed.labels(what).inc(count)
        self._removed_bytes.labels(what).inc(size)

    def _count_filings(self) -> None:
        self._spotted = self._counter("filings_spotted", "Filings taken in that were not known.", "source", "channel")
        self._settled = self._counter("filings_settled", "Filings whose route came to an end.", "state")
        self._lag = self._histogram(
            "listing_lag_seconds", "From EDGAR's acceptance to when a list showed it to us; live filings only.", _LAG
        )
        self._examine = self._histogram("examine_seconds", "Reading one filing in a worker.", _EXAMINE)
        self._save = self._histogram("save_seconds", "Saving one report in one transaction, queueing included.", _SAVE)

    def _count_deliveries(self) -> None:
        self._deliveries = self._counter("deliveries", "Attempts to tell an endpoint.", "endpoint", "outcome")
        self._delivery = self._histogram("delivery_seconds", "One attempt, from dialling to the answer.", _DELIVERY)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"eightk_{name}_total", words, labels, registry=self._registry)

    def _histogram(self, name: str, words: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"eightk_{name}", words, buckets=buckets, registry=self._registry)


class _Gauges(Collector):
    """What stands, as gauges."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give them one after the other."""
        now = self._standing
        yield _by("filings", "Filings in the store, by state.", "state", now.filings)
        yield _by("deliveries_owed", "Deliveries that are owed, now or later.", "endpoint", now.deliveries_owed)
        yield _by(
            "endpoint_resting",
            "Whether nothing is sent to it now: paused or disabled.",
            "endpoint",
            now.endpoints_resting,
        )
        yield _by("alarms_open", "Alarms of the watchman that are open.", "kind", now.alarms_open)
        yield _by("ready", "Whether this check of /readyz holds.", "check", now.is_ready)
        yield from (_one(*told) for told in _told(now) if told[2] is not None)
        info = GaugeMetricFamily("eightk_build_info", "Which version runs.", labels=["version"])
        info.add_metric([now.version], 1)
        yield info


def _told(now: Standing) -> Iterator[tuple[str, str, float | None]]:
    yield "last_poll_timestamp_seconds", "When the last complete look at the live list ended.", now.last_poll
    yield (
        "last_filing_timestamp_seconds",
        "When EDGAR accepted the newest filing that its lists brought.",
        now.last_filing,
    )
    yield "edgar_blocked", "Whether EDGAR blocks us, or asked to be left alone.", float(now.is_blocked)
    yield "audit_missing", "Filings that the last audited day's index had and no list had shown.", now.audit_missing
    yield "audits_missed", "Days whose index should have been compared by now.", float(now.audits_missed)
    yield "archive_bytes", "Raw filings on the disk, packed; looked at each hour.", now.archive_bytes
    yield "store_bytes", "The database and its write-ahead log.", now.store_bytes
    yield "free_disk_bytes", "Free on the disk that holds data_dir.", now.free_bytes
    yield "jobs_running", "Jobs of the engine that run now.", float(now.jobs_running)
    yield "job_failures", "Jobs that met a trouble of ours since the start.", float(now.job_failures)


def _by(name: str, words: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"eightk_{name}", words, labels=[label])
    for value, number in sorted(values.items()):
        family.add_metric([value], float(number))
    return family


def _one(name: str, words: str, value: float | None) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"eightk_{name}", words, value=value)
