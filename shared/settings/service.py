"""What every service reads from its environment."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from shared.settings.loader import PREFIX, setting
from shared.settings.process import ProcessSettings, refused_in_the_clear
from shared.settings.values import (
    Secret,
    certificates,
    key_of_32_bytes,
    retired_key,
    secrets,
    url_of,
    web_address,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings(ProcessSettings):
    """What every service reads; each adds its own."""

    database_url: Secret = setting(
        "DATABASE_URL",
        parse=url_of("postgresql", "postgres"),
        help="PostgreSQL as the service's own role; another machine's with ?sslmode=verify-full",
    )
    migration_url: Secret | None = setting(
        "MIGRATION_URL",
        default=None,
        parse=url_of("postgresql", "postgres"),
        help="PostgreSQL as the migration role; only `migrate` needs it",
    )
    broker_url: Secret = setting(
        "BROKER_URL", parse=url_of("amqp", "amqps"), help="RabbitMQ as the service's own user"
    )
    broker_admin_url: Secret | None = setting(
        "BROKER_ADMIN_URL",
        default=None,
        parse=url_of("http", "https"),
        help="RabbitMQ's management API; only `topology` needs it",
    )
    tls_ca: Path | None = setting(
        "TLS_CA",
        default=None,
        parse=certificates,
        help="PEM file of a private CA, believed besides the system's: for PostgreSQL, RabbitMQ "
        "and the mail server",
    )
    key_encryption_key: Secret = setting(
        "KEY_ENCRYPTION_KEY",
        parse=key_of_32_bytes,
        help="32 bytes in base64: encrypts private keys at rest",
    )
    key_encryption_keys_retired: tuple[Secret, ...] = setting(
        "KEY_ENCRYPTION_KEYS_RETIRED",
        default=(),
        parse=secrets(retired_key),
        help="those before it, with commas between, until `keys re-encrypt` is done",
    )
    digest_key: Secret = setting(
        "DIGEST_KEY",
        parse=key_of_32_bytes,
        help="32 bytes in base64: key of the digests of tokens, links, clients' secrets, names and "
        "counters; changing it voids them all, at recovery names until `names re-key`",
    )
    issuer: str = setting(
        "ISSUER",
        default="https://portico.example",
        parse=web_address,
        help="`iss` of tokens is this and /<service>",
    )
    body_limit: Annotated[int, Meta(ge=1024, le=16777216)] = setting(
        "BODY_LIMIT", default=65536, help="bytes of a request body"
    )
    request_seconds: Annotated[float, Meta(ge=0.1, le=300)] = setting(
        "REQUEST_SECONDS", default=10.0, help="time limit of a request"
    )
    source_budget: Annotated[int, Meta(ge=1, le=100000)] = setting(
        "SOURCE_BUDGET", default=50, help="refusals told to one source in the window (LG-4)"
    )
    source_window: Annotated[float, Meta(ge=1, le=86400)] = setting(
        "SOURCE_WINDOW", default=300.0, help="that window, in seconds"
    )
    source_alarm: Annotated[int, Meta(ge=1, le=10**9)] = setting(
        "SOURCE_ALARM",
        default=1000,
        help="refusals over all sources in the window that raise the alarm (LG-4)",
    )
    pool_size: Annotated[int, Meta(ge=2, le=500)] = setting(
        "POOL_SIZE", default=10, help="connections to PostgreSQL"
    )
    pool_wait_seconds: Annotated[float, Meta(ge=0.1, le=60)] = setting(
        "POOL_WAIT_SECONDS", default=2.0, help="how long to wait for one of them before 503"
    )

    def contradictions(self) -> Iterable[str]:
        """Name what fits alone but not together."""
        if self.digest_key == self.key_encryption_key:
            yield f"{PREFIX}DIGEST_KEY is the key-encryption key, which then could not be changed"
        urls = {
            "DATABASE_URL": self.database_url,
            "MIGRATION_URL": self.migration_url,
            "BROKER_URL": self.broker_url,
            "BROKER_ADMIN_URL": self.broker_admin_url,
            "ISSUER": Secret(self.issuer),
        }
        yield from refused_in_the_clear(self, urls)
