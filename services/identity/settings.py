"""What identity reads from the environment, besides what every service does."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from services.identity.passkey_settings import PasskeySettings
from shared.settings.loader import setting
from shared.settings.process import expose_metrics_on, listen_on
from shared.settings.values import Port


class PolicyName(StrEnum):
    PORTAL = "portal"
    NIST = "nist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(PasskeySettings):
    http_port: Port = listen_on(8101)
    metrics_port: Port = expose_metrics_on(9101)
    portal_name: str = setting(
        "PORTAL_NAME", default="Portico", help="what patients call it; no password may be it"
    )
    password_policy: PolicyName = setting(
        "PASSWORD_POLICY", default=PolicyName.PORTAL, help="the password rules (ID-3)"
    )
    verify_minutes: Annotated[int, Meta(ge=5, le=1440)] = setting(
        "VERIFY_MINUTES", default=60, help="life of a verify link (ID-6)"
    )
    verify_mails_an_hour: Annotated[int, Meta(ge=1, le=100)] = setting(
        "VERIFY_MAILS_AN_HOUR", default=5, help="sends an account (ID-6)"
    )
    verify_mails_a_day: Annotated[int, Meta(ge=1, le=1000)] = setting(
        "VERIFY_MAILS_A_DAY", default=10, help="sends an account (ID-6)"
    )
    lock_failures: Annotated[int, Meta(ge=2, le=100)] = setting(
        "LOCK_FAILURES", default=4, help="failures in a row that lock (LG-2)"
    )
    lock_minutes: Annotated[int, Meta(ge=1, le=1440)] = setting(
        "LOCK_MINUTES", default=20, help="how long a lock lasts (LG-2)"
    )
    lock_notices_a_day: Annotated[int, Meta(ge=0, le=100)] = setting(
        "LOCK_NOTICES_A_DAY", default=3, help="mails about locks (LG-2)"
    )
    lock_disabled_after: Annotated[int, Meta(ge=10, le=100)] = setting(
        "LOCK_DISABLED_AFTER",
        default=100,
        help="failures in a row that disable the password until a reset (LG-2)",
    )
    unlocks_a_day: Annotated[int, Meta(ge=1, le=100)] = setting(
        "UNLOCKS_A_DAY", default=3, help="unlocks an account by practices (LG-2)"
    )
    session_idle_minutes: Annotated[int, Meta(ge=6, le=1440)] = setting(
        "SESSION_IDLE_MINUTES",
        default=15,
        help="a session without a refresh for this long is over (SE-1)",
    )
    session_hours: Annotated[int, Meta(ge=1, le=24)] = setting(
        "SESSION_HOURS", default=12, help="longest life of a session (SE-1)"
    )
    refresh_grace_seconds: Annotated[int, Meta(ge=0, le=300)] = setting(
        "REFRESH_GRACE_SECONDS",
        default=30,
        help="how long a used refresh token gets the same successor (SE-1)",
    )
    client_records_an_hour: Annotated[int, Meta(ge=1000, le=1_000_000)] = setting(
        "CLIENT_RECORDS_AN_HOUR",
        default=5000,
        help="what a client registers, corrects, seeks or sets (ST-1)",
    )
    client_reads_an_hour: Annotated[int, Meta(ge=1000, le=1_000_000)] = setting(
        "CLIENT_READS_AN_HOUR",
        default=10_000,
        help="records, requests and what was handed out that a client is shown (ST-1)",
    )
    client_tokens_an_hour: Annotated[int, Meta(ge=1000, le=1_000_000)] = setting(
        "CLIENT_TOKENS_AN_HOUR",
        default=2000,
        help="tokens, invitations and temporary credentials a client (ST-1)",
    )
    client_un_enrolments_an_hour: Annotated[int, Meta(ge=100, le=1_000_000)] = setting(
        "CLIENT_UN_ENROLMENTS_AN_HOUR",
        default=500,
        help="un-enrolments and re-activations a client (ST-1)",
    )
    client_unlocks_an_hour: Annotated[int, Meta(ge=1, le=10_000)] = setting(
        "CLIENT_UNLOCKS_AN_HOUR", default=20, help="unlocks and resets of two-step a client (ST-1)"
    )
