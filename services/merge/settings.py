"""Merge's settings: the plumbing's, at its own ports, and when a merge counts as stuck."""

from dataclasses import dataclass

from shared.settings.loader import setting
from shared.settings.service import ServiceSettings, expose_metrics_on, listen_on
from shared.settings.values import seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeSettings(ServiceSettings):
    http_port: int = listen_on(8103)
    metrics_port: int = expose_metrics_on(9103)
    merge_stuck_seconds: float = setting(
        "MERGE_STUCK_SECONDS",
        default=600.0,
        parse=seconds(1, 86400),
        help="a merge that has not ended after this is an alarm (MG-9)",
    )
