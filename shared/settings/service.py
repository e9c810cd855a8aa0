"""What every service reads from its environment."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from shared.settings.loader import PREFIX, setting
from shared.settings.values import (
    HeaderName,
    LogLevel,
    Network,
    Port,
    Secret,
    certificates,
    host,
    hosts,
    in_the_clear,
    key_of_32_bytes,
    networks,
    retired_key,
    secrets,
    url_of,
    web_address,
)

DATABASES = ("DATABASE_URL", "MIGRATION_URL")  # their encryption is a parameter, not a scheme


class Environment(StrEnum):
    PRODUCTION = "production"
    DEVELOPMENT = "development"


def listen_on(port: int) -> Any:
    """Declare a service's own default HTTP port."""
    return setting("HTTP_PORT", default=port, help="HTTP port; 0: a free one")


def expose_metrics_on(port: int) -> Any:
    """Declare a service's own default metrics port."""
    return setting("METRICS_PORT", default=port, help="port of /metrics; 0: a free one")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """What every service reads; each adds its own."""

    environment: Environment = setting(
        "ENVIRONMENT", default=Environment.PRODUCTION, help="production refuses a moved clock"
    )
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
    plaintext: tuple[str, ...] = setting(
        "PLAINTEXT",
        default=(),
        parse=hosts,
        help="hosts that production speaks to without verified TLS, since the network between "
        "protects; parted by commas or blanks",
    )
    tls_ca: Path | None = setting(
        "TLS_CA",
        default=None,
        parse=certificates,
        help="PEM file of a private CA, believed besides the system's: for PostgreSQL, RabbitMQ "
        "and the mail server",
    )
    http_host: str = setting(
        "HTTP_HOST", default="127.0.0.1", parse=host, help="address to listen on"
    )
    http_port: Port = listen_on(8100)
    metrics_port: Port = expose_metrics_on(9100)
    clock_file: Path | None = setting(
        "CLOCK_FILE", default=None, help="file with seconds added to the time; not in production"
    )
    trusted_proxies: tuple[Network, ...] = setting(
        "TRUSTED_PROXIES",
        default=(),
        parse=networks,
        help="networks whose forwarded address is believed (LG-4)",
    )
    forwarded_header: HeaderName = setting(
        "FORWARDED_HEADER",
        default="X-Forwarded-For",
        help="header with the client's address, each proxy's own appended",
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
    log_level: LogLevel = setting("LOG_LEVEL", default="INFO", help="the least of what is logged")
    pool_size: Annotated[int, Meta(ge=2, le=500)] = setting(
        "POOL_SIZE", default=10, help="connections to PostgreSQL"
    )
    pool_wait_seconds: Annotated[float, Meta(ge=0.1, le=60)] = setting(
        "POOL_WAIT_SECONDS", default=2.0, help="how long to wait for one of them before 503"
    )

    def contradictions(self) -> Iterable[str]:
        """Name what fits alone but not together."""
        if self.environment is Environment.PRODUCTION and self.clock_file is not None:
            yield f"{PREFIX}CLOCK_FILE is refused in production: deadlines would move with it"
        elif self.clock_file is not None and not self.clock_file.is_file():
            yield f"{PREFIX}CLOCK_FILE: there is no such file"
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


def refused_in_the_clear(
    settings: ServiceSettings, urls: Mapping[str, Secret | None]
) -> Iterator[str]:
    """Name the URLs, by their settings, that production may not speak to (V12.3.1)."""
    if settings.environment is not Environment.PRODUCTION:
        return
    for name, url in urls.items():
        if url is not None and in_the_clear(url.reveal(), settings.plaintext):
            wanted = "sslmode=verify-full" if name in DATABASES else "TLS"
            yield (
                f"{PREFIX}{name}: production wants {wanted} towards another machine, "
                f"or that one named by {PREFIX}PLAINTEXT"
            )
