"""Recovery's settings: the plumbing's, and the numbers of RC-1, RC-3 and RC-5."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from shared.settings.hashing import HashingSettings
from shared.settings.loader import setting
from shared.settings.process import expose_metrics_on, listen_on
from shared.settings.values import Port


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverySettings(HashingSettings):
    http_port: Port = listen_on(8102)
    metrics_port: Port = expose_metrics_on(9102)
    link_pause: Annotated[float, Meta(ge=1, le=3600)] = setting(
        "LINK_PAUSE", default=60.0, help="seconds between two link mails to one account (RC-3)"
    )
    links_an_hour: Annotated[int, Meta(ge=1, le=100)] = setting(
        "LINKS_AN_HOUR", default=3, help="link mails to one account in an hour (RC-3)"
    )
    links_a_day: Annotated[int, Meta(ge=1, le=1000)] = setting(
        "LINKS_A_DAY", default=10, help="link mails to one account in 24 hours (RC-3)"
    )
    reset_tokens_a_day: Annotated[int, Meta(ge=1, le=100)] = setting(
        "RESET_TOKENS_A_DAY",
        default=10,
        help="reset tokens given to one account in 24 hours, by all its practices (RC-5)",
    )
    reset_token_alarm: Annotated[int, Meta(ge=1, le=1000)] = setting(
        "RESET_TOKEN_ALARM",
        default=100,
        help="wrong reset tokens over all accounts in an hour that raise the alarm (RC-5)",
    )
    client_reads_an_hour: Annotated[int, Meta(ge=100, le=1_000_000)] = setting(
        "CLIENT_READS_AN_HOUR",
        default=2000,
        help="looks at a patient's reset tokens that a client may take (ST-1)",
    )
    client_reset_tokens_an_hour: Annotated[int, Meta(ge=1, le=10_000)] = setting(
        "CLIENT_RESET_TOKENS_AN_HOUR",
        default=100,
        help="reset tokens a client issues or makes void (ST-1)",
    )
    reminders_an_hour: Annotated[int, Meta(ge=1, le=100)] = setting(
        "REMINDERS_AN_HOUR",
        default=3,
        help="requests for a username by one address in an hour (RC-1)",
    )
    named_reminders_an_hour: Annotated[int, Meta(ge=1, le=100)] = setting(
        "NAMED_REMINDERS_AN_HOUR",
        default=5,
        help="the same with last name and date of birth; then the address is closed (RC-2)",
    )
    named_reminders_closing: Annotated[int, Meta(ge=1, le=1440)] = setting(
        "NAMED_REMINDERS_CLOSING",
        default=20,
        help="minutes for which it is closed, before it has as many again (RC-2)",
    )
    miss_patience: Annotated[float, Meta(ge=0, le=3600)] = setting(
        "MISS_PATIENCE",
        default=60.0,
        help="seconds for which a name that is nobody's is looked at again (RC-1, RC-3)",
    )
    tick: Annotated[float, Meta(ge=0.01, le=60)] = setting(
        "TICK",
        default=0.25,
        help="seconds between two rounds of the loops that work on accepted requests",
    )

    def contradictions(self) -> Iterable[str]:
        """Name what fits alone but not together."""
        if self.links_a_day < self.links_an_hour:
            yield "PORTICO_LINKS_A_DAY is less than PORTICO_LINKS_AN_HOUR"
