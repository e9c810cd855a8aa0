"""What notify counts, besides what every service counts."""

from shared.metrics import Kind, Metric

METRICS: tuple[Metric, ...] = (
    Metric("deliveries", Kind.COUNTER, "Deliveries settled", ("message_class", "state")),
    Metric(
        "delivery_seconds", Kind.HISTOGRAM, "Filed to accepted by the server", ("message_class",)
    ),
    Metric("deliveries_lost", Kind.COUNTER, "Leases lost while sending", ("message_class",)),
    Metric("deliveries_reaped", Kind.COUNTER, "Leases that ran out", ("message_class",)),
)
