"""Recovery's settings: the plumbing's, and the numbers of RC-1 and RC-3."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.settings.loader import setting
from shared.settings.service import ServiceSettings, expose_metrics_on, listen_on
from shared.settings.values import seconds, within


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverySettings(ServiceSettings):
    http_port: int = listen_on(8102)
    metrics_port: int = expose_metrics_on(9102)
    link_pause: float = setting(
        "LINK_PAUSE",
        default=60.0,
        parse=seconds(1, 3600),
        help="seconds between two link mails to one account (RC-3)",
    )
    links_an_hour: int = setting(
        "LINKS_AN_HOUR",
        default=3,
        parse=within(1, 100),
        help="link mails to one account in an hour (RC-3)",
    )
    links_a_day: int = setting(
        "LINKS_A_DAY",
        default=10,
        parse=within(1, 1000),
        help="link mails to one account in 24 hours (RC-3)",
    )
    reminders_an_hour: int = setting(
        "REMINDERS_AN_HOUR",
        default=3,
        parse=within(1, 100),
        help="requests for a username by one address in an hour (RC-1)",
    )
    miss_patience: float = setting(
        "MISS_PATIENCE",
        default=60.0,
        parse=seconds(0, 3600),
        help="seconds for which a name that is nobody's is looked at again (RC-1, RC-3)",
    )
    tick: float = setting(
        "TICK",
        default=0.25,
        parse=seconds(0.01, 60),
        help="seconds between two rounds of the loops that work on accepted requests",
    )

    def contradictions(self) -> Iterable[str]:
        """Name what fits alone but not together."""
        if self.links_a_day < self.links_an_hour:
            yield "PORTICO_LINKS_A_DAY is less than PORTICO_LINKS_AN_HOUR"
