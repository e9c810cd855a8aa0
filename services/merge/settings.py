"""The plumbing's at its own ports; when a merge is stuck, and how much a client reviews."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from shared.settings.loader import setting
from shared.settings.process import expose_metrics_on, listen_on
from shared.settings.service import ServiceSettings
from shared.settings.values import Port


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeSettings(ServiceSettings):
    http_port: Port = listen_on(8103)
    metrics_port: Port = expose_metrics_on(9103)
    merge_stuck_seconds: Annotated[float, Meta(ge=1, le=86400)] = setting(
        "MERGE_STUCK_SECONDS",
        default=600.0,
        help="a merge that has not ended after this is an alarm (MG-9)",
    )
    client_reads_an_hour: Annotated[int, Meta(ge=1000, le=1_000_000)] = setting(
        "CLIENT_READS_AN_HOUR",
        default=10_000,
        help="merges under review and duplicate charts that a client is shown (ST-1)",
    )
    client_reviews_an_hour: Annotated[int, Meta(ge=1, le=10_000)] = setting(
        "CLIENT_REVIEWS_AN_HOUR",
        default=100,
        help="merges under review that a client approves or rejects (ST-1)",
    )
