"""The one door to prometheus_client: every metric stands in a table, one registry a process."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Kind(Enum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"  #: of seconds


@dataclass(frozen=True, slots=True)
class Metric:
    """One declared metric. Labels take codes and names of ours only, never a person's data."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


METRICS: tuple[Metric, ...] = (
    Metric("http_requests", Kind.COUNTER, "Requests answered", ("operation", "status")),
    Metric("http_problems", Kind.COUNTER, "Problems told, by code", ("operation", "code")),
    Metric("http_request_seconds", Kind.HISTOGRAM, "Time to answer a request", ("operation",)),
    Metric("source_refusals", Kind.COUNTER, "Refusals counted on a source's budget (LG-4)"),
    Metric("source_exhausted", Kind.COUNTER, "Requests told 429 for their source (LG-4)"),
    Metric("source_refusals_recent", Kind.GAUGE, "Refusals in the window, over all sources"),
    Metric("source_alarm", Kind.GAUGE, "1 while refusals over all sources pass the threshold"),
    Metric("client_budget_met", Kind.COUNTER, "Calls told 429 for their client", ("budget",)),
    Metric("audit_left_out", Kind.COUNTER, "Refusals of a flood without a row of their own (AU-1)"),
    Metric("loop_rounds", Kind.COUNTER, "Rounds of a loop", ("loop", "outcome")),
    Metric("loop_done", Kind.COUNTER, "What the rounds of a loop did", ("loop",)),
    Metric("loop_round_seconds", Kind.HISTOGRAM, "Time of a round", ("loop",)),
    Metric("event_loop_lag_seconds", Kind.HISTOGRAM, "How late the event loop wakes"),
    Metric("ready", Kind.GAUGE, "1 where a readiness check passes", ("check",)),
    Metric("shared_part_ok", Kind.GAUGE, "1 where what all replicas share answers", ("part",)),
    Metric("relay_published", Kind.COUNTER, "Outbox rows confirmed by the broker"),
    Metric("relay_refused", Kind.COUNTER, "Outbox rows returned or nacked", ("reason",)),
    Metric(
        "relay_unconfirmed",
        Kind.GAUGE,
        "Routing keys for which the broker confirms nothing: a queue behind them is down",
        ("exchange",),
    ),
    Metric("relay_round_seconds", Kind.HISTOGRAM, "Time to claim, publish and delete a batch"),
    Metric("outbox_depth", Kind.GAUGE, "Outbox rows waiting"),
    Metric("outbox_oldest_seconds", Kind.GAUGE, "Age of the oldest outbox row"),
    Metric("consumer_messages", Kind.COUNTER, "Messages by outcome", ("queue", "outcome")),
    Metric("consumer_batch_seconds", Kind.HISTOGRAM, "Time of a micro-batch", ("queue",)),
    Metric("consumer_connected", Kind.GAUGE, "1 while registered at the broker", ("queue",)),
    Metric("consumer_lag_seconds", Kind.HISTOGRAM, "Event's time to its handling", ("queue",)),
    Metric("inbox_retries", Kind.GAUGE, "Messages waiting for another try", ("queue",)),
    Metric("dead_letters", Kind.GAUGE, "Dead letters waiting for a person", ("queue",)),
    Metric("audit_unchained", Kind.GAUGE, "Audit rows that wait to be chained (AU-1)"),
    Metric("audit_unchained_seconds", Kind.GAUGE, "Age of the oldest of them"),
    Metric("dead_letters_swept", Kind.COUNTER, "Dead letters deleted after 30 days", ("queue",)),
    Metric(
        "dead_letters_dropped",
        Kind.COUNTER,
        "Dead letters deleted since a practice's system sent as many newer ones",
        ("queue",),
    ),
    Metric("broker_connected", Kind.GAUGE, "1 while connected to the broker"),
    Metric("sessions_entries", Kind.COUNTER, "Entries of the ended-sessions stream", ("kind",)),
    Metric("sessions_beat_age_seconds", Kind.GAUGE, "Age of the last beat of that stream"),
    Metric("hashing_seconds", Kind.HISTOGRAM, "Time of one password hash"),
    Metric("hashing_waiting", Kind.GAUGE, "Passwords waiting for a hashing thread"),
    Metric("hashing_refused", Kind.COUNTER, "Passwords turned away: the wait is too long"),
    Metric("hashing_unreadable", Kind.COUNTER, "Stored hashes nobody can read", ("reason",)),
)


class UndeclaredMetric(Exception):
    """No such name, kind or label set stands in the table of metrics."""


class Metrics:
    """Counts, gauges and timings of one process; services add their own declarations."""

    def __init__(self, *extra: Metric, process: bool = False) -> None:
        self._registry = CollectorRegistry()
        self._declared = {metric.name: metric for metric in (*METRICS, *extra)}
        self._made = {name: self._make(metric) for name, metric in self._declared.items()}
        self._labelled: dict[tuple[object, ...], Counter | Gauge | Histogram] = {}
        if process:
            ProcessCollector(registry=self._registry)
            PlatformCollector(registry=self._registry)

    def count(self, name: str, /, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        found = self._find(name, labels)
        if not isinstance(found, Counter):
            raise UndeclaredMetric(f"{name} is no counter")
        found.inc(amount)

    def gauge(self, name: str, value: float, /, **labels: str) -> None:
        """Set a gauge."""
        found = self._find(name, labels)
        if not isinstance(found, Gauge):
            raise UndeclaredMetric(f"{name} is no gauge")
        found.set(value)

    def observe(self, name: str, seconds: float, /, **labels: str) -> None:
        """Add a duration to a histogram."""
        found = self._find(name, labels)
        if not isinstance(found, Histogram):
            raise UndeclaredMetric(f"{name} is no histogram")
        found.observe(seconds)

    def value(self, name: str, /, **labels: str) -> float:
        """Read a counter or a gauge, or how often a histogram was observed; 0 where never set."""
        metric = self._declared.get(name)
        if metric is None:
            raise UndeclaredMetric(name)
        suffix = {Kind.COUNTER: "_total", Kind.GAUGE: "", Kind.HISTOGRAM: "_count"}[metric.kind]
        found = self._registry.get_sample_value(f"portico_{name}{suffix}", labels)
        return found or 0.0

    def render(self) -> bytes:
        """Write the text that Prometheus scrapes."""
        return generate_latest(self._registry)

    def declared(self) -> Sequence[Metric]:
        """List every metric, for the README and for tests."""
        return tuple(self._declared.values())

    def _make(self, metric: Metric) -> Counter | Gauge | Histogram:
        name = f"portico_{metric.name}"
        match metric.kind:
            case Kind.COUNTER:
                return Counter(name, metric.help, metric.labels, registry=self._registry)
            case Kind.GAUGE:
                return Gauge(name, metric.help, metric.labels, registry=self._registry)
            case Kind.HISTOGRAM:
                return Histogram(
                    name, metric.help, metric.labels, registry=self._registry, buckets=SECONDS
                )

    def _find(self, name: str, labels: dict[str, str]) -> Counter | Gauge | Histogram:
        key = (name, *labels.items())
        found = self._labelled.get(key)
        if found is None:
            found = self._labelled[key] = self._label(name, labels)
        return found

    def _label(self, name: str, labels: dict[str, str]) -> Counter | Gauge | Histogram:
        metric = self._declared.get(name)
        if metric is None or set(labels) != set(metric.labels):
            raise UndeclaredMetric(f"{name}{sorted(labels)}")
        made = self._made[name]
        return made.labels(**labels) if labels else made
