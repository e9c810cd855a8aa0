"""What notify counts, besides what every service counts."""

from shared.metrics import Kind, Metric

METRICS: tuple[Metric, ...] = (
    Metric("deliveries", Kind.COUNTER, "Deliveries settled", ("message_class", "state")),
    Metric(
        "delivery_seconds", Kind.HISTOGRAM, "Filed to accepted by the server", ("message_class",)
    ),
    Metric(
        "deliveries_due_seconds",
        Kind.GAUGE,
        "Age of the oldest delivery that is due and that no courier has taken",
        ("message_class", "channel"),
    ),
    Metric("deliveries_lost", Kind.COUNTER, "Leases lost while sending", ("message_class",)),
    Metric("mail_alarms", Kind.COUNTER, "Mails held up by a fault", ("message_class", "cause")),
    Metric("mail_connections", Kind.COUNTER, "Tries to open one to the server", ("outcome",)),
    Metric(
        "dots_unanswered",
        Kind.GAUGE,
        "1 while messages are tried one by one, since none is answered after its final dot",
        ("message_class", "channel"),
    ),
    Metric("mail_server_away", Kind.GAUGE, "1 while no conversation with it can be begun"),
    Metric(
        "texts_provider_away", Kind.GAUGE, "1 while the provider of text messages is left alone"
    ),
    Metric("communications", Kind.COUNTER, "Tries to take one to the ledger", ("outcome",)),
    Metric("bounces", Kind.COUNTER, "Mails handed over that came to a return path", ("outcome",)),
    Metric("deliveries_reaped", Kind.COUNTER, "Leases that ran out", ("message_class",)),
)
