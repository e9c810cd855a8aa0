"""What identity measures, besides what every service measures."""

from shared.metrics import Kind, Metric

METRICS: tuple[Metric, ...] = (
    Metric(
        "merges_unproven",
        Kind.COUNTER,
        "Merges asked for on the bus whose proofs do not hold: merge should have refused them",
        ("reason",),
    ),
    Metric(
        "accounts_frozen",
        Kind.COUNTER,
        "Accounts that their holders froze: many at once are a sign of stolen passwords",
    ),
)
