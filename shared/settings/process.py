"""What every process of ours reads from its environment: the services, and the web gateway."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from shared.settings.loader import PREFIX, setting
from shared.settings.values import (
    HeaderName,
    LogLevel,
    Network,
    Port,
    Secret,
    host,
    hosts,
    in_the_clear,
    networks,
)

DATABASES = ("DATABASE_URL", "MIGRATION_URL")  # their encryption is a parameter, not a scheme


class Environment(StrEnum):
    PRODUCTION = "production"
    DEVELOPMENT = "development"


def listen_on(port: int) -> Any:
    """Declare a process's own default HTTP port."""
    return setting("HTTP_PORT", default=port, help="HTTP port; 0: a free one")


def expose_metrics_on(port: int) -> Any:
    """Declare a process's own default metrics port."""
    return setting("METRICS_PORT", default=port, help="port of /metrics; 0: a free one")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSettings:
    """What every process reads; each adds its own."""

    environment: Environment = setting(
        "ENVIRONMENT", default=Environment.PRODUCTION, help="production refuses a moved clock"
    )
    plaintext: tuple[str, ...] = setting(
        "PLAINTEXT",
        default=(),
        parse=hosts,
        help="hosts that production speaks to without verified TLS, since the network between "
        "protects; parted by commas or blanks",
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
    log_level: LogLevel = setting("LOG_LEVEL", default="INFO", help="the least of what is logged")

    def contradictions(self) -> Iterable[str]:
        """Name what fits alone but not together."""
        if self.environment is Environment.PRODUCTION and self.clock_file is not None:
            yield f"{PREFIX}CLOCK_FILE is refused in production: deadlines would move with it"
        elif self.clock_file is not None and not self.clock_file.is_file():
            yield f"{PREFIX}CLOCK_FILE: there is no such file"


def refused_in_the_clear(
    settings: ProcessSettings, urls: Mapping[str, Secret | None]
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
