"""What merge measures, besides what every service measures."""

from shared.metrics import Kind, Metric

METRICS: tuple[Metric, ...] = (
    Metric("merge_oldest_open_seconds", Kind.GAUGE, "Age of the oldest merge not ended; 0: none"),
    Metric("merges_stuck", Kind.GAUGE, "Merges open for longer than they may be (MG-9)"),
)
