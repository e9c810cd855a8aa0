"""What recovery measures, besides what every service measures."""

from shared.metrics import Kind, Metric

METRICS: tuple[Metric, ...] = (
    Metric("reset_token_guesses", Kind.COUNTER, "Wrong reset tokens, over all accounts (RC-5)"),
    Metric(
        "reset_token_alarms",
        Kind.COUNTER,
        "Those beyond as many as honest people type in an hour: somebody guesses",
    ),
)
