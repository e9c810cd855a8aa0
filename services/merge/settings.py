"""Merge's settings: the plumbing's, at its own ports."""

from dataclasses import dataclass

from shared.settings import ServiceSettings, expose_metrics_on, listen_on


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeSettings(ServiceSettings):
    http_port: int = listen_on(8103)
    metrics_port: int = expose_metrics_on(9103)
